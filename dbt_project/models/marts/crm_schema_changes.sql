with

changes as (
    select * from {{ ref('int_crm_trust__dictionary_changes') }}
),

utm_fields as (
    select * from {{ ref('amocrm_utm_fields') }}
),

pipelines as (
    select * from {{ ref('amocrm_pipelines') }}
),

placed as (
    select
        changes.*,
        case
            when kind in ('field', 'enum') then split_part(item_key, ':', 1)
        end as entity_type,
        {{ try_bigint(
            "split_part(item_key, ':', case kind when 'field' then 2 when 'enum' "
            ~ "then 2 else 1 end)"
        ) }} as outer_id
    from changes
),

-- A field speaks of UTM by its code, by its name, or because we read it by its id.
described as (
    select
        placed.*,
        case when placed.kind in ('pipeline', 'status') then placed.outer_id end
            as pipeline_id,
        case when placed.kind in ('field', 'enum') then placed.outer_id end as field_id,
        coalesce(
            placed.kind = 'field'
            and placed.entity_type = 'leads'
            and (
                utm_fields.field_id is not null
                {%- for side in ['before', 'after'] %}
                or {{ matches(
                    "lower(concat_ws(' ', placed.code_" ~ side ~ ", placed.name_" ~ side
                    ~ "))",
                    '(^| )(utm_|fbclid)'
                ) }}
                {%- endfor %}
            ),
            false
        ) as is_utm_like,
        coalesce(pipelines.kind = 'sales', false) as is_sales_pipeline
    from placed
    left join utm_fields
        on
            placed.kind = 'field'
            and placed.entity_type = 'leads'
            and placed.outer_id = utm_fields.field_id
    left join pipelines
        on
            placed.kind in ('pipeline', 'status')
            and placed.outer_id = pipelines.pipeline_id
)

select
    kind,
    item_key,
    changed_at,
    {{ almaty_date('changed_at') }} as changed_date,
    change,
    entity_type,
    pipeline_id,
    field_id,
    name_before,
    name_after,
    code_before,
    code_after,
    type_before,
    type_after,
    is_utm_like,
    case
        when
            is_utm_like
            and change in ('vanished', 'renamed', 'recoded', 'retyped')
            then 'breaks'
        when is_sales_pipeline and kind = 'pipeline' and change = 'vanished' then 'breaks'
        when is_utm_like then 'check'
        when kind = 'pipeline' and change in ('appeared', 'archived', 'vanished')
            then 'check'
        when is_sales_pipeline and change in ('appeared', 'vanished') then 'check'
        else 'note'
    end as severity
from described
