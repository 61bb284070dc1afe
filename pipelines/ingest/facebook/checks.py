"""What must hold of Facebook's raw tables after a load, and what to say if it does not.

Each function asks one question of the warehouse and answers with a verdict. The queries
are in `check_queries.py`; when they are asked and how they look belongs to `defs/`.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from psycopg.rows import dict_row

from pipelines.ingest.facebook import check_queries as queries
from pipelines.ingest.facebook.windows import REREAD_DAYS
from pipelines.ingest.verdict import Verdict
from pipelines.load.log import RunInfo
from pipelines.load.merge import Connection

Row = Mapping[str, Any]
# An ad without its spend makes a day's money wrong, not only poorer.
COSTLY_FIELDS = {"*", "spend"}
# Below it the balance is rounding and ads that changed between the two questions.
BALANCE_PCT = Decimal(1)
LEAD_DAYS = 14
# Each day is read once after it froze; what was seen of it is told for a week.
FROZEN_LOOK_DAYS = 35
# A binding to a team; the other lists only say that an account is ours.
TEAM_LISTS = (
    "traffic_ad_account_bindings",
    "integration_ad_accounts",
    "traffic_teams",
)
EXPIRY_REMEDIES = {
    "token": "make a new token and set FACEBOOK_ACCESS_TOKEN",
    "data_access": "let the token's user log in again, set FACEBOOK_ACCESS_TOKEN",
    "api_version": "set FACEBOOK_API_VERSION to the current one",
    "leads": "give the token leads_retrieval and lead access on the form's page",
}


def every_account_is_loaded(
    warehouse: Connection, run: RunInfo, *, table: str
) -> Verdict:
    """Name each listed account that the last attempt did not load, and why.

    An account that was never in the token's reach is a warning: nothing is lost of it.
    """
    errors: list[str] = []
    warnings: list[str] = []
    rows = _ask(warehouse, queries.ACCOUNTS, run, table=table)
    for row in rows:
        account, reason = row["account_id"], _first_line(row["error"])
        loaded_at = row["loaded_at"]
        if row["outcome"] == "loaded":
            continue
        since = f"last loaded {loaded_at:%Y-%m-%d %H:%M} UTC" if loaded_at else "never"
        if row["outcome"] is None:
            errors.append(f"{account}: never tried; run `extract` again")
        elif row["outcome"] == "denied" and not loaded_at:
            warnings.append(
                f"{account}: never in the token's reach; {reason}; until it is read or "
                "taken off its list, every team's spend is unknown (NULL)"
            )
        else:
            errors.append(f"{account}: {row['outcome']} ({since}); {reason}")
    facts = {"accounts": len(rows), "not_loaded": len(errors) + len(warnings)}
    return Verdict(tuple(errors), tuple(warnings), facts)


def nothing_is_missing(warehouse: Connection, run: RunInfo) -> Verdict:
    """Name the days and ads of which Facebook keeps something back (the quarantine)."""
    errors: list[str] = []
    warnings: list[str] = []
    rows = _ask(warehouse, queries.GAPS, run)
    for row in rows:
        lost = "the whole row" if "*" in row["fields"] else ", ".join(row["fields"])
        text = (
            f"{row['account_id']} {row['stat_date']}: {row['level']} "
            f"{row['object_id']} lacks {lost} ({_first_line(row['reason'])}); "
        )
        if row["age_days"] > REREAD_DAYS:
            text += "it is not asked for again: see 'A poisoned ad' in operations.md"
        else:
            text += "it is asked for again with every run"
        is_costly = bool(COSTLY_FIELDS & set(row["fields"]))
        (errors if is_costly else warnings).append(text)
    days = {(row["account_id"], row["stat_date"]) for row in rows}
    facts = {"gaps": len(rows), "account_days": len(days)}
    return Verdict(tuple(errors), tuple(warnings), facts)


def asked_fields_return(warehouse: Connection, run: RunInfo) -> Verdict:
    """Notice that Facebook has stopped to answer something without refusing it.

    Two daily reads share 27 of their 28 days, so a field that every row had lost since
    the last one was removed. A window that no account returns needs no memory.
    """
    warnings = []
    for row in _ask(warehouse, queries.SILENT, run):
        seen = row["returned_at"]
        before = f"returned until {seen:%Y-%m-%d}" if seen else "never returned yet"
        warnings.append(
            f"{row['kind']} {row['name']} is asked for and returned by none of "
            f"{row['accounts']} accounts with {row['rows']} rows ({before}): Facebook "
            "may have removed it; read its changelog, then take it out of "
            "pipelines/extract/facebook/fields.py"
        )
    return Verdict(warnings=tuple(warnings), facts={"silent": len(warnings)})


def totals_agree(warehouse: Connection, run: RunInfo) -> Verdict:
    """Name accounts with days on which the ads do not add up to the account's total."""
    apart: dict[str, list[Row]] = defaultdict(list)
    rows = _ask(warehouse, queries.TOTALS, run, days=REREAD_DAYS)
    for row in rows:
        if _share(row) > BALANCE_PCT:
            apart[row["account_id"]].append(row)
    warnings = [
        f"{account}: on {_days(found)} its ads are up to "
        f"{max(map(_share, found)):.1f} % away from its own total, by "
        f"{sum(row['account_spend'] - row['ads_spend'] for row in found)} "
        f"{found[0]['currency']} in all; marts.spend_reconciliation has each day, and "
        "counts the balance to no ad"
        for account, found in apart.items()
    ]
    facts = {
        "account_days": len(rows),
        "account_days_apart": sum(map(len, apart.values())),
        "worst_pct": round(float(max(map(_share, rows), default=Decimal(0))), 2),
    }
    return Verdict(warnings=tuple(warnings), facts=facts)


def _share(row: Row) -> Decimal:
    """Return by how many per cent an account's ads miss its total."""
    total, balance = row["account_spend"], row["account_spend"] - row["ads_spend"]
    if not balance:
        return Decimal(0)
    return Decimal(abs(balance) * 100 / total) if total else Decimal(100)


def bindings_hold(warehouse: Connection, run: RunInfo) -> Verdict:
    """Name accounts whose spend reaches no team, and those that changed their meaning.

    `traffic_ad_account_bindings` is kept by people; this says where it is not true.
    """
    warnings = []
    for row in _ask(warehouse, queries.BINDINGS, run, days=REREAD_DAYS):
        account = row["account_id"]
        lists = row["listed_by"] or []
        teams = [name for name in lists if name.rpartition(".")[2] in TEAM_LISTS]
        if row["spend"] and not teams:
            warnings.append(
                f"{account} spent {row['spend']} {row['currency']} in {REREAD_DAYS} "
                "days and is bound to no team; bind it in traffic_ad_account_bindings"
            )
        if row["outcome"] == "denied" and teams:
            warnings.append(
                f"{account} is bound to a team ({', '.join(teams)}) but out of the "
                "token's reach; assign it to the token's system user, or unbind it"
            )
    for row in _ask(warehouse, queries.SWITCHES, run, days=FROZEN_LOOK_DAYS):
        warnings.append(
            f"{row['account_id']} changed its {row['attribute']} from "
            f"{row['old_value']} to {row['value']} on {row['seen_from']:%Y-%m-%d}: its "
            "days and money mean something else since; see that no day counts twice"
        )
    return Verdict(warnings=tuple(warnings), facts={"accounts": len(warnings)})


def nothing_expires_soon(warehouse: Connection, run: RunInfo) -> Verdict:
    """Name what has ended or ends within two weeks: token, version, unread leads."""
    errors: list[str] = []
    warnings: list[str] = []
    soon = timedelta(days=LEAD_DAYS)
    rows = _ask(warehouse, queries.EXPIRIES, run, until=run.as_of + soon)
    for row in rows:
        ends: datetime = row["expires_at"]
        what = f"{row['kind'].replace('_', ' ')} {row['subject']}"
        remedy = EXPIRY_REMEDIES.get(row["kind"], "see marts.expiry_calendar")
        if ends <= run.as_of:
            errors.append(f"{what} ended on {ends:%Y-%m-%d}; {remedy}")
        else:
            days = (ends - run.as_of).days
            text = f"{what} ends on {ends:%Y-%m-%d}, in {days} days; {remedy}"
            warnings.append(text)
    return Verdict(tuple(errors), tuple(warnings), {"ending": len(rows)})


def changed_after_freezing(warehouse: Connection, run: RunInfo) -> Verdict:
    """Name days that changed although they were frozen when they were read before."""
    changes: dict[tuple[str, str], list[Row]] = defaultdict(list)
    rows = _ask(
        warehouse, queries.THAWED, run, frozen=REREAD_DAYS, days=FROZEN_LOOK_DAYS
    )
    for row in rows:
        changes[row["account_id"], row["level"]].append(row)
    warnings = [
        f"{account}: {_days(found)} changed at level {level} more than {REREAD_DAYS} "
        f"days after they ended, spend by {sum(row['change'] for row in found):+}; "
        "read those months again: job facebook_backfill with again: true"
        for (account, level), found in changes.items()
    ]
    return Verdict(warnings=tuple(warnings), facts={"changes": len(rows)})


def spend_of_yesterday(warehouse: Connection, run: RunInfo) -> dict[str, Decimal]:
    """Return what all accounts spent on their last closed day, by currency."""
    rows = _ask(warehouse, queries.YESTERDAY, run)
    return {row["currency"]: row["spend"] for row in rows}


def failed_accounts(warehouse: Connection, run: RunInfo) -> set[str]:
    """Return the accounts of which something failed in this very run."""
    rows = _ask(warehouse, queries.FAILED, run, run_id=run.run_id)
    return {row["scope"] for row in rows}


def _ask(
    warehouse: Connection, query: str, run: RunInfo, **values: object
) -> list[Row]:
    parameters = {"as_of": run.as_of, **values}
    with warehouse.cursor(row_factory=dict_row) as cursor:
        return list(cursor.execute(query.encode(), parameters))


def _days(rows: Iterable[Row]) -> str:
    days = sorted({row["stat_date"] for row in rows})
    if len(days) == 1:
        return str(days[0])
    return f"{len(days)} days between {days[0]} and {days[-1]}"


def _first_line(text: str | None) -> str:
    lines = (text or "").strip().splitlines()
    return lines[0] if lines else "no reason given"
