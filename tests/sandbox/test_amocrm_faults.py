"""What goes wrong at AmoCRM, each fault by itself and over real HTTP."""

import itertools
import json
from collections.abc import Iterator
from random import Random

import httpx
import pytest

from pipelines.sandbox.graph.broken import broken
from tests.amocrm_world import START, lead, small_world
from tests.sandbox.crm import Asker, asking


@pytest.fixture(scope="module")
def served() -> Iterator[Asker]:
    leads = [lead(number) for number in range(1, 501)]
    with asking(small_world(leads=leads)) as asker:
        yield asker


@pytest.fixture
def crm(served) -> Asker:
    served.reset()
    return served


def ids(rows: list[dict]) -> list[int]:
    return [row["id"] for row in rows]


@pytest.mark.parametrize(
    ("place", "header", "body"),
    [("body", None, 300), ("header", "300", None), ("both", "300", 300)],
)
def test_the_wait_after_429_stands_in_the_body_or_in_the_header(
    crm, place, header, body
):
    crm.behaviour.requests_per_second = 0
    crm.behaviour.retry_after_in = place

    refused = crm.get("account")

    assert refused.status_code == 429
    assert refused.headers.get("retry-after") == header
    assert refused.json().get("retry_after") == body


def test_who_goes_on_asking_after_429_is_banned(crm):
    crm.behaviour.requests_per_second, crm.behaviour.ban_after = 0, 2
    answers = [crm.get("account").status_code for _ in range(3)]
    crm.behaviour.requests_per_second = None

    assert answers == [429, 429, 403]
    assert "nginx" in crm.get("users").text


def test_a_ban_is_html_or_json(crm):
    crm.behaviour.forbidden = "html"
    html = crm.get("account")
    crm.behaviour.forbidden = "json"
    problem = crm.get("account")

    assert (html.status_code, problem.status_code) == (403, 403)
    assert html.headers["content-type"].startswith("text/html")
    assert problem.json()["title"] == "Forbidden"


def test_only_administrators_read_some_lists(crm):
    crm.behaviour.forbidden_paths = {"users", "leads/pipelines"}

    statuses = [crm.get(path).status_code for path in ("users", "leads/pipelines")]

    assert statuses == [403, 403]
    assert crm.get("users").json()["status"] == 403
    assert crm.get("leads").status_code == 200


def test_an_unpaid_account_answers_402_to_everything(crm):
    crm.behaviour.unpaid = True

    assert crm.get("account").status_code == 402


def test_another_host_is_named_and_not_reached(crm):
    crm.behaviour.redirects_to = "https://other.example"

    answer = crm.get("leads")

    assert answer.status_code == 302
    assert answer.headers["location"] == "https://other.example/api/v4/leads"


def test_half_an_answer_comes_once(crm):
    crm.behaviour.half_json = 1

    half, whole = crm.get("leads"), crm.get("leads")

    with pytest.raises(json.JSONDecodeError):
        half.json()
    assert (half.status_code, whole.status_code) == (200, 200)
    assert half.content == whole.content[: len(whole.content) // 2]


@pytest.mark.parametrize(("limit", "status"), [(250, 504), (125, 504), (50, 200)])
def test_a_page_may_be_too_large_for_the_server(crm, limit, status):
    crm.behaviour.too_large_above = 50

    answer = crm.get("leads", limit=limit)

    assert answer.status_code == status
    assert ("html" in answer.headers["content-type"]) is (status == 504)


@pytest.mark.parametrize("count", [250, 500])
def test_a_multiple_of_the_page_ends_with_an_empty_answer(crm, count):
    del crm.world.leads[count:]

    last = crm.get("leads", limit=250, page=count // 250)
    after = crm.get("leads", limit=250, page=count // 250 + 1)

    assert len(last.json()["_embedded"]["leads"]) == 250
    assert "next" not in last.json()["_links"]
    assert (after.status_code, after.content) == (204, b"")


def test_pages_of_a_moving_list_lose_deals_that_nobody_touched(crm):
    later, dice = itertools.count(START + 10_000), Random(7)
    touched: set[int] = set()

    def change(_: object) -> None:
        for row in dice.sample(crm.world.leads, 20):
            row["updated_at"] = next(later)
            touched.add(row["id"])

    crm.behaviour.before = change
    query = {"order[updated_at]": "asc", "limit": 50,
             "filter[updated_at][to]": START + 9_999}  # fmt: skip
    found = {row["id"] for row in crm.walk("leads", query)}

    assert set(range(1, 501)) - touched - found


def test_deletes_between_two_pages_move_the_rest_up(crm):
    first = crm.rows("leads", {"order[id]": "asc", "limit": 250})
    del crm.world.leads[:10]
    second = crm.rows("leads", {"order[id]": "asc", "limit": 250, "page": 2})

    assert ids(first)[-1] == 250
    assert ids(second)[0] == 261


def test_seven_hundred_deals_may_share_one_second(crm):
    crm.world.leads[:] = [lead(number, updated_at=START) for number in range(1, 701)]
    edges = {"filter[updated_at][from]": START, "filter[updated_at][to]": START}

    found = crm.walk("leads", {**edges, "order[id]": "asc", "limit": 250})

    assert ids(found) == list(range(1, 701))


def test_ignored_filters_show_everything(crm):
    crm.behaviour.ignores_filters = True

    assert len(crm.walk("leads", {"filter[id][]": 1, "limit": 250})) == 500
    account = crm.get("account", **{"with": "is_api_filter_enabled"}).json()
    assert account["is_api_filter_enabled"] is False


def test_a_connection_may_be_cut_before_the_first_byte(crm):
    crm.behaviour.answers.append(broken("reset"))

    with pytest.raises(httpx.ReadError):
        crm.get("leads")
    assert crm.get("leads").status_code == 200


@pytest.mark.parametrize("name", ["html_502", "empty", "html_200", "json_list"])
def test_what_is_no_answer_may_come_in_its_place(crm, name):
    crm.behaviour.answers.append(broken(name))

    odd = crm.get("leads")

    assert odd.content == broken(name).body


@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
def test_nothing_can_be_written_or_deleted_and_the_attempt_is_noted(crm, method):
    answer = crm.client.request(method, "leads", json=[{"id": 1}])

    assert answer.status_code == 405
    assert crm.behaviour.calls == [(method, "/api/v4/leads")]


def test_the_token_is_asked_for_only_behind_the_other_refusals(crm):
    crm.behaviour.redirects_to = "https://other.example"

    answer = crm.client.get("leads", headers={"Authorization": ""})

    assert answer.status_code == 302


def test_two_emulators_do_not_share_their_limits(crm):
    with asking(small_world()) as other:
        crm.behaviour.requests_per_second = 0

        assert other.get("account").status_code == 200
