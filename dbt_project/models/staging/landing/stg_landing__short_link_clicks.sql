with short_link_clicks as (
    select *
    from {{ source('raw', 'landing__short_link_clicks') }}
    where _deleted_at is null
),

typed as (
    select
        cast(id as text) as click_id,
        cast(short_link_id as text) as short_link_id,
        cast(referer as text) as referer,
        cast(country as text) as country,
        cast(city as text) as city,
        {{ utc('clicked_at') }} as clicked_at
    from short_link_clicks
)

select * from typed
