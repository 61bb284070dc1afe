with campaigns as (
    select *
    from {{ source('raw', 'facebook__campaigns') }}
    where _deleted_at is null
),

flattened as (
    select
        cast(campaign_id as text) as campaign_id,
        {{ account_id('account_id') }} as account_id,
        {{ json_text('payload', 'name') }} as campaign_name,
        {{ json_text('payload', 'status') }} as status,
        {{ json_text('payload', 'effective_status') }} as effective_status,
        {{ json_text('payload', 'objective') }} as objective,
        {{ utc(json_text('payload', 'created_time')) }} as created_at,
        {{ utc(json_text('payload', 'updated_time')) }} as updated_at
    from campaigns
)

select * from flattened
