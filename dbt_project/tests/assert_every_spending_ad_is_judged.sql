-- An ad with money and a known creative was passed over: it has tags that were judged,
-- or it is named as untagged.
{{ config(meta={'dagster': {'ref': {'name': 'utm_hygiene'}}}) }}

with

spend as (
    select * from {{ ref('int_ad_utms__spend') }}
),

ads as (
    select * from {{ ref('int_ad_utms__ads') }}
    where is_current
),

creatives as (
    select * from {{ ref('stg_facebook__creatives') }}
),

judged as (
    select distinct ad_id from {{ ref('int_ad_utms__judged') }}
),

untagged as (
    select ad_id from {{ ref('utm_hygiene') }}
    where issue = 'no_utm'
),

passed_over as (
    select spend.ad_id
    from spend
    inner join ads on spend.ad_id = ads.ad_id
    inner join creatives on ads.creative_id = creatives.creative_id
    left join judged on spend.ad_id = judged.ad_id
    left join untagged on spend.ad_id = untagged.ad_id
    where (judged.ad_id is null) = (untagged.ad_id is null)
)

select * from passed_over
