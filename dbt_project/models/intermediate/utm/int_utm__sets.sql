with

raw_sets as (
    select * from {{ ref('int_utm__raw_sets') }}
),

utm_values as (
    select * from {{ ref('int_utm__values') }}
),

classified_sources as (
    select * from {{ ref('utm_sources_classified') }}
),

normalised as (
    select
        raw_sets.set_id,
        raw_sets.is_fallback,
        {% for field in utm_fields() + ['id'] %}
        {{ field }}_values.utm_value as utm_{{ field }},
        {% endfor %}
        coalesce(
            {% for field in utm_fields() %}
            {{ field }}_values.utm_issue{{ ',' if not loop.last }}
            {% endfor %}
        ) as value_issue,
        {% for field in utm_fields() %}
        coalesce({{ field }}_values.is_test, false)
        {% if not loop.last %}or{% endif %}
        {% endfor %}
            as is_test
    from raw_sets
    {% for field in utm_fields() + ['id'] %}
    left join utm_values as {{ field }}_values
        on raw_sets.raw_{{ field }} = {{ field }}_values.raw_value
    {% endfor %}
),

-- A phone stands in for a campaign only where the source is unknown.
phones_found as (
    select
        normalised.*,
        coalesce(
            {{ is_phone_like('utm_campaign') }} and (is_fallback or utm_source is null),
            false
        ) as is_campaign_a_phone,
        coalesce(
            {{ is_phone_like('utm_content') }} and (is_fallback or utm_source is null),
            false
        ) as is_content_a_phone
    from normalised
),

masked as (
    select
        set_id,
        utm_source,
        utm_medium,
        case when not is_campaign_a_phone then utm_campaign end as utm_campaign,
        case when not is_content_a_phone then utm_content end as utm_content,
        utm_term,
        utm_id,
        case
            when value_issue is not null then value_issue
            when is_campaign_a_phone or is_content_a_phone then 'pii_in_utm'
        end as utm_issue,
        is_test
    from phones_found
),

described as (
    select
        masked.*,
        {{ id_candidate('utm_campaign') }} as campaign_as_id,
        {{ id_candidate('utm_content') }} as content_as_id,
        {{ id_candidate('utm_term') }} as term_as_id,
        {{ id_candidate('utm_id') }} as utm_id_as_id,
        coalesce(
            utm_source, utm_medium, utm_campaign, utm_content, utm_term, utm_id
        ) is null as is_empty,
        coalesce(classified_sources.channel, '') = 'generic' as is_generic,
        coalesce(classified_sources.channel, '') = 'own_channel' as is_own_channel,
        coalesce(classified_sources.channel, '') = 'organic' as is_organic
    from masked
    left join classified_sources on masked.utm_source = classified_sources.value
),

flagged as (
    select
        described.*,
        is_own_channel or is_organic as is_skipped,
        utm_source is not null and not is_own_channel and not is_organic as is_usable
    from described
)

select * from flagged
