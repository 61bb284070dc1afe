{%- set fields = ['source', 'medium', 'campaign', 'content', 'term'] -%}

with leads as (
    select * from {{ source('raw', 'amocrm__leads') }}
),

deal_utm as (
    select * from {{ ref('stg_amocrm__deal_utm') }}
),

main_contacts as (
    select * from {{ ref('stg_amocrm__deal_contacts') }}
    where is_main
),

loss_reasons as (
    select * from {{ ref('stg_amocrm__dictionaries') }}
    where kind = 'loss_reason'
),

-- The reason of a loss comes as a list of one or as an object.
deals as (
    select
        leads.id as deal_id,
        {{ json_text('leads.payload', 'name') }} as deal_name,
        coalesce(
            {{ money(json_text('leads.payload', 'price_with_minor_units')) }},
            {{ money(json_text('leads.payload', 'price')) }}
        ) as price,
        {{ try_bigint(json_text('leads.payload', 'status_id')) }} as status_id,
        {{ try_bigint(json_text('leads.payload', 'pipeline_id')) }} as pipeline_id,
        {{ epoch_utc(json_text('leads.payload', 'created_at')) }} as created_at,
        {{ epoch_utc(json_text('leads.payload', 'updated_at')) }} as updated_at,
        {{ epoch_utc(json_text('leads.payload', 'closed_at')) }} as closed_at,
        {{ try_bigint(json_text('leads.payload', 'responsible_user_id')) }}
            as responsible_user_id,
        {{ try_bigint(json_text('leads.payload', 'loss_reason_id')) }}
            as loss_reason_id,
        coalesce(
            {{ json_text('leads.payload', ['_embedded', 'loss_reason', '0', 'name']) }},
            {{ json_text('leads.payload', ['_embedded', 'loss_reason', 'name']) }},
            loss_reasons.item_name
        ) as loss_reason,
        deal_utm.utm_source,
        deal_utm.utm_medium,
        deal_utm.utm_campaign,
        deal_utm.utm_content,
        deal_utm.utm_term,
        deal_utm.utm_referrer,
        deal_utm.fbclid,
        {%- for field in fields %}
        deal_utm.utm_{{ field }}_tracked,
        deal_utm.utm_{{ field }}_by_hand,
        {%- endfor %}
        main_contacts.contact_id as main_contact_id,
        leads._deleted_at is not null as is_absent
    from leads
    left join loss_reasons
        on
            {{ try_bigint(json_text('leads.payload', 'loss_reason_id')) }}
            = loss_reasons.item_id
    left join deal_utm on leads.id = deal_utm.deal_id
    left join main_contacts on leads.id = main_contacts.deal_id
)

select * from deals
