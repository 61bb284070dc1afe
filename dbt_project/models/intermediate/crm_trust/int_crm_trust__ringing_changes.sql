{%- set entities = [
    ('leads', 'lead'), ('contacts', 'contact'), ('companies', 'company'),
    ('tasks', 'task'),
] -%}

with

items as (
    select * from {{ ref('stg_amocrm__webhook_items') }}
),

versions as (
    select * from {{ ref('stg_amocrm__entity_versions') }}
),

subscriptions as (
    select * from {{ ref('stg_amocrm__webhook_subscriptions') }}
    where is_ours
),

loads as (
    select * from {{ ref('stg_pipeline__loads') }}
    where system = 'amocrm' and outcome = 'loaded'
),

-- Hooks and sights are told by the database's clock, its newest word is now.
seen as (
    select max(finished_at) as seen_to from loads
),

-- What rings, and since when: by the subscription, or by the first that rang.
ringing as (
    {% for entity_type, word in entities -%}
    select
        '{{ entity_type }}' as entity_type,
        created_at as rings_since
    from subscriptions
    where rings_for_{{ word }}
    union all
    {% endfor -%}
    select
        entity_type,
        received_at as rings_since
    from items
),

rung_entities as (
    select
        entity_type,
        min(rings_since) as rings_since
    from ringing
    group by entity_type
),

numbered as (
    select
        versions.*,
        lag(seen_at) over story as seen_before_at,
        lag(updated_at) over story as updated_before_at
    from versions
    window story as (partition by entity_type, entity_id order by version)
),

-- A change that hooks ring for has moved the time of change; a hook may be late.
changes as (
    select numbered.*
    from numbered
    inner join rung_entities
        on numbered.entity_type = rung_entities.entity_type
    cross join seen
    where
        numbered.seen_via in ('poll', 'sweep', 'hook')
        and numbered.updated_at >= rung_entities.rings_since
        and coalesce(numbered.updated_at > numbered.updated_before_at, true)
        and numbered.seen_at
        > {{ add_hours('seen.seen_to', '-24 * ' ~ var('crm_watch_days')) }}
        and numbered.seen_at
        <= {{ add_hours('seen.seen_to', '-' ~ var('hook_grace_hours')) }}
),

-- A hook stands for the version that its re-read found, and for an earlier one that a
-- poll saw between the hook and the re-read.
rung as (
    select distinct
        changes.entity_type,
        changes.entity_id,
        changes.version
    from changes
    inner join items
        on
            changes.entity_type = items.entity_type
            and changes.entity_id = items.entity_id
            and (
                changes.version = items.version
                or (
                    items.received_at <= changes.seen_at
                    and items.received_at
                    > coalesce(changes.seen_before_at, changes.updated_at)
                    and coalesce(items.version, changes.version) >= changes.version
                )
            )
)

select
    changes.entity_type,
    changes.entity_id,
    changes.version,
    changes.updated_at as changed_at,
    changes.seen_at,
    changes.seen_via,
    rung.entity_id is not null as is_rung
from changes
left join rung
    on
        changes.entity_type = rung.entity_type
        and changes.entity_id = rung.entity_id
        and changes.version = rung.version
