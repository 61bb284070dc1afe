"""A day later: names, creatives, figures and states moved on, and the marts say how."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

import pytest

from pipelines.sandbox.facebook import facebook_app
from pipelines.sandbox.house import environment
from pipelines.sandbox.serving import serve
from pipelines.sandbox.story.later import DayLater, a_day_later
from pipelines.sandbox.story.world import FacebookWorld
from tests.story.running import KEPT, Pipeline


@dataclass(frozen=True)
class Moved:
    """A pipeline that has seen two days, and what changed between them."""

    pipeline: Pipeline
    before: FacebookWorld
    later: DayLater

    def rows(self, mart: str, **wanted: object) -> list[dict]:
        return [
            dict(row)
            for row in self.pipeline.rows(mart)
            if all(row[name] == value for name, value in wanted.items())
        ]


@pytest.fixture(scope="module")
def moved(edition: Pipeline) -> Moved:
    """Go on from the first edition, with a Facebook on which a day has passed."""
    before, now = edition.house.world.facebook, edition.house.world.now
    later = a_day_later(before)
    edition.start_from(KEPT)
    with (
        serve(facebook_app(later.facebook)) as url,
        environment({
            "PIPELINE_NOW": (now + timedelta(days=1)).isoformat(),
            "FACEBOOK_GRAPH_URL": url,
        }),
    ):  # fmt: skip
        assert edition.run("extract").success
        assert edition.run("build").success

    return Moved(edition, before, later)


def figure(facebook: FacebookWorld, ad_id: str, on: str) -> Decimal | None:
    rows = [r for r in facebook.ad_days if (r["ad_id"], r["date_start"]) == (ad_id, on)]
    return Decimal(rows[0]["spend"]) if rows else None


@pytest.mark.parametrize("which", ["grown", "shrunk", "vanished"])
def test_each_restated_day_keeps_its_old_figure_beside_the_new(moved, which):
    ad_id, on = getattr(moved.later, which)
    found = [
        row
        for row in moved.rows("spend_restatements", level="ad", object_id=ad_id)
        if row["stat_date"].isoformat() == on
    ]

    assert [(row["old_spend"], row["new_spend"]) for row in found] == [
        (figure(moved.before, ad_id, on), figure(moved.later.facebook, ad_id, on))
    ]
    assert found[0]["kind"] == ("vanished" if which == "vanished" else "restated")


def test_spend_is_what_facebook_says_now(moved):
    later = moved.later
    for ad_id, on in (later.grown, later.shrunk, later.vanished):
        rows = moved.rows("traffic_stats", ad_id=ad_id)
        spent = [r["spend_usd"] for r in rows if r["stat_date"].isoformat() == on]
        now = figure(later.facebook, ad_id, on)

        assert spent == ([now] if now is not None else [])


def test_a_swapped_creative_stands_beside_the_old_one(moved):
    rows = moved.rows("ad_utms", ad_id=moved.later.swapped_ad)
    sources = {row["creative_id"]: row["utm_source"] for row in rows}
    current = {row["creative_id"] for row in rows if row["is_current"]}

    assert sources.keys() == {moved.later.old_creative, moved.later.new_creative}
    assert sources[moved.later.new_creative] == "fb_swapped"
    assert current == {moved.later.new_creative}


def test_a_renamed_campaign_has_its_new_name_and_its_tags_the_first(moved):
    campaign_id = moved.later.renamed_campaign
    (campaign,) = moved.rows("traffic_fb_campaigns", fb_campaign_id=campaign_id)
    named = [
        row
        for row in moved.rows("ad_utms", campaign_id=campaign_id)
        if row["utm_campaign_template"] == "{{campaign.name}}"
    ]

    assert campaign["campaign_name"] == moved.later.new_name
    assert {row["utm_campaign"] for row in named} == {moved.later.old_name.lower()}
    for row in named:
        later_names = [
            one["value"] for one in row["candidates"]
            if one["match_kind"] == "later_name"
        ]  # fmt: skip
        assert moved.later.new_name.lower() in later_names


def test_a_deleted_ad_keeps_its_spend(moved):
    (ad,) = moved.rows("traffic_fb_ads", fb_ad_id=moved.later.deleted_ad)
    spent = moved.rows("traffic_stats", ad_id=moved.later.deleted_ad)

    assert ad["is_deleted"]
    assert ad["spend_usd"] == sum(row["spend_usd"] for row in spent) > 0


def test_a_disabled_account_is_named(moved):
    (account,) = moved.rows("dim_ad_accounts", ad_account_id=moved.later.account_id)

    assert account["status"] == "disabled"
    assert "not_active" in account["issues"]
