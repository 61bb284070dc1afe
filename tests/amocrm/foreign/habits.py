"""Peculiarities of one AmoCRM account, drawn from a seed.

Accounts differ in what they answer to the same question; troubles that pass belong to
`troubles.py`.
"""

from dataclasses import dataclass
from random import Random


@dataclass
class Habits:
    """How this account answers; the defaults are what the documentation says."""

    # list, object, or either from one answer to the next.
    loss_reason: str = "list"
    # What an empty list is: no content, or an answer with an empty list.
    empty: str = "204"
    # Whether a page tells of the next one: right, always, missing.
    next: str = "right"
    # Rows of a page at most, whatever was asked for.
    cap: int = 250
    events_cap: int = 100
    # What an entity without custom fields shows: null, list, absent, mixed.
    no_fields: str = "null"
    numbers_are_text: bool = True
    minor_units: bool = False
    first_id: int = 1_000_000
    # Whether tags and links move updated_at.
    tags_move: bool = True
    links_move: bool = True
    shuffled: bool = False
    # How rows of one second are ordered: by id, or otherwise in each answer.
    ties: str = "id"
    default_order: str = "id"
    # Whether tasks cannot be ordered by updated_at, which nobody promises.
    orders_as_documented: bool = True
    # Seconds after which the feed shows an event.
    events_lag: int = 3
    # The server's clock against ours, in seconds.
    skew: int = 0
    deleted_by_id: str = "204"
    # What the feed says of a merge: a list of losers, an object, nothing.
    merged_value: str = "list"
    # A loser of a merge lies in the trash.
    merged_in_trash: bool = False
    mixed_events: str = "refused"
    encoded_links: bool = False
    hook_of_loser: bool = True
    # Filters of entities are an alpha for selected accounts: here they do nothing.
    filters_ignored: bool = False


def calm_habits() -> Habits:
    return Habits()


def odd_habits(random: Random) -> Habits:
    """Return habits that somebody has seen somewhere, together."""
    habits = Habits(
        loss_reason=random.choice(("list", "object", "mixed")),
        empty=random.choice(("204", "204", "list")),
        next=random.choice(("right", "always", "missing")),
        cap=random.choice((250, 250, 250, 100, 50)),
        events_cap=random.choice((100, 50)),
        no_fields=random.choice(("null", "list", "absent", "mixed")),
        numbers_are_text=random.random() < 0.7,
        minor_units=random.random() < 0.5,
        first_id=random.choice((7, 1_000_000, 2**31 - 40, 2**31 + 9, 2**40)),
        tags_move=random.random() < 0.5,
        links_move=random.random() < 0.5,
        shuffled=random.random() < 0.4,
        ties=random.choice(("id", "random")),
        default_order=random.choice(("id", "random")),
        orders_as_documented=random.random() < 0.7,
        events_lag=random.choice((0, 3, 6, 300)),
        skew=random.choice((0, -15, 15)),
        deleted_by_id=random.choice(("204", "404", "stub")),
        merged_value=random.choice(("list", "object", "nothing")),
        merged_in_trash=random.random() < 0.3,
        mixed_events=random.choice(("refused", "ignored")),
        encoded_links=random.random() < 0.5,
        hook_of_loser=random.random() < 0.5,
    )
    if habits.next == "missing":
        # A page that is short and the last to all appearance is the last.
        habits.cap = 250
    return habits
