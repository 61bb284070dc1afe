"""What the doctor says of AmoCRM's tokens and turns, without renewing or asking."""

import base64
import json
from collections.abc import Iterator
from datetime import timedelta

import psycopg
import pytest

from pipelines.doctor.crm import examine_amocrm
from pipelines.doctor.crm_access import check_address, check_token
from pipelines.extract.amocrm.answers import place_of
from pipelines.extract.amocrm.requests import Call
from pipelines.ingest.amocrm.budget import SharedBudget
from pipelines.ingest.amocrm.calls import CallLog
from pipelines.ingest.amocrm.config import AmocrmConfig
from tests.conftest import NewDatabase
from tests.doctor.looking import of, said
from tests.ingest.token_house import DAY, NOW, House, oauth, open_house


@pytest.fixture(scope="module")
def warehouse(lasting_warehouse: NewDatabase) -> str:
    return lasting_warehouse()


@pytest.fixture
def house(warehouse: str) -> Iterator[House]:
    with psycopg.connect(warehouse) as connection:
        connection.execute("truncate raw.amocrm__budget, raw.amocrm__api_calls")
    with open_house(warehouse) as opened:
        yield opened


def looked(house: House, **more):
    config = AmocrmConfig(house.url, oauth=oauth(**more), requests_per_second=1000)
    return list(
        examine_amocrm(config, clock=lambda: NOW, warehouse_url=house.warehouse)
    )


def web_token(**claims: object) -> str:
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"head.{body}.signature"


@pytest.mark.parametrize(
    ("days", "state"), [(-1, "error"), (3, "warning"), (400, "ok")]
)
def test_the_end_of_an_amocrm_token_is_read_from_itself(days: int, state: str):
    token = web_token(exp=int((NOW + timedelta(days=days)).timestamp()))

    remarks = list(check_token(token, NOW))

    assert [remark.state for remark in remarks] == [state]
    assert token.split(".")[1] not in str(remarks)


@pytest.mark.parametrize(
    "token",
    [
        "plain",
        "a.b.c",
        "..",
        "",
        "a.eyJleHAiOiAieCJ9.c",
        web_token(exp=1e300),
        "a.W10.c",
    ],
)
def test_a_token_that_is_no_web_token_is_no_fault(token: str):
    assert [one.state for one in check_token(token, NOW)] == ["note"]


def test_a_token_of_another_domain_is_told():
    token = web_token(exp=1, base_domain="kommo.com")

    assert "AMOCRM_BASE_URL leads to school.amocrm.ru" in said(
        check_address(token, "https://school.amocrm.ru"), "error"
    )
    assert list(check_address(token, "https://school.kommo.com/")) == []
    assert list(check_address("plain", "https://school.kommo.com/")) == []


def test_a_living_pair_says_how_long_it_lives_and_is_asked_with(house: House):
    house.put(obtained_at=NOW - timedelta(hours=2))

    findings = looked(house)

    token = said(of(findings, "amocrm", "token"), "ok")
    assert "last renewed 2026-01-06 01:00 UTC (generation 1)" in token
    assert "89 days of the refresh token" in token
    assert "account 31" in said(of(findings, "amocrm", "account"), "ok")
    assert house.server.exchanges == 0


def test_an_ended_pair_is_not_renewed_by_the_doctor(house: House):
    findings = looked(house)

    assert "has ended" in said(of(findings, "amocrm", "token"), "warning")
    assert "renews none" in said(of(findings, "amocrm", "account"), "error")
    assert house.server.requests == []


@pytest.mark.parametrize(
    ("age", "state", "says"),
    [(20, "warning", "restored from a backup"), (91, "error", "are dead")],
)
def test_an_old_pair_is_told_before_and_after_its_death(house: House, age, state, says):
    house.put(obtained_at=NOW - timedelta(days=age))

    assert says in said(of(looked(house), "amocrm", "token"), state)


def test_an_unfinished_renewal_is_told(house: House):
    pair = house.put(obtained_at=NOW - timedelta(hours=2))
    house.store.begin(pair, NOW)

    assert "never ended" in said(of(looked(house), "amocrm", "token"), "warning")


def test_missing_tokens_and_wrong_keys_say_what_to_do(house: House):
    house.empty()

    assert "amocrm authorise" in said(of(looked(house), "amocrm", "token"), "error")
    first = looked(house, refresh_token="refresh-1")
    assert "first load exchanges" in said(of(first, "amocrm", "token"), "warning")
    house.put()
    other = looked(house, token_key="A" * 43 + "=")
    assert "AMOCRM_TOKEN_KEY" in said(of(other, "amocrm", "token"), "error")


def test_a_ban_of_the_loads_is_told_and_kept_by_the_doctor(house: House):
    house.put(obtained_at=NOW - timedelta(hours=2))
    budget = SharedBudget(house.warehouse, place_of(house.url) or "", 5)
    budget.after_refusal(403, 0, "a ban (HTTP 403: nginx)")
    budget.close()

    findings = looked(house)

    turns = said(of(findings, "amocrm", "turns"), "error")
    assert "HTTP 403: nginx" in turns
    assert "amocrm unblock" in turns
    assert house.server.requests == []


def test_the_requests_of_a_day_are_told(house: House):
    house.put(obtained_at=NOW - DAY / 4)
    with CallLog(house.warehouse, "run-1") as log:
        for status in (200, 200, 429):
            log(Call("leads", "leads", status, 100, 500, None, None))

    turns = said(of(looked(house), "amocrm", "turns"), "warning")

    assert "3 requests in 24 hours, 1 refused for coming too often, 2 s" in turns
