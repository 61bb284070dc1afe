"""People work in the emulated CRM: documents change, events tell it, hooks ring."""

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from pipelines.sandbox.crm.behaviour import Behaviour
from pipelines.sandbox.crm.clock import StandingClock
from pipelines.sandbox.crm.living import LivingCrm
from pipelines.sandbox.crm.storm import Storm
from tests.amocrm_world import (
    CHOICE,
    EXPRESS,
    FLAGMAN,
    LARGE_ID,
    NEW,
    PAID,
    UTM_SOURCE,
    living_world,
)
from tests.sandbox.crm import WORK, Asker, asking, working


@pytest.fixture
def crm() -> LivingCrm:
    return working(living_world())


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[LivingCrm, Asker]]:
    living = working(living_world())
    with asking(living.world, living=living) as asker:
        yield living, asker


def told(crm: LivingCrm) -> list[tuple]:
    return [(row["type"], row["entity_id"], row["created_by"]) for row in crm.events]


def rang(crm: LivingCrm) -> list[tuple]:
    return [(hook.setting, *hook.ids) for hook in crm.take_hooks()]


def test_a_sale_is_a_price_and_a_stage_in_one_second(crm):
    crm.win(1, price=45_000, by=11)

    lead = crm.find("leads", 1)
    assert (lead["status_id"], lead["price"]) == (142, 45_000)
    assert lead["closed_at"] == lead["updated_at"] == WORK
    assert told(crm) == [("sale_field_changed", 1, 11), ("lead_status_changed", 1, 11)]
    assert crm.events[1]["value_before"] == [
        {"lead_status": {"id": NEW, "pipeline_id": EXPRESS}}
    ]
    assert rang(crm) == [("update_lead", 1), ("status_lead", 1), ("update_lead", 1)]


def test_a_won_deal_moves_to_another_pipeline_without_another_stage(crm):
    crm.win(1)
    crm.move(1, 142, pipeline_id=FLAGMAN)

    event = crm.events[-1]
    pairs = [event["value_before"][0]["lead_status"],
             event["value_after"][0]["lead_status"]]  # fmt: skip
    assert [pair["id"] for pair in pairs] == [142, 142]
    assert [pair["pipeline_id"] for pair in pairs] == [EXPRESS, FLAGMAN]
    assert crm.find("leads", 1)["closed_at"] == WORK


def test_a_reopened_deal_is_closed_no_more(crm):
    crm.lose(1, reason=7, by=12)
    lost = dict(crm.find("leads", 1))
    crm.reopen(1, by=12)

    assert (lost["loss_reason_id"], lost["status_id"]) == (7, 143)
    lead = crm.find("leads", 1)
    assert (lead["closed_at"], lead["loss_reason_id"]) == (None, None)
    assert lead["status_id"] == NEW


def test_a_chain_of_stages_has_no_gap(crm):
    for stage in (142, NEW + 4, 143, NEW):
        crm.move(1, stage)

    chain = [row["value_after"] for row in crm.events]
    assert [row["value_before"] for row in crm.events[1:]] == chain[:-1]
    assert chain[-1][0]["lead_status"]["id"] == crm.find("leads", 1)["status_id"]


def test_a_deleted_deal_leaves_a_stub_and_comes_back_whole(crm):
    before = crm.truth()["leads"][LARGE_ID]
    crm.delete(LARGE_ID, by=11)
    (stub,) = crm.world.trashed

    assert LARGE_ID not in crm.truth()["leads"]
    filled = {name for name, value in stub.items() if value is not None}
    assert filled == {"id", "updated_at", "updated_by", "is_deleted"}

    crm.restore(LARGE_ID, by=11)

    after = crm.truth()["leads"][LARGE_ID]
    assert after == {**before, "updated_at": WORK + 1, "updated_by": 11}
    assert crm.world.trashed == []
    assert [kind for kind, *_ in told(crm)] == ["lead_deleted", "lead_restored"]
    assert rang(crm) == [("delete_lead", LARGE_ID), ("restore_lead", LARGE_ID)]


def test_a_purged_deal_leaves_nothing_and_nobody_says_so(crm):
    crm.delete(2)
    crm.purge(2)

    assert crm.world.trashed == []
    assert [kind for kind, *_ in told(crm)] == ["lead_deleted"]


def test_a_merged_deal_is_gone_without_a_trace_of_its_own(crm):
    crm.merge(1, 2, by=11)

    assert 1 not in crm.truth()["leads"]
    people = crm.find("leads", 2)["_embedded"]["contacts"]
    assert people == [{"id": 70_002, "is_main": True}, {"id": 70_001, "is_main": False}]
    assert told(crm) == [("entity_merged", 2, 11)]
    assert crm.events[0]["value_after"] == []
    assert rang(crm) == [("update_lead", 2)]


def test_narrow_rights_hide_deals_that_go_on_living(crm):
    crm.narrow_rights([1, 2])
    crm.win(1)

    assert {1, 2}.isdisjoint(row["id"] for row in crm.world.leads)
    assert crm.truth()["leads"][1]["status_id"] == 142
    assert "lead_deleted" not in {kind for kind, *_ in told(crm)}

    crm.widen_rights()

    assert {1, 2} <= {row["id"] for row in crm.world.leads}


def test_a_field_is_filled_changed_and_emptied(crm):
    crm.set_field(1, UTM_SOURCE, "kestrel")
    crm.set_field(1, UTM_SOURCE, "marble", by=12)
    changed = dict(crm.events[-1])
    crm.set_field(1, UTM_SOURCE, None)

    assert changed["type"] == f"custom_field_{UTM_SOURCE}_value_changed"
    texts = [changed[side][0]["custom_field_value"]["text"]
             for side in ("value_before", "value_after")]  # fmt: skip
    assert texts == ["kestrel", "marble"]
    assert crm.find("leads", 1)["custom_fields_values"] is None


def test_a_choice_is_known_by_its_number(crm):
    crm.set_field(1, CHOICE, ["red", "blue"])

    (row,) = crm.find("leads", 1)["custom_fields_values"]
    assert [(one["value"], one["enum_id"]) for one in row["values"]] == [
        ("red", 1), ("blue", 2),
    ]  # fmt: skip


@pytest.mark.parametrize("bumps", [True, False])
def test_tags_and_links_date_a_deal_only_in_some_accounts(bumps):
    seconds = itertools.count(WORK)
    behaviour = Behaviour(tags_bump_updated_at=bumps)
    crm = LivingCrm(living_world(), now=lambda: next(seconds), behaviour=behaviour)
    before = crm.find("leads", 1)["updated_at"]

    crm.tag(1, "vip")
    crm.link(1, 70_002)
    crm.unlink(1, 70_001)

    assert (crm.find("leads", 1)["updated_at"] > before) is bumps
    assert [kind for kind, *_ in told(crm)] == [
        "entity_tag_added", "entity_linked", "entity_unlinked",
    ]  # fmt: skip
    assert crm.find("leads", 1)["_embedded"]["contacts"] == [
        {"id": 70_002, "is_main": True}
    ]
    assert {row["name"] for row in crm.world.tags["leads"]} == {"landing", "vip"}


def test_renamed_fields_and_stages_change_old_deals_and_date_none(crm):
    dates = {number: row["updated_at"] for number, row in crm.truth()["leads"].items()}
    crm.rename_field(UTM_SOURCE, "source of the lead")
    crm.rename_status(EXPRESS, 142, "Paid in full")
    crm.archive_pipeline(FLAGMAN)
    crm.delete_status(FLAGMAN, PAID)

    (name,) = {
        row["field_name"]
        for row in crm.find("leads", LARGE_ID)["custom_fields_values"]
        if row["field_id"] == UTM_SOURCE
    }
    assert name == "source of the lead"
    assert crm.world.pipelines[1]["is_archive"] is True
    after = {number: row["updated_at"] for number, row in crm.truth()["leads"].items()}
    assert after == dates
    assert crm.events == crm.take_hooks() == []


def test_a_deleted_field_takes_its_values_along(crm):
    crm.delete_field(UTM_SOURCE)

    left = {
        row["field_id"] for row in crm.find("leads", LARGE_ID)["custom_fields_values"]
    }
    assert UTM_SOURCE not in left


def test_a_deleted_option_takes_its_values_along(crm):
    crm.set_field(1, CHOICE, ["red", "blue"])
    crm.set_field(2, CHOICE, "red")
    crm.delete_enum(CHOICE, "red")

    (row,) = crm.find("leads", 1)["custom_fields_values"]
    assert [one["value"] for one in row["values"]] == ["blue"]
    assert crm.find("leads", 2)["custom_fields_values"] is None


def test_work_happens_in_the_last_minute_before_a_standing_clock():
    now = datetime.fromtimestamp(WORK, UTC)
    crm = LivingCrm(living_world(), now=StandingClock(now))
    for _ in range(70):
        crm.edit_lead(1, price=1)
        crm.edit_lead(1, price=2)

    seconds = [row["created_at"] for row in crm.events]
    assert seconds[:3] == [WORK - 61, WORK - 60, WORK - 59]
    assert seconds == sorted(seconds)
    assert seconds[-1] == WORK - 1


def test_people_companies_and_tasks_live_as_deals_do(crm):
    person = crm.add_contact(phones=("+77010000001", "+77010000002"), by=11)
    crm.delete_contact(70_001, by=11)
    crm.restore_contact(70_001, by=11)
    crm.edit_company(60_001, name="Another name")
    task = crm.add_task(1, by=12)
    crm.close_task(task, result="sold", by=12)

    phones = crm.find("contacts", person)["custom_fields_values"][0]["values"]
    assert [row["enum_code"] for row in phones] == ["WORK", "MOB"]
    assert crm.find("leads", 1)["_embedded"]["contacts"] == [
        {"id": 70_001, "is_main": True}
    ]
    assert crm.find("tasks", task)["result"] == {"text": "sold"}
    assert rang(crm) == [
        ("add_contact", person), ("delete_contact", 70_001),
        ("restore_contact", 70_001), ("update_company", 60_001), ("add_task", task),
        ("update_task", task),
    ]  # fmt: skip


def test_new_numbers_follow_the_largest_one(crm):
    assert crm.add_lead() == LARGE_ID + 1


def test_work_shows_in_the_next_answer(served):
    living, asker = served
    asker.behaviour.events_lag_seconds = 0
    deal = living.add_lead(name="Fresh 🔥", contacts=(70_003,), by=11)
    living.win(deal, price=5_000.5)

    query = {"filter[id][]": deal, "with": "contacts"}
    (row,) = asker.rows("leads", query)

    assert (row["name"], row["price"], row["status_id"]) == ("Fresh 🔥", 5_000.5, 142)
    assert row["_embedded"]["contacts"] == [{"id": 70_003, "is_main": True}]
    kinds = {one["type"] for one in asker.rows("events", {"filter[entity_id][]": deal})}
    assert kinds == {
        "lead_added", "entity_linked", "sale_field_changed", "lead_status_changed",
    }  # fmt: skip


def test_the_feed_may_lag_behind_the_deals(served):
    living, asker = served
    deal = living.add_lead()
    asker.behaviour.events_lag_seconds = 1_000_000

    assert asker.walk("events", {"filter[entity_id][]": deal}) == []
    assert asker.rows("leads", {"filter[id][]": deal})


def test_a_storm_is_the_same_with_the_same_seed_and_its_feed_explains_it():
    worlds = []
    for _ in range(2):
        storm = Storm(working(living_world()), seed=3)
        storm.blow(300)
        worlds.append(storm.living)
    first, second = worlds

    assert first.truth() == second.truth()
    assert first.events == second.events
    assert [hook.body() for hook in first.hooks] == [
        hook.body() for hook in second.hooks
    ]
    assert len({row["id"] for row in first.events}) == len(first.events)
    stages: dict[int, dict] = {}
    for row in first.events:
        if row["type"] == "lead_status_changed":
            (after,) = row["value_after"]
            stages[row["entity_id"]] = after["lead_status"]
    for deal, stage in stages.items():
        if lead := first.truth()["leads"].get(deal):
            assert stage == {
                "id": lead["status_id"],
                "pipeline_id": lead["pipeline_id"],
            }
