with ads as (
    select *
    from {{ source('raw', 'facebook__ads') }}
    where _deleted_at is null
),

flattened as (
    select
        cast(ad_id as text) as ad_id,
        cast(ad_set_id as text) as ad_set_id,
        cast(campaign_id as text) as campaign_id,
        {{ account_id('account_id') }} as account_id,
        {{ json_text('payload', 'name') }} as ad_name,
        {{ json_text('payload', ['creative', 'id']) }} as creative_id,
        {{ json_text('payload', 'preview_shareable_link') }} as preview_url,
        {{ json_text('payload', 'status') }} as status,
        {{ json_text('payload', 'effective_status') }} as effective_status,
        {{ utc(json_text('payload', 'created_time')) }} as created_at,
        {{ utc(json_text('payload', 'updated_time')) }} as updated_at
    from ads
)

select * from flattened
