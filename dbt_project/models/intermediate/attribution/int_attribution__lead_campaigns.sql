with

sets as (
    select * from {{ ref('int_attribution__lead_sets') }}
    where set_role = 'lead'
),

leads as (
    select * from {{ ref('int_leads__counted') }}
),

facebook_campaigns as (
    select * from {{ ref('int_attribution__facebook_campaigns') }}
),

campaign_names as (
    select * from {{ ref('int_attribution__campaign_names') }}
),

ordered_sets as (
    select
        sets.*,
        30 as set_order
    from sets
),

-- Ids are read set by set, inside a set campaign, content, term, utm_id.
ids_written as (
    {% for column in ['campaign_as_id', 'content_as_id', 'term_as_id', 'utm_id_as_id'] %}
    select
        lead_key,
        event_date,
        set_id,
        set_order + {{ loop.index }} as read_order,
        {{ column }} as entity_id
    from ordered_sets
    where {{ column }} is not null
    union all
    {% endfor %}
    {% for column in ['fb_campaign_id', 'fb_adset_id', 'fb_ad_id'] %}
    select
        lead_key,
        lead_date as event_date,
        cast(null as text) as set_id,
        40 + {{ loop.index }} as read_order,
        trim({{ column }}) as entity_id
    from leads
    where {{ is_digits('trim(' ~ column ~ ')') }}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

ids_found as (
    select
        ids_written.lead_key,
        'campaign_id' as found_by,
        ids_written.event_date,
        ids_written.set_id,
        ids_written.read_order,
        coalesce(facebook_campaigns.campaign_id, ids_written.entity_id) as campaign_id
    from ids_written
    left join facebook_campaigns
        on ids_written.entity_id = facebook_campaigns.entity_id
),

names_found as (
    select
        ordered_sets.lead_key,
        'campaign_name' as found_by,
        ordered_sets.event_date,
        ordered_sets.set_id,
        ordered_sets.set_order as read_order,
        campaign_names.campaign_id
    from ordered_sets
    inner join campaign_names
        on ordered_sets.utm_campaign = campaign_names.utm_campaign
),

found as (
    select * from ids_found
    union all
    select * from names_found
)

select * from found
