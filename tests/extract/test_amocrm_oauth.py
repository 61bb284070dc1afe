"""The exchange for tokens: asked once, understood, and silent about secrets."""

import json
from datetime import timedelta

import pytest
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from pipelines.errors import (
    AuthError,
    ProtocolError,
    RateLimited,
    SourceError,
    SourceUnreachable,
)
from pipelines.extract.amocrm.answers import is_amocrm_host, place_of
from pipelines.extract.amocrm.oauth import (
    AnswerLost,
    App,
    GrantRefused,
    code_of,
    exchange_code,
    refresh,
)
from pipelines.sandbox.serving import serve
from tests.scripted_server import Scripted

APP = App("an-integration", "its-long-secret", "https://school.example.com/amocrm")
PAIR = {"access_token": "a.b.c", "refresh_token": "def502", "expires_in": 86_400}
BASE = "https://school.amocrm.ru"


def refreshed(*answers):
    """Refresh against a server that answers so; return the pair and the requests."""
    server = Scripted(*answers)
    with serve(server) as url:
        try:
            return refresh(url, APP, "an-old-refresh-token"), server.requests
        except SourceError as error:
            error.requests = server.requests
            raise


def test_a_refresh_states_the_integration_and_its_old_token():
    pair, (asked,) = refreshed(PAIR)

    assert (pair.access_token, pair.refresh_token) == ("a.b.c", "def502")
    assert pair.life == timedelta(days=1)
    assert (asked.method, asked.path) == ("POST", "/oauth2/access_token")
    assert "authorization" not in asked.headers
    assert json.loads(asked.body) == {
        "client_id": "an-integration",
        "client_secret": "its-long-secret",
        "redirect_uri": "https://school.example.com/amocrm",
        "grant_type": "refresh_token",
        "refresh_token": "an-old-refresh-token",
    }


def test_a_code_is_exchanged_as_such():
    server = Scripted(PAIR)

    with serve(server) as url:
        exchange_code(url, APP, "a-code")

    body = json.loads(server.requests[0].body)
    assert (body["grant_type"], body["code"]) == ("authorization_code", "a-code")


def test_tokens_are_not_shown_by_what_holds_them():
    pair, _ = refreshed(PAIR)

    assert "def502" not in repr(pair) + repr(APP)
    assert "its-long-secret" not in repr(APP)


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_an_error_of_the_server_leaves_open_what_became_of_the_token(status):
    with pytest.raises(AnswerLost, match="may have been renewed") as caught:
        refreshed(Response("oops", status_code=status))

    assert len(caught.value.requests) == 1


@pytest.mark.parametrize(
    "body",
    [
        '{"access_token": "a", "refr',
        "",
        "[]",
        "<html>",
        '{"access_token": "a"}',
        '{"access_token": "a", "refresh_token": ""}',
        '{"access_token": "a", "refresh_token": null}',
        '{"access_token": "a\\nb", "refresh_token": "c"}',
        '{"access_token": "жетон", "refresh_token": "c"}',
    ],
)
def test_an_answer_without_a_pair_is_a_lost_one(body):
    with pytest.raises(AnswerLost):
        refreshed(Response(body, media_type="application/json"))


@pytest.mark.parametrize(
    ("answer", "kind", "says"),
    [
        (JSONResponse({"hint": "revoked"}, 400), GrantRefused, "HTTP 400: revoked"),
        (JSONResponse({"hint": "revoked"}, 401), GrantRefused, "HTTP 401: revoked"),
        (JSONResponse({"title": "no"}, 402), AuthError, "pay for"),
        (HTMLResponse("<h1>403</h1>", 403), AuthError, "support"),
        (JSONResponse({}, 404), ProtocolError, "AMOCRM_BASE_URL"),
        (JSONResponse({"retry_after": 300}, 429), RateLimited, "wants 300 s"),
        (RedirectResponse("https://other.example.com"), SourceUnreachable, "redirects"),
    ],
)
def test_each_refusal_says_what_it_is(answer, kind, says):
    with pytest.raises(kind, match=says) as caught:
        refreshed(answer)

    assert not isinstance(caught.value, AnswerLost)
    assert len(caught.value.requests) == 1


def test_a_refusal_that_repeats_the_secrets_is_told_without_them():
    hint = "its-long-secret and an-old-refresh-token are wrong"

    with pytest.raises(GrantRefused, match=r"\*\*\* and \*\*\* are wrong"):
        refreshed(JSONResponse({"hint": hint}, 400))


def test_an_address_where_nobody_answers_has_used_nothing_up():
    with pytest.raises(SourceUnreachable, match="ConnectError") as caught:
        refresh("http://127.0.0.1:9", APP, "an-old-refresh-token")

    assert not isinstance(caught.value, AnswerLost)


@pytest.mark.parametrize("address", ["", "school.amocrm.ru", "ftp://x"])
def test_no_address_is_no_lost_answer(address):
    with pytest.raises(SourceUnreachable, match="is no web address"):
        refresh(address, APP, "an-old-refresh-token")


@pytest.mark.parametrize(
    "given",
    [
        "def50200abc",
        "  def50200abc\n",
        "https://school.example.com/amocrm?code=def50200abc&referer=school.amocrm.ru",
        "https://school.example.com/?referer=evil.example.com&code=def50200abc&state=x",
        "?code=def50200abc&from_widget=1",
        "code=def50200abc",
    ],
)
def test_a_code_is_found_in_whatever_is_pasted(given):
    assert code_of(given, base_url=BASE) == "def50200abc"


def test_a_code_of_another_account_is_not_used_up():
    given = "https://school.example.com/?code=def&referer=other.amocrm.ru"

    with pytest.raises(AuthError, match=r"given by other\.amocrm\.ru.*school\.amocrm"):
        code_of(given, base_url=BASE)


@pytest.mark.parametrize(
    ("host", "is_one"),
    [
        ("school.amocrm.ru", True),
        ("School.Kommo.com", True),
        ("school.amocrm.com", True),
        ("amocrm.ru.example.com", False),
        ("schoolamocrm.ru", False),
        ("", False),
    ],
)
def test_hosts_that_others_name_are_checked_by_their_end(host, is_one):
    assert is_amocrm_host(host) is is_one


def test_an_account_is_named_by_host_and_port():
    assert place_of(" https://School.amocrm.ru/ ") == "school.amocrm.ru"
    assert place_of("http://user:secret@127.0.0.1:8000/x") == "127.0.0.1:8000"
    assert place_of("nothing") is None
