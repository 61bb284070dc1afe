"""What is done to contacts, companies and tasks.

Deals belong to `lead_work.py`, custom fields and tags of all to `field_work.py`.
"""

from typing import Any

from pipelines.sandbox.crm.feed import SINGULAR
from pipelines.sandbox.crm.field_work import FieldWork
from pipelines.sandbox.crm.operation import operation
from pipelines.sandbox.story.world import Document

DAY = 86_400


class PeopleWork(FieldWork):
    """Operations on what stands beside the deals."""

    @operation
    def add_contact(
        self, *, name: str = "A new contact", phones: tuple[str, ...] = (),
        emails: tuple[str, ...] = (), by: int = 0, **more: Any,  # noqa: ANN401
    ) -> int:  # fmt: skip
        """Write down a person; return the id."""
        document = self._person("contacts", name, by) | {
            "first_name": "",
            "last_name": "",
            "is_unsorted": False,
            "_embedded": {"tags": [], "companies": [], "leads": []},
            **more,
        }
        return self._add(
            "contacts", document, {"PHONE": list(phones), "EMAIL": list(emails)}, by=by
        )

    @operation
    def edit_contact(self, contact_id: int, *, by: int = 0, **changes: Any) -> None:  # noqa: ANN401
        """Change plain fields of a contact."""
        self._edit("contacts", contact_id, changes, by=by)

    @operation
    def delete_contact(self, contact_id: int, *, by: int = 0) -> None:
        """Delete a contact; the deals lose it, and are not dated for that."""
        for lead in self._books["leads"].values():
            linked = (lead.get("_embedded") or {}).get("contacts", [])
            linked[:] = [row for row in linked if row["id"] != contact_id]
        self._delete("contacts", contact_id, by=by)

    @operation
    def restore_contact(self, contact_id: int, *, by: int = 0) -> None:
        """Take a contact out of the trash."""
        self._restore("contacts", contact_id, by=by)
        embedded = self.find("contacts", contact_id).get("_embedded") or {}
        for row in embedded.get("leads", []):
            if lead := self._books["leads"].get(row["id"]):
                linked = lead["_embedded"].setdefault("contacts", [])
                linked.append({"id": contact_id, "is_main": not linked})

    @operation
    def add_company(
        self,
        *,
        name: str = "A new company",
        by: int = 0,
        **more: Any,  # noqa: ANN401 - whatever a document may hold
    ) -> int:
        """Write down a company; return the id."""
        document = self._person("companies", name, by) | {
            "_embedded": {"tags": [], "contacts": [], "leads": []},
            **more,
        }
        return self._add("companies", document, {}, by=by)

    @operation
    def edit_company(self, company_id: int, *, by: int = 0, **changes: Any) -> None:  # noqa: ANN401
        """Change plain fields of a company."""
        self._edit("companies", company_id, changes, by=by)

    @operation
    def delete_company(self, company_id: int, *, by: int = 0) -> None:
        """Delete a company."""
        self._delete("companies", company_id, by=by)

    @operation
    def restore_company(self, company_id: int, *, by: int = 0) -> None:
        """Take a company out of the trash."""
        self._restore("companies", company_id, by=by)

    @operation
    def add_task(
        self, entity_id: int, *, entity: str = "leads", text: str = "Call back",
        by: int = 0,
    ) -> int:  # fmt: skip
        """Give somebody a task about a document; return its id."""
        document = {
            "id": self.next_id("tasks"),
            "created_by": by,
            "updated_by": by,
            "created_at": self.now(),
            "updated_at": self.now(),
            "responsible_user_id": by or self.world.users[0]["id"],
            "group_id": 0,
            "entity_id": entity_id,
            "entity_type": entity,
            "duration": 0,
            "is_completed": False,
            "task_type_id": 1,
            "text": text,
            "result": [],
            "complete_till": self.now() + DAY,
            "account_id": self.world.account["id"],
        }
        return self._add("tasks", document, {}, by=by)

    @operation
    def edit_task(self, task_id: int, *, by: int = 0, **changes: Any) -> None:  # noqa: ANN401
        """Change plain fields of a task, its text or its deadline."""
        self._edit("tasks", task_id, changes, by=by)

    @operation
    def close_task(self, task_id: int, *, result: str = "done", by: int = 0) -> None:
        """Complete a task with its result."""
        changes = {"is_completed": True, "result": {"text": result}}
        self._edit("tasks", task_id, changes, by=by)
        self.log("task_completed", "tasks", task_id, by=by)

    @operation
    def delete_task(self, task_id: int, *, by: int = 0) -> None:
        """Delete a task for good."""
        self._delete("tasks", task_id, by=by)

    def _person(self, entity: str, name: str, by: int) -> Document:
        return {
            "id": self.next_id(entity),
            "name": name,
            "responsible_user_id": by or self.world.users[0]["id"],
            "group_id": 0,
            "created_by": by,
            "updated_by": by,
            "created_at": self.now(),
            "updated_at": self.now(),
            "closest_task_at": None,
            "is_deleted": False,
            "custom_fields_values": None,
            "account_id": self.world.account["id"],
        }

    def _add(
        self, entity: str, document: Document, multitext: dict[str, list[str]], *,
        by: int,
    ) -> int:  # fmt: skip
        values = [
            _multitext(field, multitext[field["code"]])
            for field in self.world.custom_fields.get(entity, [])
            if multitext.get(field.get("code") or "")
        ]
        if values:
            document["custom_fields_values"] = values
        self.enter(entity, document)
        self.log(f"{SINGULAR[entity]}_added", entity, document["id"], by=by)
        self.ring("add", entity, document)
        return int(document["id"])

    def _edit(self, entity: str, entity_id: int, changes: Document, *, by: int) -> None:
        document = self.find(entity, entity_id)
        old = {name: document.get(name) for name in changes}
        document.update(changes)
        self.touch(document, by)
        self.ring("update", entity, document, old)

    def _delete(self, entity: str, entity_id: int, *, by: int) -> None:
        document = self.strike(entity, entity_id)
        self.trash[entity, entity_id] = document
        self.log(f"{SINGULAR[entity]}_deleted", entity, entity_id, by=by)
        self.ring("delete", entity, document)

    def _restore(self, entity: str, entity_id: int, *, by: int) -> None:
        document = self.trash.pop((entity, entity_id))
        self.touch(document, by)
        self.enter(entity, document)
        self.log(f"{SINGULAR[entity]}_restored", entity, entity_id, by=by)
        self.ring("restore", entity, document)


def _multitext(field: Document, texts: list[str]) -> Document:
    kinds = ("WORK", "MOB", "OTHER") if field["code"] == "PHONE" else ("WORK", "PRIV")
    return {
        "field_id": field["id"],
        "field_name": field["name"],
        "field_code": field["code"],
        "field_type": "multitext",
        "values": [
            {
                "value": text,
                "enum_id": 9000 + number,
                "enum_code": kinds[number % len(kinds)],
            }
            for number, text in enumerate(texts)
        ],
    }
