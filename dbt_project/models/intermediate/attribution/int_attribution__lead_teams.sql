with

leads as (
    select * from {{ ref('int_leads__counted') }}
),

steps as (
    select * from {{ ref('int_attribution__lead_steps') }}
),

utm_sets as (
    select * from {{ ref('int_utm__sets') }}
),

deciding_steps as (
    select
        steps.*,
        row_number() over (
            partition by lead_key order by step, read_order
        ) as decision_rank
    from steps
    where team_key is not null or is_final
),

-- A step that was never taken doubts nothing.
doubtful_leads as (
    select distinct steps.lead_key
    from steps
    left join deciding_steps
        on
            steps.lead_key = deciding_steps.lead_key
            and deciding_steps.decision_rank = 1
    where
        steps.is_ambiguous
        and steps.step < coalesce(deciding_steps.step, steps.step + 1)
),

decided as (
    select
        leads.lead_key,
        deciding_steps.team_key,
        deciding_steps.user_id,
        case
            when deciding_steps.team_key is not null then deciding_steps.method
            when deciding_steps.is_final then 'unattributed'
            when doubtful_leads.lead_key is not null then 'ambiguous'
            else 'unattributed'
        end as method,
        case
            when deciding_steps.team_key is not null then deciding_steps.confidence
            else 'none'
        end as confidence,
        coalesce(deciding_steps.set_id, leads.set_id) as set_id,
        case
            when deciding_steps.team_key is not null then null
            when doubtful_leads.lead_key is not null then 'ambiguous'
            when lead_sets.is_generic then 'generic_utm'
            when lead_sets.is_usable then 'unknown_utm'
            else 'no_utm'
        end as reason
    from leads
    left join deciding_steps
        on
            leads.lead_key = deciding_steps.lead_key
            and deciding_steps.decision_rank = 1
    left join doubtful_leads on leads.lead_key = doubtful_leads.lead_key
    left join utm_sets as lead_sets on leads.set_id = lead_sets.set_id
)

select * from decided
