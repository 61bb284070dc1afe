"""Work at random: many people at once in a living CRM, the same with the same seed.

What an operation does belongs to the work modules.
"""

from collections.abc import Callable

from pipelines.sandbox.crm.lead_work import LOST, WON
from pipelines.sandbox.crm.living import LivingCrm
from pipelines.sandbox.story.dice import Dice

# How often each kind of work is done; what cannot be done now is replaced by an edit.
WEIGHTS = {
    "edit": 30.0, "move": 20.0, "win": 8.0, "lose": 5.0, "reopen": 4.0, "price": 8.0,
    "add": 8.0, "field": 8.0, "tag": 4.0, "link": 3.0, "contact": 6.0, "task": 4.0,
    "delete": 3.0, "restore": 2.0, "purge": 1.0, "merge": 1.0,
}  # fmt: skip
PRICES = (0, 1, 4_990, 5_000, 45_000, 99_990.5, 350_000, None)
TEXTS = ("vip", "перезвонить", "🔥", "a\x00b", "' or 1=1", "x" * 300)


class Storm:
    """Does one thing after another; `done` counts them."""

    def __init__(self, living: LivingCrm, *, seed: int = 7) -> None:
        self.living = living
        self.done: dict[str, int] = {}
        self._dice = Dice(seed, "storm")

    def blow(self, count: int = 1) -> None:
        """Do so many things."""
        for _ in range(count):
            if not self.living.book("leads"):
                self.living.add_lead(name="Storm")
            kind = self._dice.pick(WEIGHTS)
            work: Callable[[], object] | None = getattr(self, f"_{kind}")()
            if work is None:
                kind, work = "edit", self._edit()
            work()
            self.done[kind] = self.done.get(kind, 0) + 1

    def _some(self, entity: str) -> int:
        ids: list[int] = list(self.living.book(entity))
        return self._dice.choice(ids)

    def _by(self) -> int:
        users: list[int] = [0, *(user["id"] for user in self.living.world.users)]
        return self._dice.choice(users)

    def _edit(self) -> Callable[[], object]:
        lead, name = self._some("leads"), self._dice.choice(TEXTS)
        return lambda: self.living.edit_lead(lead, name=name, by=self._by())

    def _price(self) -> Callable[[], object]:
        lead, price = self._some("leads"), self._dice.choice(PRICES)
        return lambda: self.living.edit_lead(lead, price=price, by=self._by())

    def _move(self) -> Callable[[], object]:
        pipeline = self._dice.choice(self.living.world.pipelines)
        stage = self._dice.choice(pipeline["_embedded"]["statuses"])
        lead = self._some("leads")
        return lambda: self.living.move(
            lead, stage["id"], pipeline_id=pipeline["id"], by=self._by()
        )

    def _win(self) -> Callable[[], object]:
        lead, price = self._some("leads"), self._dice.choice(PRICES)
        return lambda: self.living.win(lead, price=price, by=self._by())

    def _lose(self) -> Callable[[], object]:
        lead = self._some("leads")
        return lambda: self.living.lose(lead, by=self._by())

    def _reopen(self) -> Callable[[], object] | None:
        closed = [
            lead_id
            for lead_id, lead in self.living.book("leads").items()
            if lead["status_id"] in (WON, LOST)
        ]
        if not closed:
            return None
        lead = self._dice.choice(closed)
        return lambda: self.living.reopen(lead, by=self._by())

    def _add(self) -> Callable[[], object]:
        return lambda: self.living.add_lead(name="Storm", by=self._by())

    def _field(self) -> Callable[[], object] | None:
        fields = self.living.world.custom_fields.get("leads")
        if not fields:
            return None
        field = self._dice.choice(fields)["id"]
        lead, text = self._some("leads"), self._dice.choice((*TEXTS, None))
        return lambda: self.living.set_field(lead, field, text, by=self._by())

    def _tag(self) -> Callable[[], object]:
        lead, name = self._some("leads"), self._dice.choice(TEXTS)
        work = self.living.tag if self._dice.chance(0.6) else self.living.untag
        return lambda: work(lead, name, by=self._by())

    def _link(self) -> Callable[[], object] | None:
        if not self.living.book("contacts"):
            return None
        lead, contact = self._some("leads"), self._some("contacts")
        work = self.living.link if self._dice.chance(0.6) else self.living.unlink
        return lambda: work(lead, contact, by=self._by())

    def _contact(self) -> Callable[[], object]:
        if self._dice.chance(0.3) or not self.living.book("contacts"):
            return lambda: self.living.add_contact(name="Student Storm")
        contact, name = self._some("contacts"), self._dice.choice(TEXTS)
        return lambda: self.living.edit_contact(contact, name=name, by=self._by())

    def _task(self) -> Callable[[], object]:
        open_tasks = [
            task_id
            for task_id, task in self.living.book("tasks").items()
            if not task["is_completed"]
        ]
        if open_tasks and self._dice.chance(0.5):
            task = self._dice.choice(open_tasks)
            return lambda: self.living.close_task(task, by=self._by())
        lead = self._some("leads")
        return lambda: self.living.add_task(lead, by=self._by())

    def _delete(self) -> Callable[[], object]:
        lead = self._some("leads")
        return lambda: self.living.delete(lead, by=self._by())

    def _restore(self) -> Callable[[], object] | None:
        lead = self._trashed_lead()
        if lead is None:
            return None
        return lambda: self.living.restore(lead, by=self._by())

    def _purge(self) -> Callable[[], object] | None:
        lead = self._trashed_lead()
        if lead is None:
            return None
        return lambda: self.living.purge(lead)

    def _trashed_lead(self) -> int | None:
        leads = [number for entity, number in self.living.trash if entity == "leads"]
        return self._dice.choice(leads) if leads else None

    def _merge(self) -> Callable[[], object] | None:
        ids = list(self.living.book("leads"))
        if len(ids) < 2:
            return None
        loser, survivor = self._dice.sample(ids, 2)
        return lambda: self.living.merge(loser, survivor, by=self._by())
