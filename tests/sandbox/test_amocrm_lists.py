"""Every list that AmoCRM has, and the habits of its filters, orders and pages."""

from collections.abc import Iterator

import pytest

from tests.amocrm_world import EXPRESS, LARGE_ID, NEW, START, event, lead, living_world
from tests.amocrm_world import stub as a_stub
from tests.sandbox.crm import Asker, asking, rows


@pytest.fixture(scope="module")
def served() -> Iterator[Asker]:
    world = living_world(leads=60)
    world.tasks.extend({"id": number, "updated_at": START + number, "text": "call",
                        "created_at": START, "complete_till": START - number,
                        "is_completed": number > 2, "entity_type": "leads",
                        "entity_id": number}
                       for number in range(1, 5))  # fmt: skip
    world.trashed.append(a_stub(60))
    world.events.extend(event(number, entity_id=number % 4) for number in range(1, 31))
    with asking(world) as asker:
        yield asker


@pytest.fixture
def crm(served) -> Asker:
    served.reset()
    return served


def test_the_account_shows_its_clock_when_it_is_asked_for(crm):
    plain = crm.get("/account").json()
    asked = crm.get("/account", **{"with": "datetime_settings,users_groups"}).json()

    assert "_embedded" not in plain
    assert asked["_embedded"]["datetime_settings"]["timezone"] == "Asia/Almaty"
    assert asked["_embedded"]["users_groups"][0]["id"] == 0


@pytest.mark.parametrize(
    ("path", "count"),
    [
        ("users", 2), ("leads/pipelines", 2), ("leads/loss_reasons", 1),
        ("leads/tags", 1), ("leads/custom_fields", 6), ("contacts/custom_fields", 2),
        ("catalogs/1001/custom_fields", 1), ("sources", 1), ("catalogs", 1),
        ("companies", 1), ("catalogs/1001/elements?limit=250", 137), ("tasks", 4),
    ],
)  # fmt: skip
def test_every_list_is_answered(crm, path, count):
    assert len(crm.rows(path)) == count


@pytest.mark.parametrize(
    "path", ["contacts/tags", "companies/custom_fields", "webhooks"]
)
def test_an_empty_list_is_204_without_a_body(crm, path):
    answer = crm.get(path)

    assert (answer.status_code, answer.content) == (204, b"")


@pytest.mark.parametrize("path", ["leads/pipelines", "sources"])
def test_a_list_without_pages_may_come_again_as_page_two(crm, path):
    first, second = crm.rows(path), crm.get(path, page=2)
    crm.behaviour.repeats_whole_lists = True
    again = crm.rows(path, {"page": 2})

    assert second.status_code == 204
    assert [row["id"] for row in again] == [row["id"] for row in first]


def test_the_elements_of_no_list_are_a_problem(crm):
    assert crm.get("catalogs/5/elements").status_code == 404


def test_elements_beyond_the_reachable_ones_show_in_the_other_order(crm):
    crm.behaviour.reachable = 100
    up, down = (
        {row["id"] for row in crm.walk("catalogs/1001/elements",
                                       {"order[id]": way, "limit": 50})}
        for way in ("asc", "desc")
    )  # fmt: skip

    assert len(up) == len(down) == 100
    assert up | down == set(range(1, 138))


def test_archived_pipelines_and_their_stages_are_listed(crm):
    crm.world.pipelines[1]["is_archive"] = True

    names = {
        (row["name"], stage["name"])
        for row in crm.rows("leads/pipelines")
        for stage in row["_embedded"]["statuses"]
        if stage["id"] == 142
    }

    assert names == {("Express", "Paid"), ("Flagman", "Successful")}


def test_odd_documents_arrive_as_they_are(crm):
    (row,) = crm.rows("leads", {"filter[id][]": LARGE_ID})

    assert row["name"] == "Сделка 🔥 \x00 ' or 1=1 --"
    assert (row["price"], row["price_with_minor_units"]) == (99_990, 99_990.55)
    sources = [one["values"][0]["value"] for one in row["custom_fields_values"][:2]]
    assert sources == ["kestrel", "marble"]
    assert row["custom_fields_values"][-1]["field_type"] == "hologram"


def test_what_is_not_asked_for_is_not_shown(crm):
    (plain,) = crm.rows("leads", {"filter[id][]": LARGE_ID})
    asked_for = "contacts,loss_reason,catalog_elements,source_id,source"
    (asked,) = crm.rows("leads", {"filter[id][]": LARGE_ID, "with": asked_for})

    assert "source_id" not in plain
    assert set(plain["_embedded"]) == {"tags", "companies"}
    assert asked["source_id"] == 41
    assert asked["_embedded"]["source"]["name"] == "Site"
    assert asked["_embedded"]["catalog_elements"] == []


@pytest.mark.parametrize("shape", ["list", "object"])
def test_a_loss_reason_has_one_of_two_shapes(crm, shape):
    crm.behaviour.loss_reason_shape = shape

    query = {"filter[id][]": [1, LARGE_ID], "with": "loss_reason"}
    found = {row["id"]: row["_embedded"] for row in crm.rows("leads", query)}

    reason = {"id": 7, "name": "Too dear", "sort": 1}
    expected = [reason] if shape == "list" else reason
    assert found[LARGE_ID]["loss_reason"] == expected
    assert found[1].get("loss_reason") == ([] if shape == "list" else None)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"filter[created_at][from]": START + 1}, []),
        ({"filter[responsible_user_id]": 99}, []),
        ({"filter[pipeline_id][]": [EXPRESS], "filter[id]": "3,4"}, [3, 4]),
        ({"filter[statuses][0][pipeline_id]": EXPRESS,
          "filter[statuses][0][status_id]": NEW, "filter[id][]": [5, LARGE_ID]}, [5]),
        ({"filter[updated_at][from]": START + 58,
          "filter[updated_at][to]": START + 60}, [58, 59]),
    ],
)  # fmt: skip
def test_filters_choose_deals(crm, query, expected):
    assert sorted(row["id"] for row in crm.walk("leads", query)) == expected


def test_tasks_are_filtered_and_ordered_by_what_tasks_have(crm):
    done = crm.rows("tasks", {"filter[is_completed]": 1, "order[id]": "asc"})
    by_deadline = crm.rows("tasks", {"order[complete_till]": "asc"})
    scalar = crm.rows("tasks", {"filter[updated_at]": START + 9})

    assert [row["id"] for row in done] == [3, 4]
    assert [row["id"] for row in by_deadline] == [4, 3, 2, 1]
    assert len(scalar) == 4


def test_tasks_may_not_be_ordered_by_their_change(crm):
    query = {"order[updated_at]": "asc"}
    kept = [row["id"] for row in crm.rows("tasks", query)]
    crm.behaviour.tasks_order_by_update = False

    assert kept == [1, 2, 3, 4]
    assert [row["id"] for row in crm.rows("tasks", query)] != kept


def test_one_document_has_an_address(crm):
    answer = crm.get("leads/7", **{"with": "contacts"}).json()

    assert answer["id"] == 7
    assert answer["_embedded"]["contacts"][0]["id"] == 70_007
    assert crm.get("contacts/70001").json()["id"] == 70_001
    assert crm.get("contacts/5").status_code == 204


@pytest.mark.parametrize(
    ("mode", "status"), [("204", 204), ("404", 404), ("stub", 200)]
)
def test_the_address_of_a_deleted_deal_answers_in_one_of_three_ways(crm, mode, status):
    crm.behaviour.deleted_lead_by_id = mode

    answer = crm.get("leads/60")

    assert answer.status_code == status
    if mode == "stub":
        assert answer.json()["is_deleted"] is True


def test_unsorted_deals_may_be_left_out(crm):
    unsorted = crm.world.pipelines[0]["_embedded"]["statuses"][0]["id"]
    crm.world.leads.append(lead(90, pipeline_id=EXPRESS, status_id=unsorted))
    query = {"filter[id][]": 90}

    assert len(crm.walk("leads", query)) == 1
    crm.behaviour.unsorted_in_leads = False
    assert crm.walk("leads", query) == []


def test_events_are_filtered_by_entity_and_their_limit_may_be_larger(crm):
    crm.world.events.extend(event(number) for number in range(100, 300))
    of_three = crm.walk("events", {"filter[entity]": "lead", "filter[entity_id][]": 3})
    crm.behaviour.events_limit = 250

    assert {row["entity_id"] for row in of_three} == {3}
    assert crm.walk("events", {"filter[entity]": "contact"}) == []
    assert len(crm.rows("events", {"limit": 250})) == 230


def test_more_than_ten_entities_are_too_many_for_the_feed(crm):
    answer = crm.get("events", **{"filter[entity_id][]": list(range(11))})

    assert answer.status_code == 400
    (error,) = answer.json()["validation-errors"][0]["errors"]
    assert error["path"] == "filter.entity_id"


def test_the_event_of_a_field_must_be_asked_for_alone(crm):
    kind = "custom_field_901_value_changed"
    crm.world.events.append(event(400, kind=kind))

    together = crm.get("events", **{"filter[type][]": [kind, "lead_added"]})

    assert together.status_code == 400
    assert len(crm.rows("events", {"filter[type][]": kind})) == 1


def test_the_types_of_events_are_one_page_with_every_field(crm):
    keys = {row["key"] for row in crm.rows("events/types")}

    assert {"lead_deleted", "custom_field_901_value_changed"} <= keys


def test_orders_may_be_ignored(crm):
    crm.behaviour.orders_ignored = True

    found = [row["id"] for row in rows(crm.get("leads", **{"order[id]": "asc"}))]

    assert found != sorted(found)


@pytest.mark.parametrize("count", [0, 249, 250, 500])
def test_the_next_link_may_be_missing_or_lie(crm, count):
    crm.world.contacts[:] = [lead(number) for number in range(1, count + 1)]
    crm.behaviour.missing_next = True
    without = crm.walk("contacts", {"limit": 250})
    answer = crm.get("contacts", limit=100)
    crm.behaviour.missing_next, crm.behaviour.always_says_next = False, True
    lying = crm.get("contacts", limit=250, page=max(count // 250, 1))

    assert len(without) == count
    assert "next" not in (answer.json()["_links"] if count else {})
    assert ("next" in lying.json()["_links"]) if count else lying.status_code == 204
