with bulk_syncs as (
    select *
    from {{ source('raw', 'landing__bulk_syncs') }}
    where _deleted_at is null
),

typed as (
    select
        cast(id as text) as sync_id,
        {{ whole_number('total_leads') }} as total_leads,
        cast(status as text) as status,
        {{ utc('started_at') }} as started_at,
        {{ utc('completed_at') }} as completed_at,
        {{ utc('created_at') }} as created_at,
        {{ utc('updated_at') }} as updated_at
    from bulk_syncs
)

select * from typed
