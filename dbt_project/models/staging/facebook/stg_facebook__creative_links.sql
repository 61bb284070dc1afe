with creatives as (
    select *
    from {{ source('raw', 'facebook__creatives') }}
    where _deleted_at is null
),

link_places as (
    select * from {{ ref('facebook_link_places') }}
),

links as (
    select
        cast(creatives.creative_id as text) as creative_id,
        {{ account_id('creatives.account_id') }} as account_id,
        link_places.place,
        link_places.place_rank,
        cast(texts.place as integer) as position,
        link_places.is_tags,
        texts.item as content
    from creatives
    cross join link_places
    cross join lateral {{ json_texts('creatives.payload', 'link_places.json_path') }}
        as texts (item, place)
)

select * from links
