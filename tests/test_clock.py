"""The clock: fixed or real, and days as Almaty counts them."""

from datetime import UTC, date, datetime, timedelta

import pytest

from pipelines.clock import business_date, business_day_start, read_clock, week_start
from pipelines.errors import ConfigurationError


def test_fixed_clock_is_read_as_an_instant():
    assert read_clock("2026-01-06T08:00:00+05:00") == datetime(
        2026, 1, 6, 3, tzinfo=UTC
    )


def test_without_a_fixed_clock_time_is_real():
    assert abs(read_clock(None) - datetime.now(UTC)) < timedelta(minutes=1)


@pytest.mark.parametrize("text", ["2026-01-06T03:00:00", "yesterday"])
def test_clock_without_offset_or_sense_is_refused(text):
    with pytest.raises(ConfigurationError, match="PIPELINE_NOW"):
        read_clock(text)


def test_day_begins_at_almaty_midnight_before_and_after_the_zone_moved():
    before, moved = date(2024, 2, 29), date(2024, 3, 1)

    assert business_day_start(before) == datetime(2024, 2, 28, 18, tzinfo=UTC)
    assert business_day_start(moved) == datetime(2024, 2, 29, 19, tzinfo=UTC)
    assert business_date(datetime(2026, 1, 5, 18, 59, tzinfo=UTC)) == date(2026, 1, 5)
    assert business_date(datetime(2026, 1, 5, 19, 0, tzinfo=UTC)) == date(2026, 1, 6)


def test_week_begins_on_monday():
    assert week_start(date(2026, 1, 4)) == date(2025, 12, 29)
    assert week_start(date(2026, 1, 5)) == date(2026, 1, 5)
