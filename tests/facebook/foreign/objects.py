"""The objects of one ad account: campaigns, ad sets, ads and creatives, as they are.

Documents hold every field that may be asked for. Their days belong to `truth.py`.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from tests.facebook.foreign import names

Document = dict[str, Any]

KINDS = ("campaigns", "adsets", "ads", "adcreatives")
SHOWN = {
    "campaigns": ("ACTIVE", "PAUSED", "IN_PROCESS", "WITH_ISSUES"),
    "adsets": ("ACTIVE", "PAUSED", "CAMPAIGN_PAUSED", "IN_PROCESS", "WITH_ISSUES"),
    "ads": (
        "ACTIVE",
        "PAUSED",
        "ADSET_PAUSED",
        "CAMPAIGN_PAUSED",
        "DISAPPROVED",
        "IN_PROCESS",
        "PENDING_BILLING_INFO",
        "PENDING_REVIEW",
        "PREAPPROVED",
        "WITH_ISSUES",
    ),
    "adcreatives": ("ACTIVE",),
}
HIDDEN = ("ARCHIVED", "DELETED")
STATUS_FIELD = {"adcreatives": "status"}


@dataclass
class Shelf:
    """All objects of an account, by kind and id; `gone` ones answer to nobody."""

    digits: str
    zone: ZoneInfo
    made_at: datetime
    torn: bool = False
    by_kind: dict[str, dict[str, Document]] = field(
        default_factory=lambda: {kind: {} for kind in KINDS}
    )
    gone: set[str] = field(default_factory=set)
    _numbers: int = 0

    def status(self, kind: str, object_id: str) -> str:
        found = self.by_kind[kind][object_id]
        return str(found[STATUS_FIELD.get(kind, "effective_status")])

    def new_id(self) -> str:
        self._numbers += 1
        return f"1202{self.digits[-9:]}{self._numbers:05}"

    def moment(self, random: Random) -> str:
        """Write a moment the account's way, or as UTC: always without a colon."""
        zone = random.choice((self.zone, ZoneInfo("UTC")))
        back = timedelta(seconds=random.randint(0, 90 * 86400))
        return (self.made_at - back).astimezone(zone).strftime("%Y-%m-%dT%H:%M:%S%z")

    def add(
        self, kind: str, random: Random, *, hidden: float = 0.1, **more: Any
    ) -> Document:
        shown = random.random() >= hidden
        statuses = SHOWN[kind] if shown else HIDDEN
        if kind == "adcreatives" and not shown:
            statuses = ("DELETED",)
        status = random.choice(statuses)
        made = {
            "id": self.new_id(),
            "account_id": self.digits,
            "name": names.name(random, torn=self.torn),
            "status": status,
            "configured_status": status if status in HIDDEN else "ACTIVE",
            "effective_status": status,
            "created_time": self.moment(random),
            "updated_time": self.moment(random),
            **more,
        }
        if kind == "adcreatives":
            for key in ("effective_status", "configured_status", "updated_time"):
                del made[key]
        if random.random() < 0.03:
            del made["name"]
        self.by_kind[kind][made["id"]] = made
        return made


def stock(shelf: Shelf, ads: int, random: Random) -> None:
    """Fill an account with as many ads as said, and what they hang on."""
    for _ in range(random.randint(1, max(1, ads // 8)) if ads else 0):
        add_campaign(shelf, random)
    for _ in range(random.randint(1, max(1, ads // 4)) if ads else 0):
        add_ad_set(shelf, random)
    for _ in range(ads):
        add_ad(shelf, random)
    for _ in range(random.randint(0, 3) if ads else 0):
        add_creative(shelf, random)


def add_campaign(shelf: Shelf, random: Random) -> None:
    shelf.add(
        "campaigns",
        random,
        objective=random.choice(("OUTCOME_LEADS", "OUTCOME_SALES")),
        buying_type="AUCTION",
        daily_budget=str(random.randint(100, 10**6)),
        special_ad_categories=[],
        start_time=shelf.moment(random),
    )


def add_ad_set(shelf: Shelf, random: Random) -> None:
    campaign = random.choice(list(shelf.by_kind["campaigns"].values()))
    shelf.add(
        "adsets",
        random,
        campaign_id=campaign["id"],
        optimization_goal="LEAD_GENERATION",
        billing_event="IMPRESSIONS",
        attribution_spec=[{"event_type": "CLICK_THROUGH", "window_days": 7}],
        targeting={"geo_locations": {"countries": ["KZ"]}, "age_min": 18},
        promoted_object={"page_id": "4400000000001"},
    )


def add_ad(shelf: Shelf, random: Random) -> str:
    """Add an ad, and return its id."""
    ad_set = random.choice(list(shelf.by_kind["adsets"].values()))
    creatives = list(shelf.by_kind["adcreatives"])
    if not creatives or random.random() < 0.7:
        creatives.append(add_creative(shelf, random)["id"])
    more: Document = {"creative": {"id": creatives[-1]}}
    if random.random() < 0.02:
        more = {}
    made = shelf.add(
        "ads",
        random,
        adset_id=ad_set["id"],
        campaign_id=ad_set["campaign_id"],
        tracking_specs=[{"action.type": ["offsite_conversion"]}],
        **more,
    )
    return str(made["id"])


def add_creative(shelf: Shelf, random: Random) -> Document:
    return shelf.add(
        "adcreatives",
        random,
        hidden=0.04,
        effective_object_story_id=f"4400000000001_{random.randint(1, 10**9)}",
        object_type="SHARE",
        call_to_action_type="SIGN_UP",
        thumbnail_url=f"https://cdn.example.com/{random.random()}",
        **names.creative_link(random),
    )
