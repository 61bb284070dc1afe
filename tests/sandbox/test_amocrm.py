"""The AmoCRM emulator answers as the real API is known to."""

from collections.abc import Iterator

import httpx
import pytest

from pipelines.sandbox.amocrm import Behaviour, amocrm_app
from pipelines.sandbox.php import parse_query
from pipelines.sandbox.serving import serve
from tests.amocrm_world import START, TOKEN, event, lead, small_world, stub

WORLD = small_world(
    leads=[lead(number) for number in range(1, 301)],
    events=[event(number) for number in range(1, 121)],
    fields=60,
)


@pytest.fixture(scope="module")
def api() -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with (
        serve(amocrm_app(WORLD)) as url,
        httpx.Client(base_url=f"{url}/api/v4", headers=headers) as client,
    ):
        yield client


def rows(response: httpx.Response) -> list[dict]:
    assert response.status_code == 200, response.text
    (found,) = response.json()["_embedded"].values()
    return found


def test_a_wrong_token_is_refused_as_a_problem(api):
    response = api.get("/leads", headers={"Authorization": "Bearer wrong"})

    assert response.status_code == 401
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["status"] == 401


def test_an_unknown_path_is_a_problem(api):
    response = api.get("/nothing")

    assert response.status_code == 404
    assert response.json()["title"] == "Not Found"


def test_pages_end_with_an_empty_204(api):
    first = api.get("/leads", params={"limit": 250, "page": 1})
    second = api.get("/leads", params={"limit": 250, "page": 2})
    third = api.get("/leads", params={"limit": 250, "page": 3})

    assert len(rows(first)) == 250
    assert "next" in first.json()["_links"]
    assert len(rows(second)) == 50
    assert "next" not in second.json()["_links"]
    assert (third.status_code, third.content) == (204, b"")


def test_a_limit_above_250_is_refused(api):
    assert api.get("/leads", params={"limit": 251}).status_code == 422
    assert api.get("/leads", params={"limit": 0}).status_code == 400


def test_fields_come_fifty_at_a_time_unless_asked(api):
    assert len(rows(api.get("/leads/custom_fields"))) == 50
    assert len(rows(api.get("/leads/custom_fields", params={"limit": 250}))) == 60


def test_events_come_newest_first_and_at_most_a_hundred(api):
    asked_100 = rows(api.get("/events", params={"limit": 100}))
    asked_250 = rows(api.get("/events", params={"limit": 250}))

    assert len(asked_100) == 100
    assert asked_100[0]["created_at"] == START + 120
    assert len(asked_250) == 50


def test_events_are_filtered_by_type(api):
    response = api.get("/events", params={"filter[type][]": "lead_deleted"})

    assert response.status_code == 204


def test_a_range_includes_both_ends(api):
    edges = {
        "filter[updated_at][from]": START + 10,
        "filter[updated_at][to]": START + 12,
        "order[updated_at]": "desc",
    }

    found = [row["id"] for row in rows(api.get("/leads", params=edges))]

    assert found == [12, 11, 10]


def test_filters_by_ids_and_by_stage(api):
    ids = api.get("/leads", params={"filter[id][]": [3, 5], "order[id]": "asc"})
    stage = {
        "filter[statuses][0][pipeline_id]": 10350882,
        "filter[statuses][0][status_id]": 143,
    }

    assert [row["id"] for row in rows(ids)] == [3, 5]
    assert api.get("/leads", params=stage).status_code == 204


def test_a_wrongly_nested_filter_is_ignored(api):
    response = api.get("/leads", params={"filter[updated_at]": START + 290})

    assert len(rows(response)) == 50


def test_contacts_are_embedded_only_when_asked_for(api):
    plain = rows(api.get("/leads", params={"filter[id][]": 1}))
    asked = rows(api.get("/leads", params={"filter[id][]": 1, "with": "contacts"}))

    assert "contacts" not in plain[0]["_embedded"]
    assert asked[0]["_embedded"]["contacts"] == [{"id": 70_001, "is_main": True}]


def test_only_deleted_shows_the_trash_and_the_list_does_not():
    world = small_world(leads=[lead(1), lead(2)])
    world.trashed.append(stub(2))
    headers = {"Authorization": f"Bearer {TOKEN}"}

    with serve(amocrm_app(world)) as url:
        leads = httpx.get(f"{url}/api/v4/leads", headers=headers)
        trash = httpx.get(f"{url}/api/v4/leads?with=only_deleted", headers=headers)

    assert [row["id"] for row in rows(leads)] == [1]
    assert [row["id"] for row in rows(trash)] == [2]
    assert rows(trash)[0]["is_deleted"] is True


def test_too_many_requests_a_second_get_the_wait_in_the_body():
    behaviour = Behaviour(requests_per_second=7)
    headers = {"Authorization": f"Bearer {TOKEN}"}

    with (
        serve(amocrm_app(WORLD, behaviour=behaviour)) as url,
        httpx.Client(base_url=url, headers=headers) as client,
    ):
        answers = [client.get("/api/v4/account") for _ in range(12)]

    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    assert refused[0].json()["retry_after"] == 300
    assert "retry-after" not in refused[0].headers


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("a=1&a=2", {"a": "2"}),
        ("a[]=1&a[]=2", {"a": {"0": "1", "1": "2"}}),
        ("a[b][c]=1&a[b][d]=", {"a": {"b": {"c": "1", "d": ""}}}),
        ("a=1&a[b]=2", {"a": {"b": "2"}}),
        ("filter%5Bid%5D%5B%5D=7", {"filter": {"id": {"0": "7"}}}),
    ],
)
def test_brackets_are_read_as_php_reads_them(query, expected):
    assert parse_query(query) == expected
