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
        {{ insight_number('spend') }} as spend,
        {{ insight_count('impressions') }} as impressions,
        {{ insight_count('clicks') }} as clicks,
        {{ insight_count('inline_link_clicks') }} as link_clicks,
        {{ whole_number(json_text('payload', 'reach')) }} as reach,
        {{ insight_action('actions', ['lead']) }} as fb_leads,
        {{ insight_action('actions', [
            'purchase', 'omni_purchase', 'offsite_conversion.fb_pixel_purchase',
        ]) }} as fb_purchases,
        {{ insight_action('video_play_actions', ['video_view']) }} as video_plays,
        {{ insight_action('video_p100_watched_actions', ['video_view']) }} as video_p100
    from ad_insights
)

select * from flattened
