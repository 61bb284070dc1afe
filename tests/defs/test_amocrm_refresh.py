"""When a webhook starts a run, and when it does not."""

from collections.abc import Iterator
from datetime import timedelta

import dagster as dg
import psycopg
import pytest

from pipelines.definitions import defs
from pipelines.defs.amocrm_refresh import HANGING_ON_AMOCRM, why_not_to_refresh
from pipelines.defs.resources import Settings
from pipelines.warehouse import write_clock
from tests.ingest.amocrm_house import NOW, Crm, open_crm

RING = b"leads[update][0][id]=1&account[id]=31&account[subdomain]=school"
FOREIGN = b"leads[update][0][id]=1&account[id]=32&account[subdomain]=other"


@pytest.fixture(scope="module")
def crm(lasting_warehouse) -> Iterator[Crm]:
    with open_crm(lasting_warehouse()) as crm:
        crm.world.account["subdomain"] = "school"
        crm.load()
        yield crm


@pytest.fixture
def settings(crm: Crm) -> Settings:
    with psycopg.connect(crm.warehouse) as connection:
        connection.execute(
            "truncate raw.amocrm__webhook_inbox, raw.amocrm__webhook_items"
        )
        write_clock(connection, NOW)
    return Settings({"WAREHOUSE_URL": crm.warehouse, "PIPELINE_NOW": NOW.isoformat()})


def ring(crm: Crm, body: bytes) -> None:
    with psycopg.connect(crm.warehouse) as connection:
        connection.execute(
            "insert into raw.amocrm__webhook_inbox (sha256, secret, size, body) "
            "values ('', 'current', 1, %s)",
            [body],
        )


def ask(settings: Settings) -> str | None:
    with dg.DagsterInstance.ephemeral() as instance:
        return why_not_to_refresh(instance, settings)


def test_nothing_runs_while_no_hook_waits(settings):
    assert ask(settings) == "no hook waits"


def test_a_hook_that_rings_starts_a_run(crm, settings):
    ring(crm, RING)

    assert ask(settings) is None


@pytest.mark.parametrize("body", [FOREIGN, b"no form", b""])
def test_what_rings_for_nothing_starts_none_and_is_set_aside(crm, settings, body):
    ring(crm, body)

    assert ask(settings) == "no hook waits"
    (row,) = crm.rows("select parse_status from raw.amocrm__webhook_inbox")
    assert row["parse_status"] in ("foreign", "bad")


def test_on_a_new_day_hooks_wait_for_its_first_build(crm, settings):
    ring(crm, RING)
    tomorrow = (NOW + timedelta(days=1)).isoformat()

    said = ask(Settings({**settings.values, "PIPELINE_NOW": tomorrow}))

    assert said == "hooks wait for the first build of the day, which every mart needs"


def test_a_warehouse_that_is_away_is_a_reason_not_a_crash(settings):
    away = {**settings.values, "WAREHOUSE_URL": "postgresql://127.0.0.1:1/none"}

    assert "the inbox cannot be asked" in str(ask(Settings(away)))


def test_a_refresh_waits_for_its_re_read_and_ends_with_the_marts():
    job = defs.resolve_job_def("amocrm_refresh")
    selected = job.asset_layer.selected_asset_keys

    assert set(HANGING_ON_AMOCRM) < selected
    order = [node.name for node in job.nodes_in_topological_order]
    assert order.index("refresh_amocrm") < order.index("dbt_build")
    assert order[-1] == "publish_edition"
