"""A random Facebook from a seed, and what is true of it.

Nothing of the protocol: how it is asked and answered belongs to `edges.py` and
`insights.py`, how it goes wrong to `faults.py`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import reduce
from operator import add
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from tests.facebook.foreign.money import NOTHING, Figures, random_figures, split
from tests.facebook.foreign.objects import Document, Shelf, stock

NOW = datetime(2026, 9, 17, 4, 20, tzinfo=UTC)
ALMATY = "Asia/Almaty"
ZONES = (
    ALMATY,
    ALMATY,
    "America/Sao_Paulo",
    "Asia/Kathmandu",
    "Pacific/Auckland",
    "Europe/Berlin",
)
CURRENCIES = ("USD", "USD", "EUR", "JPY", "KWD")
# Where a token must not be found, this text is looked for.
CANARY = "CanarySings"


@dataclass(frozen=True)
class Size:
    """How large a truth may get."""

    accounts: int = 6
    ads: int = 300
    days: int = 60
    # Rows at ad level are about ads * days * this.
    density: float = 0.3


@dataclass
class Account:
    """One ad account: its node, its objects and its days."""

    digits: str
    node: Document
    shelf: Shelf
    days: dict[tuple[str, date], Figures] = field(default_factory=dict)
    # Seen in the account's total only: no ad shows it.
    surplus: dict[date, Figures] = field(default_factory=dict)
    activities: list[Document] = field(default_factory=list)

    @property
    def id(self) -> str:
        return f"act_{self.digits}"

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.node["timezone_name"])

    @property
    def currency(self) -> str:
        return str(self.node["currency"])

    def totals(self) -> dict[date, Figures]:
        """Return the account's own figures: all its ads, and what no ad shows."""
        totals = dict(self.surplus)
        for (_, day), figures in self.days.items():
            totals[day] = totals.get(day, NOTHING) + figures
        return totals

    def hours(self) -> dict[date, list[Figures]]:
        """Cut each day's total into 24 hours, the same way each time."""
        return {
            day: split(total, 24, Random(f"{self.digits}{day}{total.spend}"))
            for day, total in self.totals().items()
        }


@dataclass
class Truth:
    """Everything that this Facebook knows."""

    seed: int
    now: datetime
    accounts: dict[str, Account] = field(default_factory=dict)
    pages: dict[str, Document] = field(default_factory=dict)
    forms: dict[str, Document] = field(default_factory=dict)
    leads: list[Document] = field(default_factory=list)
    # The bar is written in three ways in addresses.
    token: str = f"EAAB{CANARY}|Token0123456789"
    second_token: str = f"EAAB{CANARY}Second0123456789"
    secret: str = f"{CANARY.lower()}secret0123456789abcdef"

    @property
    def account_ids(self) -> tuple[str, ...]:
        return tuple(account.id for account in self.accounts.values())

    def today(self, account: Account) -> date:
        return self.now.astimezone(account.zone).date()

    def spend(self, account: Account, first: date, last: date) -> Figures:
        """Return the account's total over some days."""
        days = account.totals().items()
        return reduce(add, (f for day, f in days if first <= day <= last), NOTHING)


def make_truth(seed: int, *, size: Size | None = None, torn: bool = False) -> Truth:
    """Return the truth of a seed; the same seed gives the same."""
    size = size or Size()
    random = Random(seed)
    truth = Truth(seed, NOW + timedelta(minutes=random.randint(0, 1440)))
    for number in range(random.randint(1, size.accounts)):
        account = _account(truth, number, random, torn=torn)
        truth.accounts[account.digits] = account
        if number and random.random() < 0.2:
            continue
        _fill(truth, account, size, random)
    return truth


def _account(truth: Truth, number: int, random: Random, *, torn: bool) -> Account:
    digits = f"{random.randint(10**8, 10**9)}{number}{random.randint(10**4, 10**5)}"
    zone, currency = random.choice(ZONES), random.choice(CURRENCIES)
    offset = truth.now.astimezone(ZoneInfo(zone)).utcoffset() or timedelta(0)
    node: Document = {
        "id": f"act_{digits}",
        "account_id": digits,
        "name": f"Account {number} 🏢",
        "currency": currency,
        "timezone_name": zone,
        "timezone_id": random.randint(1, 400),
        "timezone_offset_hours_utc": offset / timedelta(hours=1),
        "account_status": random.choice((1, 1, 1, 2, 9)),
        "disable_reason": 0,
        "amount_spent": str(random.randint(0, 10**9)),
        "balance": "0",
        "spend_cap": "0",
        "created_time": "2019-03-01T00:00:00+0000",
    }
    shelf = Shelf(digits, ZoneInfo(zone), truth.now, torn)
    return Account(digits, node, shelf)


def _fill(truth: Truth, account: Account, size: Size, random: Random) -> None:
    most = random.choice((2, 8, 30, size.ads))
    stock(account.shelf, random.randint(0, min(most, size.ads)), random)
    today = truth.today(account)
    silent = {today - timedelta(days=random.randint(0, 20)) for _ in range(3)}
    for ad_id in account.shelf.by_kind["ads"]:
        share = random.choice((0.0, size.density, size.density * 2))
        for back in range(random.randint(0, size.days)):
            day = today - timedelta(days=back)
            if day not in silent and random.random() < share:
                account.days[ad_id, day] = random_figures(random, account.currency)
    for back in range(size.days):
        day = today - timedelta(days=back)
        if day not in silent and random.random() < 0.05:
            account.surplus[day] = random_figures(random, account.currency)
    account.activities = list(activities(account, random, truth.now, days=40))


def activities(
    account: Account, random: Random, until: datetime, *, days: int
) -> Iterator[Document]:
    """Yield edits of an account; some in the same second."""
    moment = until - timedelta(minutes=random.randint(1, 90))
    for number in range(random.choice((0, 3, 40))):
        yield {
            "event_time": moment.strftime("%Y-%m-%dT%H:%M:%S+0000"),
            "event_type": random.choice(("update_ad_run_status", "update_budget")),
            "object_id": account.shelf.new_id(),
            "object_name": f"Edited {number} 🚀",
            "object_type": random.choice(("AD", "CAMPAIGN", "ADSET")),
            "actor_name": "Example Person",
            "extra_data": f'{{"old_value":{number},"new_value":"\\u00e9"}}',
        }
        if random.random() < 0.7:
            moment -= timedelta(seconds=random.randint(0, days * 86400 // 40))


def walk(value: Any) -> Iterator[str]:
    """Yield every text in a document, keys included."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield str(key)
            yield from walk(item)
    elif isinstance(value, list):
        for item in value:
            yield from walk(item)
    elif isinstance(value, str):
        yield value
