with bulk_sync_results as (
    select *
    from {{ source('raw', 'landing__bulk_sync_results') }}
    where _deleted_at is null
),

typed as (
    select
        cast(id as text) as result_id,
        cast(sync_id as text) as sync_id,
        cast(lead_id as text) as lead_id,
        cast(status as text) as status,
        {{ try_bigint('contact_id') }} as contact_id,
        {{ try_bigint('deal_id') }} as deal_id,
        {{ whole_number('attempt') }} as attempt,
        {{ utc('created_at') }} as created_at,
        {{ utc('updated_at') }} as updated_at
    from bulk_sync_results
)

select * from typed
