with account_insights as (
    select *
    from {{ source('raw', 'facebook__account_insights') }}
    where _deleted_at is null
),

action_types as (
    select * from {{ ref('facebook_action_types') }}
),

action_choices as (
    {{ action_choices(['fb_leads']) }}
),

flattened as (
    select
        {{ account_id('account_id') }} as account_id,
        {{ source_day('stat_date') }} as stat_date,
        {{ json_text('payload', 'account_currency') }} as currency,
        {{ insight_number('spend') }} as spend,
        {{ insight_count('impressions') }} as impressions,
        {{ insight_count('clicks') }} as clicks,
        {{ insight_count('inline_link_clicks') }} as link_clicks,
        {{ whole_number(json_text('payload', 'reach')) }} as reach,
        {{ insight_measure('fb_leads') }}
    from account_insights
    cross join action_choices
)

select * from flattened
