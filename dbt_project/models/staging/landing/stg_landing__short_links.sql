with short_links as (
    select *
    from {{ source('raw', 'landing__short_links') }}
    where _deleted_at is null
),

typed as (
    select
        cast(id as text) as short_link_id,
        cast(original_url as text) as original_url,
        cast(short_code as text) as short_code,
        cast(lead_id as text) as lead_id,
        cast(campaign as text) as campaign,
        cast(source as text) as source,
        {{ whole_number('clicks_count') }} as clicks_count,
        {{ utc('created_at') }} as created_at,
        {{ utc('first_clicked_at') }} as first_clicked_at,
        {{ utc('last_clicked_at') }} as last_clicked_at,
        {{ utc('expires_at') }} as expires_at,
        {{ try_boolean('is_active') }} as is_active
    from short_links
)

select * from typed
