with

object_versions as (
    select * from {{ ref('stg_facebook__object_versions') }}
),

-- The first value ever seen is no change.
numbered as (
    select
        object_id,
        attribute,
        seen_from,
        row_number() over (
            partition by object_id, attribute order by seen_from
        ) as version_number
    from object_versions
    where object_kind = 'account'
),

changes as (
    select
        {{ account_id('object_id') }} as account_id,
        max(case when attribute = 'timezone_name' then seen_from end) as zone_changed_at,
        max(case when attribute = 'currency' then seen_from end) as currency_changed_at
    from numbered
    where version_number > 1 and attribute in ('timezone_name', 'currency')
    group by {{ account_id('object_id') }}
)

select * from changes
