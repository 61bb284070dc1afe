with hourly_insights as (
    select *
    from {{ source('raw', 'facebook__hourly_insights') }}
    where _deleted_at is null
),

flattened as (
    select
        {{ account_id('account_id') }} as account_id,
        {{ source_day('stat_date') }} as stat_date,
        cast(hour as integer) as hour,
        {{ json_text('payload', 'account_currency') }} as currency,
        {{ insight_number('spend') }} as spend,
        {{ insight_count('impressions') }} as impressions,
        {{ insight_count('clicks') }} as clicks,
        {{ insight_count('inline_link_clicks') }} as link_clicks,
        {{ insight_action('actions', ['lead']) }} as fb_leads
    from hourly_insights
)

select * from flattened
