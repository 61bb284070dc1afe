"""Reads AmoCRM's feed of events, and cuts a deal's past into stays in stages.

What is made of the stays belongs to the modules that count them.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from pipelines.sandbox.answers.crm import CrmDeal
from pipelines.sandbox.answers.normalise import is_phone_like
from pipelines.sandbox.answers.reading import listing, mapping, moment, text, whole
from pipelines.sandbox.answers.rules import LOST, WON
from pipelines.sandbox.story.world import AmocrmWorld, Document

USER, ROBOT, INTEGRATION = "user", "robot", "integration"
MOVED = "lead_status_changed"
MASK = "(masked)"


@dataclass(frozen=True)
class Author:
    """Who did it; a robot and an integration have no user."""

    kind: str
    user_id: int | None = None


@dataclass(frozen=True)
class Event:
    """Something that happened to a deal, with the first value of either side."""

    event_id: str
    deal_id: int
    kind: str
    happened_at: datetime
    author: Author
    before: Document
    after: Document

    @property
    def order(self) -> tuple[datetime, str]:
        """Return the place in the deal's history."""
        return self.happened_at, self.event_id


@dataclass(frozen=True)
class Stage:
    """A status of a pipeline; the same status stands in other pipelines too."""

    pipeline_id: int | None
    status_id: int | None

    @property
    def is_won(self) -> bool:
        """Tell whether deals in this stage are won."""
        return self.status_id == WON

    @property
    def is_closed(self) -> bool:
        """Tell whether deals in this stage are won or lost."""
        return self.status_id in {WON, LOST}


@dataclass(frozen=True)
class Stay:
    """A deal's time in a stage; `event` opened it, without one it is inferred."""

    stage: Stage
    entered_at: datetime | None
    left_at: datetime | None
    entered_by: str | None
    event: Event | None = None
    is_gap_before: bool = False
    is_current: bool = False


def deal_events(crm: AmocrmWorld) -> dict[int, list[Event]]:
    """Return the events of each deal, in order; those of people are left out."""
    found: dict[int, list[Event]] = defaultdict(list)
    for row in crm.events:
        deal_id, happened_at = whole(row.get("entity_id")), moment(row["created_at"])
        is_deal = row.get("entity_type", "lead") == "lead"
        if deal_id is not None and happened_at and is_deal:
            found[deal_id].append(
                Event(
                    event_id=str(row["id"]),
                    deal_id=deal_id,
                    kind=str(row["type"]),
                    happened_at=happened_at,
                    author=_author(row),
                    before=_side(row.get("value_before")),
                    after=_side(row.get("value_after")),
                )
            )
    for events in found.values():
        events.sort(key=lambda event: event.order)
    return dict(found)


def _author(row: Document) -> Author:
    user_id = whole(row.get("created_by")) or None
    if user_id:
        return Author(USER, user_id)
    return Author(INTEGRATION if text(row.get("client_uuid")) else ROBOT)


def _side(value: object) -> Document:
    return next((mapping(entry) for entry in listing(value)), {})


def stage_of(side: Document) -> Stage:
    """Return the stage that a side of a status event names."""
    status = mapping(side.get("lead_status"))
    return Stage(whole(status.get("pipeline_id")), whole(status.get("id")))


def moves(events: Iterable[Event]) -> list[Event]:
    """Return the events that moved a deal from one stage to another one."""
    changed = (event for event in events if event.kind == MOVED)
    return [one for one in changed if stage_of(one.before) != stage_of(one.after)]


def stays(
    deal: CrmDeal | None, events: Sequence[Event], *, is_deleted: bool
) -> list[Stay]:
    """Cut a deal's past into stays.

    The first stay begins with the deal, or where no event tells of a closed one, with
    its closing. Where the document stands elsewhere than the last event ended, somebody
    moved it unseen: at its closing, or its last change.
    """
    path = moves(events)
    found = _begun(deal, events, path)
    for event in path:
        last, stage = found[-1], stage_of(event.after)
        found[-1] = replace(last, left_at=event.happened_at)
        found.append(
            Stay(
                stage=stage,
                entered_at=event.happened_at,
                left_at=None,
                entered_by=event.author.kind,
                event=event,
                is_gap_before=last.stage != stage_of(event.before),
            )
        )
    if found and deal:
        found += _unseen(found, deal)
    if found and (deal is None or is_deleted):
        found[-1] = replace(found[-1], left_at=deleted_at(events))
    elif found:
        found[-1] = replace(found[-1], is_current=True)
    return found


def deleted_at(events: Iterable[Event]) -> datetime | None:
    """Return when a deal was deleted, unless it came back afterwards."""
    kinds = {"lead_deleted", "lead_restored"}
    last = [event for event in events if event.kind in kinds][-1:]
    return last[0].happened_at if last and last[0].kind == "lead_deleted" else None


def _begun(
    deal: CrmDeal | None, events: Sequence[Event], path: Sequence[Event]
) -> list[Stay]:
    added = next((event for event in events if event.kind == "lead_added"), None)
    entered_at = deal.created_at if deal else None
    if entered_at is None and added:
        entered_at = added.happened_at
    if path:
        stage = stage_of(path[0].before)
    elif deal:
        stage = Stage(deal.pipeline_id, deal.status_id)
        closed_at = deal.closed_at if stage.is_closed else None
        if closed_at and (entered_at is None or closed_at > entered_at):
            return [Stay(stage, closed_at, None, None, is_gap_before=True)]
    else:
        return []
    return [Stay(stage, entered_at, None, added.author.kind if added else None)]


def _unseen(found: list[Stay], deal: CrmDeal) -> list[Stay]:
    """Return the stay that the document tells of and no event does."""
    stage = Stage(deal.pipeline_id, deal.status_id)
    if found[-1].stage == stage:
        return []
    moved_at = (deal.closed_at if stage.is_closed else None) or deal.updated_at
    found[-1] = replace(found[-1], left_at=moved_at)
    return [Stay(stage, moved_at, None, None, is_gap_before=True)]


def field_of(event: Event) -> int | None:
    """Return the field whose change the event tells of."""
    parts = event.kind.split("_")
    is_field = event.kind.startswith("custom_field_") and parts[2].isdigit()
    return int(parts[2]) if is_field else None


def field_text(side: Mapping[str, Any]) -> str | None:
    """Return the text that a side of a field's change holds."""
    return text(mapping(side.get("custom_field_value")).get("text"))


def shown(value: str | None) -> str | None:
    """Return a tag as people may see it: never somebody's phone or address."""
    return MASK if value and ("@" in value or is_phone_like(value)) else value
