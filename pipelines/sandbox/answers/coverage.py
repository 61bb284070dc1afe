"""Which days a source has covered, after one successful load at the world's moment.

A covered quiet day is 0, an uncovered one is unknown.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pipelines.sandbox.answers.ownership import Ownership, account_key
from pipelines.sandbox.answers.reading import almaty_day, moment, text
from pipelines.sandbox.answers.rules import ALMATY
from pipelines.sandbox.story.world import Document, World


@dataclass(frozen=True)
class Account:
    """An ad account: its money, its clock and its age."""

    account_id: str
    currency: str | None
    today: date
    created_on: date | None


def accounts(world: World) -> dict[str, Account]:
    """Return the ad accounts that Facebook shows, by id."""
    found = (_account(world, row) for row in world.facebook.accounts)
    return {account.account_id: account for account in found if account}


def _account(world: World, row: Document) -> Account | None:
    account_id = account_key(row.get("account_id")) or account_key(row.get("id"))
    if account_id is None:
        return None
    try:
        zone = ZoneInfo(text(row.get("timezone_name")) or ALMATY.key)
    except (ZoneInfoNotFoundError, ValueError):
        zone = ALMATY
    created_at = moment(row.get("created_time"))
    return Account(
        account_id=account_id,
        currency=text(row.get("currency")),
        today=world.now.astimezone(zone).date(),
        created_on=created_at.astimezone(zone).date() if created_at else None,
    )


class Coverage:
    """Says for each day whether spend is known; leads and sales were loaded whole."""

    def __init__(self, world: World, facts: Ownership, backfill_days: int) -> None:
        self.backfill = timedelta(days=backfill_days)
        known = accounts(world)
        self._visible = frozenset(known)
        self.accounts = [
            known.get(listed, Account(listed, None, almaty_day(world.now), None))
            for listed in sorted(facts.listed_accounts)
        ]

    def is_visible(self, account: Account) -> bool:
        """Tell whether a token reaches an account that is listed."""
        return account.account_id in self._visible

    def is_loaded(self, account: Account, on: date) -> bool:
        """Tell whether an account's day lies in the window that was read."""
        return account.today - self.backfill <= on <= account.today

    def is_spend_known(self, on: date) -> bool:
        """Tell whether every listed account's day is covered.

        An account that no token can see leaves every day unknown.
        """
        return all(self.covers(account, on) for account in self.accounts)

    def covers(self, account: Account, on: date) -> bool:
        """Tell whether a day was read, precedes the account or has not begun there.

        A day that runs in the account's zone counts by any load; what has not begun
        holds nothing yet.
        """
        if not self.is_visible(account):
            return False
        is_before_life = account.created_on is not None and on < account.created_on
        return is_before_life or on >= account.today - self.backfill
