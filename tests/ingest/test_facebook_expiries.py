"""What ends on a known day: said before it does, unknown where it is unknown."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from pipelines.extract.facebook.expiries import VERSION_ENDS, version_end
from tests.conftest import NewDatabase
from tests.facebook_world import NOW, TOKEN, lead_form, page, world
from tests.ingest.facebook_leads_house import (
    FORM,
    PAGE,
    add_lead,
    opened,
    with_form,
)

SOON = datetime(2026, 2, 1, tzinfo=UTC)
LATER = datetime(2026, 3, 1, tzinfo=UTC)
KEPT = timedelta(days=90)
DAY = timedelta(days=1)


def ending_token() -> dict[str, object]:
    return {
        "expires_at": int(SOON.timestamp()),
        "data_access_expires_at": int(LATER.timestamp()),
    }


def test_a_token_s_days_are_kept_without_the_token(new_warehouse: NewDatabase):
    with opened(world(), new_warehouse()) as pipeline:
        pipeline.faults.token_facts = ending_token()
        [loaded] = pipeline.expiries()

        [(number, ends, facts)] = pipeline.ledger("token")
        [(_, access_ends, _)] = pipeline.ledger("data_access")
        everything = str(pipeline.rows("select * from raw.facebook__expiries"))
    assert (number, ends, access_ends) == ("1", SOON, LATER)
    assert facts["is_valid"] is True
    assert "leads_retrieval" in facts["scopes"]
    assert TOKEN not in everything
    assert loaded.table == "expiries"
    assert loaded.result.rows_inserted == 3


def test_zero_means_never(new_warehouse: NewDatabase):
    with opened(world(), new_warehouse()) as pipeline:
        pipeline.expiries()

        [(_, ends, facts)] = pipeline.ledger("token")
    assert ends is None
    assert "note" not in facts


def test_each_credential_has_its_number(new_warehouse: NewDatabase):
    with opened(world(), new_warehouse()) as pipeline:
        pipeline.faults.token_facts = ending_token()
        tokens = f"{TOKEN},a-token-that-is-wrong"
        pipeline.config = replace(pipeline.config, access_token=tokens)
        pipeline.expiries()

        first, second = pipeline.ledger("token")
    assert first[:2] == ("1", SOON)
    assert second[:2] == ("2", None)
    assert second[2]["note"].startswith("unknown: error 190")


def test_an_error_is_a_note_and_forgets_no_day(new_warehouse: NewDatabase):
    with opened(world(), new_warehouse()) as pipeline:
        pipeline.faults.token_facts = ending_token()
        pipeline.expiries()
        pipeline.faults.token_expired = True
        pipeline.expiries(now=NOW + DAY)

        [(_, ends, facts)] = pipeline.ledger("token")
    assert ends == SOON
    assert facts == {
        "note": "unknown: error 190/463: Error validating access token: Session has "
        "expired on Monday, 05-Jan-26 21:00:00 PST."
    }


@pytest.mark.parametrize(
    "facts",
    [{"is_valid": False}, {"is_valid": None}, {"is_valid": True, "expires_at": "soon"}],
)
def test_strange_facts_end_nothing(new_warehouse: NewDatabase, facts):
    with opened(world(), new_warehouse()) as pipeline:
        pipeline.faults.token_facts = facts
        pipeline.expiries()

        [(_, ends, _)] = pipeline.ledger("token")
    assert ends is None


def test_a_second_run_changes_nothing_and_an_hourly_one_asks_nothing(
    new_warehouse: NewDatabase,
):
    with opened(world(), new_warehouse()) as pipeline:
        pipeline.faults.token_facts = ending_token()
        pipeline.expiries()
        [again] = pipeline.expiries(now=NOW + DAY)
        calls = len(pipeline.calls)

        assert pipeline.expiries(recent=True) == []
        assert len(pipeline.calls) == calls == 2
        # A ledger has no loads of its own.
        assert pipeline.outcomes("expiries") == []
    assert again.result.rows_changed == 0


def test_the_version_in_use_is_in_the_ledger(new_warehouse: NewDatabase):
    with opened(world(), new_warehouse()) as pipeline:
        pipeline.expiries()

        [(version, ends, facts)] = pipeline.ledger("api_version")
    assert (version, ends) == ("v26.0", None)
    assert facts == {"note": "unknown: Meta has not named a day"}


def test_versions_end_on_meta_s_days():
    assert version_end("v23.0") == datetime(2026, 6, 9, tzinfo=UTC)
    assert version_end("v24.0") == datetime(2026, 10, 6, tzinfo=UTC)
    assert version_end("v99.0") is None
    days = [day for day in VERSION_ENDS.values() if day]
    assert days == sorted(days)


def test_a_form_that_is_read_to_its_end_is_not_in_the_ledger(
    new_warehouse: NewDatabase,
):
    with opened(with_form(), new_warehouse()) as pipeline:
        pipeline.leads()
        pipeline.expiries()

        assert pipeline.ledger("leads") == []


def test_leads_of_a_form_that_is_refused_end_90_days_after_its_last_reading(
    new_warehouse: NewDatabase,
):
    with opened(with_form(), new_warehouse()) as pipeline:
        pipeline.leads()
        pipeline.faults.revoked[PAGE] = 0
        pipeline.leads(now=NOW + 20 * DAY)
        pipeline.expiries(now=NOW + 20 * DAY)
        [(form, ends, facts)] = pipeline.ledger("leads")
        pipeline.faults.revoked.clear()
        pipeline.leads(now=NOW + 21 * DAY)
        pipeline.expiries(now=NOW + 21 * DAY)

        assert pipeline.ledger("leads") == []
    assert (form, ends) == (FORM, NOW + KEPT)
    assert facts == {
        "reason": "denied",
        "page_id": PAGE,
        "missing": 0,
        "unread_since": NOW.isoformat(),
    }


def test_leads_that_were_never_complete_end_with_the_oldest_that_is_kept(
    new_warehouse: NewDatabase,
):
    with opened(with_form(counted=9), new_warehouse()) as pipeline:
        pipeline.leads()
        pipeline.expiries()

        [(_, ends, facts)] = pipeline.ledger("leads")
    assert ends == datetime(2026, 1, 5, tzinfo=UTC) + KEPT
    assert (facts["reason"], facts["missing"]) == ("missing", 4)


def test_a_form_that_was_never_read_counts_from_its_making(new_warehouse: NewDatabase):
    facebook = world()
    facebook.pages.append(page(PAGE))
    facebook.lead_forms.append(
        lead_form(FORM, PAGE, created_time="2026-01-01T10:00:00+0000")
    )
    add_lead(facebook, "500", "2026-01-02T10:00:00+0000")

    with opened(facebook, new_warehouse()) as pipeline:
        pipeline.faults.revoked[PAGE] = 1
        pipeline.leads()
        pipeline.expiries()

        [(_, ends, facts)] = pipeline.ledger("leads")
    assert ends == datetime(2026, 1, 1, 10, tzinfo=UTC) + KEPT
    assert facts["reason"] == "denied"
