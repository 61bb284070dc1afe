"""What happens to a truth until it is read again.

Restated, vanished and new days, renamed, swapped, deleted and new objects, new leads.
"""

from datetime import date, timedelta
from decimal import Decimal
from random import Random

from tests.facebook.foreign.crowd import add_lead
from tests.facebook.foreign.money import Figures, random_figures
from tests.facebook.foreign.objects import add_ad, add_creative
from tests.facebook.foreign.truth import Account, Truth, activities

# Facebook changes nothing that is older.
FROZEN_AFTER = 27


def move_on(truth: Truth, random: Random, *, days: int = 1) -> None:
    """Let days pass: what was read before is no longer all true."""
    for account in truth.accounts.values():
        oldest = truth.today(account) - timedelta(days=FROZEN_AFTER)
        _restate(account, random, oldest)
    truth.now += timedelta(days=days)
    for account in truth.accounts.values():
        if account.shelf.by_kind["ads"]:
            _rearrange(account, random)
            _spend_on(truth, account, random, days)
            account.activities += activities(account, random, truth.now, days=days)
    for form_id in truth.forms:
        for _ in range(random.choice((0, 1, 5))):
            back = timedelta(seconds=random.choice((0, 1, 3600, days * 86400)))
            add_lead(truth, form_id, random, truth.now - back)


def _restate(account: Account, random: Random, oldest: date) -> None:
    for key in [key for key in account.days if key[1] >= oldest]:
        lot = random.random()
        if lot < 0.03:
            del account.days[key]
        elif lot < 0.1:
            account.days[key] = random_figures(random, account.currency)
        elif lot < 0.12:
            kept = account.days[key]
            account.days[key] = Figures(Decimal(0), kept.impressions, kept.clicks)
    for day in [day for day in account.surplus if day >= oldest]:
        if random.random() < 0.2:
            del account.surplus[day]


def _rearrange(account: Account, random: Random) -> None:
    shelf = account.shelf
    for kind in ("campaigns", "adsets", "ads"):
        for document in shelf.by_kind[kind].values():
            lot = random.random()
            if lot < 0.05:
                document["name"] = f"Renamed {random.random()} ✏️"
            elif lot < 0.08:
                document["effective_status"] = document["status"] = "DELETED"
            elif lot < 0.1 and document["effective_status"] != "DELETED":
                document["effective_status"] = document["status"] = "ARCHIVED"
    for ad in shelf.by_kind["ads"].values():
        if "creative" in ad and random.random() < 0.05:
            ad["creative"] = {"id": add_creative(shelf, random)["id"]}
    for object_id in (one for objects in shelf.by_kind.values() for one in objects):
        is_deleted = any(
            objects.get(object_id, {}).get("status") == "DELETED"
            for objects in shelf.by_kind.values()
        )
        if is_deleted and random.random() < 0.1:
            shelf.gone.add(object_id)
    for _ in range(random.randint(0, 3)):
        add_ad(shelf, random)


def _spend_on(truth: Truth, account: Account, random: Random, days: int) -> None:
    for ad_id in account.shelf.by_kind["ads"]:
        for back in range(days):
            if random.random() < 0.4:
                day = truth.today(account) - timedelta(days=back)
                account.days[ad_id, day] = random_figures(random, account.currency)
