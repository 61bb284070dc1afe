"""Rounds of accounts that refuse: tokens die, rights shrink, filters are not heard.

Refusals that pass by themselves belong to `rounds.py`.
"""

from random import Random
from typing import Any

from cryptography.fernet import Fernet

from pipelines.ingest.amocrm.config import OAuthApp
from tests.amocrm.foreign.comparing import SWEPT, wrong_rows
from tests.amocrm.foreign.founding import Size
from tests.amocrm.foreign.habits import Habits
from tests.amocrm.foreign.histories import Seen
from tests.amocrm.foreign.house import House
from tests.amocrm.foreign.rounds import (
    SETTLING,
    SMALL,
    NewDatabase,
    Outcome,
    housed,
    make,
    settled,
)

HOUR = 3600


def tokens_round(
    seed: int, new_database: NewDatabase, size: Size = SMALL, *, cycles: int = 6
) -> Outcome:
    """Load for weeks with rotating tokens, of which answers get lost."""
    outcome, random, quiet = Outcome(), Random(f"tokens {seed}"), Seen()
    crm = make(seed, size)
    tokens, mode = crm.tokens, random.choice(("strict", "grace"))
    with housed(crm, new_database) as house:
        key = Fernet.generate_key().decode()
        _authorise(house, tokens.begin(mode), key)
        for cycle in range(cycles):
            label = f"{mode} {cycle}"
            crm.people.pass_time(random.choice((60, 20 * HOUR, 25 * HOUR, 200 * HOUR)))
            crm.people.act(5)
            if random.random() < 0.3:
                # Dead on the server's side before its time.
                tokens.pairs[-1].until = crm.truth.now
                outcome.happened["expired early"] += 1
            tokens.lose_answers = random.choice((0, 0, 1))
            refreshes = tokens.refreshes
            failed = house.try_load(full=False)
            lost = tokens.refreshes - refreshes > 1 or bool(failed)
            outcome.happened[f"{mode}, lost: {lost}"] += 1
            if tokens.refreshes - refreshes > 2:
                outcome.note(label, [f"{tokens.refreshes - refreshes} refreshes"])
            if failed and mode == "grace":
                outcome.note(label, failed)
            if failed:
                outcome.note(label, _unhelpful(failed, house))
                tokens.lose_answers = 0
                _authorise(house, tokens.begin(mode), key)
                outcome.note(f"{label} again", house.try_load(full=False))
        tokens.lose_answers = 0
        crm.people.pass_time(SETTLING)
        outcome.note("settled", house.try_load(confirmed=SWEPT))
        outcome.note("settled", settled(house, quiet))
        outcome.note("leaks", _leaks(house))
    return outcome


def _authorise(house: House, refresh_token: str, key: str) -> None:
    tokens = house.crm.tokens
    app = OAuthApp(tokens.client_id, tokens.client_secret, key, refresh_token)
    house.settings |= {"access_token": None, "oauth": app}


def _unhelpful(failed: list[str], house: House) -> list[str]:
    told = str(house.errors[-1])
    return [] if "authorise" in told else [f"no way out is told: {failed}"]


def _leaks(house: House) -> list[str]:
    """Say where a token is shown: in an error, or readable in the warehouse."""
    tokens = house.crm.tokens
    secrets = [tokens.client_secret] + [
        secret for pair in tokens.pairs for secret in (pair.access, pair.refresh)
    ]
    texts = [str(error) for error in house.errors]
    stored = house.rows(
        "select access_token, refresh_token from raw.amocrm__tokens union all "
        "select refresh_token, refresh_token from raw.amocrm__token_generations"
    )
    texts += [bytes(part).decode("latin-1") for row in stored for part in row]
    texts += [str(row) for row in house.rows("select error from raw._loads")]
    return [
        f"a secret is shown in {text[:80]}"
        for text in texts
        if any(secret and secret in text for secret in secrets)
    ][:3]


def rights_round(seed: int, new_database: NewDatabase, size: Size = SMALL) -> Outcome:
    """Take rights away and give them back: never a deletion, always told."""
    outcome, random, quiet = Outcome(), Random(f"rights {seed}"), Seen()
    crm = make(seed, size)
    truth = crm.truth
    with housed(crm, new_database) as house:
        crm.people.act(40)
        crm.people.pass_time(SETTLING)
        outcome.note("first", house.try_load(confirmed=SWEPT))
        outcome.note("first", settled(house, quiet))
        few = random.random() < 0.5
        number = random.randint(1, 9) if few else len(truth.living["leads"]) // 2
        # Some were deleted and restored before: an old event explains nothing.
        for one in random.sample([*truth.living["leads"]], k=3):
            crm.people.remove("leads", one)
            crm.people.bring_back("leads", one)
            truth.hidden.add(("leads", one))
        for one in random.sample([*truth.living["leads"]], k=number):
            truth.hidden.add(("leads", one))
        hidden = {one for _, one in truth.hidden}
        crm.people.pass_time(SETTLING)
        failed = house.try_load()
        if few:
            outcome.note("few hidden", failed + _explained(house, hidden))
        else:
            outcome.note("many hidden", _not_told(failed))
            gone = house.gone("leads") & hidden
            if gone:
                outcome.note("many hidden", [f"{len(gone)} are marked as gone"])
        outcome.happened["few" if few else "many"] += 1
        truth.hidden.clear()
        crm.people.pass_time(SETTLING)
        outcome.note("back", house.try_load(confirmed=SWEPT))
        outcome.note("back", settled(house, quiet) + _open(house, hidden))
    return outcome


def _explained(house: House, hidden: set[int]) -> list[str]:
    rows = house.rows(
        "select entity_id from raw.amocrm__absences where entity_type = 'leads' "
        "and is_explained and missed_until is null"
    )
    wrongly = {one for (one,) in rows} & hidden
    if wrongly:
        return [f"{len(wrongly)} lost rights are explained as deletions"]
    return []


def _open(house: House, hidden: set[int]) -> list[str]:
    rows = house.rows(
        "select entity_id from raw.amocrm__absences where entity_type = 'leads' "
        "and missed_until is null"
    )
    still = {one for (one,) in rows} & hidden
    return [f"{len(still)} that are back are still missed"] if still else []


def _not_told(failed: list[str]) -> list[str]:
    told = [line for line in failed if "rows are gone" in line]
    return [] if told else [f"lost rights are not told: {failed}"]


def filters_round(seed: int, new_database: NewDatabase, size: Size = SMALL) -> Outcome:
    """Load where filters are not heard: an error says so, and a setting helps."""
    outcome, random, quiet = Outcome(), Random(f"filters {seed}"), Seen()
    crm = make(seed, size, Habits(filters_ignored=True, orders_as_documented=False))
    with housed(crm, new_database) as house:
        if random.random() < 0.5:
            failed = house.try_load()
            crm.people.act(10)
            crm.people.pass_time(SETTLING)
            failed += house.try_load(full=False)
            if not any("AMOCRM_FILTERS" in str(error) for error in house.errors):
                outcome.note("filters", [f"it is not told: {failed}"])
        house.settings["honours_filters"] = False
        edited: dict[int, Any] = {}
        for step in ("first", "poll", "idle"):
            outcome.note(step, house.try_load(full=step != "poll", confirmed=SWEPT))
            if step != "poll":
                outcome.note(step, settled(house, quiet))
            else:
                outcome.note(step, _moved(house, edited))
            edited = dict.fromkeys(random.sample([*crm.truth.living["leads"]], k=9))
            for one in edited:
                crm.people.changed("leads", one)["name"] = f"edited {step}"
            crm.people.pass_time(SETTLING)
    return outcome


def _moved(house: House, edited: dict[int, Any]) -> list[str]:
    return wrong_rows(
        house, "leads", edited.keys() & house.truth.living["leads"].keys()
    )
