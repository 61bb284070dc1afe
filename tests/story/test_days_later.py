"""Days later: Facebook moved on, then three sources broke, and the marts say how.

One build tells of both: what the good day brought, and who is behind since the bad one.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

import psycopg
import pytest

from pipelines.sandbox.facebook import facebook_app
from pipelines.sandbox.house import House, environment
from pipelines.sandbox.serving import serve
from pipelines.sandbox.story.later import DayLater, a_day_later
from pipelines.sandbox.story.world import FacebookWorld
from tests.story.running import KEPT, Pipeline


@dataclass(frozen=True)
class Moved:
    """A pipeline that has seen a good and a bad day more, and what changed."""

    pipeline: Pipeline
    before: FacebookWorld
    later: DayLater
    days_before: Mapping[object, dict]
    failed_steps: set[str]
    is_built: bool

    def rows(self, mart: str, **wanted: object) -> list[dict]:
        return [
            dict(row)
            for row in self.pipeline.rows(mart)
            if all(row[name] == value for name, value in wanted.items())
        ]


@pytest.fixture(scope="module")
def moved(edition: Pipeline) -> Moved:
    """Go on from the first edition: a day later all is well, two days later not."""
    edition.start_from(KEPT)
    house, days = edition.house, _days(edition)
    later = a_day_later(house.world.facebook)
    good = {"PIPELINE_NOW": (house.world.now + timedelta(days=1)).isoformat()}

    with (
        serve(facebook_app(later.facebook)) as url,
        environment({**good, "FACEBOOK_GRAPH_URL": url}),
    ):
        assert edition.run("extract").success
    with _broken_sources(house):
        extracted, built = edition.run("extract"), edition.run("build")

    before = house.world.facebook
    failed = {event.step_key for event in extracted.get_step_failure_events()}
    return Moved(edition, before, later, days, failed, built.success)


@contextmanager
def _broken_sources(house: House) -> Iterator[None]:
    """Landing lost a column, Tripwire refuses us, Facebook refuses our token."""
    bad_day = {
        "PIPELINE_NOW": (house.world.now + timedelta(days=3)).isoformat(),
        "TRIPWIRE_DATABASE_URL": house.variables["TRIPWIRE_DATABASE_URL"].replace(
            "postgres@", "stranger@"
        ),
        "FACEBOOK_ACCESS_TOKEN": "expired",
    }
    rename = "alter table landing_leads rename column {} to {}"
    landing = house.variables["LANDING_DATABASE_URL"]
    with psycopg.connect(landing, autocommit=True) as source:
        source.execute(rename.format("created_at", "made_at"))
        try:
            with environment(bad_day):
                yield
        finally:
            source.execute(rename.format("made_at", "created_at"))


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


def test_broken_sources_do_not_stop_the_house(moved):
    assert moved.failed_steps == {
        "extract_landing",
        "extract_tripwire",
        "extract_facebook",
    }
    assert moved.is_built


def test_the_status_says_who_is_behind_and_why(moved):
    status = {row["subject"]: row for row in moved.rows("data_status")}
    behind = {name for name, row in status.items() if row["state"] == "behind"}

    assert behind == {"landing", "tripwire", "facebook"}
    assert "created_at" in status["landing"]["reason"]
    assert "user and password" in status["tripwire"]["reason"]
    assert "token" in status["facebook"]["reason"].lower()


def test_days_are_unknown_where_a_source_is_behind_and_old_ones_as_they_were(moved):
    before, after = moved.days_before, _days(moved.pipeline)
    _, *unseen = sorted(after.keys() - before.keys())

    assert len(unseen) == 2
    for on in unseen:
        assert after[on]["spend_usd"] is None
        assert after[on]["leads_count"] is None
    for on in sorted(before)[:-1]:
        assert after[on]["total_revenue_kzt"] == before[on]["total_revenue_kzt"]
        assert after[on]["leads_count"] == before[on]["leads_count"]


def _days(pipeline: Pipeline) -> dict[object, dict]:
    """Return the figures of all teams together, by day; unknown in one, unknown in all.

    A campaign that is renamed may cost its leads their team, but not their day.
    """
    names = ("spend_usd", "leads_count", "total_revenue_kzt")
    days: dict[object, list] = defaultdict(list)
    for row in pipeline.rows("traffic_sales_stats"):
        if row["period_type"] == "daily":
            days[row["date"]].append(row)
    return {
        on: {name: _total(rows, name) for name in names} for on, rows in days.items()
    }


def _total(rows: list[dict], name: str) -> Decimal | None:
    values = [row[name] for row in rows]
    return None if None in values else sum(values, Decimal(0))
