with ad_sets as (
    select *
    from {{ source('raw', 'facebook__ad_sets') }}
    where _deleted_at is null
),

flattened as (
    select
        cast(ad_set_id as text) as ad_set_id,
        cast(campaign_id as text) as campaign_id,
        {{ account_id('account_id') }} as account_id,
        {{ json_text('payload', 'name') }} as ad_set_name,
        {{ json_text('payload', 'status') }} as status,
        {{ json_text('payload', 'effective_status') }} as effective_status,
        {{ json_text('payload', 'optimization_goal') }} as optimization_goal,
        {{ json_at('payload', 'targeting') }} as targeting,
        {{ utc(json_text('payload', 'created_time')) }} as created_at,
        {{ utc(json_text('payload', 'updated_time')) }} as updated_at
    from ad_sets
)

select * from flattened
