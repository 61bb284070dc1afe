with

ad_utms as (
    select * from {{ ref('ad_utms') }}
),

spending as (
    select * from {{ ref('int_ad_utms__spending') }}
),

-- An ad serves any funnel: rows of the map that name different teams contradict.
asked as (
    select
        ad_utms.ad_id,
        ad_utms.set_number,
        ad_utms.utm_source,
        ad_utms.utm_medium,
        cast(null as text) as funnel,
        spending.last_spend_date as event_date
    from ad_utms
    inner join spending on ad_utms.ad_id = spending.ad_id
    where ad_utms.is_current and ad_utms.utm_source is not null
),

keyed as (
    select
        {{ utm_lookup_id() }} as lookup_id,
        asked.*
    from asked
)

select * from keyed
