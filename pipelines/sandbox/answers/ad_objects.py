"""Campaigns, ad sets and ads with all they delivered, in Facebook's own hierarchy.

What an ad's tags say belongs to `ad_utms.py`, a single day to `spend.py`.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from pipelines.sandbox.answers.ad_utms import AdTags, creative_id
from pipelines.sandbox.answers.campaigns import is_loaded
from pipelines.sandbox.answers.ownership import Ownership, account_key
from pipelines.sandbox.answers.reading import text
from pipelines.sandbox.answers.rounding import ratio
from pipelines.sandbox.answers.spend import NOTHING
from pipelines.sandbox.answers.statistics import added
from pipelines.sandbox.story.world import Document, World

MartRow = dict[str, Any]
SHOWN_TAGS = ("utm_source", "utm_medium", "utm_campaign")
COUNTS = ("impressions", "clicks", "fb_leads")


class AdObjects:
    """Sums the days of spend up by campaign, ad set and ad."""

    def __init__(
        self,
        world: World,
        facts: Ownership,
        tags: Mapping[str, list[AdTags]],
        spend: Iterable[MartRow],
    ) -> None:
        self.facebook = world.facebook
        self.facts = facts
        self.tags = tags
        self.spend = [row for row in spend if row["ad_id"]]

    def campaigns(self) -> list[MartRow]:
        names = {"id": "fb_campaign_id", "name": "campaign_name"}
        rows = self._rows(self.facebook.campaigns, "campaign_id", "campaign_id", names)
        return [row | self._objective(row["fb_campaign_id"]) for _, row in rows]

    def ad_sets(self) -> list[MartRow]:
        names = {"id": "fb_ad_set_id", "name": "ad_set_name",
                 "campaign_id": "fb_campaign_id"}  # fmt: skip
        rows = self._rows(self.facebook.ad_sets, "adset_id", "ad_set_id", names)
        return [
            row
            | self._objective(row["fb_campaign_id"])
            | {"targeting": one.get("targeting")}
            for one, row in rows
        ]

    def ads(self) -> list[MartRow]:
        names = {"id": "fb_ad_id", "name": "ad_name", "adset_id": "fb_ad_set_id",
                 "campaign_id": "fb_campaign_id"}  # fmt: skip
        return [
            row | self._objective(row["fb_campaign_id"]) | self._creative(one)
            for one, row in self._rows(self.facebook.ads, "id", "ad_id", names)
        ]

    def _objective(self, campaign_id: str) -> MartRow:
        found = (
            text(one.get("objective"))
            for one in self.facebook.campaigns
            if one["id"] == campaign_id
        )
        return {"campaign_objective": next(found, None)}

    def _creative(self, ad: Document) -> MartRow:
        shown = creative_id(ad)
        kinds = (
            text(one.get("object_type"))
            for one in self.facebook.creatives
            if one["id"] == shown
        )
        return {"ad_format": (next(kinds, None) or "").lower() or None}

    def _rows(
        self,
        objects: Iterable[Document],
        column_of_ad: str,
        column_of_spend: str,
        names: Mapping[str, str],
    ) -> list[tuple[Document, MartRow]]:
        days: dict[str, list[MartRow]] = defaultdict(list)
        sets: dict[str, list[AdTags]] = defaultdict(list)
        for row in self.spend:
            days[row[column_of_spend]].append(row)
        for ad in self.facebook.ads:
            sets[ad[column_of_ad]] += self.tags.get(ad["id"], [])
        return [
            (
                one,
                {
                    **{column: one.get(name) for name, column in names.items()},
                    "fb_ad_account_id": account_key(one.get("account_id")),
                    "status": text(one.get("status")),
                    "effective_status": text(one.get("effective_status")),
                    "is_deleted": one.get("effective_status") == "DELETED",
                    **_team(self.facts, days[one["id"]]),
                    **_agreed(sets[one["id"]]),
                    **_figures(days[one["id"]]),
                },
            )
            for one in objects
            if is_loaded(self.facts, one)
        ]


def _team(facts: Ownership, days: list[MartRow]) -> MartRow:
    """Return the team of the last day with spend; without one, nobody's."""
    spent = [row for row in days if row["spend_usd"] != 0]
    if spent:
        last = max(spent, key=lambda row: row["stat_date"])
        return {"team_name": last["team_name"], "team_id": last["team_id"]}
    nobody = facts.people.named(None)
    return {"team_name": nobody.name, "team_id": nobody.team_id}


def _agreed(sets: Iterable[AdTags]) -> MartRow:
    """Return each tag that all sets agree on; one that differs is unknown."""
    said = {name: {one.values[name].value for one in sets} for name in SHOWN_TAGS}
    return {
        name: next(iter(found)) if len(found) == 1 else None
        for name, found in said.items()
    }


def _figures(days: list[MartRow]) -> MartRow:
    sums: MartRow = {"spend_usd": NOTHING, "spend_kzt": NOTHING}
    sums |= dict.fromkeys(COUNTS, 0)
    for row in days:
        for column in sums:
            sums[column] = added(sums[column], row[column])
    dates = [row["stat_date"] for row in days]
    spend, leads = sums["spend_usd"], sums.pop("fb_leads")
    return sums | {
        "ctr_pct": ratio(sums["clicks"], sums["impressions"], times=100),
        "cpc_usd": ratio(spend, sums["clicks"]),
        "cpm_usd": ratio(spend, sums["impressions"], times=1000),
        "conversions": leads,
        "cost_per_conversion_usd": ratio(spend, leads),
        "data_start_date": min(dates, default=None),
        "data_end_date": max(dates, default=None),
    }
