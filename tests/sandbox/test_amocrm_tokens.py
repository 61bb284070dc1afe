"""Tokens of an integration: pairs that rotate, run out, race and are revoked."""

import hashlib
import hmac
from collections.abc import Iterator

import httpx
import pytest

from pipelines.sandbox.crm.tokens import DAY
from tests.amocrm_world import TOKEN, small_world
from tests.sandbox.crm import Asker, asking


@pytest.fixture(scope="module")
def served() -> Iterator[Asker]:
    with asking(small_world()) as asker:
        yield asker


@pytest.fixture(params=["strict", "grace"])
def crm(served, request) -> Asker:
    served.reset()
    served.behaviour.token_mode = request.param
    return served


@pytest.fixture
def strict(served) -> Asker:
    served.reset()
    served.behaviour.token_mode = "strict"
    return served


@pytest.fixture
def grace(served) -> Asker:
    served.reset()
    served.behaviour.token_mode = "grace"
    return served


def ask(crm: Asker, **changes: object) -> httpx.Response:
    desk = crm.behaviour.desk
    form = {
        "client_id": desk.client_id,
        "client_secret": desk.client_secret,
        "redirect_uri": desk.redirect_uri,
        "grant_type": "refresh_token",
        "refresh_token": desk.refresh_token,
    }
    return crm.client.post(f"{crm.url}/oauth2/access_token", json={**form, **changes})


def uses(crm: Asker, access: str) -> int:
    headers = {"Authorization": f"Bearer {access}"}
    return crm.client.get("account", headers=headers).status_code


def test_a_code_gives_a_pair_once(crm):
    code = {"grant_type": "authorization_code", "code": crm.behaviour.desk.code}
    first, second = ask(crm, **code), ask(crm, **code)

    assert first.status_code == 200
    assert first.json()["expires_in"] == DAY
    assert uses(crm, first.json()["access_token"]) == 200
    assert second.status_code == 400


def test_a_refresh_token_gives_the_next_pair(crm):
    answer = ask(crm)
    pair = answer.json()

    assert answer.status_code == 200
    assert uses(crm, pair["access_token"]) == 200
    assert ask(crm, refresh_token=pair["refresh_token"]).status_code == 200
    assert crm.behaviour.refreshes == 2


def test_a_form_is_accepted_as_well_as_json(crm):
    desk = crm.behaviour.desk
    form = {"client_id": desk.client_id, "client_secret": desk.client_secret,
            "redirect_uri": desk.redirect_uri, "grant_type": "refresh_token",
            "refresh_token": desk.refresh_token}  # fmt: skip

    answer = crm.client.post(f"{crm.url}/oauth2/access_token", data=form)

    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"client_secret": "wrong"}, 401), ({"redirect_uri": "https://a.example"}, 400),
        ({"grant_type": "password"}, 400), ({"refresh_token": "wrong"}, 401),
    ],
)  # fmt: skip
def test_a_wrong_question_gives_no_pair_and_says_why_in_a_hint(crm, change, status):
    answer = ask(crm, **change)

    assert answer.status_code == status
    assert answer.json()["hint"]
    assert crm.behaviour.refreshes == 0


def test_a_strict_server_ends_the_old_token_at_once(strict):
    ask(strict)

    again = ask(strict)

    assert again.status_code == 401
    assert again.json()["hint"] == "Token has been revoked"


def test_a_grace_server_keeps_the_old_token_until_the_new_one_is_used(grace):
    first = ask(grace).json()
    second = ask(grace).json()

    assert uses(grace, second["access_token"]) == 200
    assert ask(grace).status_code == 401
    assert uses(grace, first["access_token"]) == 401
    assert ask(grace, refresh_token=first["refresh_token"]).status_code == 401


def test_a_lost_answer_is_final_where_tokens_die_at_once(strict):
    strict.behaviour.lose_refresh_answer = 1

    with pytest.raises(httpx.ReadError):
        ask(strict)
    assert ask(strict).status_code == 401
    assert strict.behaviour.refreshes == 1


def test_a_lost_answer_is_healed_by_the_same_token_where_there_is_grace(grace):
    grace.behaviour.lose_refresh_answer = 1

    with pytest.raises(httpx.ReadError):
        ask(grace)
    healed = ask(grace)

    assert uses(grace, healed.json()["access_token"]) == 200
    assert grace.behaviour.refreshes == 2


def test_tokens_run_out_by_the_clock_of_the_desk(crm):
    seconds = [1_000.0]
    crm.behaviour.desk.clock = lambda: seconds[0]
    pair = ask(crm, refresh_token=crm.behaviour.desk.refresh_token).json()
    assert uses(crm, pair["access_token"]) == 200

    seconds[0] += DAY
    assert uses(crm, pair["access_token"]) == 401
    assert ask(crm, refresh_token=pair["refresh_token"]).status_code == 200

    seconds[0] += 91 * DAY
    late = crm.behaviour.desk.current.refresh
    assert ask(crm, refresh_token=late).status_code == 401


def test_the_first_pair_holds_the_token_of_the_world(crm):
    assert uses(crm, TOKEN) == 200
    crm.behaviour.desk.expire()
    assert uses(crm, TOKEN) == 401
    assert ask(crm).status_code == 200


def test_a_removed_integration_has_no_token_left_and_says_so_with_a_signature(crm):
    pair = ask(crm).json()
    crm.behaviour.desk.revoke()
    told = crm.behaviour.desk.revocation(31)

    assert uses(crm, pair["access_token"]) == 401
    assert ask(crm, refresh_token=pair["refresh_token"]).status_code == 401
    text = f"{told['client_uuid']}|31".encode()
    secret = crm.behaviour.desk.client_secret.encode()
    assert told["signature"] == hmac.new(secret, text, hashlib.sha256).hexdigest()
