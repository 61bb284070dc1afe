"""The Facebook emulator's leads, tokens and batches, asked by the SDK and by hand."""

import json

import pytest
from facebook_business.adobjects.ad import Ad
from facebook_business.adobjects.leadgenform import LeadgenForm
from facebook_business.adobjects.page import Page
from facebook_business.adobjects.user import User

from tests.facebook_world import (
    TOKEN,
    expire_leads,
    lead,
    lead_form,
    page,
    world,
)
from tests.sandbox.graph import asking, error_of


def with_leads():
    facebook = world()
    facebook.pages.append(page("31", access_token="a-page-token"))
    facebook.lead_forms.extend([lead_form("41", "31"), lead_form("42", "31")])
    facebook.leads.extend(
        lead(str(number), "41", f"2026-01-05T10:00:{number}+0000", ad_id="10010000")
        for number in range(50, 55)
    )
    facebook.leads.append(lead("60", "42", "2026-01-05T11:00:00+0000"))
    return facebook


def test_the_sdk_reads_pages_forms_and_leads():
    with asking(with_leads(), page_size=2) as ask:
        pages = list(User("me", api=ask.api).get_accounts(fields=["name"]))
        forms = list(Page("31", api=ask.api).get_lead_gen_forms(fields=["name"]))
        leads = list(LeadgenForm("41", api=ask.api).get_leads(fields=["created_time"]))
        of_ad = list(Ad("10010000", api=ask.api).get_leads())

    assert [one["id"] for one in pages] == ["31"]
    assert [one["id"] for one in forms] == ["41", "42"]
    assert [one["id"] for one in leads] == ["54", "53", "52", "51", "50"]
    assert len(of_ad) == 5


def test_leads_of_the_boundary_second_are_not_greater():
    rule = {"field": "time_created", "operator": "GREATER_THAN", "value": 1767607252}

    with asking(with_leads()) as ask:
        found = ask.rows("41/leads", filtering=[rule])
        wrong = ask.get("41/leads", filtering=[{**rule, "field": "created_time"}])

    assert [one["id"] for one in found] == ["54", "53"]
    assert error_of(wrong) == (100, None)


def test_a_page_token_opens_its_own_leads_only():
    with asking(with_leads()) as ask:
        as_page = {"access_token": "a-page-token"}
        token = ask.rows("me/accounts", fields="access_token")[0]["access_token"]
        forms = ask.rows("31/leadgen_forms", **as_page)
        others = ask.get("me/adaccounts", **as_page)

    assert token == "a-page-token"
    assert [one["id"] for one in forms] == ["41", "42"]
    assert error_of(others) == (190, None)


def test_leads_that_facebook_forgot_are_counted_by_their_form():
    facebook = with_leads()
    expire_leads(facebook, before="2026-01-05T10:00:52+0000")

    with asking(facebook) as ask:
        form = ask.get("41/", fields="expired_leads_count").json()
        left = ask.rows("41/leads")

    assert form["expired_leads_count"] == 2
    assert [one["id"] for one in left] == ["54", "53", "52"]


def test_lead_forms_have_a_limit_of_their_own():
    with asking(with_leads(), throttled={"31": 1}) as ask:
        assert error_of(ask.get("41/leads")) == (80005, 2446079)
        assert ask.get("41/leads").status_code == 200


def test_a_denied_page_keeps_its_leads_to_itself():
    with asking(with_leads(), denied={"31"}) as ask:
        refused = [ask.get(path) for path in ("31/leadgen_forms", "41/leads", "50/")]
        pages = ask.rows("me/accounts")

    assert [error_of(one) for one in refused] == [(200, None)] * 3
    assert pages == []


def test_the_token_says_what_it_is():
    with asking(declined={"leads_retrieval"}, token_facts={"expires_at": 5}) as ask:
        own = ask.get("debug_token", input_token=TOKEN).json()["data"]
        others = ask.get("debug_token", input_token="another").json()["data"]
        nothing = ask.get("debug_token")
        permissions = {
            one["permission"]: one["status"] for one in ask.rows("me/permissions")
        }

    assert (own["is_valid"], own["expires_at"]) == (True, 5)
    assert not others["is_valid"]
    assert error_of(nothing) == (100, None)
    assert permissions["ads_read"] == "granted"
    assert permissions["leads_retrieval"] == "declined"
    assert "input_token" not in ask.calls[0].params


def test_the_sdk_s_batch_gets_each_answer_for_itself():
    answers: list[object] = []

    with asking(batch_skips=1) as ask:
        batch = ask.api.new_batch()
        for node_id in ("10010000", "10010001", "404"):
            Ad(node_id, api=ask.api).api_get(
                fields=["name"],
                batch=batch,
                success=lambda response: answers.append(response.json()),
                failure=lambda response: answers.append(response.status()),
            )
        again = batch.execute()
        left = again.execute()

    assert answers == [
        {"id": "10010001", "name": "Ad 1"},
        400,
        {"id": "10010000", "name": "Ad 0"},
    ]
    assert left is None
    assert [call.path for call in ask.calls] == ["", ""]


@pytest.mark.parametrize(
    ("batch", "code"),
    [
        ("nonsense", 100),
        (json.dumps([{"method": "GET"}]), 100),
        (json.dumps([{"method": "GET", "relative_url": "1"}] * 51), 1),
    ],
)
def test_a_wrong_batch_is_refused_as_a_whole(batch, code):
    with asking() as ask:
        assert error_of(ask.post("", batch=batch)) == (code, None)


def test_the_root_no_longer_takes_ids():
    with asking() as ask:
        assert ask.get("", ids="1,2").status_code == 400
