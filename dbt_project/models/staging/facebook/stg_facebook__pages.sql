with pages as (
    select *
    from {{ source('raw', 'facebook__pages') }}
    where _deleted_at is null
),

flattened as (
    select
        cast(page_id as text) as page_id,
        {{ json_text('payload', 'name') }} as page_name
    from pages
)

select * from flattened
