"""What the doctor says of AmoCRM."""

import base64
import json
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from starlette.responses import JSONResponse

from pipelines.clock import read_clock
from pipelines.doctor.crm import check_token, examine_amocrm
from pipelines.doctor.findings import Finding
from pipelines.ingest.amocrm.config import AmocrmConfig
from pipelines.sandbox.amocrm import Behaviour, amocrm_app
from pipelines.sandbox.serving import serve
from tests import amocrm_world
from tests.doctor.looking import of, said

NOW = datetime(2026, 1, 6, 3, tzinfo=UTC)


def machine_clock() -> datetime:
    return read_clock(None)


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
