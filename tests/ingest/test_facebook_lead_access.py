"""Whose Lead Ads may be read: pages, tokens, refusals, and nothing in the open."""

import logging
from dataclasses import replace
from datetime import timedelta

import pytest

from pipelines.errors import RateLimited, SourceUnreachable
from pipelines.extract.facebook.errors import TokenRefused
from tests.conftest import NewDatabase
from tests.facebook_clock import VirtualTimer
from tests.facebook_world import NOW, TOKEN, lead_form, page
from tests.ingest.facebook_leads_house import (
    FORM,
    OTHER_FORM,
    OTHER_PAGE,
    PAGE,
    PAGE_TOKEN,
    LeadsPipeline,
    add_lead,
    opened,
    with_form,
)

NEXT_DAY = NOW + timedelta(days=1)


def log_text(pipeline: LeadsPipeline) -> str:
    [(text,)] = pipeline.rows(
        "select string_agg(to_jsonb(one) ::text, ' ') from raw._loads as one"
    )
    return str(text)


def test_pages_that_only_ads_name_are_tried_too(new_warehouse: NewDatabase):
    with opened(with_form(), new_warehouse()) as pipeline:
        pipeline.door.lists_pages = False
        pipeline.name_pages(PAGE, OTHER_PAGE)
        loaded = pipeline.leads()

        assert len(pipeline.stored()) == 5
        pages = pipeline.rows(
            "select page_id from raw.facebook__pages where _deleted_at is null"
        )
    assert pages == [(PAGE,)]
    [warning] = loaded["lead_forms"].warnings
    assert f"page {OTHER_PAGE}" in warning


def test_a_denied_page_is_a_warning_and_the_others_are_read(new_warehouse: NewDatabase):
    facebook = with_form()
    facebook.pages.append(page(OTHER_PAGE))
    facebook.lead_forms.append(lead_form(OTHER_FORM, OTHER_PAGE))
    add_lead(facebook, "900", "2026-01-05T09:00:00+0000", OTHER_FORM)

    with opened(facebook, new_warehouse()) as pipeline:
        pipeline.faults.revoked[OTHER_PAGE] = 1
        loaded = pipeline.leads()
        pipeline.leads(recent=True)

        assert len(pipeline.stored()) == 5
        assert pipeline.asked("leadgen_forms") == [PAGE, OTHER_PAGE, PAGE, OTHER_PAGE]
        assert ("42", "denied") in pipeline.outcomes("leads")
    [warning] = loaded["leads"].warnings
    assert f"page {OTHER_PAGE} form {OTHER_FORM}" in warning
    assert "leads_retrieval" in warning


def test_an_hourly_run_does_not_knock_where_it_was_refused(new_warehouse: NewDatabase):
    with opened(with_form(), new_warehouse()) as pipeline:
        pipeline.leads()
        pipeline.faults.revoked[PAGE] = 0
        daily = pipeline.leads()
        calls = len(pipeline.asked("leadgen_forms"))
        hourly = pipeline.leads(recent=True)

        assert len(pipeline.asked("leadgen_forms")) == calls
        # Its rows stay, and the warning too.
        assert len(pipeline.stored()) == 5
        forms = pipeline.rows(
            "select form_id from raw.facebook__lead_forms where _deleted_at is null"
        )
        assert forms == [(FORM,)]
        pipeline.faults.revoked.clear()
        pipeline.leads(now=NEXT_DAY)
        assert len(pipeline.asked("leadgen_forms")) == calls + 1
    assert daily["lead_forms"].warnings == hourly["lead_forms"].warnings
    assert daily["lead_forms"].warnings


def test_two_months_without_a_reading_are_said_aloud(new_warehouse: NewDatabase):
    with opened(with_form(), new_warehouse()) as pipeline:
        pipeline.leads()
        pipeline.faults.revoked[PAGE] = 0
        early = pipeline.leads(now=NOW + timedelta(days=59))
        late = pipeline.leads(now=NOW + timedelta(days=60))

    assert "throws leads away" not in early["lead_forms"].warnings[0]
    assert "not read for 60 days" in late["lead_forms"].warnings[0]


def test_a_server_without_pages_is_a_warning(new_warehouse: NewDatabase):
    with opened(with_form(), new_warehouse()) as pipeline:
        nowhere = pipeline.config.graph_url + "/v26.0/nowhere"
        pipeline.config = replace(pipeline.config, graph_url=nowhere)
        loaded = pipeline.leads()

        assert pipeline.outcomes("pages") == [("", "denied")]
    [warning] = loaded["pages"].warnings
    assert "compare FACEBOOK_API_VERSION" in warning


def test_a_page_s_own_token_reads_its_forms_and_is_never_shown(
    new_warehouse: NewDatabase, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.DEBUG)

    # With a secret, each call is signed for the token that it carries.
    house = opened(with_form(), new_warehouse(), app_secret="the-secret-of-the-app")
    with house as pipeline:
        pipeline.door.wants_page_tokens = True
        pipeline.leads()

        assert set(pipeline.door.tokens) == {
            ("accounts", TOKEN),
            ("leadgen_forms", PAGE_TOKEN),
            ("leads", PAGE_TOKEN),
        }
        [(payload,)] = pipeline.rows("select payload from raw.facebook__pages")
        everything = pipeline.rows(
            "select to_jsonb(one)::text from raw.facebook__pages as one union all "
            "select to_jsonb(one)::text from raw.facebook__lead_forms as one union all "
            "select to_jsonb(one)::text from raw.facebook__leads as one"
        )
        texts = [*(text for (text,) in everything), log_text(pipeline), caplog.text]
    assert payload == {"id": PAGE, "name": f"Page {PAGE}"}
    assert all(PAGE_TOKEN not in text and TOKEN not in text for text in texts)


def test_a_page_that_wants_its_own_token_and_has_none_is_a_warning(
    new_warehouse: NewDatabase,
):
    facebook = with_form()
    del facebook.pages[0]["access_token"]

    with opened(facebook, new_warehouse()) as pipeline:
        pipeline.door.wants_page_tokens = True
        loaded = pipeline.leads()

        assert pipeline.stored() == []
    assert "Page Access Token" in loaded["lead_forms"].warnings[0]
    assert "Leads Access Manager" in loaded["lead_forms"].warnings[0]


@pytest.mark.parametrize("edge", ["accounts", "leadgen_forms", "leads"])
def test_a_broken_answer_does_not_show_tokens_or_people(
    new_warehouse: NewDatabase, caplog: pytest.LogCaptureFixture, edge: str
):
    caplog.set_level(logging.DEBUG)

    with opened(with_form(), new_warehouse()) as pipeline:
        pipeline.door.cuts = edge
        with pytest.raises(SourceUnreachable, match="HTTP 200 without a JSON") as red:
            pipeline.leads()

        text = " ".join([str(red.value), log_text(pipeline), caplog.text])
    for secret in (PAGE_TOKEN, TOKEN, "+70000000000", "@example.com"):
        assert secret not in text


def test_a_form_that_fails_is_red_and_the_next_run_closes_the_gap(
    new_warehouse: NewDatabase,
):
    facebook = with_form()
    facebook.pages.append(page(OTHER_PAGE))
    facebook.lead_forms.append(lead_form(OTHER_FORM, OTHER_PAGE))
    add_lead(facebook, "900", "2026-01-05T09:00:00+0000", OTHER_FORM)

    with opened(facebook, new_warehouse()) as pipeline:
        pipeline.faults.throttled[PAGE] = 99
        with pytest.raises(RateLimited, match=f"page {PAGE}"):
            pipeline.leads()
        assert pipeline.stored() == ["900"]
        assert set(pipeline.leads_loaded) == {"pages", "leads"}
        assert pipeline.outcomes("lead_forms")[-1] == ("", "failed")
        pipeline.faults.throttled.clear()
        pipeline.timer = VirtualTimer()
        pipeline.leads()

        assert len(pipeline.stored()) == 6


def test_an_expired_token_is_told_once(new_warehouse: NewDatabase):
    with opened(with_form(), new_warehouse()) as pipeline:
        pipeline.faults.token_expired = True
        with pytest.raises(TokenRefused, match="FACEBOOK_ACCESS_TOKEN"):
            pipeline.leads()

        assert len(pipeline.calls) == 1
        assert pipeline.outcomes("pages") == [("", "failed")]


def test_a_second_credential_reads_what_the_first_may_not(new_warehouse: NewDatabase):
    with opened(with_form(), new_warehouse()) as pipeline:
        tokens = f"a-token-that-is-wrong,{TOKEN}"
        pipeline.config = replace(pipeline.config, access_token=tokens)
        loaded = pipeline.leads()

        assert len(pipeline.stored()) == 5
    assert set(loaded) == {"pages", "lead_forms", "leads"}
