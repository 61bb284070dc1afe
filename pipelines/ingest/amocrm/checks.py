"""What must hold of AmoCRM's raw tables after a load, and what to say if it does not.

Each function asks one question of the warehouse and answers with a verdict. The queries
are in `check_queries.py`; when they are asked and how they look belongs to `defs/`.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from psycopg.rows import dict_row

from pipelines.ingest.amocrm import check_queries as queries
from pipelines.ingest.amocrm.events import OVERLAP
from pipelines.ingest.verdict import Verdict
from pipelines.load.log import RunInfo
from pipelines.load.merge import Connection

Row = Mapping[str, Any]
# A hook that rings for changes may be late, but not as late as this.
SILENT_HOURS = 6
# What changed in a dictionary is told for so long.
NEWS = timedelta(days=7)
MOST_CHAINS = 10_000
TOKEN_DAYS = 14
CONNECTED = "see docs/amocrm.md, Webhooks"


def nothing_is_lost(warehouse: Connection, run: RunInfo) -> Verdict:
    """Every row that was read is accounted for; the passes of a sweep agree."""
    errors, warnings, read = [], [], 0
    for row in _rows(warehouse, queries.LAST_LOADS, run):
        counted = sum(row[name] for name in queries.COUNTERS)
        read += row["fetched"]
        if row["fetched"] != counted:
            errors.append(
                f"{row['table_name']}: {row['fetched']} rows were read, {counted} are "
                "accounted for; run the extraction again, and if it stays, keep the "
                "row of raw._loads: it is a bug"
            )
        if row["agreed"] is False:
            warnings.append(
                f"{row['table_name']}: the two orders of the sweep found "
                f"{row['asc_ids']} and {row['desc_ids']} ids; the list moved "
                "meanwhile, the next sweep tells"
            )
    return Verdict(tuple(errors), tuple(warnings), {"rows_of_all_tables": read})


def absences_are_explained(warehouse: Connection, run: RunInfo) -> Verdict:
    """Name what a sweep no longer shows though nobody deleted it."""
    warnings = [
        f"{row['entity_type']}: {row['entities']} ids are gone without a deletion "
        f"event or a stub in the trash, among them {row['examples']}; look for them in "
        "AmoCRM: purged, or out of the rights of the token's user"
        for row in _rows(warehouse, queries.UNEXPLAINED_ABSENCES, run)
    ]
    errors = [
        f"{row['table_name']}: {row['error']}"
        for row in _rows(warehouse, queries.REFUSED_SWEEPS, run)
    ]
    return Verdict(tuple(errors), tuple(warnings))


def stage_chains_join(warehouse: Connection, run: RunInfo) -> Verdict:
    """Each move of a deal begins where the one before ended."""
    (row,) = _rows(warehouse, queries.BROKEN_CHAINS, run)
    facts = {"broken_chains": row["deals"]}
    if not row["deals"]:
        return Verdict(facts=facts)
    said = (
        f"{row['deals']} deals have moves that do not join, among them "
        f"{row['examples']}; their stage times show the gap, their sales do not depend "
        "on it"
    )
    return Verdict(warnings=(said,), facts=facts)


def stages_are_mapped(warehouse: Connection, run: RunInfo) -> Verdict:
    """Every pipeline with deals has a meaning, every stage of a deal is known."""
    warnings = []
    if _is_there(warehouse, "seeds.amocrm_pipelines"):
        warnings = [
            f"pipeline {row['pipeline_id']} ({row['name']}) holds {row['deals']} deals "
            "but has no product; add it to dbt_project/seeds/amocrm_pipelines.csv, its "
            "won deals are sales of product unknown until then"
            for row in _rows(warehouse, queries.UNMAPPED_PIPELINES, run)
        ]
    warnings += [
        f"{row['deals']} deals stand in stage {row['status_id']} of pipeline "
        f"{row['pipeline_id']}, which AmoCRM's dictionary never had"
        for row in _rows(warehouse, queries.UNKNOWN_STAGES, run)
    ]
    return Verdict(warnings=tuple(warnings))


def utm_fields_stay(warehouse: Connection, run: RunInfo) -> Verdict:
    """Tell before a UTM column goes blank: a field was added, renamed or removed."""
    warnings = [
        f"lead field {row['field']} was {row['change']}"
        + (f": {row['before']} → {row['after']}" if row["before"] else "")
        + "; see that its UTM values still arrive "
        "(dbt_project/seeds/amocrm_utm_fields.csv)"
        for row in _rows(warehouse, queries.UTM_FIELD_CHANGES, run)
    ]
    return Verdict(warnings=tuple(warnings))


def token_lives(warehouse: Connection, run: RunInfo) -> Verdict:
    """Tell in time that AmoCRM needs another token."""
    rows = _rows(warehouse, queries.TOKEN, run)
    expires = rows[0]["expires_at"] if rows else None
    if expires is None:
        return Verdict()
    days = (expires - run.as_of).days
    said = (
        f"the token ends on {expires:%Y-%m-%d}, in {days} days; docs/amocrm.md, Tokens "
        "and bans, says how to get another"
    )
    is_soon = (said,) if days < TOKEN_DAYS else ()
    return Verdict(warnings=is_soon, facts={"days_left": days})


def hooks_ring(warehouse: Connection, run: RunInfo) -> Verdict:
    """Hooks arrive while the CRM changes, and none is switched off or set aside."""
    (row,) = _rows(warehouse, queries.HOOKS, run)
    errors, warnings = [], []
    if row["disabled_hooks"]:
        errors.append(
            f"AmoCRM has switched off {row['disabled_hooks']} of our hooks after too "
            f"many bad answers; subscribe again, {CONNECTED}"
        )
    if row["deliveries"] and row["changes"] and not row["recent_deliveries"]:
        errors.append(
            f"no hook has come for {SILENT_HOURS} hours while {row['changes']} changes "
            f"were read; see whether the receiver is reached, {CONNECTED}"
        )
    if row["quarantined"]:
        warnings.append(
            f"{row['quarantined']} deliveries are set aside; `python -m pipelines "
            "hooks list` says why"
        )
    if row["failed_items"]:
        warnings.append(
            f"{row['failed_items']} hooks could not be followed after five tries; the "
            "poll has their changes"
        )
    facts = {name: row[name] for name in ("recent_deliveries", "waiting_items")}
    return Verdict(tuple(errors), tuple(warnings), facts)


def _rows(warehouse: Connection, query: str, run: RunInfo) -> list[dict[str, Any]]:
    values = {
        "run_id": run.run_id,
        "as_of": run.as_of,
        "news_since": run.as_of - NEWS,
        "silent_hours": SILENT_HOURS,
        "settled": (run.as_of - OVERLAP).timestamp(),
        "most": MOST_CHAINS,
    }
    with warehouse.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query, values).fetchall()


def _is_there(warehouse: Connection, table: str) -> bool:
    row = warehouse.execute("select to_regclass(%s) is not null", [table]).fetchone()
    return bool(row and row[0])
