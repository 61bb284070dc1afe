"""What is read from AmoCRM is everything, whatever moves meanwhile."""

import contextlib
import itertools
from collections.abc import Iterator
from random import Random

import pytest

from pipelines.errors import ProtocolError
from pipelines.extract.amocrm import events as feed
from pipelines.extract.amocrm.client import AmocrmClient
from pipelines.extract.amocrm.credentials import LongLivedToken
from pipelines.extract.amocrm.events import Window, read_events
from pipelines.extract.amocrm.extractor import (
    LEADS,
    extract_account,
    extract_custom_fields,
    extract_pipelines,
    extract_trash,
    extract_users,
)
from pipelines.extract.amocrm.keyset import read_changed
from pipelines.sandbox.amocrm import Behaviour, amocrm_app
from pipelines.sandbox.serving import serve
from pipelines.sandbox.story.world import AmocrmWorld
from tests.amocrm_world import START, TOKEN, event, lead, small_world, stub


@contextlib.contextmanager
def reading(
    world: AmocrmWorld, behaviour: Behaviour | None = None
) -> Iterator[AmocrmClient]:
    with (
        serve(amocrm_app(world, behaviour=behaviour)) as url,
        AmocrmClient(
            url, LongLivedToken(TOKEN), requests_per_second=10_000, sleep=lambda _: None
        ) as client,
    ):
        yield client


def ids(batches) -> list:
    return [document["id"] for batch in batches for document in batch]


@pytest.mark.parametrize("count", [0, 1, 249, 250, 251, 500, 730])
def test_any_number_of_leads_is_read_once(count):
    world = small_world(leads=[lead(number) for number in range(1, count + 1)])

    with reading(world) as client:
        found = ids(read_changed(client, LEADS))

    assert sorted(found) == list(range(1, count + 1))


@pytest.mark.parametrize("count", [250, 300, 500, 700])
def test_more_leads_in_one_second_than_a_page_holds_are_all_read(count):
    mass = [lead(number, updated_at=START) for number in range(1, count + 1)]
    others = [lead(1000, updated_at=START - 5), lead(1001, updated_at=START + 5)]
    world = small_world(leads=[*mass, *others])

    with reading(world) as client:
        found = ids(read_changed(client, LEADS))

    assert set(found) == {*range(1, count + 1), 1000, 1001}


@pytest.mark.parametrize("cap", [40, 50, 100])
def test_a_server_that_shows_fewer_rows_than_asked_loses_none(cap):
    mass = [lead(number, updated_at=START) for number in range(1, 131)]
    tail = [lead(number) for number in range(131, 261)]
    behaviour = Behaviour(page_cap=cap)

    with reading(small_world(leads=mass + tail), behaviour) as client:
        found = ids(read_changed(client, LEADS))

    assert set(found) == set(range(1, 261))


@pytest.mark.parametrize("count", [1, 250, 260])
def test_a_next_link_at_the_end_is_not_believed(count):
    world = small_world(leads=[lead(number) for number in range(1, count + 1)])
    behaviour = Behaviour(always_says_next=True)

    with reading(world, behaviour) as client:
        found = ids(read_changed(client, LEADS))

    assert set(found) == set(range(1, count + 1))


@pytest.mark.parametrize("writes", [5, 20])
def test_leads_that_change_between_two_pages_hide_no_other(writes):
    leads = [lead(number) for number in range(1, 1501)]
    later = itertools.count(START + 10_000)
    dice = Random(writes)

    def change(_) -> None:
        # The oldest move from behind the reader to the end, some before it as well.
        oldest = sorted(leads, key=lambda row: row["updated_at"])[:writes]
        for row in [*oldest, *dice.sample(leads, writes)]:
            row["updated_at"] = next(later)

    with reading(small_world(leads=leads), Behaviour(before=change)) as client:
        found = ids(read_changed(client, LEADS))

    assert set(found) == set(range(1, 1501))


def test_a_lead_that_changes_while_it_is_read_comes_again_newer():
    leads = [lead(number) for number in range(1, 301)]
    behaviour = Behaviour()

    def change(_) -> None:
        if len(behaviour.requests) == 2:
            leads[0] |= {"price": 9_000, "updated_at": START + 900}

    behaviour.before = change
    with reading(small_world(leads=leads), behaviour) as client:
        rows = [row for batch in read_changed(client, LEADS) for row in batch]

    prices = [row["price"] for row in rows if row["id"] == 1]
    assert prices == [5_000, 9_000]


def test_only_what_changed_since_is_read():
    world = small_world(leads=[lead(number) for number in range(1, 11)])

    with reading(world) as client:
        found = ids(read_changed(client, LEADS, since=START + 8))

    assert found == [8, 9, 10]


def test_nothing_new_is_one_request_and_no_error():
    behaviour = Behaviour()

    with reading(small_world(), behaviour) as client:
        assert ids(read_changed(client, LEADS, since=START + 5_000)) == []

    assert len(behaviour.requests) == 1


def test_a_filter_that_the_server_ignores_is_an_error():
    world = small_world(leads=[lead(number) for number in range(1, 11)])

    with (
        reading(world, Behaviour(ignores_filters=True)) as client,
        pytest.raises(ProtocolError, match=r"amocrm\.leads .*filter was ignored"),
    ):
        ids(read_changed(client, LEADS, since=START + 8))


def test_leads_carry_their_contacts_and_no_links():
    with reading(small_world()) as client:
        ((row,),) = read_changed(client, LEADS)

    assert row["id"] == 1
    assert row["_embedded"]["contacts"][0]["id"] == 70_001
    assert "_links" not in row


def test_fields_behind_the_first_fifty_are_read():
    with reading(small_world(fields=320)) as client:
        batches = list(extract_custom_fields(client))

    keys = [(row["entity_type"], row["id"]) for batch in batches for row in batch]
    assert keys == [*(("leads", n) for n in range(1, 321)), ("contacts", 901)]


def test_account_users_and_pipelines_are_read():
    with reading(small_world()) as client:
        ((account,),) = extract_account(client)
        assert account["payload"]["_embedded"]["datetime_settings"]["timezone"]
        assert ids(extract_users(client)) == [11]
        assert ids(extract_pipelines(client)) == [10350882]


def test_an_account_without_pipelines_is_not_believed():
    world = small_world()
    world.pipelines.clear()

    with (
        reading(world) as client,
        pytest.raises(ProtocolError, match=r"amocrm\.pipelines: the list is empty"),
    ):
        ids(extract_pipelines(client))


def test_the_trash_is_read_whole():
    world = small_world()
    world.trashed.extend(stub(number) for number in range(1, 301))

    with reading(world) as client:
        assert sorted(ids(extract_trash(client))) == list(range(1, 301))


def test_an_empty_trash_is_no_error():
    with reading(small_world()) as client:
        assert ids(extract_trash(client)) == []


def test_living_leads_are_never_taken_for_trash():
    behaviour = Behaviour(ignores_only_deleted=True)

    with (
        reading(small_world(), behaviour) as client,
        pytest.raises(ProtocolError, match="only_deleted"),
    ):
        ids(extract_trash(client))


@pytest.mark.parametrize("cap", [37, 100])
def test_events_of_a_window_are_read_each_once(cap):
    world = small_world(events=[event(number) for number in range(1, 501)])
    window = Window(START + 11, START + 490)

    with reading(world, Behaviour(page_cap=cap)) as client:
        found = ids(read_events(client, window))

    assert sorted(found) == [event(number)["id"] for number in range(11, 491)]


def test_deep_pages_are_avoided_and_no_event_is_lost(monkeypatch):
    monkeypatch.setattr(feed, "MAX_DEPTH", 3)
    crowd = [event(number, created_at=START + 500) for number in range(1, 651)]
    others = [event(number) for number in range(651, 1501)]
    behaviour = Behaviour()

    with reading(small_world(events=crowd + others), behaviour) as client:
        found = ids(read_events(client, Window(1, START + 9_000)))

    assert len(found) == len(set(found)) == 1500
    assert "page=9&" not in "".join(behaviour.requests)


def test_events_of_other_types_are_an_error_not_a_surprise():
    world = small_world(events=[event(1, kind="task_added")])

    with reading(world) as client:
        assert ids(read_events(client, Window(1, START + 9))) == []
    with (
        reading(world, Behaviour(ignores_filters=True)) as client,
        pytest.raises(ProtocolError, match="an event task_added came"),
    ):
        ids(read_events(client, Window(1, START + 9)))
