with

campaign_days as (
    select * from {{ ref('int_campaigns__days') }}
),

facts as (
    select * from {{ ref('int_ownership__facts') }}
),

name_owners as (
    select * from {{ ref('int_campaigns__name_owners') }}
),

owners as (
    select
        fact_key as campaign_id, fact_type as method, user_id, team_key, valid_from,
        valid_to, 2 as step
    from facts
    where fact_type = 'tracked_campaign' and team_key is not null
    union all
    select
        fact_key as campaign_id, 'mapped_campaign' as method, user_id, team_key,
        valid_from, valid_to, 3 as step
    from facts
    where fact_type = 'map_campaign' and team_key is not null
    union all
    select
        campaign_id, 'campaign_name' as method, user_id, team_key, valid_from,
        valid_to, 4 as step
    from name_owners
),

owners_by_day as (
    select
        campaign_days.campaign_id,
        campaign_days.event_date,
        owners.step,
        owners.method,
        count(distinct owners.team_key) as team_count,
        min(owners.team_key) as team_key,
        case
            when count(distinct owners.user_id) = 1 then min(owners.user_id)
        end as user_id
    from campaign_days
    inner join owners
        on campaign_days.campaign_id = owners.campaign_id
        and campaign_days.event_date >= owners.valid_from
        and campaign_days.event_date < owners.valid_to
    group by
        campaign_days.campaign_id, campaign_days.event_date, owners.step, owners.method
)

select * from owners_by_day
