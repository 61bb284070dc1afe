"""Lead Ads: every lead once, none thrown away unread, and nobody's data in the open."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from tests.conftest import NewDatabase
from tests.facebook_clock import VirtualTimer
from tests.facebook_world import NOW, lead, lead_form
from tests.ingest.facebook_leads_house import (
    FORM,
    OTHER_FORM,
    PAGE,
    LeadsPipeline,
    add_lead,
    opened,
    with_form,
)

NEXT_DAY = NOW + timedelta(days=1)


class Killed(VirtualTimer):
    """A timer under which the first wait is the process's end."""

    def sleep(self, seconds: float) -> None:
        raise KeyboardInterrupt


def after_of(pipeline: LeadsPipeline) -> list[datetime | None]:
    """Return from which second on each call for leads asked."""
    asked = [call.params for call in pipeline.calls if call.path.endswith("/leads")]
    rules = [json.loads(params.get("filtering", "[]")) for params in asked]
    return [
        datetime.fromtimestamp(rule[0]["value"], UTC) if rule else None
        for rule in rules
    ]


def test_all_pages_of_a_form_arrive(new_warehouse: NewDatabase):
    with opened(with_form(leads=7), new_warehouse(), page_size=2) as pipeline:
        loaded = pipeline.leads()

        assert pipeline.stored() == [str(number) for number in range(500, 507)]
        [(form, page_id, ad_id, moment)] = pipeline.rows(
            "select form_id, page_id, ad_id, created_at from raw.facebook__leads "
            "where lead_id = '503'"
        )
    assert (form, page_id, ad_id) == (FORM, PAGE, "10010000")
    assert moment == datetime(2026, 1, 5, 3, tzinfo=UTC)
    assert {name: one.result.rows_inserted for name, one in loaded.items()} == {
        "pages": 1,
        "lead_forms": 1,
        "leads": 7,
    }
    assert all(not table.warnings for table in loaded.values())


def test_organic_and_test_leads_have_no_ad(new_warehouse: NewDatabase):
    facebook = with_form(leads=1)
    add_lead(facebook, "600", "2026-01-05T20:00:00+0000")

    with opened(facebook, new_warehouse()) as pipeline:
        loaded = pipeline.leads()

        rows = pipeline.rows("select lead_id, ad_id from raw.facebook__leads")
    assert sorted(rows) == [("500", "10010000"), ("600", None)]
    assert loaded["leads"].warnings == ()


def test_a_second_run_reads_a_day_again_and_changes_nothing(new_warehouse: NewDatabase):
    with opened(with_form(), new_warehouse()) as pipeline:
        pipeline.leads()
        again = pipeline.leads()

        newest = datetime(2026, 1, 5, 4, tzinfo=UTC)
        assert after_of(pipeline) == [
            None,
            newest - timedelta(days=1, seconds=1),
        ]
    assert all(table.result.rows_changed == 0 for table in again.values())


def test_a_late_lead_of_the_boundary_second_is_read(new_warehouse: NewDatabase):
    facebook = with_form(leads=0)
    add_lead(facebook, "700", "2026-01-05T10:00:00+0000", ad_id="10010000")

    with opened(facebook, new_warehouse()) as pipeline:
        pipeline.leads()
        # Exactly a day before the newest: the first second of what is read again.
        add_lead(facebook, "699", "2026-01-04T10:00:00+0000", ad_id="10010000")
        pipeline.leads(now=NEXT_DAY)

        assert pipeline.stored() == ["699", "700"]
        assert len(after_of(pipeline)) == 2


def test_two_leads_of_one_second_are_two(new_warehouse: NewDatabase):
    facebook = with_form(leads=0)

    with opened(facebook, new_warehouse()) as pipeline:
        add_lead(facebook, "1", "2026-01-05T10:00:00+0000")
        pipeline.leads()
        add_lead(facebook, "2", "2026-01-05T10:00:00+0000")
        pipeline.leads()

        assert pipeline.stored() == ["1", "2"]


def test_leads_that_facebook_has_thrown_away_stay_and_are_not_missed(
    new_warehouse: NewDatabase,
):
    facebook = with_form(leads=3)
    facebook.lead_forms[0] |= {"leads_count": 10, "expired_leads_count": 7}

    with opened(facebook, new_warehouse()) as pipeline:
        first = pipeline.leads()
        facebook.leads.clear()
        facebook.lead_forms[0]["expired_leads_count"] = 10
        later = pipeline.leads(now=NOW + timedelta(days=100))

        assert len(pipeline.stored()) == 3
    assert first["leads"].warnings == later["leads"].warnings == ()


def test_leads_that_facebook_keeps_a_little_longer_are_not_missed(
    new_warehouse: NewDatabase,
):
    with opened(with_form(leads=3), new_warehouse()) as pipeline:
        pipeline.leads()
        # 90 days have passed, and Facebook has not cleared its shelves yet.
        later = pipeline.leads(now=datetime(2026, 4, 5, 12, tzinfo=UTC))

    assert later["leads"].warnings == ()


def test_a_lead_that_was_lost_on_the_way_is_found_by_the_counts(
    new_warehouse: NewDatabase,
):
    facebook = with_form(leads=4)
    add_lead(facebook, "800", "2026-01-05T22:00:00+0000", ad_id="10010000")
    facebook.leads[0]["created_time"] = "2025-12-01T10:00:00+0000"

    with opened(facebook, new_warehouse()) as pipeline:
        pipeline.leads()
        pipeline.warehouse.execute(
            "delete from raw.facebook__leads where lead_id = '500'"
        )
        loaded = pipeline.leads()

        assert "500" in pipeline.stored()
        # A day is asked for; then, as one is missing, everything.
        [first, day, everything] = after_of(pipeline)
    assert first is everything is None
    assert day == datetime(2026, 1, 4, 21, 59, 59, tzinfo=UTC)
    assert loaded["leads"].warnings == ()


def test_what_facebook_counts_but_does_not_give_is_a_warning_asked_for_once(
    new_warehouse: NewDatabase,
):
    with opened(with_form(counted=9), new_warehouse()) as pipeline:
        first = pipeline.leads()
        second = pipeline.leads(now=NEXT_DAY)
        third = pipeline.leads(now=NEXT_DAY)

        assert after_of(pipeline)[0] is None
        assert None not in after_of(pipeline)[1:]
    for loaded in (first, second, third):
        [warning] = loaded["leads"].warnings
        assert f"form {FORM} of page {PAGE}: Facebook counts 9 leads" in warning
        assert "4 are neither stored nor to be read" in warning


def test_a_form_without_leads_is_not_asked(new_warehouse: NewDatabase):
    with opened(with_form(leads=0), new_warehouse()) as pipeline:
        loaded = pipeline.leads()

        assert pipeline.asked("leads") == []
        assert pipeline.outcomes("leads") == [("", "loaded")]
    assert loaded["lead_forms"].result.rows_inserted == 1


def test_a_form_without_counts_is_read_and_not_judged(new_warehouse: NewDatabase):
    facebook = with_form()
    for name in ("leads_count", "organic_leads_count", "expired_leads_count"):
        del facebook.lead_forms[0][name]

    with opened(facebook, new_warehouse()) as pipeline:
        loaded = pipeline.leads()
        pipeline.leads(recent=True)

        assert len(pipeline.asked("leads")) == 2
    assert loaded["leads"].result.rows_inserted == 5
    assert loaded["leads"].warnings == ()


def test_an_hourly_run_asks_only_forms_whose_counts_changed(new_warehouse: NewDatabase):
    facebook = with_form()
    facebook.lead_forms.append(lead_form(OTHER_FORM, PAGE))
    add_lead(facebook, "900", "2026-01-05T09:00:00+0000", OTHER_FORM, ad_id="10010000")

    with opened(facebook, new_warehouse()) as pipeline:
        pipeline.leads()
        add_lead(facebook, "901", "2026-01-06T02:00:00+0000", OTHER_FORM)
        pipeline.leads(recent=True)
        pipeline.leads(recent=True)

        assert pipeline.asked("leads") == [FORM, OTHER_FORM, OTHER_FORM]
        assert pipeline.stored(OTHER_FORM) == ["900", "901"]


def test_a_count_that_came_before_its_lead_is_asked_again(new_warehouse: NewDatabase):
    facebook = with_form()

    with opened(facebook, new_warehouse()) as pipeline:
        pipeline.leads()
        facebook.lead_forms[0]["leads_count"] += 1
        pipeline.leads(recent=True)
        facebook.leads.append(lead("950", FORM, "2026-01-06T02:30:00+0000"))
        pipeline.leads(recent=True)

        assert "950" in pipeline.stored()


def test_a_load_that_is_killed_between_pages_loses_nothing(new_warehouse: NewDatabase):
    with opened(with_form(leads=7), new_warehouse(), page_size=3) as pipeline:
        pipeline.timer = Killed()
        pipeline.faults.limit_on_page_two = 1
        with pytest.raises(KeyboardInterrupt):
            pipeline.leads()
        assert pipeline.stored() == []
        pipeline.timer = VirtualTimer()
        # The forms of the killed run are stored with their counts already.
        pipeline.leads(recent=True)

        assert len(pipeline.stored()) == 7
