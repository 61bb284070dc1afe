"""What is no hook of ours is kept aside, replayed when told to, and expires."""

from datetime import UTC, datetime, timedelta

import pytest

from pipelines.ingest.amocrm import inbox, inbox_upkeep
from pipelines.ingest.amocrm.hook_items import Account
from pipelines.ingest.amocrm.inbox import ParsedDeliveries
from pipelines.warehouse import connect
from tests.ingest.amocrm_box import box, shared_box

__all__ = ["box", "shared_box"]


@pytest.mark.parametrize(
    "stranger",
    [
        {},
        {"account[id]": "31000001"},
        {"account[subdomain]": "sandbox"},
        {"account[id]": "31000002", "account[subdomain]": "sandbox"},
        {"account[id]": "31000001", "account[subdomain]": "other"},
        {"account": "31000001"},
        {"account[id][0]": "31000001", "account[subdomain]": "sandbox"},
    ],
)
def test_another_account_is_quarantined(box, stranger):
    delivery = box.put({"leads[update][0][id]": "5", **stranger})

    parsed = box.parse()

    assert parsed == ParsedDeliveries(deliveries=1, foreign=1)
    assert box.verdict(delivery)[0] == "foreign"
    assert box.claim() == {}


OURS_AS_TEXT = b"&account[id]=31000001&account[subdomain]=sandbox"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "the body is empty"),
        (b'{"leads": {}}', "no form: JSON, XML or multipart"),
        (b"leads[update][0][id]=1&leads[update][0][id]=2" + OURS_AS_TEXT, "one name"),
        (b"leads=1&leads[update][0][id]=2" + OURS_AS_TEXT, "one name"),
        (b"leads[update][0][id]=2&leads=1" + OURS_AS_TEXT, "one name"),
        (b"leads" + b"[x]" * 9 + b"=1" + OURS_AS_TEXT, "brackets nested"),
        (b"leads" + b"[x]" * 70 + b"=1" + OURS_AS_TEXT, "brackets nested"),
        (b"a[]=1&" * 20_001 + OURS_AS_TEXT, "more than 20000 fields"),
        (b"leads[update][0][id]=1\x00" + OURS_AS_TEXT, "a NUL byte"),
        (OURS_AS_TEXT, "no entity is named"),
        (b"leads[update][0][id]=x" + OURS_AS_TEXT, "no entity has an id"),
        (b"leads[update][0][price]=1" + OURS_AS_TEXT, "no entity has an id"),
    ],
)
def test_bad_body_is_quarantined_with_its_reason(box, body, reason):
    delivery = box.put(body)
    after = box.ring(7)

    parsed = box.parse()

    assert parsed == ParsedDeliveries(deliveries=2, items=1, bad=1)
    status, told = box.verdict(delivery)
    assert status == "bad"
    assert told.startswith(reason)
    assert box.verdict(after) == ("parsed", None)


def test_text_of_any_kind_does_no_harm(box):
    body = (
        b"leads[update][0][id]=5&leads[update][0][name]=%F0%9F%98%80%00%FF"
        b"&leads[%FF%00][0][id]=6&%D0%9F[add][0][id]=7" + OURS_AS_TEXT
    )
    box.put(body)

    box.parse()

    assert ("leads", 5, "update") in box.items()
    assert box.claim() == {"leads": [5]}


def test_replay_after_a_fix_rings_for_what_was_bad(box):
    delivery = box.put(b"leads[update][0][id]=5" + OURS_AS_TEXT.replace(b"box", b"bax"))
    box.parse()
    assert box.verdict(delivery)[0] == "foreign"

    replayed = inbox_upkeep.replay(box.warehouse, statuses=["foreign"])
    box.parse(subdomain="sandbax")

    assert replayed == 1
    assert box.claim() == {"leads": [5]}
    assert box.one("select attempts from raw.amocrm__webhook_inbox") == 2


def test_replay_keeps_what_is_done_and_tries_again_what_was_given_up(box):
    delivery = box.ring(5, 6)
    box.parse()
    for _ in range(inbox.MAX_ATTEMPTS):
        inbox.fail_work(box.warehouse, "leads", [6], upto=delivery)
    box.finish(inbox.claim_work(box.warehouse))

    inbox_upkeep.replay(box.warehouse, deliveries=[delivery])
    box.parse()

    assert box.claim() == {"leads": [6]}
    assert box.items("entity_id, outcome, attempts") == [
        (5, "changed", 1),
        (6, None, 0),
    ]


def test_account_is_the_one_that_was_loaded(box):
    assert inbox.known_account(box.warehouse) is None
    box.run(
        "insert into raw.amocrm__account (id, payload, _loaded_at, _run_id) "
        """values (31000001, '{"subdomain": "sandbox"}', now(), 'run')"""
    )

    assert inbox.known_account(box.warehouse) == Account(31000001, "sandbox")


def test_warehouse_without_an_inbox_has_nothing_waiting(new_database):
    with connect(new_database()) as empty:
        assert inbox.waiting(empty) == inbox.Waiting(0, 0, None)
        assert inbox.known_account(empty) is None


def test_revocation_is_noted(box):
    kind = inbox.REVOCATION
    box.put({"client_uuid": "c1", "account_id": "31000001"}, content_type=kind)
    foreign = box.put({"client_uuid": "c1", "account_id": "9"}, content_type=kind)

    box.parse()

    assert box.items("entity_type, action, outcome") == [
        ("integration", "revoked", "ignored")
    ]
    assert box.verdict(foreign) == ("foreign", "another account's id")


def test_bodies_expire_before_their_rows(box):
    now = datetime(2026, 6, 1, tzinfo=UTC)
    parsed, unread, ancient, young = (box.ring(n) for n in (1, 2, 3, 4))
    box.parse()
    for delivery, age in ((parsed, 91), (unread, 91), (ancient, 401), (young, 89)):
        box.run(
            "update raw.amocrm__webhook_inbox set received_at = %s, "
            "parse_status = case when delivery_id = %s then 'new' else parse_status end"
            " where delivery_id = %s",
            now - timedelta(days=age), unread, delivery,
        )  # fmt: skip

    retained = inbox_upkeep.retain(box.warehouse, now)

    assert retained == inbox_upkeep.Retained(bodies=2, rows=1)
    assert box.rows(
        "select delivery_id, body is null, parse_status "
        "from raw.amocrm__webhook_inbox order by 1"
    ) == [(parsed, True, "parsed"), (unread, True, "bad"), (young, False, "parsed")]
    assert inbox_upkeep.replay(box.warehouse, deliveries=[parsed]) == 0
    assert len(box.items()) == 4
