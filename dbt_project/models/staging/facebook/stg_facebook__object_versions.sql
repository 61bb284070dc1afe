with object_versions as (
    select *
    from {{ source('raw', 'facebook__object_versions') }}
    where _deleted_at is null
),

typed as (
    select
        cast(object_kind as text) as object_kind,
        cast(object_id as text) as object_id,
        cast(attribute as text) as attribute,
        {{ utc('seen_from') }} as seen_from,
        {{ utc('seen_until') }} as seen_until,
        {{ account_id('account_id') }} as account_id,
        cast(value as text) as value
    from object_versions
)

select * from typed
