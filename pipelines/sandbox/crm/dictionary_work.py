"""What administrators do: pipelines, stages, fields, reasons, users.

None of it dates a document: a renamed field shows in old deals at once, and silently.
"""

from typing import Any

from pipelines.sandbox.crm.books import ENTITIES, Books
from pipelines.sandbox.crm.operation import operation
from pipelines.sandbox.story.world import Document


class DictionaryWork(Books):
    """Operations on the dictionaries."""

    @operation
    def add_pipeline(self, name: str) -> int:
        """Make a pipeline with an unsorted stage, one open stage, 142 and 143."""
        pipeline_id = 1 + max(row["id"] for row in self.world.pipelines)
        first = 1 + max(row["id"] for one in self.world.pipelines
                        for row in one["_embedded"]["statuses"])  # fmt: skip
        stages = [
            (first, "Неразобранное", 1),
            (first + 1, "First contact", 0),
            (142, "Успешно реализовано", 0),
            (143, "Закрыто и не реализовано", 0),
        ]
        statuses = [
            {"id": number, "name": title, "sort": 10 * place, "type": kind,
             "pipeline_id": pipeline_id}
            for place, (number, title, kind) in enumerate(stages, start=1)
        ]  # fmt: skip
        self.world.pipelines.append(
            {
                "id": pipeline_id,
                "name": name,
                "sort": len(self.world.pipelines) + 1,
                "is_main": False,
                "is_unsorted_on": True,
                "is_archive": False,
                "account_id": self.world.account["id"],
                "_embedded": {"statuses": statuses},
            }
        )
        return int(pipeline_id)

    @operation
    def rename_pipeline(self, pipeline_id: int, name: str) -> None:
        """Rename a pipeline."""
        self._pipeline(pipeline_id)["name"] = name

    @operation
    def archive_pipeline(self, pipeline_id: int, *, is_archive: bool = True) -> None:
        """Put a pipeline into the archive, where its deals live on, or take it out."""
        self._pipeline(pipeline_id)["is_archive"] = is_archive

    @operation
    def delete_pipeline(self, pipeline_id: int) -> None:
        """Delete a pipeline; deals that stand in it keep its number."""
        self.world.pipelines.remove(self._pipeline(pipeline_id))

    @operation
    def add_status(self, pipeline_id: int, name: str) -> int:
        """Add a stage before the last two; return its id."""
        stages: list[Document] = self._pipeline(pipeline_id)["_embedded"]["statuses"]
        known = [row["id"] for one in self.world.pipelines
                 for row in one["_embedded"]["statuses"]]  # fmt: skip
        stage = {"id": max(known) + 1, "name": name, "sort": 500, "type": 0,
                 "pipeline_id": pipeline_id}  # fmt: skip
        stages.insert(max(len(stages) - 2, 0), stage)
        return int(stage["id"])

    @operation
    def rename_status(self, pipeline_id: int, status_id: int, name: str) -> None:
        """Rename a stage, 142 and 143 included: each pipeline has its own name."""
        self._status(pipeline_id, status_id)["name"] = name

    @operation
    def delete_status(self, pipeline_id: int, status_id: int) -> None:
        """Delete a stage."""
        stages: list[Document] = self._pipeline(pipeline_id)["_embedded"]["statuses"]
        stages.remove(self._status(pipeline_id, status_id))

    @operation
    def add_field(
        self, name: str, *, entity: str = "leads", kind: str = "text",
        code: str | None = None, field_id: int | None = None,
        enums: tuple[str, ...] = (),
    ) -> int:  # fmt: skip
        """Add a custom field of any type, those included that nobody knows."""
        fields = self.world.custom_fields.setdefault(entity, [])
        known = [row["id"] for rows in self.world.custom_fields.values()
                 for row in rows]  # fmt: skip
        number: int = field_id or max([900_000, *known]) + 1
        field: Document = {"id": number, "name": name, "code": code, "type": kind,
                           "sort": number, "entity_type": entity}  # fmt: skip
        if enums:
            field["enums"] = [
                {"id": number * 100 + place, "value": word, "sort": place}
                for place, word in enumerate(enums)
            ]
        fields.append(field)
        return number

    @operation
    def rename_field(self, field_id: int, name: str) -> None:
        """Rename a field: every document shows the new name, none is dated for it."""
        for field in self._fields(field_id):
            field["name"] = name
        for row in self._fillings():
            if row["field_id"] == field_id:
                row["field_name"] = name

    @operation
    def rename_enum(self, field_id: int, old: str, new: str) -> None:
        """Rename an option of a field, again without dating anything."""
        for field in self._fields(field_id):
            for enum in field.get("enums") or []:
                if enum["value"] == old:
                    enum["value"] = new
        for row in self._fillings():
            for value in row["values"] if row["field_id"] == field_id else ():
                if value["value"] == old:
                    value["value"] = new

    @operation
    def delete_enum(self, field_id: int, word: str) -> None:
        """Delete an option of a field; documents that chose it lose the value."""
        for field in self._fields(field_id):
            enums = field.get("enums") or []
            field["enums"] = [enum for enum in enums if enum["value"] != word]
        for document in self._documents():
            filled = document.get("custom_fields_values") or []
            for row in filled:
                if row["field_id"] == field_id:
                    row["values"] = [one for one in row["values"]
                                     if one["value"] != word]  # fmt: skip
            left = [row for row in filled if row["values"]]
            document["custom_fields_values"] = left or None

    @operation
    def delete_field(self, field_id: int) -> None:
        """Delete a field: its values are gone from every document."""
        for fields in self.world.custom_fields.values():
            fields[:] = [field for field in fields if field["id"] != field_id]
        for document in self._documents():
            filled = document.get("custom_fields_values") or []
            left = [row for row in filled if row["field_id"] != field_id]
            document["custom_fields_values"] = left or None

    @operation
    def add_loss_reason(self, name: str) -> int:
        """Add a reason for which deals are lost; return its id."""
        reasons = self.world.loss_reasons
        reason: Document = {
            "id": 700_001 + len(reasons),
            "name": name,
            "sort": len(reasons),
        }
        reasons.append(reason)
        return int(reason["id"])

    @operation
    def deactivate_user(self, user_id: int) -> None:
        """Close a user's access; the documents go on naming the user."""
        for user in self.world.users:
            if user["id"] == user_id:
                user["rights"] = {**(user.get("rights") or {}), "is_active": False}

    def _fields(self, field_id: int) -> list[Document]:
        every = self.world.custom_fields.values()
        return [row for rows in every for row in rows if row["id"] == field_id]

    def _documents(self) -> list[Document]:
        living = [row for entity in ENTITIES for row in self._books[entity].values()]
        return [*living, *self.trash.values()]

    def _fillings(self) -> list[dict[str, Any]]:
        return [
            row
            for document in self._documents()
            for row in document.get("custom_fields_values") or []
        ]

    def _pipeline(self, pipeline_id: int) -> Document:
        for pipeline in self.world.pipelines:
            if pipeline["id"] == pipeline_id:
                return pipeline
        raise KeyError(f"no pipeline {pipeline_id}")

    def _status(self, pipeline_id: int, status_id: int) -> Document:
        stages: list[Document] = self._pipeline(pipeline_id)["_embedded"]["statuses"]
        for stage in stages:
            if stage["id"] == status_id:
                return stage
        raise KeyError(f"no stage {status_id} in pipeline {pipeline_id}")
