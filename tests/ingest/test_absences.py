"""What AmoCRM no longer shows is witnessed, unless rights were merely lost."""

from collections.abc import Iterator
from datetime import timedelta

import psycopg
import pytest

from pipelines.errors import LoadRefused
from pipelines.load.log import LoadResult
from tests.amocrm_world import DAY, START, event, stub
from tests.ingest.amocrm_house import NOW, Crm, open_crm


@pytest.fixture(scope="module")
def warehouse(lasting_warehouse) -> str:
    return lasting_warehouse()


@pytest.fixture
def crm(warehouse) -> Iterator[Crm]:
    with open_crm(warehouse) as house:
        yield house


def test_a_recent_run_marks_no_absence(crm):
    crm.load()
    del crm.world.leads[0]

    assert crm.load(full=False)["leads"].result.rows_deleted == 0
    assert 1 in crm.living("leads")


def test_a_lead_that_is_gone_is_marked_and_revives_when_it_is_back(crm):
    crm.load()
    gone = crm.world.leads.pop(0)

    assert crm.load()["leads"].result.rows_deleted == 1
    assert crm.living("leads") == set(range(2, 301))
    assert crm.load()["leads"].result.rows_changed == 0

    crm.world.leads.append(gone)

    assert crm.load()["leads"].result == LoadResult(300, 0, 1, 0)
    assert 1 in crm.living("leads")


def test_many_leads_that_vanish_without_a_trace_are_lost_rights(crm):
    crm.load()
    del crm.world.leads[:51]
    crm.world.leads[0] |= {"price": 9_000, "updated_at": START + DAY}

    with pytest.raises(LoadRefused, match=r"amocrm\.leads: 51 of 300 rows are gone"):
        crm.load()

    assert crm.living("leads") == set(range(1, 301))
    (row,) = crm.rows(
        "select payload ->> 'price' as p from raw.amocrm__leads where id = 52"
    )
    assert row["p"] == "9000"
    assert crm.last_load("leads")["outcome"] == "failed"
    assert "51 of 300" in crm.last_load("leads")["error"]
    assert crm.last_load("contacts")["outcome"] == "loaded"


def test_fifty_leads_may_vanish(crm):
    crm.load()
    del crm.world.leads[:50]

    assert crm.load()["leads"].result.rows_deleted == 50


@pytest.mark.parametrize("witness", ["trash", "event"])
def test_many_leads_that_somebody_deleted_are_gone_when_that_is_confirmed(crm, witness):
    crm.load()
    now = int(NOW.timestamp())
    for number in range(1, 101):
        if witness == "trash":
            crm.world.trashed.append(stub(number))
        else:
            crm.world.events.append(
                event(
                    900 + number, kind="lead_deleted", entity_id=number,
                    created_at=now - 600,
                )
            )  # fmt: skip
    del crm.world.leads[:100]

    with pytest.raises(LoadRefused, match=r"deleted in AmoCRM.*confirm_deleted"):
        crm.load()
    assert len(crm.living("leads")) == 300

    loaded = crm.load(confirm_deleted=["leads"])

    assert loaded["leads"].result.rows_deleted == 100


def test_a_lead_loaded_while_the_sweep_reads_is_not_taken_for_gone(crm):
    def load_another(_) -> None:
        asked = crm.behaviour.requests[-1]
        if "/leads?with=contacts" in asked and "order%5Bid%5D" in asked:
            with psycopg.connect(crm.warehouse) as connection:
                connection.execute(
                    "insert into raw.amocrm__leads (id, payload, _loaded_at, _run_id) "
                    "values (999, '{}', clock_timestamp(), 'other') "
                    "on conflict do nothing"
                )

    crm.behaviour.before = load_another
    crm.load()

    assert 999 in crm.living("leads")


def test_an_absence_is_remembered_counted_and_ended(crm):
    crm.load()
    gone = crm.world.leads.pop(0)
    for hours in (1, 2):
        crm.load(now=NOW + timedelta(hours=hours))
    absences = "select sweeps, is_explained, missed_until from raw.amocrm__absences"

    assert [tuple(row.values()) for row in crm.rows(absences)] == [(2, False, None)]

    crm.world.leads.insert(0, gone)
    crm.load(now=NOW + timedelta(hours=3))

    assert crm.rows(absences)[0]["missed_until"] == NOW + timedelta(hours=3)


def test_an_absence_of_before_the_ledger_is_remembered(crm):
    crm.load()
    del crm.world.leads[0]
    crm.load()
    crm.rows("delete from raw.amocrm__absences returning entity_id")
    crm.load(now=NOW + timedelta(hours=1))

    (row,) = crm.rows("select entity_id, missed_until from raw.amocrm__absences")
    assert tuple(row.values()) == (1, None)


def test_an_absence_that_the_trash_tells_of_is_explained(crm):
    crm.load()
    crm.world.trashed.append(stub(1))
    del crm.world.leads[0]
    crm.load()

    (row,) = crm.rows("select is_explained from raw.amocrm__absences")
    assert row["is_explained"]


def test_a_deletion_that_was_taken_back_explains_no_later_absence(crm):
    crm.world.events.append(event(901, kind="lead_deleted"))
    crm.world.events.append(event(902, kind="lead_restored"))
    crm.load()
    del crm.world.leads[0]
    crm.load()

    (row,) = crm.rows("select is_explained from raw.amocrm__absences")
    assert not row["is_explained"]
