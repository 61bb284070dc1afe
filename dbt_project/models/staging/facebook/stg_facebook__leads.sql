with leads as (
    select *
    from {{ source('raw', 'facebook__leads') }}
    where _deleted_at is null
),

flattened as (
    select
        cast(lead_id as text) as lead_id,
        coalesce(
            cast(form_id as text), {{ json_text('payload', 'form_id') }}
        ) as form_id,
        cast(page_id as text) as page_id,
        coalesce(cast(ad_id as text), {{ json_text('payload', 'ad_id') }}) as ad_id,
        {{ json_text('payload', 'adset_id') }} as ad_set_id,
        {{ json_text('payload', 'campaign_id') }} as campaign_id,
        {{ json_text('payload', 'platform') }} as platform,
        coalesce(
            {{ try_boolean(json_text('payload', 'is_organic')) }}, false
        ) as is_organic,
        coalesce(
            {{ utc('created_at') }}, {{ utc(json_text('payload', 'created_time')) }}
        ) as created_at
    from leads
)

select * from flattened
