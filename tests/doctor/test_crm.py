"""What the doctor says of AmoCRM: the account, its owner, hooks, fields, clock."""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from starlette.responses import HTMLResponse

from pipelines.clock import read_clock
from pipelines.doctor.crm import examine_amocrm, judge_fields, judge_hooks
from pipelines.doctor.findings import Finding
from pipelines.ingest.amocrm.config import AmocrmConfig
from pipelines.sandbox.amocrm import Behaviour, amocrm_app
from pipelines.sandbox.serving import serve
from pipelines.sandbox.story.world import AmocrmWorld
from tests.amocrm_world import TOKEN, small_world
from tests.doctor.looking import of, said

HOOK = "https://school.example.com/amocrm/a-secret-in-the-path"


def machine_clock():
    return read_clock(None)


def world(*, is_admin: bool = True, is_active: bool = True) -> AmocrmWorld:
    """Return an account that says whose token it is."""
    made = small_world()
    made.account["current_user_id"] = 11
    made.users[0]["rights"] = {"is_admin": is_admin, "is_active": is_active}
    return made


@contextmanager
def asked_amocrm(
    *,
    behaviour: Behaviour | None = None,
    amocrm: AmocrmWorld | None = None,
    token: str = TOKEN,
    hook_address: str | None = None,
    **options: object,
) -> Iterator[list[Finding]]:
    """Serve a small AmoCRM and yield what the doctor says of it."""
    behaviour = behaviour or Behaviour()
    options = {"clock": machine_clock} | options
    with serve(amocrm_app(amocrm or world(), behaviour=behaviour)) as url:
        config = AmocrmConfig(
            url, token, requests_per_second=1000, hook_address=hook_address
        )
        yield list(examine_amocrm(config, **options))
    assert {method for method, _ in behaviour.calls} <= {"GET"}


def test_a_working_amocrm_token_says_whose_account_it_opens():
    with asked_amocrm() as findings:
        assert said(findings, "error") == ""
        good = said(findings, "ok")

    assert "account 31 (School) answers" in good
    assert "user 11's, an administrator" in good


def test_a_wrong_amocrm_token_names_the_variable_and_not_itself():
    with asked_amocrm(token="a-revoked-token") as findings:
        errors = said(findings, "error")

    assert "AMOCRM_ACCESS_TOKEN" in errors
    assert "a-revoked-token" not in str(findings)
    # What needs an open account is not even tried.
    assert len(of(findings, "amocrm", "account")) == 1
    assert of(findings, "amocrm", "owner") == []


def test_the_clock_of_amocrm_is_compared_by_its_answers():
    with asked_amocrm(clock=lambda: machine_clock() - timedelta(minutes=5)) as findings:
        errors = said(of(findings, "amocrm", "clock"), "error")

    assert "ahead of this machine's" in errors


@pytest.mark.parametrize(
    ("rights", "state", "says"),
    [
        ({"is_admin": False}, "warning", "narrower rights hide deals"),
        ({"is_active": False}, "error", "who is deactivated"),
    ],
)
def test_a_token_of_a_lesser_user_is_told(rights, state, says):
    with asked_amocrm(amocrm=world(**rights)) as findings:
        assert says in said(of(findings, "amocrm", "owner"), state)


def test_a_user_who_may_not_see_users_is_no_administrator():
    behaviour = Behaviour(forbidden="json", forbidden_paths={"users", "webhooks"})

    with asked_amocrm(behaviour=behaviour) as findings:
        assert said(findings, "error") == ""
        assert "no administrator" in said(of(findings, "amocrm", "owner"), "warning")
        assert "not told" in said(of(findings, "amocrm", "hooks"), "note")


def test_a_ban_is_one_error_and_the_end_of_the_questions():
    page = HTMLResponse("<h1>403 Forbidden</h1>", status_code=403)
    behaviour = Behaviour(answers=deque([page]))

    with asked_amocrm(behaviour=behaviour) as findings:
        errors = said(findings, "error")

    assert "AmoCRM's support" in errors
    assert len(behaviour.requests) == 1


def hook(destination: str, **more: object) -> dict:
    return {
        "destination": destination,
        "disabled": False,
        "settings": ["a", "b"],
    } | more


def test_hooks_are_told_without_their_secrets():
    remarks = list(judge_hooks([hook(HOOK)], HOOK))

    assert "rung for 2 kinds of change" in said(remarks, "ok")
    assert "a-secret" not in str(remarks)


def test_a_hook_that_was_given_up_is_an_error_if_it_is_ours():
    other = "https://other.example.com/x?key=secret"
    hooks = [hook(HOOK, disabled=True), hook(other, disabled=True)]

    remarks = list(judge_hooks(hooks, HOOK))

    assert "school.example.com: it failed too often" in said(remarks, "error")
    assert "other.example.com: it failed too often" in said(remarks, "warning")
    assert said(remarks, "ok") == ""
    assert "secret" not in str(remarks)


def test_a_receiver_that_nobody_rings_is_an_error_where_one_is_wanted():
    assert "not subscribed" in said(judge_hooks([], HOOK), "error")
    assert list(judge_hooks([], None)) == []

    with asked_amocrm(hook_address=HOOK) as findings:
        assert "not subscribed" in said(of(findings, "amocrm", "hooks"), "error")


def fields(*names: str) -> list[dict]:
    return [
        {"id": number, "name": name, "code": name.upper() if number % 2 else None}
        for number, name in enumerate(names, start=1)
    ]


UTM = ("utm_source", "UTM_MEDIUM", " utm_campaign ", "utm_content", "utm_term")


def test_fields_are_found_by_code_or_name_and_twins_are_named():
    remarks = list(judge_fields(fields(*UTM, "utm_source", "budget")))

    assert "7 fields of deals" in said(remarks, "ok")
    assert "utm_source has 2 fields (1, 6)" in said(remarks, "note")


def test_a_parameter_without_a_field_is_told_before_it_goes_blank():
    remarks = list(judge_fields(fields(*UTM[1:], "utm source")))

    assert "no field utm_source" in said(remarks, "warning")
