"""No credential is told: by no error, no log line, no word about a wait."""

import logging

import pytest

from pipelines.extract.facebook.errors import GraphError
from pipelines.extract.facebook.transport import open_api
from tests.facebook_client import Reached, answering, body, page, reaching, refusal
from tests.facebook_world import TOKEN

SECRET = "an-app-secret"


def read(reached: Reached, path=("act_1", "ads")) -> list:
    return list(reached.client.pages(path, {}))


TELLING = {
    "error": lambda url: refusal(100, message=f"bad call {url}"),
    "token": lambda url: refusal(190, subcode=463, message=f"Malformed token {TOKEN}"),
    "user message": lambda url: body(
        {"error": {"code": 10, "message": "x", "error_user_msg": url}}, 400
    ),
    "error text": lambda url: body({"error": url}),
    "error object": lambda url: body({"error": {"odd": url}}),
    "html": lambda url: body(f"<a href='{url}'>", 502),
    "text 429": lambda url: body(url, 429),
    "truncated": lambda url: body(f'{{"paging": {{"next": "{url}"'),
    "next without cursor": lambda url: body({"data": [], "paging": {"next": url}}),
    "cursor is the address": lambda url: page("1", after=url),
    "limit": lambda url: refusal(80004, message=url),
    "redirect": lambda url: body("", 302, {"location": url}),
}


@pytest.mark.parametrize("answer", TELLING.values(), ids=TELLING.keys())
def test_no_credential_is_told_by_any_refusal(caplog, answer):
    caplog.set_level(logging.DEBUG)
    waits: list[str] = []

    with (
        reaching(
            answering(lambda request: answer(str(request.url))),
            secret=SECRET,
            on_wait=waits.append,
        ) as reached,
        pytest.raises(GraphError) as refused,
    ):
        read(reached)

    proof = reached.calls[0]["appsecret_proof"]
    told = [*all_texts(refused.value), *waits]
    told += [record.getMessage() for record in caplog.records]
    assert any(r.name == "urllib3.connectionpool" for r in caplog.records)
    assert_silent(told, TOKEN, SECRET, proof)


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:1", "http://[bad", "ftp://127.0.0.1", "http://127.0.0.1:1/a b"],
)
def test_no_credential_is_told_when_nobody_answers(caplog, url):
    caplog.set_level(logging.DEBUG)
    api = open_api(
        access_token=TOKEN, app_secret=SECRET, graph_url=url, api_version="v26.0"
    )

    with pytest.raises(GraphError) as refused:
        api.call("GET", ("me", "adaccounts"), params={"fields": "id"})

    told = all_texts(refused.value)
    told += [record.getMessage() for record in caplog.records]
    assert_silent(told, TOKEN, SECRET)


def test_a_page_s_token_is_not_told_by_its_own_client_or_another(caplog):
    caplog.set_level(logging.DEBUG)
    app = answering(lambda request: refusal(200, message=f"see {request.url}"))

    with reaching(app, token="a-page-s-own-token") as first, reaching(app) as second:
        for reached in (first, second, first):
            with pytest.raises(GraphError) as refused:
                reached.client.node("act_1", ("id",))
            assert_silent(all_texts(refused.value), "a-page-s-own-token", TOKEN)

    texts = [record.getMessage() for record in caplog.records]
    assert_silent(texts, "a-page-s-own-token", TOKEN)


def test_a_token_that_we_were_never_told_is_blotted_out_by_its_name():
    address = "https://x/?access_token=EAAunknown&a=1"
    quoted = '{"access_token":"EAAunknown"} access_token%3DEAAunknown'
    app = answering(refusal(100, message=f"{address} {quoted}"))

    with reaching(app) as reached, pytest.raises(GraphError) as refused:
        reached.client.node("act_1", ("id",))

    assert "EAAunknown" not in str(refused.value)
    assert "&a=1" in str(refused.value)


def test_spoilt_data_is_not_shown_it_may_be_personal():
    app = answering(body('{"data": [{"field_data": "Aigerim +7 700 000 00 00"'))

    with reaching(app) as reached, pytest.raises(GraphError) as refused:
        read(reached, ("1", "leads"))

    assert "Aigerim" not in str(refused.value)
    assert "51 characters of broken JSON" in str(refused.value)


def all_texts(error: BaseException | None) -> list[str]:
    told: list[str] = []
    while error:
        told += [repr(error), str(error), repr(error.args), repr(vars(error))]
        error = error.__cause__ or error.__context__
    return told


def assert_silent(told: list[str], *secrets: str) -> None:
    assert told
    for text in told:
        for secret in secrets:
            assert secret not in text
