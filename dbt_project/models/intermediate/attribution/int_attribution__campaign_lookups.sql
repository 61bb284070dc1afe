with

sale_campaigns as (
    select * from {{ ref('int_attribution__sale_campaigns') }}
),

lead_campaigns as (
    select * from {{ ref('int_attribution__lead_campaigns') }}
),

asked as (
    select campaign_id, event_date from sale_campaigns
    union distinct
    select campaign_id, event_date from lead_campaigns
)

select * from asked
