"""Facebook's asset checks: their names and places, and how a verdict is shown.

What is asked belongs to `ingest/facebook/checks.py`; the step that asks, to
`facebook.py`.
"""

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import dagster as dg
import psycopg

from pipelines.connections import primary_message
from pipelines.defs.assets import raw_key
from pipelines.ingest.facebook import checks
from pipelines.ingest.facebook.checks import Verdict
from pipelines.ingest.facebook.load import ACCOUNT_TABLES
from pipelines.load.log import RunInfo
from pipelines.load.merge import Connection

SYSTEM = "facebook"
EVERY_ACCOUNT = "every_account_is_loaded"
Ask = Callable[[Connection, RunInfo], Verdict]


@dataclass(frozen=True)
class Check:
    """A check of one raw table, and the question behind it."""

    name: str
    table: str
    ask: Ask
    description: str

    @property
    def key(self) -> dg.AssetKey:
        return raw_key(SYSTEM, self.table)

    @property
    def spec(self) -> dg.AssetCheckSpec:
        return dg.AssetCheckSpec(
            self.name, asset=self.key, description=self.description
        )


def _accounts(table: str) -> Check:
    return Check(
        EVERY_ACCOUNT,
        table,
        functools.partial(checks.every_account_is_loaded, table=table),
        "Red: a listed account was not loaded, it keeps its last rows. Yellow: an "
        "account was never in the token's reach. The description says why.",
    )


CHECKS = (
    *map(_accounts, ACCOUNT_TABLES),
    Check(
        "nothing_is_missing",
        "ad_insights",
        checks.nothing_is_missing,
        "Facebook fails on some field of some ad and day even alone; the rest of that "
        "day is loaded. Red: spend is missing. Yellow: other fields are.",
    ),
    Check(
        "asked_fields_return",
        "ad_insights",
        checks.asked_fields_return,
        "Yellow: a field or attribution window that we ask for comes back in no row of "
        "any account, without an error: Facebook removes them so.",
    ),
    Check(
        "totals_agree",
        "ad_insights",
        checks.totals_agree,
        f"Yellow: on a closed day an account's ads are more than {checks.BALANCE_PCT} "
        "% away from the account's own total.",
    ),
    Check(
        "bindings_hold",
        "accounts",
        checks.bindings_hold,
        "Yellow: an account spends for no team, a team's account is out of reach, or "
        "an account has changed its time zone or currency.",
    ),
    Check(
        "nothing_expires_soon",
        "expiries",
        checks.nothing_expires_soon,
        "Yellow: a token, its data access, the API version or unread leads end within "
        f"{checks.LEAD_DAYS} days. Red: they have ended.",
    ),
    Check(
        "changed_after_freezing",
        "restatements",
        checks.changed_after_freezing,
        "Yellow: Facebook changed a day that had been frozen (older than 28 days) when "
        "it was read before.",
    ),
)
NAMES = frozenset(check.name for check in CHECKS)


def check_results(warehouse: Connection, run: RunInfo) -> Iterator[dg.AssetCheckResult]:
    """Ask every question of the warehouse as it is after the loads of a run."""
    for check in CHECKS:
        verdict = _verdict(check, warehouse, run)
        is_red = bool(verdict.errors)
        yield dg.AssetCheckResult(
            check_name=check.name,
            asset_key=check.key,
            passed=verdict.passed,
            severity=(
                dg.AssetCheckSeverity.ERROR if is_red else dg.AssetCheckSeverity.WARN
            ),
            description=verdict.text or None,
            metadata={**verdict.facts, **_listed(verdict)},
        )


def _verdict(check: Check, warehouse: Connection, run: RunInfo) -> Verdict:
    """Ask one question; what cannot be asked is red, and keeps no other from it."""
    try:
        return check.ask(warehouse, run)
    except psycopg.DataError as error:
        reason = primary_message(error)
        said = f"the check could not read raw.{check.key.path[-1]}: {reason}"
        return Verdict((said,), (), {})


def _listed(verdict: Verdict) -> dict[str, dg.MarkdownMetadataValue]:
    """Return the problems as a list: a description is one line in the UI."""
    lines = "\n".join(f"- {problem}" for problem in verdict.problems)
    return {"problems": dg.MetadataValue.md(lines)} if lines else {}
