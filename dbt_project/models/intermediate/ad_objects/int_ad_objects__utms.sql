with

ad_utms as (
    select * from {{ ref('ad_utms') }}
    where is_current
),

sets_by_object as (
    {%- for kind in ['campaign', 'ad_set', 'ad'] %}
    select
        '{{ kind }}' as object_kind,
        {{ kind }}_id as object_id,
        utm_source,
        utm_medium,
        utm_campaign
    from ad_utms
    where {{ kind }}_id is not null
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

-- A value that every set has is the object's; one that a set lacks is not.
agreed as (
    select
        object_kind,
        object_id,
        {%- for name in ['utm_source', 'utm_medium', 'utm_campaign'] %}
        case
            when count({{ name }}) = count(*) and min({{ name }}) = max({{ name }})
                then min({{ name }})
        end as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from sets_by_object
    group by object_kind, object_id
)

select * from agreed
