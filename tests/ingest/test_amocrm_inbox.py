"""Deliveries of webhooks become items, items become work that is done once."""

import hashlib
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import psycopg
import pytest

from pipelines.ingest.amocrm import inbox, inbox_upkeep
from pipelines.ingest.amocrm.hook_items import Account
from pipelines.ingest.amocrm.inbox import ParsedDeliveries, Work
from pipelines.warehouse import connect
from tests.conftest import NewDatabase

OURS = {"account[id]": "31000001", "account[subdomain]": "sandbox"}


class Box:
    """An inbox, as the receiver fills it and a refresh empties it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.warehouse = connect(url)

    def put(self, body: bytes | dict[str, str], *, content_type: str = "form") -> int:
        body = urlencode(body).encode() if isinstance(body, dict) else body
        return self.one(
            "insert into raw.amocrm__webhook_inbox (sha256, secret, size, body, "
            "content_type) values (%s, 'current', %s, %s, %s) returning delivery_id",
            hashlib.sha256(body).hexdigest(), len(body), body, content_type,
        )  # fmt: skip

    def ring(self, *ids: int, entity: str = "leads", action: str = "update") -> int:
        named = {f"{entity}[{action}][{n}][id]": str(id_) for n, id_ in enumerate(ids)}
        return self.put({**named, **OURS})

    def parse(self, **more) -> ParsedDeliveries:
        values = {"account_id": 31000001, "subdomain": "sandbox", **more}
        return inbox.parse_deliveries(self.warehouse, **values)

    def finish(self, work: Work, outcome: str = "changed") -> None:
        with self.warehouse.transaction():
            for entity, ids in work.ids.items():
                found = dict.fromkeys(ids, (outcome, 1))
                inbox.finish_work(self.warehouse, entity, found, upto=work.upto)

    def claim(self, **more) -> dict[str, list[int]]:
        return inbox.claim_work(self.warehouse, **more).ids

    def items(self, columns: str = "entity_type, entity_id, action") -> list[tuple]:
        table = "raw.amocrm__webhook_items"
        return self.rows(f"select {columns} from {table} order by delivery_id, item")

    def verdict(self, delivery: int) -> tuple:
        return self.rows(
            "select parse_status, quarantine_reason from raw.amocrm__webhook_inbox "
            f"where delivery_id = {delivery}"
        )[0]

    def rows(self, query: str, *values) -> list[tuple]:
        with psycopg.connect(self.url, autocommit=True) as other:
            return other.execute(query, values).fetchall()

    def one(self, query: str, *values):
        return self.rows(query, *values)[0][0]

    def run(self, statement: str, *values) -> None:
        with psycopg.connect(self.url, autocommit=True) as other:
            other.execute(statement, values)


@pytest.fixture(scope="module")
def shared_box(lasting_warehouse: NewDatabase):
    box = Box(lasting_warehouse())
    yield box
    box.warehouse.close()


@pytest.fixture
def box(shared_box):
    shared_box.run(
        "truncate raw.amocrm__webhook_inbox, raw.amocrm__webhook_items, "
        "raw.amocrm__account restart identity"
    )
    return shared_box


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
