"""The tools that are compared, and the command of each for a first and a later load.

Every tool runs as its documentation advises for PostgreSQL to PostgreSQL, in the
fastest way found. What they are measured on belongs to `scenarios.py`.
"""
# Statements are made of this folder's own constants.
# ruff: noqa: S608

import json
import shlex
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks import table
from benchmarks.environments import program
from benchmarks.servers import PSQL

SCRIPTS = Path(__file__).with_name("scripts")
FOLLOWS = "it only asks the index on `updated_at` for newer rows"


@dataclass(frozen=True)
class Job:
    """One load: from where to where, and what a tool without a memory is told.

    `age` is the number of source transactions since the last load, `since` the newest
    cursor of that load, `state` a folder that a tool may keep things in.
    """

    source_url: str
    target_url: str
    state: Path
    tables: tuple[str, ...] = (table.NAME,)
    age: int = 0
    since: str = ""


Command = Callable[[Job], list[str]]


@dataclass(frozen=True)
class Tool:
    """A way to load a table; `relation` is where the target then has it.

    The first of `requirements` is the package whose version is shown. `reason` says why
    it may be faster than this project. A slow one is measured once where there are many
    rows; one that `reads_all` each time not at all there, and once elsewhere. The first
    load of one that is `only_later` shows nothing new.
    """

    name: str
    title: str
    how: str
    full: Command
    incremental: Command
    requirements: tuple[str, ...] = ()
    relation: str = "public.{}"
    where: str = "true"
    reason: str = FOLLOWS
    is_slow: bool = False
    reads_all: bool = False
    many_tables: bool = False
    only_later: bool = False
    environment: str = ""

    @property
    def installed_in(self) -> str:
        return self.environment or self.name


def _psql(url: str, *commands: str, one_transaction: bool = False) -> str:
    words = [str(PSQL), "-qX", "-v", "ON_ERROR_STOP=1", "-d", url]
    words += ["-1"] if one_transaction else []
    for command in commands:
        words += ["-c", command]
    return shlex.join(words)


def _pipe(job: Job, query: str, *commands: str) -> str:
    reader = _psql(job.source_url, f"copy ({query}) to stdout (format binary)")
    return f"{reader} | {_psql(job.target_url, *commands, one_transaction=True)}"


def _bash(pipes: list[str]) -> list[str]:
    return ["bash", "-c", "\n".join(["set -eo pipefail", *pipes])]


def _pipe_full(job: Job) -> list[str]:
    return _bash([
        _pipe(
            job,
            f"select * from {name}",
            table.definition(name),
            f"copy {name} from stdin (format binary)",
            f"alter table {name} add primary key ({table.KEY})",
        )
        for name in job.tables
    ])  # fmt: skip


def _pipe_incremental(job: Job) -> list[str]:
    updates = ", ".join(f"{name} = excluded.{name}" for name in table.COLUMNS)
    return _bash([
        _pipe(
            job,
            f"select * from {name} where age(xmin) <= {job.age}",
            f"create temp table changed (like {name})",
            "copy changed from stdin (format binary)",
            f"insert into {name} select * from changed "
            f"on conflict ({table.KEY}) do update set {updates}",
        )
        for name in job.tables
    ])  # fmt: skip


def _pipe_digests(job: Job) -> list[str]:
    """Add what it costs at least to see that a key is gone: a digest on both sides."""
    pipe = _pipe_incremental(job)[-1]
    digest = f"select count(*), bit_xor(uuid_hash_extended({table.KEY}, 0))"
    sides = [
        f"{_psql(url, f'{digest} from {table.NAME}')} > {side}"
        for url, side in ((job.source_url, "source"), (job.target_url, "target"))
    ]
    compare = 'cmp source target || echo "keys differ"'
    return ["bash", "-c", f"{pipe}\n{sides[0]} &\n{sides[1]}\nwait $!\n{compare}"]


def _ours(job: Job) -> list[str]:
    mode = ["--mode", "xmin"] if job.tables == (table.NAME,) else []
    urls = [job.source_url, job.target_url]
    return [sys.executable, "-m", "benchmarks.ours", *urls, *job.tables, *mode]


def _sling(mode: str) -> Command:
    def command(job: Job) -> list[str]:
        binary = "../lib/python{}.{}/site-packages/sling_linux_amd64/bin/"
        path = binary.format(*sys.version_info[:2]) + "sling-linux-amd64"
        keys = {"table_keys": {"primary": [table.KEY]}}
        return [
            program("sling", path),
            "run",
            *("--src-conn", f"{job.source_url}?sslmode=disable"),
            *("--src-stream", f"public.{table.NAME}"),
            *("--tgt-conn", f"{job.target_url}?sslmode=disable"),
            *("--tgt-object", f"public.{table.NAME}"),
            *("--tgt-options", json.dumps(keys)),
            *("--primary-key", table.KEY, "--update-key", table.CURSOR),
            *("--mode", mode),
        ]

    return command


def _ingestr(job: Job, *more: str) -> list[str]:
    return [
        program("ingestr", "ingestr"),
        *("ingest", "--yes", "--progress", "log", "--no-load-timestamp"),
        *("--source-uri", f"{job.source_url}?sslmode=disable"),
        *("--dest-uri", f"{job.target_url}?sslmode=disable"),
        *("--source-table", f"public.{table.NAME}"),
        *("--dest-table", f"public.{table.NAME}"),
        *("--primary-key", table.KEY, *more),
    ]


def _ingestr_incremental(job: Job) -> list[str]:
    cursor = ("--incremental-key", table.CURSOR, "--interval-start", job.since)
    return _ingestr(job, "--incremental-strategy", "merge", *cursor)


def _script(tool: str, mode: str) -> Command:
    def command(job: Job) -> list[str]:
        script = str(SCRIPTS / f"{tool}_load.py")
        words = [mode, job.source_url, job.target_url, str(job.state)]
        return [program(tool, "python"), script, *words]

    return command


POLARS_PACKAGES = ("polars", "adbc-driver-postgresql", "pyarrow")
DLT_PACKAGES = (
    "dlt[postgres]",
    *("connectorx", "pyarrow", "sqlalchemy", "psycopg2-binary"),
)
PIPE = Tool(
    "pipe",
    "psql pipe",
    "`COPY … (format binary)` through two psql, the key after; later only the changed "
    "rows, found by `age(xmin)`, and an upsert",
    full=_pipe_full,
    incremental=_pipe_incremental,
    reason="the limit: it is told what changed, without state, log or check",
    many_tables=True,
)
OURS = Tool(
    "ours",
    "this project",
    "`extract_database` in a new Python process: changed rows by xmin, keys compared",
    full=_ours,
    incremental=_ours,
    relation="raw.landing__{}",
    where="_deleted_at is null",
    many_tables=True,
)
TOOLS = (
    PIPE,
    Tool(
        "pipe_digests",
        "psql pipe + key digests",
        "the pipe, then count and digest of all keys on both sides at the same time: "
        "it sees that rows are gone, not which",
        full=_pipe_full,
        incremental=_pipe_digests,
        reason="the limit of seeing deletes: it tells that rows are gone, not which",
        only_later=True,
    ),
    OURS,
    Tool(
        "polars",
        "polars / ADBC",
        "record batches of 16 MB, uuid and jsonb as text, which ADBC cannot write "
        "otherwise; later `updated_at` above the newest, then an upsert",
        full=_script("polars", "full"),
        incremental=_script("polars", "incremental"),
        requirements=POLARS_PACKAGES,
    ),
    Tool(
        "polars_typed",
        "polars / ADBC, types kept",
        "the same, then uuid and jsonb cast in the target to what they were",
        full=_script("polars", "typed-full"),
        incremental=_script("polars", "typed-incremental"),
        requirements=POLARS_PACKAGES,
        environment="polars",
    ),
    Tool(
        "ingestr",
        "ingestr",
        "`replace`; later `merge` on `updated_at`, told where the interval starts",
        full=_ingestr,
        incremental=_ingestr_incremental,
        requirements=("ingestr",),
    ),
    Tool(
        "sling",
        "sling",
        "`full-refresh` with a primary key; later `incremental` on `updated_at`",
        full=_sling("full-refresh"),
        incremental=_sling("incremental"),
        requirements=("sling-linux-amd64",),
    ),
    Tool(
        "dlt",
        "dlt",
        "connectorx to CSV, `append`; later `merge` (upsert) on a cursor `updated_at`",
        full=_script("dlt", "full"),
        incremental=_script("dlt", "incremental"),
        requirements=DLT_PACKAGES,
        relation="raw.{}",
        is_slow=True,
    ),
    Tool(
        "dlt_whole",
        "dlt, whole table",
        "connectorx to CSV, every row each time, `merge` with strategy `cdc`; below a "
        "million rows",
        full=_script("dlt", "whole"),
        incremental=_script("dlt", "whole"),
        requirements=DLT_PACKAGES,
        relation="raw.{}",
        reason="",
        reads_all=True,
        environment="dlt",
    ),
    Tool(
        "pandas",
        "pandas with COPY",
        "frames of 50,000 rows, `to_sql` by COPY; later `updated_at`, then an upsert",
        full=_script("pandas", "full"),
        incremental=_script("pandas", "incremental"),
        requirements=("pandas", "sqlalchemy", "psycopg[binary]"),
        is_slow=True,
    ),
)
