"""AmoCRM is loaded from a second one, which shares nothing with the sandbox's.

Its truths are random, its habits its own; many more seeds: `foreign_rounds.py`.
"""

import pytest

from tests.amocrm.foreign.founding import Size
from tests.amocrm.foreign.habits import Habits
from tests.amocrm.foreign.killing import killed_round
from tests.amocrm.foreign.refusing import filters_round, rights_round, tokens_round
from tests.amocrm.foreign.ringing import hooks_round
from tests.amocrm.foreign.rounds import calm_round, hostile_round, storm_round

TINY = Size(leads=40, contacts=26, companies=6, tasks=6)
# Pages so small that few rows are many pages.
NARROW = Habits(cap=25)


@pytest.mark.parametrize("seed", [3])
def test_a_calm_account_is_read_whole_in_few_calls(new_warehouse, seed):
    outcome = calm_round(seed, new_warehouse, TINY)

    assert outcome.wrong == []
    for step in ("first", "poll", "nightly", "nothing", "idle"):
        assert outcome.calls[step] <= 3 * outcome.least[step]


@pytest.mark.parametrize("seed", [3])
def test_nothing_is_missed_while_people_change_what_is_read(new_warehouse, seed):
    outcome = storm_round(seed, new_warehouse, TINY, habits=NARROW)

    assert outcome.wrong == []
    assert len(outcome.happened) > 15


@pytest.mark.parametrize("seed", [4])
def test_strange_habits_and_broken_answers_cost_calls_but_no_row(new_warehouse, seed):
    outcome = hostile_round(seed, new_warehouse, TINY, cycles=2)

    assert outcome.wrong == []
    assert len(outcome.happened) > 3


def test_a_load_that_is_killed_leaves_nothing_that_the_next_does_not_mend(
    new_warehouse,
):
    outcome = killed_round(5, new_warehouse, TINY, kills=1)

    assert outcome.wrong == []
    assert outcome.happened["killed"]


@pytest.mark.parametrize("seed", [6])
def test_what_rings_is_right_soon_and_what_did_not_in_the_end(new_warehouse, seed):
    assert hooks_round(seed, new_warehouse, TINY, cycles=2).wrong == []


def test_tokens_rotate_for_weeks_and_lost_ones_are_mended_or_told(new_warehouse):
    assert tokens_round(1, new_warehouse, TINY, cycles=3).wrong == []


def test_rights_that_shrink_are_no_deletions(new_warehouse):
    assert rights_round(0, new_warehouse, TINY).wrong == []


def test_filters_that_are_not_heard_are_told_and_done_without(new_warehouse):
    assert filters_round(0, new_warehouse, TINY).wrong == []
