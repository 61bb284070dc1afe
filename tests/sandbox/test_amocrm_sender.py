"""Hooks are sent over HTTP, tried again on the sender's clock, lost and doubled."""

import contextlib
from collections.abc import Iterator

import pytest

from pipelines.sandbox.crm.broken_bodies import BROKEN_BODIES
from pipelines.sandbox.crm.delivery import BAD_ANSWERS, HOUR, MINUTE
from pipelines.sandbox.crm.hooks import Hook
from pipelines.sandbox.crm.sender import HookSender
from pipelines.sandbox.graph.broken import broken
from pipelines.sandbox.serving import serve
from tests.amocrm_world import living_world
from tests.sandbox.crm import Receiver, listening, status, working


@pytest.fixture(scope="module")
def served() -> Iterator[Receiver]:
    receiver = Receiver()
    with serve(listening(receiver)) as url:
        receiver.url = f"{url}/amocrm/a-secret"
        yield receiver


@pytest.fixture
def receiver(served) -> Receiver:
    served.got.clear()
    served.answers.clear()
    return served


@pytest.fixture(scope="module")
def hooks() -> list[Hook]:
    crm = working(living_world(leads=60))
    for number in range(1, 61):
        crm.edit_lead(number, name=f"Deal {number} again")
    return crm.take_hooks()


@contextlib.contextmanager
def sending(receiver: Receiver, **faults: object) -> Iterator[HookSender]:
    sender = HookSender(receiver.url, **faults)
    yield sender
    sender.close()


def test_a_quiet_day_brings_every_hook_once_in_order(receiver, hooks):
    with sending(receiver) as sender:
        tries = sender.send(hooks)

    assert receiver.bodies == [hook.body() for hook in hooks]
    assert len({request_id for request_id, _ in receiver.got}) == 60
    assert all(one.is_good and one.attempt == 1 for one in tries)
    assert sender.waiting == 0


def test_lost_hooks_never_come(receiver, hooks):
    with sending(receiver, lose=0.3) as sender:
        sender.send(hooks)
        sender.advance(2 * HOUR)

    assert 5 < len(sender.lost) < 30
    assert len(receiver.got) == 60 - len(sender.lost)


def test_doubled_hooks_come_under_the_same_number_or_under_another(receiver, hooks):
    with sending(receiver, double=0.5) as sender:
        sender.send(hooks)

    bodies = receiver.bodies
    doubled = {body for body in bodies if bodies.count(body) == 2}
    numbers = {request_id for request_id, _ in receiver.got}
    assert set(bodies) == {hook.body() for hook in hooks}
    assert 60 < len(numbers) < len(bodies) == 60 + len(doubled)


def test_shuffled_hooks_come_in_another_order(receiver, hooks):
    with sending(receiver, shuffle=0.3) as sender:
        sender.send(hooks)

    sent = [hook.body() for hook in hooks]
    assert receiver.bodies != sent
    assert sorted(receiver.bodies) == sorted(sent)


def test_delayed_hooks_come_when_time_passes(receiver, hooks):
    with sending(receiver, delay=0.4) as sender:
        sender.send(hooks)
        early = len(receiver.got)
        sender.advance(1)

    assert early < 60 == len(receiver.got)


def test_neighbours_of_one_kind_travel_together(receiver, hooks):
    with sending(receiver, pack=20) as sender:
        sender.send(hooks)

    assert len(receiver.got) == 3
    assert receiver.bodies[0].count(b"leads%5Bupdate%5D%5B19%5D%5Bid%5D=") == 1


def test_odd_styles_are_mixed_in(receiver, hooks):
    with sending(receiver, oddities=0.5) as sender:
        sender.send(hooks)

    firsts = {body.split(b"%5B")[0] for body in receiver.bodies}
    assert firsts == {b"account", b"leads"}


def test_the_same_seed_sends_the_same(receiver, hooks):
    faults = {"lose": 0.1, "double": 0.2, "shuffle": 0.2, "oddities": 0.3}
    for _ in range(2):
        with sending(receiver, seed=5, **faults) as sender:
            sender.send(hooks)

    half = len(receiver.got) // 2
    assert receiver.got[:half] == receiver.got[half:]


@pytest.mark.parametrize(
    ("code", "first", "second"),
    [
        (404, 5 * MINUTE, 15 * MINUTE), (302, 5 * MINUTE, 15 * MINUTE),
        (500, 15 * MINUTE, HOUR), (499, 15 * MINUTE, HOUR),
    ],
)  # fmt: skip
def test_a_bad_answer_is_tried_again_twice(receiver, hooks, code, first, second):
    receiver.answers.extend([status(code)] * 3)
    with sending(receiver) as sender:
        sender.send(hooks[:1])
        assert sender.advance(first - 1) == []
        (again,) = sender.advance(1)
        assert sender.advance(second - 1) == []
        (last,) = sender.advance(1)

    assert (again.attempt, last.attempt) == (2, 3)
    assert sender.waiting == 0
    assert len(set(receiver.got)) == 1


def test_a_good_answer_ends_the_tries(receiver, hooks):
    receiver.answers.append(status(503))
    with sending(receiver) as sender:
        sender.send(hooks[:1])
        (again,) = sender.advance(15 * MINUTE)

    assert (again.status, sender.waiting) == (200, 0)


def test_an_answer_that_comes_too_late_is_none(receiver, hooks):
    receiver.answers.append(broken("hang"))
    with sending(receiver, timeout=0.05) as sender:
        (late,) = sender.send(hooks[:1])
        (again,) = sender.advance(15 * MINUTE)

    assert (late.status, again.status) == (None, 200)


def test_a_receiver_that_is_down_for_an_hour_gets_the_hooks_of_its_last_try(hooks):
    down = HookSender("http://127.0.0.1:9/amocrm/a-secret")
    with contextlib.closing(down):
        (refused,) = down.send(hooks[:1])

    assert refused.status is None
    assert down.waiting == 1


def test_more_than_a_hundred_bad_answers_end_the_subscription(receiver, hooks):
    receiver.answers.extend([status(500)] * (BAD_ANSWERS + 1))
    with sending(receiver) as sender:
        sender.send((hooks * 2)[:BAD_ANSWERS])
        assert not sender.patience.is_disabled

        sender.send(hooks[:1])
        assert sender.patience.is_disabled
        assert sender.send(hooks) == sender.advance(3 * HOUR) == []

        sender.patience.enable()
        assert [one.status for one in sender.send(hooks[:1])] == [200]


def test_bad_answers_of_two_hours_ago_do_not_count(receiver, hooks):
    receiver.answers.extend([status(404)] * 500)
    with sending(receiver) as sender:
        sender.send(hooks[:30])
        sender.advance(3 * HOUR)
        sender.send(hooks[:30])

    assert len(sender.deliveries) == 120
    assert not sender.patience.is_disabled


@pytest.mark.parametrize("name", sorted(BROKEN_BODIES))
def test_broken_bodies_arrive_byte_for_byte(receiver, name):
    with sending(receiver) as sender:
        assert sender.post(BROKEN_BODIES[name]) == 200

    assert receiver.bodies == [BROKEN_BODIES[name]]
