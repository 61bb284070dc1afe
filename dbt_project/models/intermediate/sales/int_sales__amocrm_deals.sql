-- Unpacked from JSON once, read many times.
with

deals as (
    select * from {{ ref('stg_amocrm__deals') }}
)

select * from deals
