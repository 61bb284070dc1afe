"""What AmoCRM's checks notice, each provoked in a real warehouse by a real load."""

import base64
import json
from collections.abc import Iterator
from datetime import timedelta

import psycopg
import pytest

from pipelines.ingest.amocrm import checks
from pipelines.ingest.amocrm.config import AmocrmConfig
from pipelines.ingest.amocrm.run import ingest_amocrm
from pipelines.ingest.verdict import Verdict
from pipelines.load.log import RunInfo
from tests.amocrm_world import TOKEN, event
from tests.ingest.amocrm_house import NOW, Crm, open_crm

HOOK = "https://hooks.example.com/amocrm/a-secret-of-ours"


@pytest.fixture(scope="module")
def warehouse(lasting_warehouse) -> str:
    return lasting_warehouse()


@pytest.fixture
def crm(warehouse) -> Iterator[Crm]:
    with open_crm(warehouse) as house:
        yield house


def ask(crm: Crm, check) -> Verdict:
    run = RunInfo(run_id=f"run-{crm.runs}", as_of=NOW)
    with psycopg.connect(crm.warehouse) as connection:
        return check(connection, run)


def subscribe(crm: Crm) -> None:
    """Load the hooks with an address of our own."""
    config = AmocrmConfig(crm.url, TOKEN, requests_per_second=10_000, hook_address=HOOK)
    run = RunInfo(run_id="hooks", as_of=NOW)
    list(ingest_amocrm(crm.warehouse, config, run=run, tables=["account", "webhooks"]))


def test_a_quiet_account_passes_every_check(crm):
    crm.load()

    for check in (
        checks.nothing_is_lost, checks.absences_are_explained, checks.hooks_ring,
        checks.utm_fields_stay, checks.token_lives,
    ):  # fmt: skip
        assert ask(crm, check).passed, check.__name__


def test_a_row_that_is_not_accounted_for_is_red(crm):
    crm.load()
    crm.rows(
        "update raw._loads set details = jsonb_set(details, '{fetched}', '301') "
        "where table_name = 'leads' returning load_id"
    )

    (said,) = ask(crm, checks.nothing_is_lost).errors

    assert said.startswith("leads: 301 rows were read, 300 are accounted for")


def test_an_id_that_vanished_without_a_word_is_named(crm):
    crm.load()
    del crm.world.leads[6]
    crm.load()

    (said,) = ask(crm, checks.absences_are_explained).warnings

    assert said.startswith("leads: 1 ids are gone without a deletion event")
    assert "among them 7" in said


def test_a_pipeline_in_no_dictionary_and_a_broken_chain_are_named(crm):
    sides = [{"lead_status": {"id": 1, "pipeline_id": 1}}]
    crm.world.events.append(event(990) | {"value_before": sides, "value_after": sides})
    crm.world.leads[0] |= {"status_id": 77}
    crm.load()

    assert "1 deals stand in stage 77" in ask(crm, checks.stages_are_mapped).text
    assert ask(crm, checks.stage_chains_join).facts == {"broken_chains": 1}


def test_a_utm_field_that_is_renamed_or_removed_is_news_for_a_week(crm):
    fields = crm.world.custom_fields["leads"]
    fields += [{"id": 7, "name": "utm_source"}, {"id": 8, "name": "utm_medium"}]
    crm.load(now=NOW - timedelta(days=1))
    fields[-2] = {"id": 7, "name": "Source"}
    del fields[-1]
    crm.load()

    said = ask(crm, checks.utm_fields_stay).warnings

    assert "lead field 7 was renamed or retyped: utm_source → Source" in said[0]
    assert "lead field 8 was removed" in said[1]


def test_a_missing_or_disabled_hook_of_ours_is_subscribed_again(crm):
    subscribe(crm)
    (hook,) = crm.world.webhooks
    assert hook["destination"] == HOOK
    hook["disabled"] = True
    subscribe(crm)

    assert not crm.world.webhooks[0]["disabled"]
    (row,) = crm.rows("select payload from raw.amocrm__webhooks")
    assert "a-secret-of-ours" not in json.dumps(row["payload"])
    assert row["payload"]["is_ours"]


def test_without_an_address_nothing_is_ever_subscribed(crm):
    crm.load()

    assert crm.world.webhooks == []


def test_a_token_that_ends_soon_is_told(crm):
    ends = int((NOW + timedelta(days=9)).timestamp())
    claims = base64.urlsafe_b64encode(json.dumps({"exp": ends}).encode()).decode()
    token = f"head.{claims.rstrip('=')}.tail"
    object.__setattr__(crm.world, "access_token", token)
    crm.load(token=token)

    verdict = ask(crm, checks.token_lives)

    assert "in 9 days" in verdict.text
    assert not verdict.errors
