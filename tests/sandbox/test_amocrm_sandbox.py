"""People work at `/sandbox`, and whoever subscribed on this machine is rung."""

from collections.abc import Iterator
from urllib.parse import unquote_plus

import httpx
import pytest

from pipelines.sandbox.serving import serve
from tests.amocrm_world import living_world
from tests.sandbox.crm import Asker, Receiver, asking, listening, status, working


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[Asker, Receiver]]:
    receiver = Receiver()
    with serve(listening(receiver)) as url:
        receiver.url = f"{url}/amocrm/a-secret"
        living = working(living_world())
        with asking(living.world, living=living, ring=receiver.url) as asker:
            yield asker, receiver


@pytest.fixture
def crm(served) -> Asker:
    served[1].got.clear()
    served[1].answers.clear()
    return served[0]


@pytest.fixture
def receiver(served) -> Receiver:
    return served[1]


def work(crm: Asker, operation: str, **asked: object) -> httpx.Response:
    return crm.client.post(f"{crm.url}/sandbox/{operation}", json=asked)


@pytest.fixture
def deal(crm, receiver) -> int:
    """Return a deal of the test's own."""
    number = work(crm, "add").json()["result"]
    receiver.got.clear()
    return number


def test_a_win_is_done_and_rung(crm, receiver, deal):
    answer = work(crm, "win", lead_id=deal, price=5_000, by=11)

    assert answer.json()["answers"] == [200, 200, 200]
    assert [one["setting"] for one in answer.json()["rang"]] == [
        "update_lead", "status_lead", "update_lead",
    ]  # fmt: skip
    (row,) = crm.rows("leads", {"filter[id][]": deal})
    assert (row["status_id"], row["price"]) == (142, 5_000)
    assert f"leads[status][0][id]={deal}&" in unquote_plus(receiver.bodies[1].decode())


@pytest.mark.parametrize("operation", ["win", "edit", "lose", "delete", "restore"])
def test_a_deal_that_is_not_named_is_found(crm, operation):
    if operation == "restore":
        work(crm, "delete")

    answer = work(crm, operation)

    assert answer.status_code == 200
    assert answer.json()["asked"]["lead_id"]


def test_a_new_deal_answers_its_number(crm):
    deal = work(crm, "add", name="By hand").json()["result"]

    assert crm.rows("leads", {"filter[id][]": deal})[0]["name"] == "By hand"


@pytest.mark.parametrize(
    ("operation", "body", "status_code"),
    [
        ("dance", b"{}", 404), ("win", b"[]", 400), ("win", b"{", 400),
        ("win", b'{"colour": 1}', 400), ("win", b'{"lead_id": 5000}', 404),
        ("enter", b"{}", 404), ("restore", b'{"lead_id": 6000}', 404),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_a_problem(crm, operation, body, status_code):
    answer = crm.client.post(f"{crm.url}/sandbox/{operation}", content=body)

    assert answer.status_code == status_code
    assert answer.json()["status"] == status_code


def test_what_can_be_done_is_listed(crm):
    told = crm.client.get(f"{crm.url}/sandbox").json()["operations"]

    assert told["win"].startswith("(lead_id: int, *, price")


def test_a_failed_hook_is_tried_again_when_time_passes(crm, receiver, deal):
    receiver.answers.append(status(503))
    failed = work(crm, "tag", entity_id=deal, name="vip").json()
    again = work(crm, "advance", seconds=900).json()

    assert (failed["answers"], again["answers"]) == ([503], [200])


def test_subscriptions_are_made_listed_and_ended(crm, receiver, deal):
    other = receiver.url.replace("a-secret", "another")
    made = crm.client.post(
        "webhooks", json={"destination": other, "settings": ["delete_lead"]}
    )
    work(crm, "edit", lead_id=deal, name="x")
    edited = len(receiver.got)
    work(crm, "delete", lead_id=deal)
    listed = crm.rows("webhooks", {"filter[destination]": other})
    ended = crm.client.request("DELETE", "webhooks", json={"destination": other})

    assert made.status_code == 201
    assert made.json()["disabled"] is False
    assert (edited, len(receiver.got)) == (1, 3)
    assert [row["settings"] for row in listed] == [["delete_lead"]]
    assert ended.status_code == 204
    again = crm.client.request("DELETE", "webhooks", json={"destination": other})
    assert again.status_code == 404
    assert len(crm.rows("webhooks")) == 1


@pytest.mark.parametrize(
    "asked",
    [
        {"destination": "nowhere", "settings": ["add_lead"]},
        {"destination": "https://a.example", "settings": ["add_dream"]},
        {"destination": "https://a.example"}, {},
    ],
)  # fmt: skip
def test_a_wrong_subscription_is_refused(crm, asked):
    assert crm.client.post("webhooks", json=asked).status_code == 400


def test_an_address_outside_this_machine_is_never_rung(crm, deal):
    asked = {"destination": "https://hooks.example/amocrm", "settings": ["update_lead"]}
    crm.client.post("webhooks", json=asked)

    answer = work(crm, "edit", lead_id=deal, name="x").json()

    crm.client.request("DELETE", "webhooks", json=asked)
    assert answer["answers"] == [200]


def test_a_receiver_that_fails_too_often_is_disabled_until_it_subscribes_again(
    crm, receiver, deal
):
    receiver.answers.extend([status(500)] * 101)
    for _ in range(101):
        work(crm, "edit", lead_id=deal, name="x")
    receiver.answers.clear()
    (disabled,) = crm.rows("webhooks")
    silent = work(crm, "edit", lead_id=deal, name="y").json()
    settings = {"destination": receiver.url, "settings": disabled["settings"]}
    crm.client.post("webhooks", json=settings)
    heard = work(crm, "edit", lead_id=deal, name="z").json()

    assert disabled["disabled"] is True
    assert (silent["answers"], heard["answers"]) == ([], [200])


def test_there_is_no_such_address_without_people():
    with asking(living_world()) as quiet:
        assert quiet.client.post(f"{quiet.url}/sandbox/win").status_code == 404
