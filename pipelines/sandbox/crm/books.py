"""The books of a CRM that people work in: who is in them, what happened, what rang.

Which operations there are belongs to the work modules; hooks' bodies to `bodies.py`.
"""

import contextlib
import copy
import itertools
import threading
from collections.abc import Callable, Collection, Iterator

from pipelines.sandbox.crm.behaviour import Behaviour
from pipelines.sandbox.crm.feed import SINGULAR, ulid
from pipelines.sandbox.crm.hooks import Hook
from pipelines.sandbox.story.world import AmocrmWorld, Document

ENTITIES = ("leads", "contacts", "companies", "tasks")
FIRST_ID = 40_000_000


class Books:
    """What is true in the CRM; the world's lists hold what a token may see of it."""

    def __init__(
        self,
        world: AmocrmWorld,
        *,
        now: Callable[[], int],
        behaviour: Behaviour | None = None,
    ) -> None:
        self.world = world
        self._clock = now
        self._second: int | None = None
        self.behaviour = behaviour or Behaviour()
        self.hooks: list[Hook] = []
        # Held while something changes and while an answer is written.
        self.lock = threading.RLock()
        self.hidden: set[tuple[str, int]] = set()
        self.trash: dict[tuple[str, int], Document] = {}
        trashed = {stub["id"] for stub in world.trashed}
        self._books: dict[str, dict[int, Document]] = {}
        for entity in ENTITIES:
            rows = self._listed(entity)
            buried = trashed if entity == "leads" else set()
            self._books[entity] = {
                row["id"]: row for row in rows if row["id"] not in buried
            }
            for row in rows:
                if row["id"] in buried:
                    self.trash[entity, row["id"]] = row
            rows[:] = self._books[entity].values()
        self._serials = itertools.count(len(world.events) + 1)

    def now(self) -> int:
        """Return the second of the operation under way, or that of the clock."""
        return self._clock() if self._second is None else self._second

    @contextlib.contextmanager
    def at_work(self) -> Iterator[None]:
        """Hold the books for one operation, whatever smaller ones it is made of."""
        with self.lock:
            outer, self._second = self._second, self.now()
            try:
                yield
            finally:
                self._second = outer

    @property
    def events(self) -> list[Document]:
        return self.world.events

    def truth(self) -> dict[str, dict[int, Document]]:
        """Copy every living document, those included that the token may not see."""
        with self.lock:
            return copy.deepcopy(self._books)

    def book(self, entity: str) -> dict[int, Document]:
        """Return the living documents of one kind, those out of sight included."""
        return self._books[entity]

    def find(self, entity: str, entity_id: int) -> Document:
        """Return a living document; changing it is the caller's own business."""
        return self._books[entity][entity_id]

    def next_id(self, entity: str) -> int:
        known = [*self._books[entity], *(key[1] for key in self.trash)]
        return max([FIRST_ID, *known]) + 1

    def enter(self, entity: str, document: Document) -> None:
        """Write a new or a restored document into the books."""
        self._books[entity][document["id"]] = document
        if (entity, document["id"]) not in self.hidden:
            self._listed(entity).append(document)

    def strike(self, entity: str, entity_id: int) -> Document:
        """Take a document out of the books."""
        document = self._books[entity].pop(entity_id)
        rows = self._listed(entity)
        rows[:] = [row for row in rows if row is not document]
        return document

    def touch(self, document: Document, by: int) -> None:
        document |= {"updated_at": self.now(), "updated_by": by}

    def touch_lightly(self, document: Document, by: int) -> None:
        """Note a change of tags or links, which not every account dates."""
        if self.behaviour.tags_bump_updated_at:
            self.touch(document, by)

    def log(
        self,
        kind: str,
        entity: str,
        entity_id: int,
        *,
        by: int,
        before: list[Document] | None = None,
        after: list[Document] | None = None,
    ) -> None:
        """Add an event to the feed."""
        second = self.now()
        self.world.events.append(
            {
                "id": ulid(second, next(self._serials)),
                "type": kind,
                "entity_id": entity_id,
                "entity_type": SINGULAR[entity],
                "created_by": by,
                "created_at": second,
                "value_before": before or [],
                "value_after": after or [],
                "account_id": self.world.account["id"],
            }
        )

    def ring(
        self, kind: str, entity: str, document: Document, old: Document | None = None
    ) -> None:
        """Put a hook where a sender finds it, with the document as it is now."""
        hook = Hook(
            entity=entity,
            kind=kind,
            documents=(copy.deepcopy(document),),
            old=(dict(old or {}),),
            account=self._signature(),
            sent_at=self.now(),
        )
        self.hooks.append(hook)

    def take_hooks(self) -> list[Hook]:
        """Return the hooks that nobody took yet, in the order of happening."""
        with self.lock:
            taken, self.hooks[:] = list(self.hooks), []
            return taken

    def narrow_rights(self, ids: Collection[int], *, entity: str = "leads") -> None:
        """Hide documents from the token: their ids vanish and no event tells why."""
        with self.lock:
            self.hidden |= {(entity, entity_id) for entity_id in ids}
            rows = self._listed(entity)
            rows[:] = [row for row in rows if (entity, row["id"]) not in self.hidden]

    def widen_rights(self) -> None:
        """Show everything again."""
        with self.lock:
            for entity, entity_id in sorted(self.hidden):
                if entity_id in self._books[entity]:
                    self._listed(entity).append(self._books[entity][entity_id])
            self.hidden.clear()

    def _listed(self, entity: str) -> list[Document]:
        rows: list[Document] = getattr(self.world, entity)
        return rows

    def _signature(self) -> Document:
        account = self.world.account
        return {"id": account["id"], "subdomain": account.get("subdomain", "sandbox")}
