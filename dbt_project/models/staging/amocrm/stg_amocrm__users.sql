with users as (
    select *
    from {{ source('raw', 'amocrm__users') }}
    where _deleted_at is null
),

flattened as (
    select
        id as user_id,
        {{ json_text('payload', 'name') }} as user_name,
        {{ try_boolean(json_text('payload', ['rights', 'is_active'])) }} as is_active
    from users
)

select * from flattened
