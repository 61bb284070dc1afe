"""Waiting for Facebook's limits: whoever they concern, as long as they say, no more."""

import json
import threading

import pytest

from pipelines.extract.facebook.errors import GraphError, Kind
from pipelines.extract.facebook.pacing import Pacer, Stopped, SystemTimer
from tests.facebook_client import answering, page, reaching, refusal
from tests.facebook_clock import VirtualTimer

APP = "X-App-Usage"
ACCOUNT = "X-Ad-Account-Usage"
BUSINESS = "X-Business-Use-Case-Usage"
THROTTLE = "X-FB-Ads-Insights-Throttle"
BLOCKED = GraphError("too many calls", kind=Kind.RATE, code=80004)
APP_BLOCKED = GraphError("application limit", kind=Kind.RATE, code=4)


def header(name: str, content: object) -> dict[str, str]:
    return {name: json.dumps(content)}


def minutes(account: str, number: object, use_case: str = "ads_insights") -> dict:
    entry = {"type": use_case, "estimated_time_to_regain_access": number}
    return header(BUSINESS, {account: [entry]})


def pacing(**options) -> tuple[Pacer, VirtualTimer]:
    timer = VirtualTimer()
    return Pacer(timer, jitter=lambda: 0, **options), timer


def test_the_account_header_counts_seconds_and_the_business_header_minutes():
    pacer, timer = pacing()
    seconds = header(ACCOUNT, {"acc_id_util_pct": 100, "reset_time_duration": 5})

    pacer.after_refusal(BLOCKED, minutes("1", 5) | seconds, "act_1", 0)
    pacer.before_call("act_1", use_case="ads_insights")

    assert timer.sleeps == [300]


def test_an_entry_for_another_account_parks_that_account_only():
    pacer, timer = pacing()

    pacer.after_call(minutes("2", 3), "act_1")
    pacer.before_call("act_1", use_case="ads_insights")
    assert timer.sleeps == []

    pacer.before_call("act_2", use_case="ads_insights")
    assert timer.sleeps == [180]


def test_a_limit_of_one_use_case_leaves_the_others_alone():
    pacer, timer = pacing()

    pacer.after_call(minutes("1", 3, "ads_insights"), "act_1")
    pacer.before_call("act_1", use_case="ads_management")
    assert timer.sleeps == []

    pacer.before_call("act_1", use_case="ads_insights")
    assert timer.sleeps == [180]


@pytest.mark.parametrize(
    ("error", "others_wait"),
    [
        (BLOCKED, []),
        (APP_BLOCKED, [60]),
        (GraphError("user limit", kind=Kind.RATE, code=17), [60]),
        (GraphError("account", kind=Kind.RATE, code=17, subcode=2446079), []),
        (GraphError("edge", kind=Kind.RATE, status=429), [60]),
    ],
)
def test_only_limits_of_the_app_stop_every_account(error, others_wait):
    pacer, timer = pacing()

    pacer.after_refusal(error, {}, "act_1", 0, use_case="ads_insights")
    pacer.before_call("act_2", use_case="ads_management")

    assert timer.sleeps == others_wait


def test_a_full_app_stops_all_and_a_busy_one_spreads_the_calls():
    pacer, timer = pacing()

    pacer.after_call(header(APP, {"call_count": 85}), "act_1")
    pacer.before_call("act_2")
    assert timer.sleeps == [5]

    pacer.after_call(header(APP, {"call_count": 96}), "act_1")
    pacer.before_call("act_2")
    assert timer.sleeps == [5, 60]

    pacer.after_call(header(APP, {"call_count": 20}), "act_1")
    pacer.before_call("act_2")
    assert timer.sleeps == [5, 60]
    assert pacer.waited("act_2") == 60


@pytest.mark.parametrize(("share", "waits"), [(69.9, []), (70, [60])])
def test_no_job_is_started_where_insights_are_throttled(share, waits):
    pacer, timer = pacing()

    pacer.after_call(header(THROTTLE, {"acc_id_util_pct": share}), "act_1")
    pacer.before_call("act_1", use_case="ads_insights")
    pacer.before_call("act_2", is_job=True)
    assert timer.sleeps == []

    pacer.before_call("act_1", is_job=True)
    assert timer.sleeps == waits


def test_waits_without_a_header_double_up_to_ten_minutes():
    pacer, timer = pacing(patience_seconds=10_000)

    for attempt in range(6):
        pacer.after_refusal(BLOCKED, {}, "act_1", attempt)
        pacer.before_call("act_1")

    assert timer.sleeps == [60, 120, 240, 480, 600, 600]


def test_a_header_that_proved_wrong_is_no_longer_believed():
    pacer, timer = pacing()
    soon = header(ACCOUNT, {"acc_id_util_pct": 100, "reset_time_duration": 1})

    for attempt in range(4):
        pacer.after_refusal(BLOCKED, soon, "act_1", attempt)
        pacer.before_call("act_1")

    assert timer.sleeps == [1, 60, 120, 240]


def test_patience_is_kept_for_each_account_and_its_end_says_when_to_come_back():
    pacer, timer = pacing(patience_seconds=900)

    pacer.after_refusal(BLOCKED, minutes("1", 10), "act_1", 0)
    pacer.before_call("act_1")
    pacer.after_refusal(BLOCKED, minutes("1", 10), "act_1", 0)
    with pytest.raises(GraphError) as gave_up:
        pacer.before_call("act_1")

    assert timer.sleeps == [600]
    assert str(gave_up.value) == (
        "error 80004: too many calls; lifts in about 10 minutes (at 03:20 UTC)"
    )
    assert (gave_up.value.kind, gave_up.value.wait_seconds) == (Kind.RATE, 600)
    pacer.after_refusal(BLOCKED, minutes("2", 15), "act_2", 0)
    pacer.before_call("act_2")
    assert timer.sleeps == [600, 900]


def test_without_patience_the_first_limit_is_an_error():
    pacer, timer = pacing(patience_seconds=0)

    pacer.after_call(header(APP, {"call_count": 100}), "act_1")
    with pytest.raises(GraphError, match="X-App-Usage is at 100 %; lifts in about 1 m"):
        pacer.before_call("act_1")

    assert timer.sleeps == []


def test_a_wait_is_told_with_its_reason():
    told: list[str] = []
    pacer, _ = pacing(on_wait=told.append)

    pacer.after_refusal(BLOCKED, {}, "act_1", 0)
    pacer.before_call("act_1")

    assert told == [
        "act_1 waits: too many calls; lifts in about 1 minute (at 03:01 UTC)"
    ]


class GateTimer(VirtualTimer):
    """A timer whose sleepers stay asleep until the gate opens."""

    def __init__(self) -> None:
        super().__init__()
        self.asleep = threading.Event()
        self.gate = threading.Event()

    def sleep(self, seconds: float) -> None:
        self.asleep.set()
        assert self.gate.wait(20)
        super().sleep(seconds)


def test_an_account_that_waits_holds_no_other_up():
    timer = GateTimer()
    pacer = Pacer(timer, jitter=lambda: 0)
    pacer.after_refusal(BLOCKED, {}, "act_1", 0)
    waiter = threading.Thread(target=pacer.before_call, args=["act_1"])

    waiter.start()
    assert timer.asleep.wait(20)
    # The lock is free while act_1 sleeps: this would hang otherwise.
    pacer.before_call("act_2")
    pacer.after_call(minutes("2", 1), "act_2")
    is_waiting = waiter.is_alive()
    timer.gate.set()
    waiter.join(20)

    assert is_waiting
    assert timer.sleeps == [60]


def test_a_longer_limit_that_comes_during_a_wait_is_waited_for_too():
    timer = GateTimer()
    pacer = Pacer(timer, jitter=lambda: 0)
    pacer.after_refusal(BLOCKED, {}, "act_1", 0)
    waiter = threading.Thread(target=pacer.before_call, args=["act_1"])

    waiter.start()
    assert timer.asleep.wait(20)
    pacer.after_refusal(APP_BLOCKED, {}, "act_2", 1)
    timer.gate.set()
    waiter.join(20)

    assert timer.sleeps == [60, 60]


def test_accounts_side_by_side_each_wait_for_their_own_limit():
    """One server, three accounts in threads: the free one is never told to wait."""

    def answer(request):
        account = request.path_params["path"].split("/")[1]
        return blocked.pop(account)() if account in blocked else page("1")

    blocked = {
        "act_1": lambda: refusal(80000, headers=minutes("1", 2)),
        "act_2": lambda: refusal(80000),
    }
    read: dict[str, list] = {}

    with reaching(answering(answer)) as reached:

        def load(account: str) -> None:
            read[account] = list(reached.client.pages((account, "insights"), {}))

        names = ("act_1", "act_2", "act_3")
        threads = [threading.Thread(target=load, args=[n], name=n) for n in names]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)

    assert read == {name: [[{"id": "1"}]] for name in names}
    assert sorted(reached.timer.slept) == ["act_1", "act_2"]
    assert reached.timer.slept["act_3"] == 0


def test_the_machine_s_clock_goes_on():
    timer = SystemTimer()
    before = timer.now()

    timer.sleep(0)

    assert timer.now() >= before > 1_700_000_000


def test_who_waits_is_let_go_when_the_run_is_ended():
    timer = SystemTimer()
    waiting = threading.Thread(target=pytest.raises, args=(Stopped, timer.sleep, 3600))
    waiting.start()

    timer.stop()
    waiting.join(timeout=10)

    assert not waiting.is_alive()
