"""What people and robots do to deals.

Contacts, companies and tasks belong to `people_work.py`.
"""

from typing import Any

from pipelines.sandbox.crm import feed
from pipelines.sandbox.crm.field_work import FieldWork
from pipelines.sandbox.crm.operation import operation
from pipelines.sandbox.story.world import Document

WON, LOST = 142, 143
UNSORTED = 1


class LeadWork(FieldWork):
    """Operations on deals; `by` is a user, 0 a robot or an integration."""

    @operation
    def add_lead(
        self,
        *,
        name: str = "A new deal",
        price: float | None = 0,
        pipeline_id: int | None = None,
        status_id: int | None = None,
        contacts: tuple[int, ...] = (),
        by: int = 0,
        **more: Any,  # noqa: ANN401 - whatever a document may hold
    ) -> int:
        """Open a deal, in the first stage of the first pipeline unless told; its id."""
        pipeline = pipeline_id or self.world.pipelines[0]["id"]
        document = self._blank(by) | {
            "name": name,
            "price": price,
            "status_id": status_id or self._first_stage(pipeline),
            "pipeline_id": pipeline,
            **more,
        }
        if document["status_id"] in (WON, LOST):
            document["closed_at"] = self.now()
        self.enter("leads", document)
        self.log("lead_added", "leads", document["id"], by=by)
        for contact in contacts:
            self._tie(document["id"], contact, by=by)
        self.ring("add", "leads", document)
        return int(document["id"])

    @operation
    def edit_lead(self, lead_id: int, *, by: int = 0, **changes: Any) -> None:  # noqa: ANN401
        """Change plain fields, such as name, price and responsible_user_id."""
        lead = self.find("leads", lead_id)
        old = {name: lead.get(name) for name in changes}
        lead.update(changes)
        self.touch(lead, by)
        self._log_edits(lead, old, by=by)
        self.ring("update", "leads", lead, old)
        if old.get("responsible_user_id") != changes.get("responsible_user_id"):
            self.ring("responsible", "leads", lead, old)

    @operation
    def move(
        self, lead_id: int, status_id: int, *, pipeline_id: int | None = None,
        by: int = 0,
    ) -> None:  # fmt: skip
        """Move a deal; 142 and 143 close it, any other stage opens it again."""
        lead = self.find("leads", lead_id)
        old = {"status_id": lead["status_id"], "pipeline_id": lead["pipeline_id"]}
        new = {"status_id": status_id, "pipeline_id": pipeline_id or old["pipeline_id"]}
        if new == old:
            return
        lead.update(new)
        closes = status_id in (WON, LOST)
        if not closes:
            lead["closed_at"] = None
        elif status_id != old["status_id"]:
            lead["closed_at"] = self.now()
        if status_id != LOST:
            lead["loss_reason_id"] = None
        self.touch(lead, by)
        self.log(
            "lead_status_changed", "leads", lead_id, by=by,
            before=[feed.status_value(old["status_id"], old["pipeline_id"])],
            after=[feed.status_value(status_id, lead["pipeline_id"])],
        )  # fmt: skip
        self.ring("status", "leads", lead, old)
        self.ring("update", "leads", lead, old)

    @operation
    def win(self, lead_id: int, *, price: float | None = None, by: int = 0) -> None:
        """Sell: the price first, when one is given, then stage 142."""
        if price is not None:
            self.edit_lead(lead_id, price=price, by=by)
        self.move(lead_id, WON, by=by)

    @operation
    def lose(self, lead_id: int, *, reason: int | None = None, by: int = 0) -> None:
        """Close a deal as lost."""
        self.find("leads", lead_id)["loss_reason_id"] = reason
        self.move(lead_id, LOST, by=by)

    @operation
    def reopen(self, lead_id: int, *, by: int = 0) -> None:
        """Take a closed deal back to the first stage of its pipeline."""
        pipeline = self.find("leads", lead_id)["pipeline_id"]
        self.move(lead_id, self._first_stage(pipeline), by=by)

    @operation
    def delete(self, lead_id: int, *, by: int = 0) -> None:
        """Put a deal into the trash, where only a stub of it is shown."""
        lead = self.strike("leads", lead_id)
        self.trash["leads", lead_id] = lead
        self.touch(lead, by)
        self.world.trashed.append(_stub(lead))
        self.log("lead_deleted", "leads", lead_id, by=by)
        self.ring("delete", "leads", lead)

    @operation
    def restore(self, lead_id: int, *, by: int = 0) -> None:
        """Take a deal out of the trash."""
        lead = self.trash.pop(("leads", lead_id))
        self._drop_stub(lead_id)
        self.touch(lead, by)
        self.enter("leads", lead)
        self.log("lead_restored", "leads", lead_id, by=by)
        self.ring("restore", "leads", lead)

    @operation
    def purge(self, lead_id: int) -> None:
        """Empty the trash of one deal: no stub, and no event says so."""
        self.trash.pop(("leads", lead_id), None)
        self._drop_stub(lead_id)

    @operation
    def merge(self, loser: int, survivor: int, *, by: int = 0) -> None:
        """Merge two deals: the loser is gone without a stub or an event of its own."""
        lost, kept = self.find("leads", loser), self.find("leads", survivor)
        for contact in self._contacts_of(loser):
            self._untie(loser, contact)
            self._tie(survivor, contact, by=by, is_logged=False)
        self.strike("leads", loser)
        if not kept.get("custom_fields_values"):
            kept["custom_fields_values"] = lost.get("custom_fields_values")
        self.touch(kept, by)
        # What the values of this event are, nobody has published.
        self.log("entity_merged", "leads", survivor, by=by)
        self.ring("update", "leads", kept)

    @operation
    def link(self, lead_id: int, contact_id: int, *, by: int = 0) -> None:
        """Add a contact to a deal, unless it is there."""
        if contact_id in self._contacts_of(lead_id):
            return
        self._tie(lead_id, contact_id, by=by)
        self._after_link(lead_id, by)

    @operation
    def unlink(self, lead_id: int, contact_id: int, *, by: int = 0) -> None:
        """Take a contact from a deal; the first that stays becomes the main one."""
        if contact_id not in self._contacts_of(lead_id):
            return
        self._untie(lead_id, contact_id)
        self.log(
            "entity_unlinked", "leads", lead_id, by=by,
            before=[feed.link_value("contacts", contact_id)],
        )  # fmt: skip
        self._after_link(lead_id, by)

    def _blank(self, by: int) -> Document:
        return {
            "id": self.next_id("leads"),
            "name": "",
            "price": 0,
            "responsible_user_id": by or self.world.users[0]["id"],
            "group_id": 0,
            "status_id": None,
            "pipeline_id": None,
            "loss_reason_id": None,
            "created_by": by,
            "updated_by": by,
            "created_at": self.now(),
            "updated_at": self.now(),
            "closed_at": None,
            "closest_task_at": None,
            "is_deleted": False,
            "custom_fields_values": None,
            "score": None,
            "account_id": self.world.account["id"],
            "labor_cost": None,
            "is_price_computed": False,
            "_embedded": {"tags": [], "companies": [], "contacts": []},
        }

    def _after_link(self, lead_id: int, by: int) -> None:
        lead = self.find("leads", lead_id)
        self.touch_lightly(lead, by)
        self.ring("update", "leads", lead)

    def _tie(
        self, lead_id: int, contact_id: int, *, by: int, is_logged: bool = True
    ) -> None:
        contacts = self._embedded("leads", lead_id, "contacts")
        if all(row["id"] != contact_id for row in contacts):
            contacts.append({"id": contact_id, "is_main": not contacts})
            leads = self._embedded("contacts", contact_id, "leads")
            leads.append({"id": lead_id})
        if is_logged:
            self.log(
                "entity_linked", "leads", lead_id, by=by,
                after=[feed.link_value("contacts", contact_id)],
            )  # fmt: skip

    def _untie(self, lead_id: int, contact_id: int) -> None:
        contacts = self._embedded("leads", lead_id, "contacts")
        contacts[:] = [row for row in contacts if row["id"] != contact_id]
        if contacts and not any(row["is_main"] for row in contacts):
            contacts[0]["is_main"] = True
        if contact_id in self._books["contacts"]:
            leads = self._embedded("contacts", contact_id, "leads")
            leads[:] = [row for row in leads if row["id"] != lead_id]

    def _contacts_of(self, lead_id: int) -> list[int]:
        return [row["id"] for row in self._embedded("leads", lead_id, "contacts")]

    def _embedded(self, entity: str, entity_id: int, name: str) -> list[Document]:
        embedded = self.find(entity, entity_id).setdefault("_embedded", {})
        rows: list[Document] = embedded.setdefault(name, [])
        return rows

    def _log_edits(self, lead: Document, old: Document, *, by: int) -> None:
        told = {
            "price": ("sale_field_changed", feed.sale_value),
            "responsible_user_id": ("entity_responsible_changed", feed.user_value),
            "name": ("name_field_changed", lambda name: {"name": name}),
        }
        for name, (kind, value) in told.items():
            if name in old and old[name] != lead[name]:
                self.log(
                    kind, "leads", lead["id"], by=by,
                    before=[value(old[name])], after=[value(lead[name])],
                )  # fmt: skip

    def _first_stage(self, pipeline_id: int) -> int:
        """Return the first stage that is not the unsorted one, if there is another."""
        for pipeline in self.world.pipelines:
            if pipeline["id"] == pipeline_id:
                stages = pipeline["_embedded"]["statuses"]
                plain = [row for row in stages if row.get("type") != UNSORTED]
                return int((plain or stages)[0]["id"])
        raise KeyError(f"no pipeline {pipeline_id}")

    def _drop_stub(self, lead_id: int) -> None:
        stubs = self.world.trashed
        stubs[:] = [stub for stub in stubs if stub["id"] != lead_id]


def _stub(lead: Document) -> Document:
    """Return what the trash tells of a deal: hardly anything."""
    told = ("id", "updated_at", "updated_by")
    nothing = dict.fromkeys(name for name in lead if name != "_embedded")
    return nothing | {name: lead.get(name) for name in told} | {"is_deleted": True}
