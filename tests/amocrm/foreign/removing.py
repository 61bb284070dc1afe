"""Deletions, restores, purges and merges in the second AmoCRM.

Acts that leave everything in its place belong to `people.py`.
"""

from tests.amocrm.foreign.acting import Acting
from tests.amocrm.foreign.truth import SINGULAR, Document


class Removing(Acting):
    """Those who clean up."""

    def do_delete_task(self) -> None:
        self._delete("tasks")

    def do_delete(self) -> None:
        self._delete("leads")

    def do_delete_contact(self) -> None:
        self._delete("contacts")

    def do_delete_company(self) -> None:
        self._delete("companies")

    def _delete(self, entity: str) -> None:
        one = self.some(entity)
        if one is not None:
            self.remove(entity, one)

    def remove(self, entity: str, one: int) -> None:
        truth, by = self.truth, self.author
        self._touch_linked(entity, one)
        document = truth.living[entity].pop(one)
        document |= {"deleted_at": truth.now, "deleted_by": by}
        truth.deleted[entity][one] = document
        truth.touch(entity, one)
        if entity == "leads":
            truth.trash[one] = document
        if entity != "tasks":
            truth.log(f"{SINGULAR[entity]}_deleted", entity, one, by=by)
        truth.ring(entity, "delete", one)

    def _touch_linked(self, entity: str, one: int) -> None:
        """Note that what is linked to an entity is shown in another way."""
        truth = self.truth
        if entity == "leads":
            truth.touch("contacts", *truth.contacts_of[one])
            if company := truth.company_of.get(("leads", one)):
                truth.touch("companies", company)
        elif entity == "contacts":
            truth.touch("leads", *truth.leads_of(one))
        elif entity == "companies":
            for (kind, other), company in truth.company_of.items():
                if company == one:
                    truth.touch(kind, other)

    def do_restore(self) -> None:
        entity = self.random.choice(("leads", "leads", "contacts", "companies"))
        truth = self.truth
        back = truth.trash if entity == "leads" else truth.deleted[entity]
        able = [one for one in back if (entity, one) not in truth.merged]
        if not able:
            return
        self.bring_back(entity, self.random.choice(able))

    def bring_back(self, entity: str, one: int) -> None:
        truth = self.truth
        document = truth.deleted[entity].pop(one)
        truth.trash.pop(one, None)
        for name in ("deleted_at", "deleted_by"):
            document.pop(name)
        truth.living[entity][one] = document
        self.changed(entity, one)
        self._touch_linked(entity, one)
        truth.log(f"{SINGULAR[entity]}_restored", entity, one, by=self.author)
        truth.ring(entity, "restore", one)

    def do_purge(self) -> None:
        """Empty the trash of one lead: no stub, no event any more."""
        if self.truth.trash:
            one = self.random.choice(list(self.truth.trash))
            del self.truth.trash[one]

    def do_merge(self) -> None:
        entity = self.random.choice(("leads", "leads", "contacts"))
        loser, survivor, truth = self.some(entity), self.some(entity), self.truth
        if loser is None or survivor is None or loser == survivor:
            return
        self._touch_linked(entity, loser)
        old = truth.living[entity].pop(loser)
        old |= {"deleted_at": truth.now, "deleted_by": self.author}
        truth.deleted[entity][loser] = old
        truth.merged.add((entity, loser))
        if entity == "leads":
            mine = truth.contacts_of[survivor]
            mine += [c for c in truth.contacts_of[loser] if c not in mine]
            truth.touch("contacts", *mine)
            if truth.habits.merged_in_trash:
                truth.trash[loser] = old
        else:
            for lead in [*truth.contacts_of]:
                held = truth.contacts_of[lead]
                if loser in held:
                    held[held.index(loser)] = survivor
                    truth.contacts_of[lead] = list(dict.fromkeys(held))
                    truth.touch("leads", lead)
        truth.touch(entity, loser)
        self.changed(entity, survivor)
        kind = SINGULAR[entity]
        value: list[Document] = {
            "list": [{"entity": {"id": loser, "type": kind}}],
            "object": [{"merged": {"losers": {str(loser): {"id": str(loser)}}}}],
            "nothing": [],
        }[truth.habits.merged_value]
        truth.log("entity_merged", entity, survivor, by=self.author, before=value)
        truth.ring(entity, "update", survivor)
        if truth.habits.hook_of_loser:
            truth.ring(entity, "delete", loser)
