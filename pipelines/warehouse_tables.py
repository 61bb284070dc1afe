"""The pipeline's own tables in schema raw: load log, positions, clock.

What is written there belongs to `load/log.py`, `load/positions.py` and `warehouse.py`.
"""

LOADS = """
create table raw._loads (
    load_id bigint generated always as identity primary key,
    run_id text not null,
    system text not null,
    table_name text not null,
    scope text not null default '',
    window_start date,
    window_end date,
    outcome text not null
        check (outcome in ('loaded', 'absent', 'failed', 'denied')),
    mode text,
    rows_read bigint,
    rows_inserted bigint,
    rows_updated bigint,
    rows_deleted bigint,
    seconds numeric(12, 3),
    watermark text,
    newest_row_at timestamptz,
    as_of timestamptz not null,
    started_at timestamptz,
    finished_at timestamptz,
    error text,
    details jsonb
);
create index _loads_by_table
    on raw._loads (system, table_name, load_id desc);
"""
POSITIONS = """
create table raw._positions (
    system text not null,
    table_name text not null,
    server text,
    timeline bigint,
    server_started_at timestamptz not null,
    database_id bigint,
    next_xid bigint not null,
    running bigint[] not null,
    watermark bigint not null,
    shape text not null,
    columns jsonb not null,
    newest_row_at timestamptz,
    read_whole_at timestamptz not null,
    recorded_at timestamptz not null,
    run_id text not null,
    primary key (system, table_name)
)
"""
CLOCK = """
create table raw._clock (
    id integer primary key default 1 check (id = 1),
    now timestamptz not null
)
"""
OWN_TABLES = {"raw._loads": LOADS, "raw._positions": POSITIONS, "raw._clock": CLOCK}
# Columns that later versions gave to tables that exist: table → column → type.
ADDED_COLUMNS = {"raw._loads": {"details": "jsonb"}}
