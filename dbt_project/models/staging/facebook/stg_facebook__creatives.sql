with creatives as (
    select *
    from {{ source('raw', 'facebook__creatives') }}
    where _deleted_at is null
),

flattened as (
    select
        cast(creative_id as text) as creative_id,
        {{ account_id('account_id') }} as account_id,
        {{ json_text('payload', 'name') }} as creative_name,
        {{ json_text('payload', 'url_tags') }} as url_tags,
        {{ json_text('payload', 'link_url') }} as link_url,
        {{ json_text('payload', 'object_url') }} as object_url,
        {{ json_text('payload', 'template_url') }} as template_url,
        {{ json_text('payload', ['object_story_spec', 'link_data', 'link']) }}
            as story_link,
        {{ json_text('payload', 'object_type') }} as object_type,
        {{ json_text('payload', 'status') }} as status
    from creatives
)

select * from flattened
