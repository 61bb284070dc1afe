"""What is true in the second AmoCRM: entities, links, dictionaries, feed, clock.

How it begins belongs to `founding.py`, what people do there to `people.py`, how it is
shown to `showing.py`.
"""

import string
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.amocrm.foreign.habits import Habits

Document = dict[str, Any]
ENTITIES = ("leads", "contacts", "companies", "tasks")
SINGULAR = {
    "leads": "lead",
    "contacts": "contact",
    "companies": "company",
    "tasks": "task",
}
WON, LOST = 142, 143
ULID = string.digits + "abcdefghjkmnpqrstvwxyz"


@dataclass
class Ring:
    """Something that a hook tells of: an entity as it then was."""

    entity: str
    action: str
    document: Document
    old: Document = field(default_factory=dict)
    at: int = 0
    step: int = 0


@dataclass
class Truth:
    """One account."""

    habits: Habits
    now: int
    account: Document = field(default_factory=dict)
    token: str = "long-lived-token-of-nobody"
    users: dict[int, Document] = field(default_factory=dict)
    pipelines: dict[int, Document] = field(default_factory=dict)
    loss_reasons: dict[int, Document] = field(default_factory=dict)
    sources: dict[int, Document] = field(default_factory=dict)
    catalogs: dict[int, Document] = field(default_factory=dict)
    webhooks: dict[int, Document] = field(default_factory=dict)
    fields: dict[str, dict[int, Document]] = field(
        default_factory=lambda: defaultdict(dict)
    )
    tags: dict[str, dict[int, Document]] = field(
        default_factory=lambda: defaultdict(dict)
    )
    elements: dict[int, dict[int, Document]] = field(
        default_factory=lambda: defaultdict(dict)
    )
    # Bare entities: without what is embedded.
    living: dict[str, dict[int, Document]] = field(
        default_factory=lambda: {entity: {} for entity in ENTITIES}
    )
    # Of every entity, dead ones too.
    tagged: dict[tuple[str, int], list[int]] = field(
        default_factory=lambda: defaultdict(list)
    )
    # Lead → contacts, the first is the main one.
    contacts_of: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    company_of: dict[tuple[str, int], int] = field(default_factory=dict)
    # Lead → elements: (catalog, element, quantity).
    elements_of: dict[int, list[tuple[int, int, int]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    # Deleted leads that can be restored: the lead as it was, when and by whom.
    trash: dict[int, Document] = field(default_factory=dict)
    # Deleted by people, with the bare document: not restorable by API but by people.
    deleted: dict[str, dict[int, Document]] = field(
        default_factory=lambda: {entity: {} for entity in ENTITIES}
    )
    # Losers of merges: deleted, and never restored.
    merged: set[tuple[str, int]] = field(default_factory=set)
    # What the token's user may not see any more.
    hidden: set[tuple[str, int]] = field(default_factory=set)
    events: list[Document] = field(default_factory=list)
    rings: list[Ring] = field(default_factory=list)
    # When an entity was last touched in any way, in steps of `steps`.
    touched: dict[tuple[str, int], int] = field(default_factory=dict)
    steps: int = 0
    _random: Random = field(default_factory=lambda: Random(1))
    _next_id: int = 0

    def new_id(self) -> int:
        self._next_id += self._random.choice((1, 1, 2, 7))
        return self.habits.first_id + self._next_id

    def touch(self, entity: str, *ids: int) -> None:
        self.steps += 1
        for one in ids:
            self.touched[entity, one] = self.steps

    def shown(self, entity: str) -> set[int]:
        """Return the ids that a list shows."""
        return {i for i in self.living[entity] if (entity, i) not in self.hidden}

    def leads_of(self, contact_id: int) -> list[int]:
        return [
            lead
            for lead, contacts in self.contacts_of.items()
            if contact_id in contacts and lead in self.living["leads"]
        ]

    def log(
        self,
        kind: str,
        entity: str,
        entity_id: int,
        *,
        by: int,
        before: Iterable[Document] = (),
        after: Iterable[Document] = (),
        at: int | None = None,
    ) -> None:
        """Write an event into the feed."""
        moment = self.now if at is None else at
        tail = "".join(self._random.choices(ULID, k=8))
        self.events.append(
            {
                "id": f"01{moment:010d}{len(self.events):06d}{tail}",
                "type": kind,
                "entity_id": entity_id,
                "entity_type": SINGULAR[entity],
                "created_by": by,
                "created_at": moment,
                "value_after": list(after),
                "value_before": list(before),
                "account_id": self.account["id"],
            }
        )

    def ring(
        self, entity: str, action: str, entity_id: int, *, old: Document | None = None
    ) -> None:
        """Note what a hook would tell of."""
        known = self.living[entity].get(entity_id) or self.deleted[entity].get(
            entity_id, {"id": entity_id}
        )
        self.rings.append(
            Ring(entity, action, dict(known), old or {}, self.now, self.steps)
        )
