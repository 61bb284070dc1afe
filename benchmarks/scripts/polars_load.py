"""Load the table with polars and the ADBC driver, in batches.

Runs in an environment of its own: first argument `full` or `incremental`, or the same
with `typed-` before it, then the addresses of source and target. ADBC has no type for
uuid and jsonb that the other side would take: they travel as text, and stay so unless
the mode is a typed one.
"""

import sys

import adbc_driver_postgresql.dbapi as adbc
import polars

COLUMNS = """
id::text as id, full_name, phone, email, utm_source, utm_medium, utm_campaign,
utm_content, utm_term, form_data::text as form_data, status, visits, created_at,
updated_at
"""
CASTS = {"id": "uuid", "form_data": "jsonb"}
RETYPE = """
alter table leads
    alter column id type uuid using id::uuid,
    alter column form_data type jsonb using form_data::jsonb
"""
BATCH_BYTES = 16 * 1024 * 1024


def main(mode: str, source_url: str, target_url: str) -> None:
    casts = CASTS if mode.startswith("typed-") else {}
    with adbc.connect(source_url) as source, adbc.connect(target_url) as target:
        if mode.endswith("full"):
            copy(source, target, "", table="leads")
            with target.cursor() as cursor:
                if casts:
                    cursor.execute(RETYPE)
                cursor.execute("alter table leads add primary key (id)")
        else:
            increment(source, target, casts)
        target.commit()


def copy(
    source: adbc.Connection,
    target: adbc.Connection,
    where: str,
    *,
    table: str,
    temporary: bool = False,
) -> None:
    """Copy the rows of a query batch by batch into a table that it creates."""
    with source.cursor() as reader, target.cursor() as writer:
        reader.adbc_statement.set_options(
            **{"adbc.postgresql.batch_size_hint_bytes": str(BATCH_BYTES)}
        )
        reader.execute(f"select {COLUMNS} from leads {where}")  # noqa: S608
        mode = "create"
        for batch in reader.fetch_record_batch():
            frame = polars.DataFrame(batch)
            writer.adbc_ingest(table, frame, mode=mode, temporary=temporary)
            mode = "append"


def increment(
    source: adbc.Connection, target: adbc.Connection, casts: dict[str, str]
) -> None:
    """Merge the rows changed since the newest one that the target has."""
    with target.cursor() as cursor:
        cursor.execute("select max(updated_at)::text from leads")
        newest = cursor.fetchone()[0]
        where = f"where updated_at > '{newest}'"
        copy(source, target, where, table="changed", temporary=True)
        cursor.execute("select to_regclass('pg_temp.changed') is not null")
        if not cursor.fetchone()[0]:
            return
        columns = [part[0] for part in describe(cursor)]
        values = ", ".join(
            f"{name}::{casts[name]}" if name in casts else name for name in columns
        )
        updates = ", ".join(f"{name} = excluded.{name}" for name in columns)
        cursor.execute(
            f"insert into leads select {values} from changed "  # noqa: S608
            f"on conflict (id) do update set {updates}"
        )


def describe(cursor: adbc.Cursor) -> list[tuple[str, ...]]:
    cursor.execute("select * from changed limit 0")
    cursor.fetchall()
    return list(cursor.description)


main(*sys.argv[1:4])
