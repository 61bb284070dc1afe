"""Deliveries of webhooks become items, items become work that is done once."""

from datetime import UTC, datetime

import psycopg

from pipelines.ingest.amocrm import inbox
from pipelines.ingest.amocrm.inbox import ParsedDeliveries, Work
from tests.ingest.amocrm_box import OURS, box, shared_box

__all__ = ["box", "shared_box"]


def test_one_delivery_rings_for_all_that_it_names(box):
    box.ring(11, 12)

    parsed = box.parse()

    assert parsed == ParsedDeliveries(deliveries=1, items=2)
    assert box.items() == [("leads", 11, "update"), ("leads", 12, "update")]
    assert box.verdict(1) == ("parsed", None)


def test_hints_are_kept_as_hints(box):
    lead = {
        "id": "3000000001", "pipeline_id": "10350882", "status_id": "142",
        "old_status_id": "81854614", "last_modified": "1767225600", "price": "",
    }  # fmt: skip
    box.put({**{f"leads[status][0][{key}]": v for key, v in lead.items()}, **OURS})

    box.parse()

    columns = "entity_id, pipeline_id, status_id, old_status_id, hinted_at"
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    assert box.items(columns) == [(3000000001, 10350882, 142, 81854614, moment)]


def test_companies_come_under_contacts(box):
    box.put({"contacts[add][0][id]": "5", "contacts[add][0][type]": "company", **OURS})
    box.put({"contacts[add][0][id]": "6", "contacts[add][0][type]": "contact", **OURS})
    box.put({"task[update][0][id]": "7", **OURS})

    box.parse()

    assert box.claim() == {"companies": [5], "contacts": [6], "tasks": [7]}


def test_note_rings_for_whom_it_stands_by(box):
    note = "leads[note][0][note]"
    box.put({f"{note}[element_id]": "8", f"{note}[element_type]": "2", **OURS})
    box.put({f"{note}[element_id]": "9", f"{note}[element_type]": "3", **OURS})

    box.parse()

    assert box.items() == [("leads", 8, "note"), ("companies", 9, "note")]


def test_accepted_request_rings_for_its_deal_and_contact(box):
    request = "unsorted[delete][0]"
    box.put({
        f"{request}[uid]": "f0", f"{request}[action]": "accept",
        f"{request}[accept_result][leads][0]": "8",
        f"{request}[accept_result][contacts][0][id]": "9", **OURS,
    })  # fmt: skip

    box.parse()

    assert box.items() == [
        ("unsorted", None, "accept"),
        ("contacts", 9, "unsorted_accept"),
        ("leads", 8, "unsorted_accept"),
    ]
    assert box.claim() == {"contacts": [9], "leads": [8]}


def test_what_is_not_read_again_is_noted_as_ignored(box):
    box.put({"talk[add][0][id]": "5", "CATALOGS %[x][0][id]": "6", **OURS})
    box.put({"leads[update][0][id]": "7.5", "talk[add][0][id]": "7", **OURS})
    box.put({"customers": "1", **OURS})

    box.parse()

    assert box.items("entity_type, entity_id, action, outcome, done_at is null") == [
        ("talk", 5, "add", "ignored", False),
        ("unreadable", 6, "x", "ignored", False),
        ("leads", None, "update", "ignored", False),
        ("talk", 7, "add", "ignored", False),
        ("customers", None, "unknown", "ignored", False),
    ]
    assert box.claim() == {}


def test_map_of_linked_deals_is_no_list(box):
    contact = "contacts[update][0]"
    linked = f"{contact}[linked_leads_id][17][ID]"
    box.put({f"{contact}[id]": "5", linked: "17", **OURS})

    box.parse()

    assert box.items() == [("contacts", 5, "update")]


def test_entities_that_ring_often_are_read_once(box):
    for _ in range(3):
        box.ring(5, 6)
    box.parse()

    work = inbox.claim_work(box.warehouse)
    box.finish(work)

    assert work == Work(upto=3, ids={"leads": [5, 6]})
    assert box.items("done_at is null, outcome, version, attempts") == [
        (False, "changed", 1, 1)
    ] * 6  # fmt: skip
    assert box.claim() == {}


def test_hook_that_comes_during_the_read_stays(box):
    box.ring(5)
    box.parse()
    work = inbox.claim_work(box.warehouse)
    box.ring(5)
    box.parse()

    box.finish(work)

    assert box.items("delivery_id, done_at is null") == [(1, False), (2, True)]
    assert box.claim() == {"leads": [5]}


def test_the_same_bytes_ring_each_time(box):
    """A stage hook has no time: A, B, A, B are two moves to each stage."""
    for delivery in (1, 2):
        box.ring(5, action="status")
        box.parse()
        work = inbox.claim_work(box.warehouse)
        box.finish(work)

        assert work == Work(upto=delivery, ids={"leads": [5]})


def test_work_is_claimed_from_the_longest_waiting_on(box):
    box.ring(9)
    box.ring(7, entity="contacts")
    box.ring(8, 1)
    box.ring(9)
    box.parse()

    assert box.claim(limit=2) == {"leads": [9], "contacts": [7]}
    assert box.claim(limit=3) == {"leads": [9, 1], "contacts": [7]}


def test_read_that_keeps_failing_gives_up_its_hooks_alone(box):
    box.ring(5, 6)
    box.parse()

    for _ in range(inbox.MAX_ATTEMPTS):
        inbox.fail_work(box.warehouse, "leads", [5], upto=1)

    assert box.claim() == {"leads": [6]}
    assert box.items("entity_id, outcome, attempts")[0] == (5, "failed", 5)


def test_two_parsers_take_different_deliveries(box):
    taken, free = box.ring(5), box.ring(6)
    with psycopg.connect(box.url) as other:
        other.execute(
            "select from raw.amocrm__webhook_inbox where delivery_id = %s for update",
            [taken],
        )

        parsed = box.parse()

        assert parsed.deliveries == 1
        assert box.verdict(free) == ("parsed", None)
    assert box.parse().deliveries == 1


def test_large_deliveries_are_parsed_in_small_chunks(box, monkeypatch):
    monkeypatch.setattr(inbox, "CHUNK_BYTES", 100)
    for number in range(5):
        box.ring(number + 1)

    assert box.parse(limit=4).deliveries == 4
    assert box.parse().deliveries == 1
    assert box.claim() == {"leads": [1, 2, 3, 4, 5]}


def test_what_waits_is_counted_from_the_oldest_on(box):
    assert inbox.waiting(box.warehouse) == inbox.Waiting(0, 0, None)
    first, _ = box.ring(5), box.ring(6)
    oldest = box.one(
        "select received_at from raw.amocrm__webhook_inbox where delivery_id = %s",
        first,
    )

    before = inbox.waiting(box.warehouse)
    box.parse()
    after = inbox.waiting(box.warehouse)

    assert before == inbox.Waiting(2, 0, oldest)
    assert after == inbox.Waiting(0, 2, oldest)
