with traffic_ad_account_bindings as (
    select *
    from {{ source('raw', 'traffic__traffic_ad_account_bindings') }}
    where _deleted_at is null
),

typed as (
    select
        cast(id as text) as binding_id,
        coalesce(
            {{ account_id('ad_account_id') }}, cast(ad_account_id as text)
        ) as ad_account_id,
        cast(ad_platform as text) as ad_platform,
        cast(team_id as text) as team_id,
        cast(team_name as text) as team_name,
        {{ try_boolean('is_active') }} as is_active,
        {{ try_boolean('verified') }} as verified,
        {{ utc('last_verified_at') }} as last_verified_at,
        {{ utc('created_at') }} as created_at,
        {{ utc('updated_at') }} as updated_at
    from traffic_ad_account_bindings
)

select * from typed
