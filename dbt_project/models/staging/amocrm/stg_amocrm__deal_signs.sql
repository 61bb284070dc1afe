-- What speaks of a deal's going and coming back; whom to believe is decided later.
with events as (
    select *
    from {{ source('raw', 'amocrm__events') }}
    where
        _deleted_at is null
        and {{ json_text('payload', 'type') }}
        in ('lead_deleted', 'lead_restored', 'entity_merged')
        and coalesce({{ json_text('payload', 'entity_type') }}, 'lead')
        in ('lead', 'leads')
),

leads_trash as (
    select * from {{ source('raw', 'amocrm__leads_trash') }}
),

signs as (
    select
        cast(id as text) as sign_id,
        {{ try_bigint(json_text('payload', 'entity_id')) }} as deal_id,
        {{ json_text('payload', 'type') }} as sign,
        {{ epoch_utc(json_text('payload', 'created_at')) }} as happened_at,
        case
            when {{ json_text('payload', 'client_uuid') }} is not null
                then 'integration'
            when {{ try_bigint(json_text('payload', 'created_by')) }} = 0 then 'robot'
            when {{ try_bigint(json_text('payload', 'created_by')) }} > 0 then 'user'
        end as author_kind,
        nullif({{ try_bigint(json_text('payload', 'created_by')) }}, 0)
            as author_user_id,
        true as is_standing,
        cast(_run_id as text) as run_id
    from events
    union all
    select
        cast(id as text) as sign_id,
        id as deal_id,
        'trash' as sign,
        {{ epoch_utc(json_text('payload', 'updated_at')) }} as happened_at,
        cast(null as text) as author_kind,
        cast(null as bigint) as author_user_id,
        _deleted_at is null as is_standing,
        cast(_run_id as text) as run_id
    from leads_trash
)

select * from signs
