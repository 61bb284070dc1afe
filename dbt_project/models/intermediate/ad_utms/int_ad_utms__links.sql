with

creative_links as (
    select * from {{ ref('stg_facebook__creative_links') }}
),

short_links as (
    select * from {{ ref('stg_landing__short_links') }}
),

-- The last part of the path; a code of ours may stand there.
coded as (
    select
        *,
        case
            when not is_tags
                then {{ caught(
                    'content',
                    '^\s*(?:[a-zA-Z][a-zA-Z0-9+.-]*:)?(?://)?[^/?#:]+(?::[0-9]+)?/'
                    ~ '(?:[^?#]*/)?([^/?#]+)/?(?:[?#]|$)'
                ) }}
        end as last_part
    from creative_links
),

followed as (
    select
        coded.creative_id,
        coded.account_id,
        coded.place,
        coded.place_rank,
        coded.position,
        coded.is_tags,
        short_links.short_link_id,
        coalesce(short_links.original_url, coded.content) as content
    from coded
    left join short_links
        on
            coded.last_part = short_links.short_code
            and {{ matches('short_links.original_url', '[^[:space:]]') }}
)

select * from followed
