with leads as (
    select *
    from {{ source('raw', 'traffic__leads') }}
    where _deleted_at is null
),

typed as (
    select
        cast(id as text) as lead_id,
        cast(source as text) as lead_source,
        {{ try_bigint('amocrm_lead_id') }} as amocrm_lead_id,
        cast(utm_source as text) as utm_source,
        cast(utm_medium as text) as utm_medium,
        cast(utm_campaign as text) as utm_campaign,
        cast(utm_content as text) as utm_content,
        cast(utm_term as text) as utm_term,
        {{ utc('created_at') }} as created_at,
        {{ utc('updated_at') }} as updated_at
    from leads
)

select * from typed
