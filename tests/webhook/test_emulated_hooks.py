"""A CRM that people work in rings the receiver; what it rang for is read again once."""

import pytest

from pipelines.ingest.amocrm.inbox import claim_work, parse_deliveries
from pipelines.sandbox.crm.broken_bodies import BROKEN_BODIES
from pipelines.sandbox.crm.sender import HookSender
from pipelines.sandbox.crm.storm import Storm
from pipelines.warehouse import connect
from tests.amocrm_world import living_world
from tests.sandbox.crm import working
from tests.webhook.receiving import PATH, receiving

ACCOUNT = {"account_id": 31, "subdomain": "sandbox"}
# All other broken bodies are quarantined.
HARMLESS = {
    *("unknown_part", "unknown_kind", "huge_index", "gap_in_indices", "text_index"),
    *("no_index", "append_index", "stray_bracket", "empty_name", "invalid_utf8"),
    *("cp1251", "nul", "lone_surrogate", "half_percent"),
}


@pytest.fixture(scope="module")
def warehouse_url(lasting_warehouse):
    return lasting_warehouse()


@pytest.fixture
def running(warehouse_url):
    with connect(warehouse_url) as warehouse:
        warehouse.execute(
            "truncate raw.amocrm__webhook_inbox, raw.amocrm__webhook_items"
        )
    with receiving(warehouse_url) as running:
        yield running


def test_every_change_rings_whatever_the_way_was(running):
    crm = working(living_world())
    Storm(crm).blow(200)
    sender = HookSender(
        f"http://127.0.0.1:{running.port}{PATH}",
        double=0.3, shuffle=0.3, pack=4, oddities=0.5,
    )  # fmt: skip

    sent = sender.send(crm.hooks)
    sender.close()

    with connect(running.url) as warehouse:
        parsed = parse_deliveries(warehouse, **ACCOUNT)
        work = claim_work(warehouse)
    assert len(sent) > 50
    assert (parsed.bad, parsed.foreign) == (0, 0)
    rang = {(hook.entity, number) for hook in crm.hooks for number in hook.ids}
    assert {(kind, number) for kind in work.ids for number in work.ids[kind]} == {
        (kind, number) for kind, number in rang if kind != "unsorted"
    }


def test_every_broken_body_finds_its_place(running):
    statuses = {name: running.post(body).status for name, body in BROKEN_BODIES.items()}
    names = [name for name, status in statuses.items() if status == 200]

    with connect(running.url) as warehouse:
        parse_deliveries(warehouse, **ACCOUNT)
    verdicts = [status for (status,) in running.stored("parse_status")]

    assert set(statuses) - set(names) == {"oversize"}
    assert {
        name
        for name, verdict in zip(names, verdicts, strict=True)
        if verdict == "parsed"
    } == HARMLESS
    assert set(verdicts) == {"parsed", "bad", "foreign"}
