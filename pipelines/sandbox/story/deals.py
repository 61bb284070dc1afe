"""A lead, and a deal on its way through AmoCRM, as the story remembers them.

How AmoCRM writes it down belongs to `crm.py`.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from pipelines.sandbox.story.people import Person
from pipelines.sandbox.story.world import Document, Row

WON, LOST = 142, 143
EXPRESS, FLAGMAN, SHORT_COURSE, OLD_MAIN, TWO_STEP, INTENSIVE, TEST, PROFTEST = (
    10350882, 10418746, 9777626, 9430994, 9977350, 9820886, 9965766, 8311042,
)  # fmt: skip
# In no mapping of ours; the last one is archived while its deals live on.
PARTNERS, WEBINARS = 10999999, 7654321

UTM_KEYS = ("source", "medium", "campaign", "content", "term")
Utm = dict[str, str | None]
Deletion = Literal["lead_deleted", "lead_restored"]


@dataclass(frozen=True)
class Author:
    """Who changed something: a user, a robot (0), or a robot that tells its client."""

    user_id: int = 0
    client: str | None = None


@dataclass(frozen=True)
class Move:
    """The deal's arrival in a stage; one without an event left no trace of its own."""

    moved_at: datetime
    pipeline: int
    status: int
    author: Author | None = None
    has_event: bool = True


@dataclass(frozen=True)
class Change:
    """What else the feed of events tells of a deal, with the values of its sides."""

    kind: str
    changed_at: datetime
    author: Author
    before: Document | None = None
    after: Document | None = None
    # Tags and links do not move the time of the last change.
    is_update: bool = True


@dataclass
class Deal:
    """One deal; `moves` starts with its creation."""

    deal_id: int
    person: Person
    name: str
    utm: Utm
    price: int | None
    moves: list[Move]
    is_listed: bool = True
    is_trashed: bool = False
    # Neither listed nor in the trash any more: merged, purged or out of sight.
    is_vanished: bool = False
    has_events: bool = True
    closed_at: datetime | None = None
    deletions: list[tuple[Deletion, datetime]] = field(default_factory=list)
    # Values of hand-made fields by their id, beside the system's tracking fields.
    hand_fields: dict[int, str] = field(default_factory=dict)
    companions: list[Person] = field(default_factory=list)
    has_contact: bool = True
    changes: list[Change] = field(default_factory=list)
    # What AmoCRM's document says otherwise, and what it embeds besides.
    document: Document = field(default_factory=dict)
    embedded: Document = field(default_factory=dict)

    @property
    def created_at(self) -> datetime:
        return self.moves[0].moved_at

    @property
    def is_known(self) -> bool:
        """Whether the feed of events has heard of it."""
        return self.is_listed or self.is_trashed or self.is_vanished

    @property
    def updated_at(self) -> datetime:
        return self.moves[-1].moved_at

    @property
    def pipeline(self) -> int:
        return self.moves[-1].pipeline

    @property
    def status(self) -> int:
        return self.moves[-1].status

    def move(
        self,
        moved_at: datetime,
        status: int,
        *,
        pipeline: int | None = None,
        author: Author | None = None,
        has_event: bool = True,
    ) -> "Deal":
        """Move on to a stage; 142 and 143 close the deal, any other opens it again."""
        pipeline = pipeline or self.pipeline
        self.moves.append(Move(moved_at, pipeline, status, author, has_event))
        self.closed_at = moved_at if status in {WON, LOST} else None
        return self


@dataclass
class Lead:
    """A lead row together with what the story knows about it."""

    row: Row
    person: Person
    created_at: datetime
    funnel: str
    utm: Utm
    deal: Deal | None = None


EXPRESS_STAGES = {
    81854574: "Неразобранное",
    81856842: "Заявка с профтеста",
    82174958: "Нажал Kaspi",
    81854578: "Нажал карту",
    81854582: "Нажал чат менеджера",
    82174962: "Урок 1",
    81854586: "Урок 2",
    81854614: "Урок 3",
    81854618: "Посмотрел вебинар",
}
_PLAIN_STAGES = ("Неразобранное", "Взято в работу", "Созвон", "Ожидание оплаты")


def _plain_stages(first: int) -> dict[int, str]:
    return {first + number * 4: name for number, name in enumerate(_PLAIN_STAGES)}


# Open stages by pipeline, the first one being the unsorted deals.
STAGES: dict[int, dict[int, str]] = {
    EXPRESS: EXPRESS_STAGES,
    FLAGMAN: _plain_stages(82310101),
    SHORT_COURSE: _plain_stages(77610201),
    OLD_MAIN: _plain_stages(75410301),
    TWO_STEP: _plain_stages(79210401),
    INTENSIVE: _plain_stages(77910501),
    TEST: _plain_stages(78810601),
    PROFTEST: _plain_stages(68010701),
    PARTNERS: _plain_stages(88010801),
    WEBINARS: _plain_stages(61010901),
}


def stage(pipeline: int, number: int) -> int:
    """Return the id of a pipeline's open stage by its position."""
    stages = list(STAGES[pipeline])
    return stages[number % len(stages)]
