with absences as (
    select *
    from {{ source('raw', 'amocrm__absences') }}
    where _deleted_at is null
),

read as (
    select
        entity_type,
        entity_id,
        missed_from,
        missed_until,
        sweeps,
        is_explained
    from absences
)

select * from read
