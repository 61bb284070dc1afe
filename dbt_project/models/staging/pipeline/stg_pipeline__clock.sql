with clock as (
    select * from {{ source('raw', '_clock') }}
),

read as (
    select
        now as now_at,
        {{ almaty_date('now') }} as today
    from clock
)

select * from read
