"""The AmoCRM client tells refusals apart, renews its token once and writes nothing."""

import json
import time

import pytest
from starlette.responses import HTMLResponse, JSONResponse, Response

from pipelines.errors import AuthError, ProtocolError, SourceError, SourceUnreachable
from pipelines.extract.amocrm.refusals import AccessDenied, PageTooLarge
from tests.extract.amocrm_asking import ACCOUNT, Asking

HOOK = "https://school.example.com/amocrm/a-long-secret-in-the-path"


class Renewing:
    """A credential that has as many tokens as it is given."""

    remedy = "authorise anew"

    def __init__(self, *tokens: str) -> None:
        self._tokens = list(tokens)

    def header(self) -> str:
        return f"Bearer {self._tokens[0]}"

    def rejected(self, header: str) -> bool:
        assert header == self.header()
        if len(self._tokens) > 1:
            self._tokens.pop(0)
            return True
        return False


def denied(detail: str = "not enough rights") -> Response:
    return JSONResponse({"title": "Forbidden", "detail": detail}, status_code=403)


def revoked() -> Response:
    return JSONResponse({"hint": "Token has expired"}, status_code=401)


@pytest.mark.parametrize(
    "path", ["users", "users/11", "webhooks", "catalogs/7/elements"]
)
def test_a_missing_right_stops_only_what_it_is_needed_for(path):
    asking = Asking(ACCOUNT, denied(), ACCOUNT)

    with asking.opened() as client:
        client.get("account", table="account")
        with pytest.raises(
            AccessDenied, match=rf"may not ask for {path}.*rights"
        ) as said:
            client.get(path, table="users")
        assert client.get("leads", table="leads")

    assert "an administrator may" in str(said.value)


@pytest.mark.parametrize(
    ("before", "path", "refusal"),
    [
        ((), "users", denied()),
        ((ACCOUNT,), "leads", denied()),
        ((ACCOUNT,), "users", HTMLResponse("<h1>403 Forbidden</h1>", 403)),
        ((ACCOUNT,), "users", Response(status_code=403)),
    ],
)
def test_any_other_refusal_is_a_ban_and_stops_everything(before, path, refusal):
    asking = Asking(*before, refusal)

    with asking.opened() as client:
        for _ in before:
            client.get("account", table="account")
        with pytest.raises(AuthError, match="a ban, or a right") as caught:
            client.get(path, table="users")
        with pytest.raises(AuthError, match="not asked"):
            client.get("account", table="account")

    assert not isinstance(caught.value, AccessDenied)
    assert len(asking.server.requests) == len(before) + 1


@pytest.mark.parametrize("limit", [250, 125, 50])
def test_a_page_that_takes_too_long_is_called_too_large_at_once(limit):
    asking = Asking(Response(status_code=504), ACCOUNT)

    with asking.opened() as client:
        with pytest.raises(PageTooLarge, match="504"):
            client.get("leads", [("limit", limit)], table="leads")
        assert client.get("leads", [("limit", 25)], table="leads")

    assert asking.clock.slept in ([], [0.2])


@pytest.mark.parametrize("query", [[], [("limit", 25)], [("limit", 1)]])
def test_a_small_page_that_takes_too_long_is_asked_for_again(query):
    asking = Asking(Response(status_code=504), ACCOUNT)

    with asking.opened() as client:
        assert client.get("leads", query, table="leads")

    assert asking.clock.slept == [2]


@pytest.mark.parametrize("status", [500, 502])
def test_an_error_that_comes_late_is_blamed_on_the_page(status):
    for step, kind in ((10, PageTooLarge), (0, SourceUnreachable)):
        asking = Asking(Response(status_code=status), step=step)

        with asking.opened() as client, pytest.raises(SourceError) as caught:
            client.get("leads", [("limit", 250)], table="leads")

        assert type(caught.value) is kind


def test_an_expired_token_is_renewed_once_and_the_question_asked_again():
    asking = Asking(revoked(), ACCOUNT, credential=Renewing("old", "new"))

    with asking.opened() as client:
        assert client.get("account", table="account") == ACCOUNT

    headers = [asked.headers["authorization"] for asked in asking.server.requests]
    assert headers == ["Bearer old", "Bearer new"]
    assert asking.clock.slept in ([], [0.2])


def test_a_renewed_token_that_is_refused_too_ends_the_run():
    asking = Asking(revoked(), credential=Renewing("one", "two", "three", "four"))

    with (
        asking.opened() as client,
        pytest.raises(AuthError, match=r"HTTP 401.*authorise anew"),
    ):
        client.get("account", table="account")

    assert len(asking.server.requests) == 2


def test_a_run_long_enough_renews_its_token_each_time_it_ends():
    asking = Asking(
        revoked(), ACCOUNT, revoked(), ACCOUNT, credential=Renewing("a", "b", "c")
    )

    with asking.opened() as client:
        for _ in range(2):
            assert client.get("account", table="account")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(status):
    headers = {"location": "https://elsewhere.example.com/api/v4/account"}
    asking = Asking(Response(status_code=status, headers=headers))

    with (
        asking.opened() as client,
        pytest.raises(SourceUnreachable, match=r"elsewhere\.example\.com"),
    ):
        client.get("account", table="account")


@pytest.mark.parametrize("status", [400, 404, 405, 409, 418, 422])
def test_a_refused_question_fails_its_table_only(status):
    asking = Asking(JSONResponse({"title": "no"}, status_code=status), ACCOUNT)

    with asking.opened() as client:
        with pytest.raises(ProtocolError, match=f"HTTP {status}: no"):
            client.get("leads", table="leads")
        assert client.get("account", table="account")

    assert len(asking.server.requests) == 2


def test_each_request_is_noted_without_ids_or_values():
    asking = Asking(Response(status_code=503), ACCOUNT, Response(status_code=204))

    with asking.opened() as client:
        client.get("leads/123456", [("query", "77000000001")], table="leads")
        client.get("contacts", table="contacts")

    noted = [(call.table, call.path, call.status) for call in asking.calls]
    assert noted == [
        ("leads", "leads/{id}", 503),
        ("leads", "leads/{id}", 200),
        ("contacts", "contacts", 204),
    ]
    assert "7700" not in repr(asking.calls)
    assert asking.calls[1].server_date is not None
    assert (client.calls, client.waited_seconds) == (3, pytest.approx(0.2))


def test_the_clock_of_the_server_is_compared_with_ours():
    asking = Asking(ACCOUNT)

    with asking.opened(wall=lambda: time.time() - 300) as client:
        assert client.skew is None
        client.get("account", table="account")

    assert client.skew is not None
    assert 295 < client.skew.total_seconds() < 305


def test_hooks_are_the_only_thing_that_is_written():
    created = Response(status_code=201)
    asking = Asking(ACCOUNT, created, Response(status_code=204))

    with asking.opened() as client:
        client.get("account", table="account")
        client.subscribe(HOOK, ["add_lead", "update_lead"])
        client.unsubscribe(HOOK)

    requests = [(asked.method, asked.path) for asked in asking.server.requests]
    assert requests == [
        ("GET", "/api/v4/account"),
        ("POST", "/api/v4/webhooks"),
        ("DELETE", "/api/v4/webhooks"),
    ]
    bodies = [asked.body for asked in asking.server.requests]
    assert bodies[0] == b""
    assert json.loads(bodies[1]) == {
        "destination": HOOK,
        "settings": ["add_lead", "update_lead"],
    }
    assert json.loads(bodies[2]) == {"destination": HOOK}


def test_a_refused_hook_does_not_tell_its_secret():
    asking = Asking(JSONResponse({"detail": f"{HOOK} is no address"}, status_code=400))

    with asking.opened() as client, pytest.raises(ProtocolError) as caught:
        client.subscribe(HOOK, ["add_lead"])

    assert "a-long-secret" not in str(caught.value)
    assert "*** is no address" in str(caught.value)
