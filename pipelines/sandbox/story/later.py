"""Facebook a day later: what people changed, and what Facebook itself corrected.

Works on any Facebook world with a few days of ads, the story's or a test's own. The
world it is given stays as it was; `become` makes a served one change under its server.
"""

import copy
from collections import Counter
from dataclasses import dataclass, fields
from decimal import Decimal

from pipelines.errors import SandboxError
from pipelines.sandbox.story.world import Document, FacebookWorld

RENAMED = " | renamed"
UP, DOWN = Decimal("2.50"), Decimal("0.40")
DISABLED = 2
NEW_TAGS = "utm_source=fb_swapped&utm_content={{ad.id}}"


@dataclass(frozen=True)
class DayLater:
    """The world one day on, and the objects and days by which it differs."""

    facebook: FacebookWorld
    account_id: str
    renamed_campaign: str
    old_name: str
    new_name: str
    swapped_ad: str
    old_creative: str
    new_creative: str
    deleted_ad: str
    # Ad and day whose spend rose, fell, or whose row is no longer given.
    grown: tuple[str, str]
    shrunk: tuple[str, str]
    vanished: tuple[str, str]


def a_day_later(facebook: FacebookWorld) -> DayLater:
    """Rename, swap, delete, restate and disable in the busiest account."""
    later = copy.deepcopy(facebook)
    digits = _busiest(later)
    rows = _restatable(later, digits)
    grown, shrunk, vanished = rows[0], rows[1], rows[2]
    marks = [(row["ad_id"], row["date_start"]) for row in (grown, shrunk, vanished)]
    _restate(later, grown, UP)
    _restate(later, shrunk, -DOWN)
    _vanish(later, vanished)
    swapped, deleted = _two_ads(later, digits)
    campaign = _found(later.campaigns, swapped["campaign_id"])
    old_name, old_creative = campaign["name"], swapped["creative"]["id"]
    _rename(later, campaign)
    swapped["creative"] = {"id": _swap(later, digits, old_creative)}
    deleted |= {"status": "DELETED", "effective_status": "DELETED"}
    account = next(one for one in later.accounts if one["account_id"] == digits)
    account["account_status"] = DISABLED
    return DayLater(
        later, account["id"], campaign["id"], old_name, campaign["name"],
        swapped["id"], old_creative, swapped["creative"]["id"], deleted["id"], *marks,
    )  # fmt: skip


def become(served: FacebookWorld, later: FacebookWorld) -> None:
    """Give a world the content of another one, under whoever serves it."""
    for field in fields(FacebookWorld):
        content = getattr(served, field.name)
        if isinstance(content, list):
            content[:] = copy.deepcopy(getattr(later, field.name))


def _busiest(facebook: FacebookWorld) -> str:
    rows = Counter(row["account_id"] for row in facebook.ad_days)
    if not rows:
        raise SandboxError("sandbox: nothing can change where no ad ever ran")
    return str(max(rows, key=lambda digits: (rows[digits], digits)))


def _restatable(facebook: FacebookWorld, digits: str) -> list[Document]:
    """Return one row with money of each of the last three whole days, newest first."""
    found: dict[str, Document] = {}
    for row in facebook.ad_days:
        if row["account_id"] == digits and Decimal(row.get("spend", "0")) > DOWN:
            found.setdefault(row["date_start"], row)
    last = max(row["date_start"] for row in facebook.ad_days)
    days = [found[day] for day in sorted(found, reverse=True) if day < last]
    if len(days) < 3:
        raise SandboxError("sandbox: a later day restates three days with spend")
    return days[:3]


def _restate(facebook: FacebookWorld, row: Document, change: Decimal) -> None:
    total = _total(facebook, row)
    for document in (row, total):
        document["spend"] = str(Decimal(document["spend"]) + change)


def _vanish(facebook: FacebookWorld, row: Document) -> None:
    facebook.ad_days.remove(row)
    total = _total(facebook, row)
    for metric in ("impressions", "clicks", "inline_link_clicks"):
        rest = int(total.get(metric, "0")) - int(row.get(metric, "0"))
        total[metric] = str(rest)
    total["spend"] = str(Decimal(total["spend"]) - Decimal(row["spend"]))


def _total(facebook: FacebookWorld, row: Document) -> Document:
    key = row["account_id"], row["date_start"]
    return next(
        total
        for total in facebook.account_days
        if (total["account_id"], total["date_start"]) == key
    )


def _two_ads(facebook: FacebookWorld, digits: str) -> list[Document]:
    """Return the first two ads of the account that still run."""
    running = [
        ad
        for ad in facebook.ads
        if ad["account_id"] == digits
        and ad.get("effective_status", "ACTIVE") == "ACTIVE"
    ]
    if len(running) < 2:
        raise SandboxError("sandbox: a later day needs two running ads")
    return running[:2]


def _rename(facebook: FacebookWorld, campaign: Document) -> None:
    """Give a campaign another name, which its old days bear from now on as well."""
    campaign["name"] += RENAMED
    for row in facebook.ad_days:
        if row.get("campaign_id") == campaign["id"]:
            row["campaign_name"] = campaign["name"]


def _swap(facebook: FacebookWorld, digits: str, old: str) -> str:
    """Add a creative with other tags beside the old one; creatives never change."""
    new = f"{old}0"
    facebook.creatives.append(
        {"id": new, "account_id": digits, "status": "ACTIVE", "url_tags": NEW_TAGS}
    )
    return new


def _found(documents: list[Document], object_id: str) -> Document:
    return next(document for document in documents if document["id"] == object_id)
