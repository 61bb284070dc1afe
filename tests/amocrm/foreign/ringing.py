"""Rounds with hooks: what rings is right soon, what did not ring is right in the end.

Rounds that only poll belong to `rounds.py`.
"""

from random import Random

from tests.amocrm.foreign.comparing import SWEPT, expected, wrong_rows
from tests.amocrm.foreign.crm import nobody
from tests.amocrm.foreign.founding import Size
from tests.amocrm.foreign.habits import Habits, odd_habits
from tests.amocrm.foreign.histories import Seen, remember
from tests.amocrm.foreign.hooks import Sender
from tests.amocrm.foreign.house import House
from tests.amocrm.foreign.receiving import receiving
from tests.amocrm.foreign.rounds import (
    SETTLING,
    SMALL,
    NewDatabase,
    Outcome,
    housed,
    make,
    needless,
    settled,
)
from tests.amocrm.foreign.truth import ENTITIES


def hooks_round(
    seed: int, new_database: NewDatabase, size: Size = SMALL, *, cycles: int = 4
) -> Outcome:
    """Ring for what people do, badly; refresh, poll, and sweep at last."""
    outcome, random, quiet = Outcome(), Random(f"ringing {seed}"), Seen()
    habits = random.choice((Habits(), odd_habits(random)))
    crm = make(seed, size, habits)
    with (
        housed(crm, new_database) as house,
        receiving(house.warehouse_url) as address,
    ):
        sender = Sender(address, crm.truth, Random(f"hooks {seed}"))
        sender.lose = random.choice((0, 0.2))
        sender.double = random.choice((0, 0.3))
        sender.shuffle = random.random() < 0.5
        outcome.note("first", house.try_load())
        remember(house, quiet)
        for cycle in range(cycles):
            outcome.note(f"cycle {cycle}", _ring(house, sender, random))
            if random.random() < 0.4:
                outcome.note(f"poll {cycle}", house.try_load(full=False))
            crm.people.pass_time(random.choice((5, 600, 86_400)))
        crm.people.pass_time(SETTLING)
        sender.send()
        outcome.note("last", house.try_refresh())
        outcome.note("last", wrong_inbox(house, sender))
        calls = len(crm.calls)
        outcome.note("nothing rang", house.try_refresh())
        if len(crm.calls) > calls:
            outcome.note("nothing rang", [f"{len(crm.calls) - calls} calls"])
        for step in ("settled", "idle"):
            outcome.note(step, house.try_load(confirmed=SWEPT))
            outcome.note(step, settled(house, quiet))
            crm.people.pass_time(SETTLING)
        outcome.note("idle", needless(house))
        outcome.happened = sender.happened
    if outcome.wrong:
        outcome.wrong.append(f"with {habits}")
    return outcome


def _ring(house: House, sender: Sender, random: Random) -> list[str]:
    """Let people act, ring for it, refresh; return what is wrong of what rang."""
    crm = house.crm
    sender.rung.clear()
    crm.people.act(random.choice((1, 10, 40)))
    is_down = random.random() < 0.25
    sender.send(is_down=is_down)
    if random.random() < 0.4:
        # They go on, and it rings on, while the entities are read again.
        crm.acts = random.choice((1, 3))
        crm.on_answer = lambda number: sender.send(is_down=is_down)
    failed = house.try_refresh()
    was_disturbed, crm.acts, crm.on_answer = bool(crm.acts), 0, nobody
    if was_disturbed:
        sender.send(is_down=is_down)
        failed += house.try_refresh()
    return failed if is_down else failed + wrong_rung(house, sender)


def wrong_rung(house: House, sender: Sender) -> list[str]:
    """Say which entities are not as they are now, though their last change rang."""
    found, touched = [], house.truth.touched
    for entity in ENTITIES:
        rung = {
            one
            for (kind, one), step in sender.rung.items()
            if kind == entity and touched[kind, one] <= step
        }
        living = rung & expected(house, entity).keys()
        found += [f"rang: {line}" for line in wrong_rows(house, entity, living)]
    return found


def wrong_inbox(house: House, sender: Sender) -> list[str]:
    """Say which deliveries were not understood, and which items still wait."""
    statuses = dict(
        house.rows(
            "select parse_status, count(*) from raw.amocrm__webhook_inbox group by 1"
        )
    )
    found = []
    if statuses.keys() - {"parsed"}:
        reasons = house.rows(
            "select distinct parse_status, quarantine_reason "
            "from raw.amocrm__webhook_inbox where parse_status <> 'parsed'"
        )
        found.append(f"inbox: {statuses}, {reasons[:3]}")
    waiting = house.rows(
        "select entity_type, action, attempts, outcome, count(*) "
        "from raw.amocrm__webhook_items "
        "where done_at is null or outcome not in ('changed', 'unchanged', 'missing') "
        "group by 1, 2, 3, 4"
    )
    if waiting:
        found.append(f"items are not done: {waiting[:5]}")
    items = set(
        house.rows("select entity_type, entity_id from raw.amocrm__webhook_items")
    )
    if lost := sender.ever - items:
        found.append(f"{len(lost)} that rang are not among the items: {min(lost)}")
    return found
