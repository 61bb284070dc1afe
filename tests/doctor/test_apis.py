"""What the doctor says of Facebook and AmoCRM."""

import base64
import json
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from starlette.responses import JSONResponse

from pipelines.clock import read_clock
from pipelines.doctor.ads import examine_facebook
from pipelines.doctor.crm import check_token, examine_amocrm
from pipelines.doctor.findings import Finding
from pipelines.ingest.amocrm import AmocrmConfig
from pipelines.ingest.facebook.run import FacebookConfig
from pipelines.sandbox.amocrm import Behaviour, amocrm_app
from pipelines.sandbox.facebook import facebook_app
from pipelines.sandbox.graph.faults import Faults
from pipelines.sandbox.serving import serve
from tests import amocrm_world, facebook_world
from tests.conftest import NewDatabase
from tests.doctor.looking import of, said

NOW = datetime(2026, 1, 6, 3, tzinfo=UTC)
SECRET = "an-app-secret"
Options = dict[str, object]


def machine_clock() -> datetime:
    return read_clock(None)


@contextmanager
def asked_facebook(
    *,
    app: Options | None = None,
    config: Options | None = None,
    **options: object,
) -> Iterator[list[Finding]]:
    """Serve a small Facebook and yield what the doctor says of it."""
    served = facebook_app(facebook_world.world(), **(app or {}))
    options = {"clock": machine_clock, "databases": {}} | options
    with serve(served) as url:
        known: Options = {"access_token": facebook_world.TOKEN, "graph_url": url}
        found = examine_facebook(FacebookConfig(**known | (config or {})), **options)
        yield list(found)


def test_a_working_facebook_token_says_what_it_opens():
    with asked_facebook() as findings:
        assert said(findings, "error") == ""
        assert "opens 1 ad accounts" in said(findings, "ok")
        assert "version v26.0" in said(findings, "ok")


@pytest.mark.parametrize(
    ("app", "config", "remedy"),
    [
        ({}, {"access_token": "an-old-token"}, "set FACEBOOK_ACCESS_TOKEN"),
        ({}, {"api_version": "v19.0"}, "set FACEBOOK_API_VERSION"),
        ({"app_secret": SECRET}, {}, "set FACEBOOK_APP_SECRET"),
        (
            {"app_secret": SECRET},
            {"app_secret": "another-secret"},
            "set FACEBOOK_APP_SECRET",
        ),
    ],
)
def test_a_refusal_of_facebook_names_the_variable(
    app: Options, config: Options, remedy: str
):
    with asked_facebook(app=app, config=config) as findings:
        errors = said(of(findings, "facebook", "token"), "error")

    assert remedy in errors
    for secret in ("an-old-token", "another-secret", facebook_world.TOKEN):
        assert secret not in str(findings)


def test_facebook_that_does_not_answer_is_said_without_patience():
    with asked_facebook(config={"graph_url": "http://127.0.0.1:1"}) as findings:
        assert "ConnectionError" in said(of(findings, "facebook", "token"), "error")


def test_a_probe_names_listed_accounts_out_of_reach(new_database: NewDatabase):
    accounts = (facebook_world.FIRST, facebook_world.SECOND)

    with asked_facebook(
        config={"listed_accounts": accounts}, probe=True, warehouse_url=new_database()
    ) as findings:
        warnings = said(of(findings, "facebook", "ad accounts"), "warning")
        good = said(of(findings, "facebook", "ad accounts"), "ok")

    assert f"{facebook_world.SECOND} is out of reach" in warnings
    assert "listed by configuration" in warnings
    assert "1 listed accounts can be read" in good


def test_a_token_that_opens_nothing_is_a_warning():
    faults = Faults(denied={facebook_world.FIRST})

    with asked_facebook(app={"faults": faults}) as findings:
        assert "opens no ad account" in said(findings, "warning")


@contextmanager
def asked_amocrm(
    *,
    behaviour: Behaviour | None = None,
    token: str = amocrm_world.TOKEN,
    **options: object,
) -> Iterator[list[Finding]]:
    """Serve a small AmoCRM and yield what the doctor says of it."""
    app = amocrm_app(amocrm_world.small_world(), behaviour=behaviour)
    options = {"clock": machine_clock} | options
    with serve(app) as url:
        config = AmocrmConfig(url, token, requests_per_second=1000)
        yield list(examine_amocrm(config, **options))


def test_a_working_amocrm_token_says_whose_account_it_opens():
    with asked_amocrm() as findings:
        assert said(findings, "error") == ""
        assert "account 31 (School) answers" in said(findings, "ok")


def test_a_wrong_amocrm_token_names_the_variable_and_not_itself():
    with asked_amocrm(token="a-revoked-token") as findings:
        errors = said(findings, "error")

    assert "AMOCRM_ACCESS_TOKEN" in errors
    assert "a-revoked-token" not in str(findings)


def test_the_clock_of_amocrm_is_compared_by_its_answers():
    with asked_amocrm(clock=lambda: machine_clock() - timedelta(minutes=5)) as findings:
        errors = said(of(findings, "amocrm", "clock"), "error")

    assert "ahead of this machine's" in errors


def test_a_probe_names_what_the_user_of_the_token_may_not_read():
    forbidden = JSONResponse({"title": "Forbidden"}, status_code=403)
    # The account, then users; what comes after that answers truly.
    behaviour = Behaviour(answers=deque([None, forbidden]))

    with asked_amocrm(behaviour=behaviour, probe=True) as findings:
        errors = said(of(findings, "amocrm", "rights"), "error")
        good = said(of(findings, "amocrm", "rights"), "ok")

    assert "users" in errors
    assert "let the token's user read users" in errors
    assert "leads/pipelines" in good
    assert "events" in good


@pytest.mark.parametrize(
    ("days", "state"), [(-1, "error"), (3, "warning"), (400, "ok")]
)
def test_the_end_of_an_amocrm_token_is_read_from_itself(days: int, state: str):
    claims = {"exp": int((NOW + timedelta(days=days)).timestamp())}
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")

    remarks = list(check_token(f"head.{body}.signature", NOW))

    assert [remark.state for remark in remarks] == [state]
    assert body not in str(remarks)


def test_a_token_that_is_no_web_token_is_no_fault():
    for token in ("plain", "a.b.c", "..", "a.eyJleHAiOiAieCJ9.c"):
        assert [one.state for one in check_token(token, NOW)] == ["note"], token
