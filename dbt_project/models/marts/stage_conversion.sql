with

stays as (
    select * from {{ ref('deal_stage_times') }}
    where not is_test
),

statuses as (
    select * from {{ ref('dim_deal_statuses') }}
),

nobody as (
    select team_id, team_name
    from {{ ref('int_teams__known') }}
    where team_key = 'unattributed'
),

newest_names as (
    select
        statuses.*,
        row_number() over (
            partition by pipeline_id, status_id order by valid_from desc
        ) as recency
    from statuses
),

-- A stage that is in no dictionary still has its pipeline's name.
pipeline_names as (
    select
        pipeline_id,
        pipeline_name,
        row_number() over (
            partition by pipeline_id order by valid_from desc, status_id
        ) as recency
    from statuses
),

-- Where living deals are now.
ends as (
    select
        deal_id,
        pipeline_id,
        status_id,
        status_id = {{ won_status() }} as is_won,
        status_id = {{ lost_status() }} as is_lost
    from stays
    where is_current
),

measured as (
    select
        coalesce(stays.team_id, nobody.team_id) as team_id,
        coalesce(stays.team_name, nobody.team_name) as team_name,
        stays.deal_id,
        stays.pipeline_id,
        stays.status_id,
        stays.seconds,
        ends.is_won,
        ends.is_lost,
        not ends.is_won
        and not ends.is_lost
        and stays.pipeline_id = ends.pipeline_id
        and stays.status_id = ends.status_id as is_still_there
    from stays
    cross join nobody
    inner join ends on stays.deal_id = ends.deal_id
    where stays.pipeline_id is not null
),

deal_counts as (
    select
        team_id,
        team_name,
        pipeline_id,
        status_id,
        count(distinct deal_id) as deals_entered,
        count(distinct case when is_won then deal_id end) as deals_won,
        count(distinct case when is_lost then deal_id end) as deals_lost,
        count(distinct case when is_still_there then deal_id end) as deals_still_there,
        count(*) as stays
    from measured
    group by team_id, team_name, pipeline_id, status_id
),

ranked_stays as (
    select
        team_id,
        pipeline_id,
        status_id,
        seconds,
        row_number() over (
            partition by team_id, pipeline_id, status_id order by seconds
        ) as place,
        count(*) over (partition by team_id, pipeline_id, status_id) as stay_count
    from measured
    where seconds is not null
),

medians as (
    select
        team_id,
        pipeline_id,
        status_id,
        {{ ratio('avg(seconds)', 3600) }} as median_hours
    from ranked_stays
    where place * 2 between stay_count and stay_count + 2
    group by team_id, pipeline_id, status_id
)

select
    deal_counts.team_id,
    deal_counts.team_name,
    deal_counts.pipeline_id,
    pipeline_names.pipeline_name,
    deal_counts.status_id,
    newest_names.status_name,
    newest_names.sort,
    deal_counts.stays,
    deal_counts.deals_entered,
    deal_counts.deals_won,
    deal_counts.deals_lost,
    deal_counts.deals_entered - deal_counts.deals_won - deal_counts.deals_lost
        as deals_open,
    deal_counts.deals_still_there,
    {{ ratio('deal_counts.deals_won', 'deal_counts.deals_entered') }} as won_share,
    medians.median_hours
from deal_counts
left join newest_names
    on
        deal_counts.pipeline_id = newest_names.pipeline_id
        and deal_counts.status_id = newest_names.status_id
        and newest_names.recency = 1
left join pipeline_names
    on
        deal_counts.pipeline_id = pipeline_names.pipeline_id
        and pipeline_names.recency = 1
left join medians
    on
        deal_counts.team_id = medians.team_id
        and deal_counts.pipeline_id = medians.pipeline_id
        and deal_counts.status_id = medians.status_id
