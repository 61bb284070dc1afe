with ad_insights as (
    select *
    from {{ source('raw', 'facebook__ad_insights') }}
    where _deleted_at is null
),

action_types as (
    select * from {{ ref('facebook_action_types') }}
),

action_choices as (
    {{ action_choices([
        'fb_leads', 'fb_purchases', 'video_plays', 'video_p100',
    ]) }}
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
        {{ insight_measure('fb_leads') }},
        {{ insight_measure('fb_purchases') }},
        {{ insight_measure('video_plays') }},
        {{ insight_measure('video_p100') }}
    from ad_insights
    cross join action_choices
)

select * from flattened
