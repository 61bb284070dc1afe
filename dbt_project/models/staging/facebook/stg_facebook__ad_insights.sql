with ad_insights as (
    select *
    from {{ source('raw', 'facebook__ad_insights') }}
    where _deleted_at is null
),

flattened as (
    select
        {{ account_id('account_id') }} as account_id,
        cast(ad_id as text) as ad_id,
        {{ json_text('payload', 'adset_id') }} as ad_set_id,
        {{ json_text('payload', 'campaign_id') }} as campaign_id,
        {{ json_text('payload', 'campaign_name') }} as campaign_name,
        {{ json_text('payload', 'ad_name') }} as ad_name,
        {{ source_day('stat_date') }} as stat_date,
        {{ json_text('payload', 'account_currency') }} as currency,
        coalesce({{ try_numeric(json_text('payload', 'spend')) }}, 0) as spend,
        coalesce({{ whole_number(json_text('payload', 'impressions')) }}, 0) as impressions,
        coalesce({{ whole_number(json_text('payload', 'clicks')) }}, 0) as clicks,
        coalesce({{ whole_number(json_text('payload', 'inline_link_clicks')) }}, 0) as link_clicks,
        {{ whole_number(json_text('payload', 'reach')) }} as reach,
        cast(coalesce(
            {{ action_value(json_at('payload', 'actions'), 'lead') }}, 0
        ) as bigint) as fb_leads,
        cast(coalesce(
            {{ action_value(json_at('payload', 'actions'), 'purchase') }}, 0
        ) as bigint) as fb_purchases,
        cast(coalesce(
            {{ action_value(json_at('payload', 'video_play_actions'), 'video_view') }}, 0
        ) as bigint) as video_plays,
        cast(coalesce(
            {{ action_value(json_at('payload', 'video_p100_watched_actions'), 'video_view') }}, 0
        ) as bigint) as video_p100
    from ad_insights
)

select * from flattened
