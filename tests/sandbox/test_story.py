"""The story: its numbers, its traps, and that it can be told in other ways."""

import dataclasses
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from pipelines.errors import SandboxError
from pipelines.sandbox.story.tell import tell
from pipelines.sandbox.story.world import StoryOptions, World
from tests.sandbox.traps import (
    advertising,
    challenge,
    facebook,
    history,
    leads,
    mapping,
    sales,
)
from tests.sandbox.traps.asking import TRAPS

OTHER = StoryOptions(
    seed=11,
    teams=("Ай Болат", "Zulu's & Co", "Rook-9", "Delta", "Oak", "Pine"),
    weeks=6,
    now=datetime(2024, 3, 10, 18, 59, tzinfo=UTC),
    base_rate=Decimal(451),
)
SUBJECTS = (advertising, challenge, facebook, history, leads, mapping, sales)
COUNTS = {
    "landing": {
        "landing_leads": 1_112, "journey_stages": 760, "express_course_sales": 87,
        "main_product_sales": 12, "challenge3d_sales": 1, "bulk_syncs": 2,
        "bulk_sync_results": 633, "scheduled_notifications": 557,
        "short_links": 1_554, "short_link_clicks": 473, "traffic_stats": 33,
        "error_logs": 30_000, "traffic_users": 5, "traffic_teams": 4,
        "sales_notifications": 1,
    },
    "traffic": {
        "traffic_users": 3, "traffic_user_utm_sources": 4, "traffic_teams": 0,
        "leads": 1_000, "journey_stages": 650, "traffic_user_sessions": 15,
        "traffic_targetologist_settings": 3, "traffic_sales_stats": 0,
    },
    "tripwire": {
        "tripwire_users": 92, "module_unlocks": 107, "tripwire_progress": 33,
        "lesson_homework": 75, "video_tracking": 20, "tripwire_user_profile": 5,
        "tripwire_certificates": 3, "student_progress": 3,
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def world() -> World:
    return tell()


@pytest.fixture(scope="module")
def other() -> World:
    return tell(OTHER)


def test_tables_hold_what_they_are_known_to_hold(world):
    counts = {
        system: {table: len(world.databases[system][table]) for table in tables}
        for system, tables in COUNTS.items()
    }

    assert counts == COUNTS


def test_landing_sold_for_the_known_sums(world):
    landing = world.databases["landing"]

    express = sum(row["amount"] for row in landing["express_course_sales"])
    main = sum(row["amount"] for row in landing["main_product_sales"])

    assert (express, main) == (432_504, 5_880_000)


def test_the_crm_is_ahead_of_the_tables(world):
    won = [
        deal
        for deal in world.amocrm.leads
        if deal["status_id"] == 142 and deal["pipeline_id"] == 10350882
    ]

    assert len(won) == 91


def test_the_week_costs_about_seven_hundred_dollars(world):
    days = [
        row
        for row in world.facebook.account_days
        if "2025-12-29" <= row["date_start"] <= "2026-01-04"
        and row["account_id"] != "100000000000505"
    ]

    spend = sum(Decimal(row.get("spend", "0")) for row in days)
    clicks = sum(int(row.get("clicks", "0")) for row in days)
    impressions = sum(int(row.get("impressions", "0")) for row in days)

    assert 550 < spend < 800
    assert 0.014 < clicks / impressions < 0.019


def test_every_subject_has_traps():
    subjects = {question.__module__ for question in TRAPS.values()}

    assert subjects == {module.__name__ for module in SUBJECTS}


@pytest.mark.parametrize("name", TRAPS)
def test_trap_is_set(world, name):
    assert TRAPS[name](world)


@pytest.mark.parametrize("name", TRAPS)
def test_trap_is_set_in_another_story_too(other, name):
    assert TRAPS[name](other)


def test_the_same_options_tell_the_same_story(world):
    again = tell(StoryOptions())

    assert again == world


def test_another_seed_tells_another_story(world):
    another = tell(StoryOptions(seed=8))

    assert another.amocrm.leads != world.amocrm.leads
    assert another.facebook.ad_days != world.facebook.ad_days


def test_nothing_happens_after_now(other):
    for tables in other.databases.values():
        for table, rows in tables.items():
            late = {
                column
                for row in rows
                for column, value in row.items()
                if isinstance(value, datetime)
                and value.replace(tzinfo=value.tzinfo or UTC) > OTHER.now
            }
            # Messages and links look ahead by their nature.
            assert late <= {"scheduled_for", "expires_at"}, table
    assert all(
        deal["updated_at"] <= OTHER.now.timestamp() for deal in other.amocrm.leads
    )
    assert max(row["date_start"] for row in other.facebook.ad_days) == "2024-03-10"


def test_teams_are_the_ones_that_were_asked_for(other):
    names = [row["name"] for row in other.databases["landing"]["traffic_teams"]]

    assert names == list(OTHER.teams)
    assert not any("kestrel" in text.lower() for text in _texts(other.databases))


def test_rates_follow_the_base_rate(other):
    rates = [row["usd_to_kzt"] for row in other.databases["landing"]["exchange_rates"]]
    usual = [rate for rate in rates if 448 < rate < 454]

    assert len(usual) > len(rates) - 5


@pytest.mark.parametrize("weeks", [6, 16])
def test_weeks_set_the_length(weeks):
    told = tell(StoryOptions(weeks=weeks))
    days = [row["date_start"] for row in told.facebook.account_days]

    length = date.fromisoformat(max(days)) - date.fromisoformat(min(days))
    assert length.days == weeks * 7
    assert len(told.databases["landing"]["landing_leads"]) == 1_112


def test_scale_multiplies_leads_sales_and_ads():
    told = tell(StoryOptions(scale=3))

    landing = told.databases["landing"]
    assert len(landing["landing_leads"]) == 3_336
    assert len(landing["express_course_sales"]) == 261
    assert len(told.facebook.ads) == 3 * 48


def test_two_teams_are_enough():
    told = tell(StoryOptions(teams=("East", "West")))

    assert all(
        question(told)
        for name, question in TRAPS.items()
        if name != "account_of_all_teams_with_and_without_prefix"
    )


def test_a_team_has_one_plan_a_week_however_few_teams_there_are():
    plans = tell(StoryOptions(teams=("East", "West"))).databases["traffic"]

    weeks = [
        (row["team_id"], row["week_start"]) for row in plans["traffic_weekly_plans"]
    ]

    assert len(weeks) == len(set(weeks)) == 4


@pytest.mark.parametrize(
    "options",
    [
        StoryOptions(teams=("Alone",)),
        StoryOptions(teams=("Twin", " twin ")),
        StoryOptions(weeks=5),
        StoryOptions(scale=0),
        StoryOptions(now=datetime(2026, 1, 6)),
    ],
)
def test_an_impossible_story_is_refused(options):
    with pytest.raises(SandboxError, match="a story needs"):
        tell(options)


def test_everybody_is_visibly_invented(world):
    landing = world.databases["landing"]
    mails = [
        row["email"].strip().lower() for row in landing["landing_leads"] if row["email"]
    ]
    domains = {mail.rsplit("@", 1)[1] for mail in mails}

    assert domains == {"example.com", "example.org", "mail.example", "post.example"}
    assert all(
        value["value"].strip(" +")[:1] in "78" or "700" in value["value"]
        for contact in world.amocrm.contacts
        for field in contact["custom_fields_values"] or []
        if field["field_code"] == "PHONE"
        for value in field["values"]
    )


def test_graph_objects_name_their_account(world):
    facebook = world.facebook
    known = {account["account_id"] for account in facebook.accounts}
    objects = (facebook.campaigns, facebook.ad_sets, facebook.ads, facebook.creatives)

    assert {one["account_id"] for group in objects for one in group} == known
    assert len({ad["id"] for ad in facebook.ads}) == len(facebook.ads)


def test_the_drifted_world_has_other_shapes():
    told = tell(StoryOptions(variant="drifted"))
    landing, traffic = told.databases["landing"], told.databases["traffic"]

    assert "lead_journey" in landing and "journey_stages" not in landing
    assert all(row["sale_date"].tzinfo for row in landing["express_course_sales"])
    assert all(isinstance(row["metadata"], str) for row in landing["landing_leads"])
    assert all(
        isinstance(row["amocrm_lead_id"], int | None)
        for row in landing["landing_leads"]
    )
    assert not any("deal_id" in row for row in traffic["express_course_sales"])
    assert "intensive1d_sales" not in traffic
    assert len(landing["challenge3d_sales"]) > 1


def test_the_world_does_not_share_rows_between_tables(world):
    seen: set[int] = set()
    for tables in world.databases.values():
        for rows in tables.values():
            for row in rows:
                assert id(row) not in seen
                seen.add(id(row))


def test_options_are_kept(other):
    assert other.options == OTHER
    assert other.now == OTHER.now
    assert dataclasses.is_dataclass(other)


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
