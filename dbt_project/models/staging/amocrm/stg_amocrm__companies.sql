with companies as (
    select *
    from {{ source('raw', 'amocrm__companies') }}
    where _deleted_at is null
),

flattened as (
    select
        id as company_id,
        {{ try_bigint(json_text('payload', 'responsible_user_id')) }}
            as responsible_user_id,
        {{ epoch_utc(json_text('payload', 'created_at')) }} as created_at,
        {{ epoch_utc(json_text('payload', 'updated_at')) }} as updated_at
    from companies
)

select * from flattened
