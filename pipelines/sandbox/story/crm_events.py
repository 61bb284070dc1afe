"""AmoCRM's feed of events: what the story's deals went through, one document each.

What changes, and who changes it, is told by the scenes and `changes.py`.
"""

from collections.abc import Iterator
from datetime import datetime
from itertools import count, pairwise

from pipelines.sandbox.story.calendar import unix
from pipelines.sandbox.story.changes import MANAGER, ROBOT
from pipelines.sandbox.story.crm_dictionaries import ACCOUNT_ID
from pipelines.sandbox.story.deals import Change, Deal, Move
from pipelines.sandbox.story.dice import Dice
from pipelines.sandbox.story.world import Document

ULID_LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"


def deal_events(dice: Dice, deal: Deal) -> list[Document]:
    """Write the creation, the moves and the deletions of a deal."""
    if not deal.has_events:
        return []
    happened = [Change("lead_added", deal.created_at, ROBOT)]
    happened += _moves(deal.moves)
    happened += [Change(kind, moment, MANAGER) for kind, moment in deal.deletions]
    return [_event(dice, deal.deal_id, change) for change in happened]


def deal_history(dice: Dice, deal: Deal) -> list[Document]:
    """Write everything that happened to a deal; ids follow the order within a second.

    Changes of a deal without events are told all the same.
    """
    happened = list(deal.changes)
    if deal.has_events:
        happened = [Change("lead_added", deal.created_at, ROBOT), *happened]
        happened += _moves(deal.moves)
        happened += [Change(kind, moment, MANAGER) for kind, moment in deal.deletions]
    happened.sort(key=lambda change: change.changed_at)
    numbers = count()
    return [
        _event(dice, deal.deal_id, change, millisecond=next(numbers))
        for change in happened
    ]


def people_event(
    dice: Dice, entity_type: str, entity_id: int, kind: str, moment: datetime
) -> Document:
    """Write what happened to a contact or a company."""
    change = Change(kind, moment, MANAGER)
    return _event(dice, entity_id, change) | {"entity_type": entity_type}


def _moves(moves: list[Move]) -> Iterator[Change]:
    for before, after in pairwise(moves):
        if after.has_event:
            yield Change(
                "lead_status_changed",
                after.moved_at,
                after.author or MANAGER,
                before=_status(before),
                after=_status(after),
            )


def _status(move: Move) -> Document:
    return {"lead_status": {"id": move.status, "pipeline_id": move.pipeline}}


def _event(
    dice: Dice, entity_id: int, change: Change, *, millisecond: int = 0
) -> Document:
    event = {
        "id": _ulid(dice, change.changed_at, millisecond),
        "type": change.kind,
        "entity_id": entity_id,
        "entity_type": "lead",
        "created_by": change.author.user_id,
        "created_at": unix(change.changed_at),
        "value_before": [change.before] if change.before else [],
        "value_after": [change.after] if change.after else [],
        "account_id": ACCOUNT_ID,
    }
    return event | (
        {"client_uuid": change.author.client} if change.author.client else {}
    )


def _ulid(dice: Dice, moment: datetime, millisecond: int) -> str:
    """Return an id that sorts by time, as AmoCRM's event ids do."""
    number = (unix(moment) * 1000 + millisecond << 80) | dice.getrandbits(80)
    letters = ""
    for _ in range(26):
        letters = ULID_LETTERS[number & 31] + letters
        number >>= 5
    return letters
