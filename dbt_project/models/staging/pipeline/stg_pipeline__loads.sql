with loads as (
    select * from {{ source('raw', '_loads') }}
),

read as (
    select
        load_id,
        run_id,
        system,
        table_name,
        scope,
        window_start,
        window_end,
        outcome,
        mode,
        rows_read,
        rows_inserted,
        rows_updated,
        rows_deleted,
        seconds,
        watermark,
        newest_row_at,
        as_of,
        started_at,
        finished_at,
        error,
        details
    from loads
)

select * from read
