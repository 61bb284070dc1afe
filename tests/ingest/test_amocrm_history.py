"""What AmoCRM once showed is kept: versions, dictionaries, absences, cursors."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from starlette.responses import JSONResponse, Response

from pipelines.errors import LoadRefused, ProtocolError
from pipelines.ingest.amocrm import pieces
from pipelines.ingest.amocrm.cursors import try_stream_lock
from pipelines.ingest.amocrm.merging import merge_entities
from pipelines.load.log import RunInfo
from tests.amocrm_world import DAY, START, event, lead, stub
from tests.ingest.amocrm_house import NOW, Crm, open_crm

VERSIONS = (
    "select version, seen_via, payload ->> 'price' as price "
    "from raw.amocrm__entity_versions where entity_type = 'leads' and entity_id = 1 "
    "order by version"
)
HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def warehouse(lasting_warehouse) -> str:
    return lasting_warehouse()


@pytest.fixture
def crm(warehouse) -> Iterator[Crm]:
    with open_crm(warehouse) as house:
        yield house


def history(crm: Crm, kind: str) -> list[tuple[str, str, bool]]:
    rows = crm.rows(
        "select item_key, payload ->> 'name' as name, valid_until is null as is_open "
        f"from raw.amocrm__dictionary_versions where kind = '{kind}' "
        "order by item_key, valid_from"
    )
    return [(row["item_key"], row["name"], row["is_open"]) for row in rows]


def test_every_content_of_a_deal_is_kept_also_one_that_comes_back(crm):
    crm.load()
    for number, price in enumerate((9_000, 5_000), start=1):
        crm.world.leads[0] |= {"price": price, "updated_at": START + number * DAY}
        crm.load(full=False)

    assert [tuple(row.values()) for row in crm.rows(VERSIONS)] == [
        (1, "backfill", "5000"),
        (2, "poll", "9000"),
        (3, "poll", "5000"),
    ]
    assert crm.load()["leads"].details["unchanged"] >= 300
    assert len(crm.rows(VERSIONS)) == 3


def test_a_tag_that_moves_no_clock_is_found_by_the_sweep(crm):
    crm.world.leads[1]["updated_at"] = START + DAY
    crm.load()
    crm.world.leads[0]["_embedded"]["tags"] = [{"id": 5, "name": "vip"}]

    assert crm.load(full=False)["leads"].result.rows_changed == 0
    assert crm.load()["leads"].result.rows_updated == 1
    assert crm.rows(VERSIONS)[-1]["seen_via"] == "sweep"


def test_another_order_of_what_is_embedded_is_no_change(crm):
    tags = [{"id": 7, "name": "b"}, {"id": 5, "name": "a"}]
    crm.world.leads[0]["_embedded"] |= {"tags": tags, "loss_reason": {"id": 3}}
    crm.load()
    tags.reverse()
    crm.world.leads[0]["_embedded"] |= {"loss_reason": [{"id": 3}]}
    crm.world.leads[0]["custom_fields_values"] = []
    del crm.world.leads[1]["custom_fields_values"]

    assert crm.load()["leads"].result.rows_changed == 0


def test_an_answer_that_was_overtaken_changes_nothing(crm):
    crm.load()
    run = RunInfo(run_id="late", as_of=NOW)
    old = [{"id": 1, "payload": lead(1, updated_at=START - DAY, price=1)}]
    with psycopg.connect(crm.warehouse) as connection:
        counts = merge_entities(connection, "leads", old, run=run, via="hook")

    assert (counts.stale, counts.total) == (1, 1)
    assert [row["price"] for row in crm.rows(VERSIONS)] == ["5000"]


def test_of_two_answers_in_one_read_the_newer_counts(crm):
    crm.load()
    run = RunInfo(run_id="twice", as_of=NOW)
    rows = [
        {"id": 1, "payload": lead(1, updated_at=START + 2 * DAY, price=2)},
        {"id": 1, "payload": lead(1, updated_at=START + DAY, price=1)},
    ]
    with psycopg.connect(crm.warehouse) as connection:
        counts = merge_entities(connection, "leads", rows, run=run, via="poll")

    assert (counts.repeats, counts.changed, counts.total) == (1, 1, 2)
    assert crm.rows(VERSIONS)[-1]["price"] == "2"


def test_stages_that_are_renamed_or_removed_keep_their_past(crm):
    statuses = crm.world.pipelines[0]["_embedded"]["statuses"]
    statuses.append({"id": 7, "name": "Asked", "sort": 10})
    crm.load()
    statuses[0] = statuses[0] | {"name": "Paid"}
    del statuses[1]
    crm.load(now=NOW + HOUR)

    assert history(crm, "status") == [
        ("10350882:142", "Won", False),
        ("10350882:142", "Paid", True),
        ("10350882:7", "Asked", False),
    ]
    assert history(crm, "pipeline") == [("10350882", "Express", True)]


def test_a_field_that_is_renamed_twice_within_one_clock_keeps_the_last_name(crm):
    crm.load()
    for name in ("second", "third"):
        crm.world.custom_fields["leads"][0] |= {"name": name}
        crm.load(now=NOW + HOUR)

    assert history(crm, "field")[:3] == [
        ("contacts:901", "field 901", True),
        ("leads:1", "field 1", False),
        ("leads:1", "third", True),
    ]


def test_a_stub_never_takes_the_place_of_a_deal(crm):
    crm.load()
    crm.world.leads[0] = stub(1) | {"updated_at": START + DAY}

    assert crm.load(full=False)["leads"].result.rows_changed == 0
    crm.load()

    assert 1 not in crm.living("leads")
    assert [row["price"] for row in crm.rows(VERSIONS)] == ["5000"]


def test_a_stage_that_is_listed_twice_and_lists_that_become_empty(crm):
    statuses = crm.world.pipelines[0]["_embedded"]["statuses"]
    statuses.append(dict(statuses[0]))
    crm.world.loss_reasons.append({"id": 3, "name": "Too dear"})
    crm.load()
    crm.world.loss_reasons.clear()
    crm.load(now=NOW + HOUR)

    assert history(crm, "status") == [("10350882:142", "Won", True)]
    assert history(crm, "loss_reason") == [("3", "Too dear", False)]


def test_a_clock_that_ran_ahead_loses_no_event(crm):
    crm.load(now=datetime.now(UTC) + timedelta(days=60))
    late = event(901, created_at=int(datetime.now(UTC).timestamp()) - 120)
    crm.world.events.append(late)

    crm.load(full=False, now=datetime.now(UTC) + timedelta(days=1))

    assert late["id"] in crm.living("events")


def test_a_first_load_goes_on_where_it_broke(crm, monkeypatch):
    monkeypatch.setattr(pieces, "PAGES_AT_ONCE", 1)
    crm.behaviour.before = lambda request: (
        crm.behaviour.answers.append(Response("{", status_code=400))
        if str(START + 250) in crm.behaviour.requests[-1]
        else None
    )
    with pytest.raises(ProtocolError, match="HTTP 400"):
        crm.load(tables=["leads"])

    assert crm.living("leads") == set(range(1, 251))
    crm.behaviour.before = None
    crm.behaviour.requests.clear()

    loaded = crm.load(full=False, tables=["leads"])["leads"]

    assert crm.living("leads") == set(range(1, 301))
    assert loaded.window == f"updated_at {START + 250 - 600}.."


def test_another_account_behind_the_address_is_not_mixed_in(crm):
    crm.load()
    crm.world.account["id"] = 32
    for row in crm.world.leads:
        row |= {"price": 1, "updated_at": START + 5 * DAY}

    with pytest.raises(
        LoadRefused, match=r"account 32, but .* account 31.*confirm_acc"
    ):
        crm.load()
    assert crm.rows(VERSIONS)[-1]["price"] == "5000"

    crm.load(confirm_account=True)

    assert crm.rows(VERSIONS)[-1]["price"] == "1"


def test_a_list_that_the_account_does_not_have_is_absent(crm):
    crm.behaviour.before = lambda request: (
        crm.behaviour.answers.append(Response(status_code=404))
        if "/api/v4/sources" in crm.behaviour.requests[-1]
        else None
    )

    loaded = crm.load()

    assert "sources" not in loaded and "webhooks" in loaded
    assert crm.last_load("sources")["outcome"] == "absent"


def test_what_only_administrators_may_read_is_denied_and_stops_nothing(crm):
    refusal = {"title": "Forbidden", "status": 403, "detail": "no rights"}
    crm.behaviour.before = lambda request: (
        crm.behaviour.answers.append(JSONResponse(refusal, status_code=403))
        if "/api/v4/users" in crm.behaviour.requests[-1]
        else None
    )

    loaded = crm.load()

    assert "users" not in loaded and "webhooks" in loaded
    assert crm.last_load("users")["outcome"] == "denied"


def test_a_stream_that_another_run_reads_is_left_at_once(crm):
    with psycopg.connect(crm.warehouse) as other:
        assert try_stream_lock(other, "leads")
        with pytest.raises(LoadRefused, match="another run is reading it"):
            crm.load()

    assert set(crm.living("contacts")) == set(range(70_001, 70_251))


def test_an_account_that_ignores_filters_is_read_newest_first(crm):
    crm.behaviour.ignores_filters = True
    crm.world.leads[-1]["updated_at"] = START + DAY
    crm.load(honours_filters=False)
    crm.world.leads[4] |= {"price": 9_000, "updated_at": START + DAY + 1}

    loaded = crm.load(full=False, honours_filters=False)

    assert crm.living("leads") == set(range(1, 301))
    assert loaded["leads"].result.rows_updated == 1
    assert loaded["leads"].details["calls"] == 1


def test_a_broken_chain_of_stages_is_asked_for_again(crm):
    def move(number: int, before: int, after: int) -> dict[str, object]:
        sides = [
            {"lead_status": {"id": one, "pipeline_id": 1}} for one in (before, after)
        ]
        return event(number) | {"value_before": sides[:1], "value_after": sides[1:]}

    crm.world.events.clear()
    moves = [move(1, 10, 11), move(2, 11, 12), move(3, 12, 142)]
    crm.world.events.extend([moves[0], moves[2]])
    crm.world.leads[0] |= {"pipeline_id": 1, "status_id": 142}
    crm.load()
    # Written late, and older than everything that is read again.
    crm.world.events.append(moves[1])
    crm.load(now=NOW + timedelta(days=60))

    assert len(crm.living("events")) == 3


def test_counters_balance_in_every_table(crm):
    crm.load()
    crm.world.leads[7] |= {"price": 7, "updated_at": START + DAY}
    for full in (False, True):
        for name, loaded in crm.load(full=full).items():
            counted = loaded.details
            kinds = ("repeats", "stale", "new", "changed", "unchanged")
            assert counted["fetched"] == sum(counted[kind] for kind in kinds), name
