"""Facebook's asset checks: their names and places.

What is asked belongs to `ingest/facebook/checks.py`; the step that asks, to
`facebook.py`.
"""

import functools

from pipelines.defs.checks import Ask, Check
from pipelines.ingest.facebook import checks
from pipelines.ingest.facebook.load import ACCOUNT_TABLES

SYSTEM = "facebook"
EVERY_ACCOUNT = "every_account_is_loaded"


def _check(name: str, table: str, ask: Ask, description: str) -> Check:
    return Check(name, SYSTEM, table, ask, description)


def _accounts(table: str) -> Check:
    return _check(
        EVERY_ACCOUNT,
        table,
        functools.partial(checks.every_account_is_loaded, table=table),
        "Red: a listed account was not loaded, it keeps its last rows. Yellow: an "
        "account was never in the token's reach. The description says why.",
    )


CHECKS = (
    *map(_accounts, ACCOUNT_TABLES),
    _check(
        "nothing_is_missing",
        "ad_insights",
        checks.nothing_is_missing,
        "Facebook fails on some field of some ad and day even alone; the rest of that "
        "day is loaded. Red: spend is missing. Yellow: other fields are.",
    ),
    _check(
        "asked_fields_return",
        "ad_insights",
        checks.asked_fields_return,
        "Yellow: a field or attribution window that we ask for comes back in no row of "
        "any account, without an error: Facebook removes them so.",
    ),
    _check(
        "totals_agree",
        "ad_insights",
        checks.totals_agree,
        f"Yellow: on a closed day an account's ads are more than {checks.BALANCE_PCT} "
        "% away from the account's own total.",
    ),
    _check(
        "bindings_hold",
        "accounts",
        checks.bindings_hold,
        "Yellow: an account spends for no team, a team's account is out of reach, or "
        "an account has changed its time zone or currency.",
    ),
    _check(
        "nothing_expires_soon",
        "expiries",
        checks.nothing_expires_soon,
        "Yellow: a token, its data access, the API version or unread leads end within "
        f"{checks.LEAD_DAYS} days. Red: they have ended.",
    ),
    _check(
        "changed_after_freezing",
        "restatements",
        checks.changed_after_freezing,
        "Yellow: Facebook changed a day that had been frozen (older than 28 days) when "
        "it was read before.",
    ),
)
NAMES = frozenset(check.name for check in CHECKS)
