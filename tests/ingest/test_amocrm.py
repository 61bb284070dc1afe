"""What AmoCRM shows arrives in the warehouse once, and is logged."""

from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from starlette.responses import Response

from pipelines.errors import AuthError, ProtocolError, WarehouseError
from pipelines.ingest.amocrm.config import AmocrmConfig
from pipelines.ingest.amocrm.run import TABLES, ingest_amocrm
from pipelines.load.log import RunInfo
from tests.amocrm_world import DAY, START, TOKEN, event, lead, stub
from tests.ingest.amocrm_house import NOW, Crm, open_crm


@pytest.fixture(scope="module")
def warehouse(lasting_warehouse) -> str:
    return lasting_warehouse()


@pytest.fixture
def crm(warehouse) -> Iterator[Crm]:
    with open_crm(warehouse) as house:
        yield house


def test_everything_arrives_and_is_logged(crm):
    loaded = crm.load()

    assert tuple(loaded) == TABLES
    assert crm.living("leads") == set(range(1, 301))
    assert crm.living("contacts") == set(range(70_001, 70_251))
    assert len(crm.living("events")) == 130
    assert crm.living("custom_fields") == {1, 2, 3, 901}
    assert crm.living("pipelines") == {10350882}
    assert loaded["leads"].newest_row_at == datetime.fromtimestamp(START + 300, UTC)
    log = crm.last_load("leads")
    assert (log["outcome"], log["mode"], log["rows_inserted"]) == (
        "loaded",
        "full",
        300,
    )
    assert log["watermark"] == str(START + 300)
    assert log["as_of"] == NOW


def test_a_second_run_changes_nothing(crm):
    crm.load()

    for full in (True, False):
        loaded = crm.load(full=full)

        assert {table.result.rows_changed for table in loaded.values()} == {0}


def test_a_recent_run_reads_only_what_changed(crm):
    crm.load()
    crm.world.leads[4] |= {"price": 9_000, "updated_at": START + DAY}
    crm.world.leads.append(lead(301, updated_at=START + DAY + 1))

    loaded = crm.load(full=False)

    result = loaded["leads"].result
    assert (result.rows_inserted, result.rows_updated) == (1, 1)
    assert loaded["leads"].mode == "incremental"
    assert crm.last_load("leads")["watermark"] == str(START + DAY + 1)
    (row,) = crm.rows(
        "select payload ->> 'price' as p from raw.amocrm__leads where id = 5"
    )
    assert row["p"] == "9000"


def test_the_watermark_stays_a_minute_behind_the_clock(crm):
    crm.world.leads.append(lead(301, updated_at=int(NOW.timestamp()) - 5))

    crm.load()

    assert crm.last_load("leads")["watermark"] == str(int(NOW.timestamp()) - 60)


def test_the_trash_is_what_lies_in_it_now(crm):
    crm.world.trashed.extend([stub(1), stub(2)])
    crm.load()
    assert crm.living("leads_trash") == {1, 2}
    assert crm.living("leads") == set(range(3, 301))

    crm.world.trashed.pop()
    crm.load(full=False)

    assert crm.living("leads_trash") == {1}


def test_events_are_appended_once_and_only_settled_ones(crm):
    young = event(900, created_at=int(NOW.timestamp()) - 30)
    crm.world.events.append(young)
    crm.load()
    assert young["id"] not in crm.living("events")

    later = crm.load(full=False, now=NOW + timedelta(minutes=5))["events"]

    assert young["id"] in crm.living("events")
    assert later.result.rows_inserted == 1
    assert later.result.rows_updated == later.result.rows_deleted == 0


def test_an_event_written_late_is_still_found(crm):
    crm.load()
    late = event(901, created_at=int(NOW.timestamp()) - 600)
    crm.world.events.append(late)

    crm.load(full=False, now=NOW + timedelta(minutes=5))

    assert late["id"] in crm.living("events")


def test_a_clock_that_stands_before_the_last_run_asks_for_no_events(crm):
    crm.load()

    crm.load(full=False, now=NOW - timedelta(days=3))

    assert crm.last_load("events")["watermark"] == str(int(NOW.timestamp()) - 60)


def test_one_table_that_fails_does_not_stop_the_others(crm):
    crm.world.pipelines.clear()

    with pytest.raises(ProtocolError, match=r"amocrm\.pipelines: the list is empty"):
        crm.load()

    assert set(crm.loaded) == set(TABLES) - {"pipelines"}
    assert crm.last_load("pipelines")["outcome"] == "failed"


def test_a_read_that_breaks_off_leaves_the_table_as_it_was(crm):
    crm.load()
    before = crm.rows("select * from raw.amocrm__leads order by id")
    for row in crm.world.leads:
        row["price"] = 1

    def break_leads(_) -> None:
        # The second page of the leads never comes whole.
        asked = crm.behaviour.requests[-1]
        if "/leads?with=contacts" in asked and str(START + 250) in asked:
            crm.behaviour.answers = deque([Response("{", status_code=400)])

    crm.behaviour.before = break_leads
    with pytest.raises(ProtocolError, match="HTTP 400"):
        crm.load()

    assert crm.rows("select * from raw.amocrm__leads order by id") == before


def test_a_wrong_token_is_asked_with_once_and_named_for_each_table(crm):
    with pytest.raises(AuthError, match="16 tables were not loaded") as caught:
        crm.load(token="wrong")

    assert len(crm.behaviour.requests) == 1
    assert "AMOCRM_ACCESS_TOKEN" in str(caught.value)
    failed = crm.rows("select table_name, outcome from raw._loads")
    assert {row["table_name"] for row in failed} == set(TABLES)
    assert {row["outcome"] for row in failed} == {"failed"}


def test_a_ban_in_the_middle_keeps_what_was_loaded(crm):
    banned = Response("<html>403</html>", status_code=403)

    def ban(_) -> None:
        if "/contacts?" in crm.behaviour.requests[-1]:
            crm.behaviour.answers = deque([banned])

    crm.behaviour.before = ban
    with pytest.raises(AuthError, match=r"contacts.*\n.*not asked.*users"):
        crm.load()

    assert crm.loaded.keys() == set(TABLES[: TABLES.index("contacts")])


def test_only_the_tables_asked_for_are_loaded(crm):
    run = RunInfo(run_id="one", as_of=NOW)
    config = AmocrmConfig(crm.url, TOKEN, requests_per_second=10_000)

    loaded = list(ingest_amocrm(crm.warehouse, config, run=run, tables=["users"]))

    assert [table.table for table in loaded] == ["users"]


def test_the_configuration_does_not_show_its_token():
    assert TOKEN not in repr(AmocrmConfig("https://x.example.com", TOKEN))


def test_a_row_that_the_warehouse_cannot_hold_fails_its_table_only(crm):
    crm.world.users.append({"id": 2**70, "name": "Nobody"})

    with pytest.raises(WarehouseError, match=r"amocrm\.users: .*bigint"):
        crm.load()

    assert set(crm.loaded) == set(TABLES) - {"users"}
    assert crm.last_load("users")["outcome"] == "failed"


def test_a_warehouse_that_goes_away_ends_the_run_with_its_name(crm):
    def cut(_) -> None:
        if "/contacts?" in crm.behaviour.requests[-1]:
            crm.rows(
                "select pg_terminate_backend(pid) from pg_stat_activity where datname "
                "= current_database() and pid <> pg_backend_pid()"
            )

    crm.behaviour.before = cut
    with pytest.raises(WarehouseError, match=r"amocrm\.contacts: the warehouse"):
        crm.load()

    assert crm.loaded.keys() == set(TABLES[: TABLES.index("contacts")])
