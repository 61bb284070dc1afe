"""Facebook is loaded from a second Graph API, which shares nothing with the sandbox's.

Its truths are random, its habits its own; many more seeds: `foreign_rounds.py`.
"""

from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest

from pipelines.errors import LoadRefused, SourceError
from pipelines.extract.facebook.errors import TokenRefused
from tests.facebook.foreign.changes import move_on
from tests.facebook.foreign.dying import EXIT, die_at
from tests.facebook.foreign.fuzzing import odd_round
from tests.facebook.foreign.graph import ForeignGraph
from tests.facebook.foreign.house import wrong_money, wrong_things
from tests.facebook.foreign.killing import killed_round, unlike
from tests.facebook.foreign.listening import leaks, listening
from tests.facebook.foreign.paging import Oddities
from tests.facebook.foreign.rounds import (
    calm_round,
    hostile_round,
    housed,
    make,
    sick_round,
)
from tests.facebook.foreign.shapes import Troubles
from tests.facebook.foreign.truth import Size

TINY = Size(accounts=3, ads=12, days=35)


@pytest.mark.parametrize("seed", [1, 7])
def test_a_calm_graph_is_read_whole_in_the_least_calls(new_warehouse, seed):
    outcome = calm_round(seed, new_warehouse, TINY)

    assert outcome.wrong == []
    for step in ("first", "daily", "hourly"):
        assert outcome.calls[step] <= 1.2 * outcome.least[step] + 1


@pytest.mark.parametrize("seed", [6, 13])
def test_a_hostile_graph_costs_calls_but_no_cent(new_warehouse, seed):
    outcome = hostile_round(seed, new_warehouse, TINY)

    assert outcome.wrong == []
    assert len(outcome.happened) > 5


@pytest.mark.parametrize("seed", [0, 9])
def test_a_sick_account_leaves_the_others_complete_and_is_named(new_warehouse, seed):
    assert sick_round(seed, new_warehouse, TINY).wrong == []


@pytest.mark.parametrize("seed", [1])
def test_values_that_nobody_promised_cost_one_account_at_most(new_warehouse, seed):
    assert odd_round(seed, new_warehouse, TINY, shares=(1.0, 0.05)).wrong == []


def test_a_killed_load_and_a_rerun_are_one_clean_load(new_warehouse):
    outcome = killed_round(7, new_warehouse, TINY, kills=1)

    assert outcome.wrong == []
    assert outcome.happened["killed"] > 0


def test_a_load_that_dies_without_a_word_is_made_whole(new_warehouse):
    with housed(ForeignGraph(make(7, TINY)), new_warehouse) as house:
        calls = len(house.load())
        clean = house.dump()

    with housed(ForeignGraph(make(7, TINY)), new_warehouse) as house:
        assert die_at(house, calls // 2) == EXIT
        house.load()

        assert unlike(clean, house.dump()) == []


def test_names_that_are_no_text_arrive_all_the_same(new_warehouse):
    truth = make(9, TINY, torn=True)
    shelf = next(a.shelf for a in truth.accounts.values() if a.days)
    ads = iter(shelf.by_kind["ads"].values())
    next(ads)["name"] = "torn \ud83d"
    next(iter(shelf.by_kind["campaigns"].values()))["name"] = "zero\x00byte \ud83d"

    with housed(ForeignGraph(truth), new_warehouse) as house:
        house.load()

        assert wrong_money(house) + wrong_things(house) == []


@pytest.mark.parametrize("code", ["190/463", "102"])
def test_a_token_that_dies_meanwhile_ends_all_and_the_next_run_heals(
    new_warehouse, code
):
    truth = make(1, TINY)
    graph = ForeignGraph(truth)
    first = next(iter(truth.accounts))

    with housed(graph, new_warehouse) as house, listening() as ear:
        asking = [*truth.accounts, ""]
        plan = {(one, call): code for one in asking for call in range(3, 60)}
        graph.troubles = Troubles(plan=plan)
        with pytest.raises(TokenRefused) as red:
            house.load()
        ear.hear_error(red.value)
        graph.troubles = Troubles()
        house.load()

        assert wrong_money(house) + wrong_things(house) == []
        assert leaks(house, ear) == []
    assert f"act_{first}" in str(red.value)


@pytest.mark.parametrize("category", ["accounts", "leadgen_forms"])
def test_a_cut_answer_shows_no_token(new_warehouse, category):
    truth = make(5, TINY)
    graph = ForeignGraph(truth, troubles=Troubles(halved={category}))

    with housed(graph, new_warehouse) as house, listening() as ear:
        with pytest.raises(SourceError) as red:
            house.load()
        ear.hear_error(red.value)

        assert truth.pages
        assert leaks(house, ear) == []


def test_a_day_that_loses_all_its_ads_waits_for_a_confirmation(new_warehouse):
    truth = make(7, TINY)
    graph = ForeignGraph(truth)
    account = max(truth.accounts.values(), key=lambda one: len(one.days))
    gone = max((key for key in account.days if account.days[key].spend), key=str)[1]

    with housed(graph, new_warehouse) as house:
        house.load()
        account.surplus[gone] = account.totals()[gone]
        account.days = {k: v for k, v in account.days.items() if k[1] != gone}
        with pytest.raises(LoadRefused, match=account.id):
            house.load()
        house.confirmed = [account.id]
        house.load()

        assert wrong_money(house) == []


def test_a_long_first_load_and_an_hourly_one_before_any(new_warehouse):
    truth = make(7, replace(TINY, days=90))

    with housed(ForeignGraph(truth), new_warehouse) as house:
        house.load(recent=True)
        house.settings = {"backfill_days": 80}
        house.load()
        for account in truth.accounts.values():
            house.first_days[account.digits] -= timedelta(days=52)

        assert [w for w in wrong_money(house) if "hours" not in w] == []


def test_lists_that_shrink_to_pages_of_five_lose_nothing(new_warehouse):
    truth = make(9, TINY)
    oddities = Oddities(cap=5, empty=0.2, overlap=0.3, trailing=0.5)

    with housed(ForeignGraph(truth, oddities=oddities), new_warehouse) as house:
        house.load()
        move_on(truth, Random(9))
        house.load()

        assert wrong_money(house) + wrong_things(house) == []


def test_accounts_of_two_tokens_are_read_with_the_one_that_reaches_them(new_warehouse):
    truth = make(9, TINY)
    far = set(list(truth.accounts)[1:])
    graph = ForeignGraph(truth, troubles=Troubles(second_only=far))

    with housed(graph, new_warehouse) as house, listening() as ear:
        house.settings = {"access_token": f"{truth.token}, {truth.second_token}"}
        house.load()

        assert far
        assert wrong_money(house) + wrong_things(house) == []
        assert leaks(house, ear) == []


def test_side_by_side_or_one_after_the_other_makes_no_difference(new_warehouse):
    dumps = []
    for at_once in (1, 6):
        with housed(ForeignGraph(make(13, TINY)), new_warehouse) as house:
            house.settings = {"accounts_at_once": at_once}
            house.load()
            dumps.append(house.dump())

    assert unlike(*dumps) == []


def test_a_limit_of_the_whole_application_names_all_and_asks_little(new_warehouse):
    truth = make(9, TINY)
    graph = ForeignGraph(truth)
    asking = [*truth.accounts, ""]
    graph.plan({(one, call): "rate 4/None" for one in asking for call in range(99)})

    with housed(graph, new_warehouse) as house, pytest.raises(SourceError) as red:
        house.load()

    for account_id in truth.account_ids:
        assert account_id in str(red.value)
    assert len(graph.calls) < 12 * (len(truth.accounts) + 1)
