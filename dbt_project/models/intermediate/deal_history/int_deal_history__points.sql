{%- set fields = ['source', 'medium', 'campaign', 'content', 'term'] -%}

with

deal_events as (
    select * from {{ ref('stg_amocrm__deal_events') }}
    where deal_id is not null and happened_at is not null
),

deal_versions as (
    select * from {{ ref('stg_amocrm__deal_versions') }}
),

custom_fields as (
    select * from {{ ref('stg_amocrm__custom_fields') }}
    where entity_type = 'leads'
),

known_fields as (
    select * from {{ ref('amocrm_utm_fields') }}
    where not is_twin
),

parameters as (
    {%- for field in fields %}
    select 'utm_{{ field }}' as parameter
    {{- "\n    union all" if not loop.last }}
    {%- endfor %}
),

-- A field means what its code says, else its known id, else its name.
utm_fields as (
    select
        coalesce(custom_fields.field_id, known_fields.field_id) as field_id,
        coalesce(by_code.parameter, by_id.parameter, by_name.parameter) as parameter,
        case
            when by_code.parameter is not null then 1
            when by_id.parameter is not null then 2
            else 3
        end as field_rank
    from custom_fields
    full outer join known_fields on custom_fields.field_id = known_fields.field_id
    left join parameters as by_code on lower(custom_fields.field_code) = by_code.parameter
    left join parameters as by_id on known_fields.parameter = by_id.parameter
    left join parameters as by_name on lower(custom_fields.field_name) = by_name.parameter
    where coalesce(by_code.parameter, by_id.parameter, by_name.parameter) is not null
),

versions as (
    select
        deal_versions.*,
        coalesce(updated_at, known_at) as happened_at
    from deal_versions
),

event_values as (
    select
        deal_events.*,
        'stage' as attribute,
        coalesce({{ crm_stage('pipeline_before', 'status_before') }}, '')
            as value_before,
        {{ crm_stage('pipeline_after', 'status_after') }} as value_after
    from deal_events
    where
        event_type = 'lead_status_changed'
        and status_after is not null
        and pipeline_after is not null
    union all
    select
        deal_events.*,
        'price' as attribute,
        cast(coalesce(price_before, 0) as text) as value_before,
        cast(coalesce(price_after, 0) as text) as value_after
    from deal_events
    where event_type = 'sale_field_changed'
    union all
    select
        deal_events.*,
        'responsible' as attribute,
        coalesce(cast(responsible_user_before as text), '') as value_before,
        coalesce(cast(responsible_user_after as text), '') as value_after
    from deal_events
    where event_type = 'entity_responsible_changed'
    union all
    select
        deal_events.*,
        'existence' as attribute,
        case event_type when 'lead_restored' then 'deleted' else 'living' end
            as value_before,
        case event_type
            when 'lead_deleted' then 'deleted'
            when 'entity_merged' then 'merged'
            else 'living'
        end as value_after
    from deal_events
    where event_type in ('lead_deleted', 'lead_restored', 'entity_merged')
    union all
    select
        deal_events.*,
        'creation' as attribute,
        '' as value_before,
        'created' as value_after
    from deal_events
    where event_type = 'lead_added'
    union all
    select
        deal_events.*,
        'utm' as attribute,
        coalesce(text_before, '') as value_before,
        coalesce(text_after, '') as value_after
    from deal_events
    inner join utm_fields on deal_events.field_id = utm_fields.field_id
),

event_points as (
    select
        deal_id,
        attribute,
        case when attribute = 'utm' then field_id else 0 end as field_id,
        happened_at as known_at,
        'event' as source,
        event_id as source_id,
        0 as version,
        value_before,
        value_after,
        cast(null as timestamptz) as closed_at,
        author_kind,
        author_user_id
    from event_values
    where value_before <> value_after
),

listed_fields as (
    select
        versions.deal_id,
        versions.version,
        utm_fields.field_id,
        {{ json_text('field_values.item', 'value') }} as field_value,
        row_number() over (
            partition by versions.deal_id, versions.version, utm_fields.field_id
            order by
                case when {{ json_text('field_values.item', 'value') }} is null
                    then 2 else 1 end,
                fields.place,
                field_values.place
        ) as choice
    from versions
    cross join lateral
        {{ json_elements('versions.custom_fields') }} as fields (item, place)
    cross join lateral
        {{ json_elements(json_at('fields.item', 'values')) }}
            as field_values (item, place)
    inner join utm_fields
        on {{ try_bigint(json_text('fields.item', 'field_id')) }} = utm_fields.field_id
),

fields_held as (
    select deal_id, field_id from event_points
    where attribute = 'utm'
    union distinct
    select deal_id, field_id from listed_fields
    where field_value is not null
),

-- A field that a version does not list is empty there.
version_values as (
    select
        deal_id,
        version,
        'stage' as attribute,
        cast(0 as bigint) as field_id,
        {{ crm_stage('pipeline_id', 'status_id') }} as value_after
    from versions
    where status_id is not null
    union all
    select
        deal_id,
        version,
        'price' as attribute,
        cast(0 as bigint) as field_id,
        cast(coalesce(price, 0) as text) as value_after
    from versions
    union all
    select
        deal_id,
        version,
        'responsible' as attribute,
        cast(0 as bigint) as field_id,
        coalesce(cast(responsible_user_id as text), '') as value_after
    from versions
    union all
    select
        versions.deal_id,
        versions.version,
        'utm' as attribute,
        fields_held.field_id,
        coalesce(listed_fields.field_value, '') as value_after
    from versions
    inner join fields_held on versions.deal_id = fields_held.deal_id
    left join listed_fields
        on
            versions.deal_id = listed_fields.deal_id
            and versions.version = listed_fields.version
            and fields_held.field_id = listed_fields.field_id
            and listed_fields.choice = 1
),

version_points as (
    select
        version_values.deal_id,
        version_values.attribute,
        version_values.field_id,
        versions.happened_at as known_at,
        'version' as source,
        cast(versions.version as text) as source_id,
        versions.version + 1 as version,
        cast(null as text) as value_before,
        version_values.value_after,
        case
            when versions.status_id in ({{ won_status() }}, {{ lost_status() }})
                and version_values.attribute = 'stage'
                then versions.closed_at
        end as closed_at,
        cast(null as text) as author_kind,
        cast(null as bigint) as author_user_id
    from version_values
    inner join versions
        on
            version_values.deal_id = versions.deal_id
            and version_values.version = versions.version
),

-- The feed's clock and that of the deal may differ by some seconds, ten at most: an
-- event and a version of the same value that near are one change, and the event wins.
echoes as (
    select distinct
        version_points.deal_id,
        version_points.attribute,
        version_points.field_id,
        version_points.version
    from version_points
    inner join event_points
        on
            version_points.deal_id = event_points.deal_id
            and version_points.attribute = event_points.attribute
            and version_points.field_id = event_points.field_id
            and version_points.value_after = event_points.value_after
            and event_points.known_at
            > {{ add_hours('version_points.known_at', '-10 / 3600.0') }}
            and event_points.known_at
            < {{ add_hours('version_points.known_at', '10 / 3600.0') }}
),

points as (
    select * from event_points
    union all
    select version_points.*
    from version_points
    left join echoes
        on
            version_points.deal_id = echoes.deal_id
            and version_points.attribute = echoes.attribute
            and version_points.field_id = echoes.field_id
            and version_points.version = echoes.version
    where echoes.deal_id is null
),

births as (
    select
        deal_id,
        min(created_at) as created_at
    from versions
    group by deal_id
),

described as (
    select
        points.deal_id,
        points.attribute,
        points.field_id,
        utm_fields.parameter,
        utm_fields.field_rank,
        points.known_at,
        points.source,
        points.source_id,
        points.version,
        points.value_before,
        points.value_after,
        points.closed_at,
        births.created_at,
        points.author_kind,
        points.author_user_id
    from points
    left join births on points.deal_id = births.deal_id
    left join utm_fields
        on points.attribute = 'utm' and points.field_id = utm_fields.field_id
)

select * from described
