"""Changes in ad accounts: every page of them, once, and none lost in between."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from pipelines.errors import RateLimited
from pipelines.ingest.facebook.activities import load_activities
from pipelines.ingest.facebook.load import AccountLoad, Load, Unit
from pipelines.ingest.facebook.run import opened as opened_loads
from pipelines.load.log import RunInfo
from pipelines.sandbox.story.world import FacebookWorld
from tests.conftest import NewDatabase
from tests.facebook_clock import VirtualTimer
from tests.facebook_world import FIRST, NOW, SECOND, activity, world
from tests.ingest.facebook_house import Pipeline, opened

ZONE = ZoneInfo("Asia/Almaty")


class Killed(VirtualTimer):
    """A timer under which the first wait is the process's end."""

    def sleep(self, seconds: float) -> None:
        raise KeyboardInterrupt


@contextmanager
def loading(pipeline: Pipeline, *, now: datetime = NOW) -> Iterator[Load]:
    with opened_loads(
        pipeline.warehouse_url,
        pipeline.config,
        run=RunInfo("run", now),
        timer=pipeline.timer,
        on_progress=pipeline.said.append,
    ) as loads:
        yield loads[0]


def load(pipeline: Pipeline, account_id: str = FIRST, *, now: datetime = NOW) -> Unit:
    done = AccountLoad(account_id)
    with loading(pipeline, now=now) as one:
        load_activities(one, done, ZONE)
    [unit] = done.units
    return unit


def stored(pipeline: Pipeline) -> list[tuple]:
    return pipeline.rows(
        "select account_id, payload ->> 'object_name' from raw.facebook__activities "
        "where _deleted_at is null order by event_at, 2"
    )


def busy(count: int, *, last: datetime = NOW) -> FacebookWorld:
    """Return an account in which somebody renamed things, one every hour."""
    facebook = world()
    for back in range(count):
        moment = last - timedelta(hours=back + 1)
        text = moment.strftime("%Y-%m-%dT%H:%M:%S+0000")
        facebook.activities.append(
            activity(FIRST, text, object_name=f"{count - back:03}")
        )
    return facebook


def test_every_page_by_time_is_followed(new_warehouse: NewDatabase):
    with opened(busy(11), new_warehouse(), page_size=4) as pipeline:
        unit = load(pipeline)

        assert [name for _, name in stored(pipeline)] == [
            f"{number:03}" for number in range(1, 12)
        ]
        asked = [call.params for call in pipeline.calls]
    assert unit.result.rows_inserted == 11
    assert unit.newest_row_at == NOW - timedelta(hours=1)
    assert len(asked) == 4
    assert all("__paging_token" in params for params in asked[1:])


def test_changes_of_one_second_are_told_apart_across_pages(new_warehouse: NewDatabase):
    facebook = world()
    facebook.activities.extend(
        activity(FIRST, "2026-01-05T10:00:00+0000", object_name=f"{number}")
        for number in range(5)
    )

    with opened(facebook, new_warehouse(), page_size=2) as pipeline:
        load(pipeline)

        assert len(stored(pipeline)) == 5


def test_a_second_run_reads_one_day_again_and_changes_nothing(
    new_warehouse: NewDatabase,
):
    with opened(busy(30), new_warehouse()) as pipeline:
        load(pipeline)
        again = load(pipeline)

        first, last = pipeline.calls[0].params, pipeline.calls[-1].params
    assert again.result.rows_changed == 0
    assert int(first["since"]) == int((NOW - timedelta(days=28)).timestamp())
    newest = NOW - timedelta(hours=1)
    assert int(last["since"]) == int((newest - timedelta(days=1)).timestamp())


def test_an_entry_that_shows_up_late_is_caught(new_warehouse: NewDatabase):
    facebook = busy(3)

    with opened(facebook, new_warehouse()) as pipeline:
        load(pipeline)
        late = (NOW - timedelta(hours=20)).strftime("%Y-%m-%dT%H:%M:%S+0000")
        facebook.activities.append(activity(FIRST, late, object_name="late"))
        unit = load(pipeline, now=NOW + timedelta(minutes=30))

    assert unit.result.rows_inserted == 1


def test_what_facebook_forgets_stays(new_warehouse: NewDatabase):
    facebook = busy(3)

    with opened(facebook, new_warehouse()) as pipeline:
        load(pipeline)
        facebook.activities.clear()
        load(pipeline)

        assert len(stored(pipeline)) == 3


def test_a_quiet_account_is_read_without_a_hole_after_a_long_pause(
    new_warehouse: NewDatabase,
):
    facebook = world()

    with opened(facebook, new_warehouse()) as pipeline:
        load(pipeline)
        moment = (NOW + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M:%S+0000")
        facebook.activities.append(activity(FIRST, moment, object_name="early"))
        load(pipeline, now=NOW + timedelta(days=50))

        assert stored(pipeline) == [(FIRST, "early")]


def test_an_account_keeps_to_its_own_marks(new_warehouse: NewDatabase):
    facebook = world((FIRST, SECOND))
    facebook.activities.append(activity(FIRST, "2026-01-05T22:00:00+0000"))
    facebook.activities.append(
        activity(SECOND, "2025-12-20T10:00:00+0000", object_name="Two")
    )

    with opened(facebook, new_warehouse()) as pipeline:
        load(pipeline, FIRST)
        load(pipeline, SECOND)

        assert stored(pipeline) == [(SECOND, "Two"), (FIRST, "One")]
        assert pipeline.outcomes("activities") == [
            (FIRST, "loaded"),
            (SECOND, "loaded"),
        ]


def test_a_load_that_is_killed_between_pages_loses_nothing(new_warehouse: NewDatabase):
    with opened(busy(9), new_warehouse(), page_size=4) as pipeline:
        pipeline.timer = Killed()
        pipeline.faults.limit_on_page_two = 1
        with pytest.raises(KeyboardInterrupt):
            load(pipeline)
        assert stored(pipeline) == []
        pipeline.timer = VirtualTimer()
        load(pipeline)

        assert len(stored(pipeline)) == 9


def test_a_limit_that_stays_is_told_and_stores_no_half(new_warehouse: NewDatabase):
    with opened(busy(9), new_warehouse(), page_size=4) as pipeline:
        pipeline.faults.limit_on_page_two = 99
        with pytest.raises(RateLimited, match=f"activities \\[{FIRST}\\]"):
            load(pipeline)

        assert stored(pipeline) == []


def test_an_entry_without_a_readable_time_is_kept(new_warehouse: NewDatabase):
    facebook = busy(1)

    with opened(facebook, new_warehouse()) as pipeline:
        pipeline.faults.silent_fields.add("event_time")
        unit = load(pipeline)

        [(moment,)] = pipeline.rows("select event_at from raw.facebook__activities")
    assert moment is None
    assert unit.result.rows_inserted == 1
