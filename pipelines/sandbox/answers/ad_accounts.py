"""Ad accounts as they are now: whose they are, what they spent of late, what is wrong.

Their days belong to `account_days.py`.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from pipelines.sandbox.answers.account_days import AccountDay
from pipelines.sandbox.answers.coverage import Account, Coverage
from pipelines.sandbox.answers.ownership import Ownership, account_key
from pipelines.sandbox.answers.reading import text, whole
from pipelines.sandbox.answers.rules import ALMATY
from pipelines.sandbox.answers.statistics import added_up
from pipelines.sandbox.story.world import Document, World

RECENT_DAYS = 28
ACTIVE = 1
STATUSES = {1: "active", 2: "disabled", 3: "unsettled", 101: "closed"}


def dim_ad_accounts(
    world: World, facts: Ownership, coverage: Coverage, days: Iterable[AccountDay]
) -> list[dict[str, Any]]:
    """Return the listed accounts; one load has seen no zone or currency change."""
    described = {
        account_key(row.get("account_id")) or account_key(row.get("id")): row
        for row in world.facebook.accounts
    }
    by_account: dict[str, list[AccountDay]] = {}
    for day in days:
        by_account.setdefault(day.account.account_id, []).append(day)
    return [
        _row(
            account,
            described.get(account.account_id, {}),
            _teams(facts, account),
            by_account.get(account.account_id, []),
            is_reachable=coverage.is_visible(account),
        )
        for account in coverage.accounts
    ]


def _teams(facts: Ownership, account: Account) -> list[str]:
    """Return the names of the teams that any list binds an account to."""
    keys = set().union(
        *(level.get(account.account_id, set()) for level in facts.account_levels)
    )
    return sorted(facts.people.named(key).name for key in keys)


def _row(
    account: Account,
    document: Document,
    teams: list[str],
    days: list[AccountDay],
    *,
    is_reachable: bool,
) -> dict[str, Any]:
    zone = text(document.get("timezone_name"))
    status = whole(document.get("account_status"))
    is_spending = any(
        day.total_of("spend") for day in days if is_recent(day.on, account.today)
    )
    issues = _issues(
        is_reachable=is_reachable,
        is_bound=bool(teams),
        is_spending=is_spending,
        status=status,
    )
    return {
        "ad_account_id": account.account_id,
        "account_name": text(document.get("name")),
        "currency": account.currency,
        "timezone_name": zone,
        "is_business_zone": None if zone is None else zone == ALMATY.key,
        "account_status": status,
        "status": None if status is None else STATUSES[status],
        "created_date": account.created_on,
        "is_listed": True,
        "is_reachable": is_reachable,
        "teams_bound": ", ".join(teams) or None,
        "team_count": len(teams),
        **_spending(account, days),
        "zone_changed_at": None,
        "currency_changed_at": None,
        "issues": ", ".join(issues) or None,
    }


def _spending(account: Account, days: list[AccountDay]) -> dict[str, Any]:
    """Return when an account spent, and how much on its last 28 whole days."""
    spent = [day.on for day in days if day.total_of("spend")]
    yesterday = account.today - timedelta(days=1)
    amounts = [day.total_of("spend") for day in days if is_recent(day.on, yesterday)]
    return {
        "first_spend_date": min(spent, default=None),
        "last_spend_date": max(spent, default=None),
        "spend_28d": added_up(amounts),
    }


def is_recent(on: date, today: date) -> bool:
    """Tell whether a day is one of 28, of which the running one is the last."""
    return today - timedelta(days=RECENT_DAYS) < on <= today


def _issues(
    *, is_reachable: bool, is_bound: bool, is_spending: bool, status: int | None
) -> list[str]:
    found = {
        "bound_without_access": is_bound and not is_reachable,
        "not_active": status is not None and status != ACTIVE,
        "spends_without_team": is_spending and not is_bound,
    }
    return [issue for issue, holds in found.items() if holds]
