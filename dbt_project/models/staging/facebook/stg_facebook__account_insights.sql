with account_insights as (
    select *
    from {{ source('raw', 'facebook__account_insights') }}
    where _deleted_at is null
),

flattened as (
    select
        {{ account_id('account_id') }} as account_id,
        {{ source_day('stat_date') }} as stat_date,
        {{ json_text('payload', 'account_currency') }} as currency,
        coalesce({{ try_numeric(json_text('payload', 'spend')) }}, 0) as spend,
        coalesce({{ whole_number(json_text('payload', 'impressions')) }}, 0) as impressions,
        coalesce({{ whole_number(json_text('payload', 'clicks')) }}, 0) as clicks,
        coalesce({{ whole_number(json_text('payload', 'inline_link_clicks')) }}, 0) as link_clicks,
        {{ whole_number(json_text('payload', 'reach')) }} as reach,
        cast(coalesce(
            {{ action_value(json_at('payload', 'actions'), 'lead') }}, 0
        ) as bigint) as fb_leads
    from account_insights
)

select * from flattened
