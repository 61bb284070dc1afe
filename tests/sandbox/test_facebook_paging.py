"""The Facebook emulator's paging faults, and what the SDK by itself makes of them."""

import itertools

import pytest

from tests.facebook_world import FIRST, world
from tests.sandbox.graph import asking


def ids(pages: list[list[dict]]) -> list[list[str]]:
    return [[row["id"][-1] for row in rows] for rows in pages]


@pytest.mark.parametrize(
    ("paging", "pages"),
    [
        (None, ["01", "23", "4"]),
        ("empty_first", ["", "01", "23", "4"]),
        ("empty_middle", ["01", "", "23", "", "4"]),
        ("overlap", ["01", "12", "23", "34"]),
    ],
)
def test_pages_that_can_be_followed_hold_everything(paging, pages):
    with asking(world(ads=5), page_size=2, paging=paging) as ask:
        found = ids(ask.all_rows(f"{FIRST}/ads"))

    assert found == [list(rows) for rows in pages]


@pytest.mark.parametrize(
    ("paging", "rows"),
    [("empty_first", 5), ("empty_middle", 2), ("no_after", 2), ("overlap", 8)],
)
def test_the_sdk_by_itself_reads_too_little_or_too_much(paging, rows):
    with asking(world(ads=5), page_size=2, paging=paging) as ask:
        found = list(ask.account.get_ads(fields=["name"]))

    assert len(found) == rows


def test_a_repeated_cursor_leads_the_sdk_in_a_circle():
    with asking(world(ads=5), page_size=2, paging="repeated_cursor") as ask:
        found = list(itertools.islice(ask.account.get_ads(fields=["name"]), 9))

    assert [one["id"][-1] for one in found] == list("012323232")


def test_a_list_may_have_no_rows_and_no_end():
    with asking(page_size=2, paging="endless") as ask:
        first = ask.get(f"{FIRST}/ads").json()
        second = ask.get(
            f"{FIRST}/ads", after=first["paging"]["cursors"]["after"]
        ).json()

    assert first["data"] == second["data"] == []
    assert first["paging"]["next"] != second["paging"]["next"]


def test_a_next_page_without_a_cursor_is_named_nevertheless():
    with asking(world(ads=5), page_size=2, paging="no_after") as ask:
        paging = ask.get(f"{FIRST}/ads").json()["paging"]

    assert set(paging) == {"next"}


def test_a_paging_fault_holds_for_the_edges_it_names():
    with asking(paging="empty_first", paging_edges={"insights"}) as ask:
        ads = ask.rows(f"{FIRST}/ads")
        insights = ask.insights().json()

    assert len(ads) == 2
    assert insights["data"] == []
    assert insights["paging"]["next"]


def test_an_edge_without_rows_is_empty_whatever_the_fault():
    with asking(world(ads=0), paging="empty_first") as ask:
        assert ask.get(f"{FIRST}/ads").json() == {"data": []}


def test_each_reading_has_another_order_and_every_row_once():
    with asking(world(ads=5), page_size=2, shuffle=True) as ask:
        readings = [
            list(itertools.chain(*ids(ask.all_rows(f"{FIRST}/ads")))) for _ in range(4)
        ]

    assert {tuple(sorted(one)) for one in readings} == {tuple("01234")}
    assert len({tuple(one) for one in readings}) > 1


def test_the_summary_counts_rows_that_never_come():
    with asking(world(ads=2), total_count_extra=3) as ask:
        ads = ask.account.get_ads(fields=["name"])

        assert (len(list(ads)), ads.total()) == (2, 5)
