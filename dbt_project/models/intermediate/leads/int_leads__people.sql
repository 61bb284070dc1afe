with

leads as (
    select * from {{ ref('int_leads__counted') }}
),

components as (
    select * from {{ ref('int_identity__lead_components') }}
),

people as (
    select
        leads.lead_key,
        leads.lead_id,
        leads.lead_at,
        leads.funnel,
        {{ surrogate_hash(["coalesce(components.component, leads.lead_key)"]) }}
            as person_id
    from leads
    left join components on leads.lead_key = components.node
),

-- A person counts once in a funnel: on the day of the first row there.
ordered as (
    select
        lead_key,
        person_id,
        row_number() over (
            partition by person_id, funnel
            order by lead_at, lead_id, lead_key
        ) = 1 as is_first_in_funnel
    from people
)

select * from ordered
