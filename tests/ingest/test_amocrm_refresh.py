"""What a webhook rings for is read again, once, and nothing of the hook is believed."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from starlette.responses import Response

from pipelines.errors import ProtocolError
from pipelines.ingest.amocrm.config import AmocrmConfig
from pipelines.ingest.amocrm.load import LoadedTable
from pipelines.ingest.amocrm.refresh import refresh_amocrm
from pipelines.load.log import RunInfo
from pipelines.sandbox.crm.hooks import Hook
from pipelines.sandbox.crm.living import LivingCrm
from tests.amocrm_world import DAY, START, TOKEN
from tests.ingest.amocrm_house import NOW, Crm, open_crm

ITEMS = (
    "select entity_type, entity_id, outcome, version, attempts "
    "from raw.amocrm__webhook_items order by delivery_id, item"
)


class Office:
    """A CRM that people work in, whose hooks land in the inbox of a warehouse."""

    def __init__(self, crm: Crm) -> None:
        self.crm = crm
        self.second = START + DAY
        self.living = LivingCrm(crm.world, now=self._tick, behaviour=crm.behaviour)

    def ring(self, hooks: list[Hook] | None = None) -> None:
        """Put the bodies of hooks into the inbox, as the receiver does."""
        with psycopg.connect(self.crm.warehouse) as connection:
            for hook in self.living.take_hooks() if hooks is None else hooks:
                connection.execute(
                    "insert into raw.amocrm__webhook_inbox (sha256, secret, size, body)"
                    " values ('', 'current', 1, %s)",
                    [hook.body()],
                )

    def refresh(self) -> dict[str, LoadedTable]:
        config = AmocrmConfig(self.crm.url, TOKEN, requests_per_second=10_000)
        run = RunInfo(run_id="refresh", as_of=NOW)
        tables = refresh_amocrm(self.crm.warehouse, config, run=run)
        return {loaded.table: loaded for loaded in tables}

    def items(self) -> list[tuple[Any, ...]]:
        return [tuple(row.values()) for row in self.crm.rows(ITEMS)]

    def _tick(self) -> int:
        self.second += 1
        return self.second


@pytest.fixture(scope="module")
def warehouse(lasting_warehouse) -> str:
    return lasting_warehouse()


@pytest.fixture
def office(warehouse) -> Iterator[Office]:
    with open_crm(warehouse) as crm:
        crm.load()
        yield Office(crm)


def price(office: Office, number: int) -> str:
    query = "select payload ->> 'price' as price from raw.amocrm__leads where id = "
    (row,) = office.crm.rows(f"{query}{number}")
    return str(row["price"])


def test_what_rings_is_read_again_and_the_hook_itself_is_not_believed(office):
    office.living.edit_lead(1, price=9_000)
    (hook,) = office.living.take_hooks()
    office.living.edit_lead(1, price=12_000)
    office.living.take_hooks()

    office.ring([hook])
    loaded = office.refresh()

    assert price(office, 1) == "12000"
    assert loaded["leads"].result.rows_updated == 1
    assert office.items() == [("leads", 1, "changed", 2, 1)]
    (version,) = office.crm.rows(
        "select seen_via from raw.amocrm__entity_versions "
        "where entity_type = 'leads' and entity_id = 1 and version = 2"
    )
    assert version["seen_via"] == "hook"


def test_many_hooks_of_one_deal_are_one_question(office):
    for number in range(1, 8):
        office.living.edit_lead(1, price=number)
    office.ring()
    office.crm.behaviour.requests.clear()

    office.refresh()

    asked = [url for url in office.crm.behaviour.requests if "/leads?" in url]
    assert len(asked) == 1
    assert len(office.items()) == 7
    assert {outcome for _, _, outcome, _, _ in office.items()} == {"changed"}


def test_without_a_hook_nothing_is_asked(office):
    office.crm.behaviour.requests.clear()

    assert office.refresh() == {}
    assert office.crm.behaviour.requests == []


def test_a_hook_that_lands_while_its_deal_is_read_waits_for_the_next_run(office):
    office.living.edit_lead(1, price=9_000)
    office.ring()

    def another(_: object) -> None:
        office.crm.behaviour.before = None
        office.living.edit_lead(1, price=12_000)
        office.ring()

    office.crm.behaviour.before = another
    office.refresh()
    assert [outcome for _, _, outcome, _, _ in office.items()] == ["changed"]

    office.refresh()

    assert price(office, 1) == "12000"
    assert len(office.items()) == 2


def test_a_deleted_deal_has_its_two_witnesses_at_once(office):
    office.living.delete(1)
    office.ring()

    office.refresh()

    assert office.items()[-1][:4] == ("leads", 1, "missing", 1)
    assert office.crm.living("leads_trash") == {1}
    deletions = office.crm.rows(
        "select payload ->> 'entity_id' as id from raw.amocrm__events "
        "where payload ->> 'type' = 'lead_deleted'"
    )
    assert [row["id"] for row in deletions] == ["1"]
    # Only a sweep marks an absence: a hook may be forged.
    assert 1 in office.crm.living("leads")


def test_what_cannot_be_read_waits_and_is_given_up_after_five_runs(office):
    office.living.edit_lead(1, price=9_000)
    office.ring()
    office.crm.behaviour.before = lambda _: office.crm.behaviour.answers.append(
        Response("{", status_code=400)
    )
    for _ in range(5):
        with pytest.raises(ProtocolError):
            office.refresh()
    office.crm.behaviour.before = None

    assert office.items()[0][2:] == ("failed", None, 5)
    assert office.refresh() == {}
    office.crm.load(full=False)
    assert price(office, 1) == "9000"


def test_a_refresh_covers_no_day(office):
    office.living.edit_lead(1, price=9_000)
    office.ring()
    office.refresh()

    scopes = office.crm.rows(
        "select scope from raw._loads where run_id = 'refresh' and table_name = 'leads'"
    )
    assert [row["scope"] for row in scopes] == ["hooks"]


def test_contacts_companies_and_tasks_ring_too(office):
    contact = office.living.add_contact(name="Student Sample")
    company = office.living.add_company(name="Sample School")
    task = office.living.add_task(1, text="call")
    office.ring()

    assert {"contacts", "companies", "tasks"} <= set(office.refresh())
    assert contact in office.crm.living("contacts")
    assert company in office.crm.living("companies")
    assert task in office.crm.living("tasks")
