"""Load the table with dlt, from its fastest reader to its fastest writer.

Runs in an environment of its own: first argument `full`, `incremental` or `whole`, then
the addresses of source and target and the folder for dlt's state. `whole` reads every
row each time and lets dlt delete what the source no longer has.
"""

import sys

import dlt
from dlt.sources.sql_database import sql_table

MODES = {
    "full": "append",
    "incremental": {"disposition": "merge", "strategy": "upsert"},
    "whole": {"disposition": "merge", "strategy": "cdc"},
}


def main(mode: str, source_url: str, target_url: str, state: str) -> None:
    cursor = dlt.sources.incremental("updated_at", primary_key=())
    table = sql_table(
        credentials=source_url.replace("postgresql:", "postgresql+psycopg2:"),
        table="leads",
        schema="public",
        backend="connectorx",
        backend_kwargs={"conn": source_url, "return_type": "arrow"},
        primary_key="id",
        incremental=None if mode == "whole" else cursor,
        write_disposition=MODES[mode],
    )
    pipeline = dlt.pipeline(
        "leads",
        pipelines_dir=state,
        # dlt insists on a password; the server asks for none.
        destination=dlt.destinations.postgres(
            target_url.replace("postgres@", "postgres:none@")
        ),
        dataset_name="raw",
    )
    pipeline.run(table, loader_file_format="csv").raise_on_failed_jobs()


main(*sys.argv[1:5])
