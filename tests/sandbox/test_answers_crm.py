"""AmoCRM's answers close: stays join, payments and differences add up."""

from collections import defaultdict
from itertools import pairwise

import pytest

from tests.sandbox.test_answers import STORIES, added, told


@pytest.fixture(params=STORIES)
def marts(request):
    return told(request.param)[1]


def test_stays_of_a_deal_follow_each_other_and_one_is_current_at_most(marts):
    paths = defaultdict(list)
    for row in marts["deal_stage_times"]:
        paths[row["deal_id"]].append(row)

    for path in paths.values():
        assert [row["step"] for row in path] == list(range(1, len(path) + 1))
        assert all(a["left_at"] == b["entered_at"] for a, b in pairwise(path))
        assert all(row["left_at"] for row in path[:-1])
        assert not any(row["is_current"] for row in path[:-1])
        assert (path[-1]["seconds"] is None) >= path[-1]["is_current"]


def test_every_sale_stands_on_somebodys_ladder(marts):
    sold = [
        row for row in marts["sale_attribution"] if row["payment_kind"] != "unknown"
    ]
    buyers = marts["buyer_ladder"]

    assert sum(row["payments"] for row in buyers) == len(sold)
    assert sum(row["total_kzt"] for row in buyers) == added(sold, "amount_kzt")


def test_differences_of_tables_and_crm_are_those_of_their_sums(marts):
    rows = marts["crm_reconciliation"]
    sides = (
        sum(row[name] or 0 for row in rows)
        for name in ("crm_amount_kzt", "table_amount_kzt")
    )
    crm, tables = sides

    assert added(rows, "difference_kzt") == crm - tables
    assert {row["finding"] for row in rows} >= {"matched", "extra_in_tables"}
