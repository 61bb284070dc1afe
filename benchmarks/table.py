"""The table that is measured: its fake rows, its changes, its row hash.

Everything is a function of the row's number, so every run measures the same rows. How
a tool moves them belongs to `tools.py`.
"""
# Statements are made of this file's own constants.
# ruff: noqa: S608

NAME = "leads"
KEY = "id"
CURSOR = "updated_at"
COLUMNS = {
    "id": "uuid",
    "full_name": "text",
    "phone": "text",
    "email": "text",
    "utm_source": "text",
    "utm_medium": "text",
    "utm_campaign": "text",
    "utm_content": "text",
    "utm_term": "text",
    "form_data": "jsonb",
    "status": "text",
    "visits": "integer",
    "created_at": "timestamp with time zone",
    "updated_at": "timestamp with time zone",
}
SMALL_TABLES = 40
SMALL_ROWS = 500


def small_names() -> list[str]:
    """Return the names of the many small tables."""
    return [f"small_{number:02}" for number in range(1, SMALL_TABLES + 1)]


def definition(name: str = NAME) -> str:
    """Return the statement that makes the table, without its key."""
    columns = ", ".join(f"{column} {kind}" for column, kind in COLUMNS.items())
    return f"create table {name} ({columns})"


def creation(name: str, rows: int) -> list[str]:
    """Return the statements that make the table with its rows and indexes."""
    return [
        definition(name),
        _FILL.format(name=name, rows=rows),
        f"alter table {name} add primary key ({KEY})",
        f"create index on {name} ({CURSOR})",
        f"vacuum (analyze) {name}",
    ]


def changed(number: int) -> str:
    """Return the update of another 1 % of all rows; the number is that of the change.

    The cursor of the rows moves on by an hour for each change; no two rows share one.
    """
    return (
        f"update {NAME} set status = 'changed-{number}', visits = visits + 1, "
        f"{CURSOR} = timestamptz '2026-01-01 00:00+00' + interval '{number} hours' "
        f"+ make_interval(secs => abs(hashtext({KEY}::text)::bigint) / 1e6) "
        f"where {_slot(number)}"
    )


def silent(number: int) -> str:
    """Return the update of 1 % of all rows that leaves the cursor where it was."""
    return f"update {NAME} set status = 'silent-{number}' where {_slot(number)}"


def deleted(number: int) -> str:
    """Return the deletion of another 1 % of all rows."""
    return f"delete from {NAME} where {_slot(number)}"


def newest(name: str) -> str:
    """Return the query of a table's newest cursor, as ISO 8601 in UTC."""
    form = 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'
    return f"select to_char(max({CURSOR}), '{form}') from {name}"


def _slot(number: int) -> str:
    return f"mod(hashtext({KEY}::text)::bigint + 2147483648, 100) = {number % 100}"


def contents(name: str, where: str = "true") -> str:
    """Return the query of a table's number of rows, hash of keys and hash of rows.

    Each column is read as the type that it has in the source, whatever a tool made it.
    """
    values = ", ".join(f"cast({column} as {kind})" for column, kind in COLUMNS.items())
    return (
        "select count(*), "
        f"coalesce(sum(hashtextextended(cast({KEY} as text), 0)), 0)::text, "
        f"coalesce(sum(hashtextextended(cast(row({values}) as text), 0)), 0)::text "
        f"from {name} where {where}"
    )


def types(relation: str) -> str:
    """Return the query of a table's columns and their types; varchar counts as text."""
    return (
        "select attname, replace(format_type(atttypid, null), "
        "'character varying', 'text') from pg_attribute "
        f"where attrelid = '{relation}'::regclass and attnum > 0 and not attisdropped"
    )


_FILL = """
insert into {name}
select
    md5('lead ' || number)::uuid,
    'Client ' || substr(hash, 1, 8),
    '+7700' || lpad((number % 10000000)::text, 7, '0'),
    'client-' || number || '@example.test',
    (array['facebook', 'instagram', 'google', 'tiktok', 'direct'])[1 + number % 5],
    (array['cpc', 'paid_social', 'organic'])[1 + number % 3],
    'challenge3d_' || substr(hash, 1, 6) || '_' || number % 400,
    'creative_' || substr(hash, 7, 10),
    case when number % 4 > 0 then 'adset_' || number % 1700 end,
    jsonb_build_object(
        'form', 'express_' || number % 12, 'step', number % 7,
        'answers', jsonb_build_array(substr(hash, 1, 5), number % 100, null),
        'agreed', number % 2 = 0
    ),
    (array['new', 'called', 'paid', 'lost'])[1 + number % 4],
    number % 30,
    timestamptz '2025-01-01 00:00+00' + number * interval '2 seconds',
    timestamptz '2025-01-01 00:00+00' + number * interval '2 seconds'
        + (number % 86400) * interval '0.37 seconds'
from (
    select number, md5(number::text) as hash
    from generate_series(1, {rows}) as series (number)
) as numbered
"""
