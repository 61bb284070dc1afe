"""The pipeline's own tables in schema raw: load log, positions, clock, AmoCRM's state.

What is written there belongs to `load/log.py`, `load/positions.py`, `warehouse.py`,
`webhook/` and `ingest/amocrm/`.
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
WEBHOOK_INBOX = """
create table raw.amocrm__webhook_inbox (
    delivery_id bigint generated always as identity primary key,
    received_at timestamptz not null default clock_timestamp(),
    request_id text,
    sha256 text not null,
    content_type text,
    user_agent text,
    remote_hint text,
    secret text not null check (secret in ('current', 'previous')),
    size integer not null,
    body bytea,
    parse_status text not null default 'new'
        check (parse_status in ('new', 'parsed', 'foreign', 'bad')),
    quarantine_reason text,
    parsed_at timestamptz,
    attempts integer not null default 0,
    unique (request_id, sha256)
);
create index amocrm__webhook_inbox_new
    on raw.amocrm__webhook_inbox (delivery_id) where parse_status = 'new';
"""
API_CALLS = """
create table raw.amocrm__api_calls (
    call_id bigint generated always as identity primary key,
    called_at timestamptz not null,
    run_id text not null,
    table_name text not null,
    path text not null,
    status integer,
    milliseconds integer not null,
    waited_ms integer not null,
    retry_after numeric(12, 3)
);
create index amocrm__api_calls_by_time on raw.amocrm__api_calls (called_at);
"""
# One row per AmoCRM host: all processes take their turns from it.
BUDGET = """
create table raw.amocrm__budget (
    host text primary key,
    next_at timestamptz not null default clock_timestamp(),
    wait_until timestamptz,
    blocked_until timestamptz,
    blocked_reason text,
    blocks integer not null default 0
)
"""
TOKENS = """
create table raw.amocrm__tokens (
    host text not null,
    client_id text not null,
    generation integer not null,
    access_token bytea not null,
    refresh_token bytea not null,
    obtained_at timestamptz not null,
    expires_at timestamptz not null,
    primary key (host, client_id)
)
"""
TOKEN_GENERATIONS = """
create table raw.amocrm__token_generations (
    host text not null,
    client_id text not null,
    generation integer not null,
    refresh_token bytea not null,
    obtained_at timestamptz not null,
    replaced_at timestamptz not null,
    primary key (host, client_id, generation)
)
"""
CURSORS = """
create table raw.amocrm__cursors (
    stream text primary key,
    watermark bigint not null,
    position jsonb,
    run_id text not null,
    moved_at timestamptz not null default clock_timestamp()
)
"""
OWN_TABLES = {
    "raw._loads": LOADS,
    "raw._positions": POSITIONS,
    "raw._clock": CLOCK,
    "raw.amocrm__webhook_inbox": WEBHOOK_INBOX,
    "raw.amocrm__api_calls": API_CALLS,
    "raw.amocrm__budget": BUDGET,
    "raw.amocrm__tokens": TOKENS,
    "raw.amocrm__token_generations": TOKEN_GENERATIONS,
    "raw.amocrm__cursors": CURSORS,
}
# Columns that later versions gave to tables that exist: table → column → type.
ADDED_COLUMNS = {"raw._loads": {"details": "jsonb"}}
# Beside the keys of declared tables: index → statement.
ADDED_INDEXES = {
    "raw.amocrm__webhook_items_waiting": """
create index amocrm__webhook_items_waiting
    on raw.amocrm__webhook_items (entity_type, entity_id, delivery_id)
    where done_at is null
""",
    "raw.amocrm__events_by_entity": """
create index amocrm__events_by_entity
    on raw.amocrm__events ((payload ->> 'entity_id'))
""",
}
