"""Which days of an ad account are read, and in which pieces."""

from datetime import date, timedelta
from itertools import pairwise

import pytest

from pipelines.ingest.facebook.windows import (
    Loaded,
    chunks,
    earliest_day,
    full_window,
    months,
)
from tests.facebook_world import TODAY


@pytest.mark.parametrize(
    ("loaded", "backfill", "first"),
    [
        (None, 28, "2025-12-09"),
        (None, 90, "2025-10-08"),
        (Loaded(date(2025, 10, 8), TODAY), 90, "2025-12-08"),
        (Loaded(date(2025, 10, 8), date(2026, 1, 5)), 90, "2025-12-08"),
        (Loaded(date(2025, 10, 8), date(2025, 12, 27)), 90, "2025-11-29"),
        (Loaded(date(2025, 12, 30), TODAY), 7, "2025-12-30"),
        (Loaded(date(2025, 10, 8), date(2026, 3, 1)), 28, "2025-12-08"),
    ],
)
def test_full_windows_reach_back_to_the_oldest_unfrozen_day(loaded, backfill, first):
    window = full_window(TODAY, loaded=loaded, backfill_days=backfill)

    assert window == (date.fromisoformat(first), TODAY)


def test_chunks_are_thirty_days_at_most_and_leave_nothing_out():
    cut = list(chunks((date(2025, 10, 8), TODAY)))

    assert len(cut) == 4
    assert cut[0] == (date(2025, 10, 8), date(2025, 11, 6))
    assert cut[-1] == (TODAY, TODAY)
    for (_, end), (start, _) in pairwise(cut):
        assert start - end == timedelta(days=1)


@pytest.mark.parametrize(
    ("today", "first"),
    [("2026-01-06", "2022-12-07"), ("2026-03-31", "2023-03-01")],
)
def test_facebook_is_asked_for_37_months_at_most(today, first):
    assert earliest_day(date.fromisoformat(today)) == date.fromisoformat(first)


def test_months_come_newest_first_and_leave_nothing_out():
    cut = list(months((date(2025, 11, 20), TODAY)))

    assert cut == [
        (date(2026, 1, 1), TODAY),
        (date(2025, 12, 1), date(2025, 12, 31)),
        (date(2025, 11, 20), date(2025, 11, 30)),
    ]
