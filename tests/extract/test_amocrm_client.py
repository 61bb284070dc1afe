"""The AmoCRM client stays within the rate, hears refusals and tells no secrets."""

import contextlib
import itertools
import json
import logging
from collections import deque
from collections.abc import Iterator

import httpx
import pytest
from starlette.responses import HTMLResponse, JSONResponse, Response

from pipelines.errors import (
    AuthError,
    ProtocolError,
    RateLimited,
    SourceError,
    SourceUnreachable,
)
from pipelines.extract.amocrm.answers import asked_wait, redact
from pipelines.extract.amocrm.client import AmocrmClient
from pipelines.extract.amocrm.credentials import LongLivedToken
from pipelines.extract.amocrm.limiter import LocalBudget
from pipelines.sandbox.amocrm import Behaviour, amocrm_app
from pipelines.sandbox.serving import serve
from tests.amocrm_world import TOKEN, small_world


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def read(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.slept.append(seconds)


@contextlib.contextmanager
def asking(
    *answers: Response, token: str = TOKEN
) -> Iterator[tuple[AmocrmClient, Behaviour, Clock]]:
    behaviour, clock = Behaviour(answers=deque(answers)), Clock()
    with (
        serve(amocrm_app(small_world(), behaviour=behaviour)) as url,
        AmocrmClient(
            url, LongLivedToken(token), clock=clock.read, sleep=clock.sleep
        ) as client,
    ):
        yield client, behaviour, clock


def too_many(**more: object) -> Response:
    return JSONResponse({"title": "Too Many Requests", **more}, status_code=429)


def test_a_wait_that_stands_only_in_the_body_is_kept():
    with asking(too_many(retry_after=300)) as (client, behaviour, clock):
        assert client.get("account", table="account")["id"] == 31

    assert clock.slept == [300]
    assert len(behaviour.requests) == 2


@pytest.mark.parametrize(("header", "wait"), [("40", 40), ("soon", 2)])
def test_a_wait_in_the_header_is_kept(header, wait):
    refusal = Response(status_code=429, headers={"retry-after": header})

    with asking(refusal) as (client, _, clock):
        client.get("account", table="account")

    assert clock.slept == [wait]


def test_a_date_to_wait_for_is_measured_by_the_clock_of_the_server():
    headers = {
        "date": "Tue, 06 Jan 2026 03:00:00 GMT",
        "retry-after": "Tue, 06 Jan 2026 03:01:00 GMT",
    }

    assert asked_wait(httpx.Response(429, headers=headers)) == 60


def test_a_server_in_trouble_is_asked_again_ever_later():
    answers = [Response("oops", status_code=status) for status in (500, 502, 504)]

    with asking(*answers) as (client, _, clock):
        assert client.get("account", table="account")

    assert clock.slept == [2, 4, 8]


def test_after_five_tries_the_table_fails_and_the_next_is_still_asked():
    answers = [Response(status_code=503) for _ in range(5)]

    with asking(*answers) as (client, behaviour, _):
        with pytest.raises(SourceUnreachable, match=r"amocrm\.users: .*503"):
            client.get("users", table="users")
        assert client.get("account", table="account")

    assert len(behaviour.requests) == 6


def test_a_wait_longer_than_the_run_may_take_ends_it():
    with asking(too_many(retry_after=86_400)) as (client, behaviour, clock):
        with pytest.raises(RateLimited, match="longer than this run may"):
            client.get("account", table="account")
        with pytest.raises(RateLimited, match=r"amocrm\.leads: not asked"):
            client.get("leads", table="leads")

    assert clock.slept == []
    assert len(behaviour.requests) == 1


@pytest.mark.parametrize(
    ("status", "remedy"),
    [(401, "AMOCRM_ACCESS_TOKEN"), (402, "pay for the"), (403, "support")],
)
def test_a_final_refusal_stops_everything_at_once(status, remedy):
    page = HTMLResponse("<html><h1>nginx</h1></html>", status_code=status)

    with asking(page) as (client, behaviour, clock):
        with pytest.raises(AuthError, match=remedy):
            client.get("account", table="account")
        with pytest.raises(AuthError, match=r"amocrm\.leads: not asked"):
            client.get("leads", table="leads")

    assert len(behaviour.requests) == 1
    assert clock.slept == []


def test_a_wrong_token_is_named_as_such_and_not_shown():
    with (
        asking(token="another-secret-token") as (client, _, _),
        pytest.raises(AuthError, match="wrong, expired or revoked") as caught,
    ):
        client.get("account", table="account")

    assert "another-secret-token" not in str(caught.value)


@pytest.mark.parametrize("token", ["жетон", "two\nlines"])
def test_a_token_that_no_header_can_carry_is_an_auth_error(token):
    with asking(token=token) as (client, behaviour, _), pytest.raises(AuthError):
        client.get("account", table="account")

    assert behaviour.requests == []


def test_a_redirect_is_a_matter_of_configuration_and_not_followed():
    elsewhere = Response(
        status_code=302, headers={"location": "https://other.example.com/login"}
    )

    with (
        asking(elsewhere) as (client, behaviour, _),
        pytest.raises(SourceUnreachable, match=r"other\.example\.com.*AMOCRM_BASE_URL"),
    ):
        client.get("account", table="account")

    assert len(behaviour.requests) == 1


@pytest.mark.parametrize(
    "body", ['{"_embedded": {"leads": [{"id', "", "[]", '{"price": NaN}', "<html>"]
)
def test_half_an_answer_is_asked_for_again_and_then_refused(body):
    broken = [Response(body, media_type="application/json") for _ in range(6)]

    with asking(*broken[:2]) as (client, _, _):
        assert client.get("account", table="account")
    with (
        asking(*broken) as (client, behaviour, _),
        pytest.raises(ProtocolError, match="whole JSON"),
    ):
        client.get("account", table="account")

    assert len(behaviour.requests) == 5


def test_a_refused_request_states_the_reason_without_secrets():
    detail = f"bad filter for {TOKEN}, query=77000000001, +7 700 000 00 01"
    refusal = JSONResponse({"title": "Bad Request", "detail": detail}, status_code=400)

    with (
        asking(refusal) as (client, behaviour, _),
        pytest.raises(ProtocolError, match="HTTP 400: Bad Request, bad filter") as said,
    ):
        client.get("leads", table="leads")

    assert TOKEN not in str(said.value)
    assert "7000000" not in str(said.value).replace(" ", "")
    assert len(behaviour.requests) == 1


@pytest.mark.parametrize("address", ["", "school.amocrm.ru", "ftp://x", "http://x:y"])
def test_an_address_that_is_none_is_said_to_be_none(address):
    with (
        AmocrmClient(address, LongLivedToken(TOKEN)) as client,
        pytest.raises(SourceError, match="AMOCRM_BASE_URL is no web address"),
    ):
        client.get("account", table="account")


def test_a_server_that_is_away_is_tried_five_times():
    clock = Clock()

    with (
        AmocrmClient(
            "http://127.0.0.1:9",
            LongLivedToken(TOKEN),
            clock=clock.read,
            sleep=clock.sleep,
        ) as client,
        pytest.raises(SourceUnreachable, match="does not answer") as caught,
    ):
        client.get("account", table="account")  # fmt: skip

    assert clock.slept == [2, 4, 8, 16]
    assert TOKEN not in json.dumps(str(caught.value))


def test_addresses_with_phones_are_not_logged(caplog):
    with asking() as (client, _, _), caplog.at_level(logging.DEBUG):
        client.get("contacts", [("query", "77000000001")], table="contacts")

    assert "77000000001" not in caplog.text


@pytest.mark.parametrize("per_second", [0.5, 1, 5, 7])
def test_requests_are_spaced_evenly(per_second):
    clock = Clock()
    budget = LocalBudget(per_second, clock=clock.read, sleep=clock.sleep)
    times = []

    for _ in range(30):
        budget.before_call()
        times.append(clock.now)

    gaps = [after - before for before, after in itertools.pairwise(times)]
    assert gaps == pytest.approx([1 / per_second] * 29)


def test_redaction_leaves_small_numbers_alone():
    text = redact("lead 123456 of query=a%20b&page=2", "Bearer secret-token")

    assert text == "lead 123456 of query=***&page=2"
