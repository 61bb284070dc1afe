{%- set fields = ['source', 'medium', 'campaign', 'content', 'term'] -%}

with

deals as (
    select * from {{ ref('int_sales__amocrm_deals') }}
    where not is_absent
),

tests as (
    select * from {{ ref('int_sales__tests') }}
),

leads as (
    select * from {{ ref('int_leads__counted') }}
    where deal_id is not null and set_id is not null and source_db = 'landing'
),

utm_sets as (
    select * from {{ ref('int_utm__sets') }}
),

deal_teams as (
    select * from {{ ref('int_deal_history__deal_teams') }}
),

ranked_leads as (
    select
        leads.deal_id,
        leads.set_id,
        row_number() over (
            partition by leads.deal_id order by leads.lead_at, leads.lead_key
        ) as place
    from leads
),

lead_values as (
    select
        ranked_leads.deal_id,
        utm_sets.*
    from ranked_leads
    inner join utm_sets on ranked_leads.set_id = utm_sets.set_id
    where ranked_leads.place = 1
),

places as (
    {%- for field in fields %}
    select
        deals.deal_id,
        'utm_{{ field }}' as parameter,
        {{ utm_norm('deals.utm_' ~ field ~ '_tracked') }} as tracking_value,
        {{ utm_norm('deals.utm_' ~ field ~ '_by_hand') }} as hand_value,
        lead_values.utm_{{ field }} as landing_value,
        {{ utm_norm('deals.utm_' ~ field) }} as used_value
    from deals
    left join lead_values on deals.deal_id = lead_values.deal_id
    where
        deals.utm_{{ field }}_by_hand is not null
        or lead_values.utm_{{ field }} is not null
    {{- "\n    union all" if not loop.last }}
    {%- endfor %}
),

-- The tracked field alone has nobody to agree with.
compared as (
    select
        places.*,
        tracking_value = hand_value as is_tracking_hand_equal,
        used_value = landing_value as is_used_landing_equal
    from places
    left join tests on places.deal_id = tests.deal_id
    where
        tests.deal_id is null
        and coalesce(hand_value, landing_value) is not null
)

select
    compared.deal_id,
    compared.parameter,
    deal_teams.team_id,
    deal_teams.team_name,
    {{ crm_utm_shown('compared.tracking_value') }} as tracking_value,
    {{ crm_utm_shown('compared.hand_value') }} as hand_value,
    {{ crm_utm_shown('compared.landing_value') }} as landing_value,
    {{ crm_utm_shown('compared.used_value') }} as used_value,
    case
        when compared.used_value is null then 'none'
        when compared.tracking_value is not null then 'tracking'
        else 'hand'
    end as used_from,
    compared.is_tracking_hand_equal,
    compared.is_used_landing_equal,
    coalesce(
        not compared.is_tracking_hand_equal or not compared.is_used_landing_equal, false
    ) as is_disagreeing,
    compared.used_value is null as is_missing_in_crm
from compared
left join deal_teams on compared.deal_id = deal_teams.deal_id
