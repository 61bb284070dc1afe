with

versions as (
    select * from {{ ref('stg_amocrm__dictionary_versions') }}
),

-- People's names belong to nobody's report.
named as (
    select
        kind,
        item_key,
        valid_from,
        valid_until,
        case when kind <> 'user' then item_name end as item_name,
        item_code,
        item_type,
        is_archive
    from versions
),

neighbours as (
    select
        named.*,
        min(valid_from) over (partition by kind) as first_seen_at,
        lag(valid_until) over story as closed_before_at,
        lag(item_name) over story as name_before,
        lag(item_code) over story as code_before,
        lag(item_type) over story as type_before,
        lag(is_archive) over story as was_archive,
        lead(valid_from) over story as next_from,
        row_number() over story as version
    from named
    window story as (partition by kind, item_key order by valid_from)
),

-- The first load of a kind tells what there is, which is no change.
appearances as (
    select
        kind,
        item_key,
        valid_from as changed_at,
        case
            when version = 1 then 'appeared'
            when closed_before_at < valid_from then 'returned'
            when is_archive and not was_archive then 'archived'
            when was_archive and not is_archive then 'unarchived'
            when coalesce(item_code, '') <> coalesce(code_before, '') then 'recoded'
            when coalesce(item_type, '') <> coalesce(type_before, '') then 'retyped'
            when coalesce(item_name, '') <> coalesce(name_before, '') then 'renamed'
            else 'edited'
        end as change,
        name_before,
        item_name as name_after,
        code_before,
        item_code as code_after,
        type_before,
        item_type as type_after
    from neighbours
    where version > 1 or valid_from > first_seen_at
),

vanishings as (
    select
        kind,
        item_key,
        valid_until as changed_at,
        'vanished' as change,
        item_name as name_before,
        cast(null as text) as name_after,
        item_code as code_before,
        cast(null as text) as code_after,
        item_type as type_before,
        cast(null as text) as type_after
    from neighbours
    where valid_until is not null and coalesce(next_from > valid_until, true)
),

changes as (
    select * from appearances
    union all
    select * from vanishings
)

select * from changes
