"""This project's engine as a user runs it: a process that loads the declared tables.

Prints the seconds of the call alone, so that imports can be told from the work.
"""

import argparse
import json
import sys
import time
from datetime import UTC, datetime

from benchmarks.table import COLUMNS, CURSOR, KEY
from pipelines.catalog import Catalog, Column, Table
from pipelines.column_types import canonical_type
from pipelines.ingest.databases import extract_database
from pipelines.load.log import RunInfo

SYSTEM = "landing"


def declare(name: str, *, mode: str | None = None) -> Table:
    """Declare a table as the sources YAML would; without a mode its size decides."""
    columns = tuple(
        Column(name, canonical_type(kind)) for name, kind in COLUMNS.items()
    )
    return Table(
        SYSTEM,
        f"{SYSTEM}__{name}",
        source_table=name,
        key=(KEY,),
        columns=columns,
        newest=CURSOR,
        mode="xmin" if mode == "xmin" else None,
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source_url")
    parser.add_argument("warehouse_url")
    parser.add_argument("tables", nargs="+")
    parser.add_argument("--mode", choices=["xmin"])
    options = parser.parse_args()
    catalog = Catalog(tuple(declare(t, mode=options.mode) for t in options.tables))
    run = RunInfo("benchmark", datetime.now(UTC))
    started = time.perf_counter()
    loads = extract_database(
        SYSTEM,
        options.source_url,
        warehouse_url=options.warehouse_url,
        catalog=catalog,
        run=run,
    )
    seconds = time.perf_counter() - started
    for load in loads:
        if load.error:
            sys.stderr.write(f"error: {load.error}\n")
    sys.stdout.write(json.dumps({"seconds": seconds}) + "\n")
    return int(any(load.error for load in loads))


if __name__ == "__main__":
    sys.exit(main())
