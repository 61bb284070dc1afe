"""Custom fields and tags: what is written into them, of whatever entity.

The dictionary of the fields belongs to `dictionary_work.py`.
"""

from typing import Any

from pipelines.sandbox.crm import feed
from pipelines.sandbox.crm.books import Books
from pipelines.sandbox.crm.operation import operation
from pipelines.sandbox.story.world import Document


class FieldWork(Books):
    """Operations on the custom fields and tags of deals, contacts and companies."""

    @operation
    def set_field(
        self,
        entity_id: int,
        field_id: int,
        value: Any,  # noqa: ANN401 - text, number, list, document or None
        *,
        entity: str = "leads",
        by: int = 0,
    ) -> None:
        """Fill a custom field; a list is several values, None empties the field."""
        document = self.find(entity, entity_id)
        field = self._field(entity, field_id)
        texts = value if isinstance(value, list) else [value]
        values = [_value(field, one) for one in texts if one is not None]
        filled: list[Document] = document.get("custom_fields_values") or []
        old = [one for row in filled if row["field_id"] == field_id
               for one in row["values"]]  # fmt: skip
        others = [row for row in filled if row["field_id"] != field_id]
        if values:
            others.append(_filled(field, values))
        # AmoCRM shows no empty list here.
        document["custom_fields_values"] = others or None
        self.touch(document, by)
        self.log(
            f"custom_field_{field_id}_value_changed", entity, entity_id, by=by,
            before=feed.field_values(field, old),
            after=feed.field_values(field, values),
        )  # fmt: skip
        self.ring("update", entity, document)

    @operation
    def tag(
        self, entity_id: int, name: str, *, entity: str = "leads", by: int = 0
    ) -> None:
        """Put a tag on a document, and into the dictionary when it is new."""
        tags = self._tags(entity, entity_id)
        if any(row["name"] == name for row in tags):
            return
        tags.append({"id": self._tag_id(entity, name), "name": name, "color": None})
        self._after_tag(entity, entity_id, by, after=[feed.tag_value(name)])

    @operation
    def untag(
        self, entity_id: int, name: str, *, entity: str = "leads", by: int = 0
    ) -> None:
        """Take a tag off."""
        tags = self._tags(entity, entity_id)
        if all(row["name"] != name for row in tags):
            return
        tags[:] = [row for row in tags if row["name"] != name]
        self._after_tag(entity, entity_id, by, before=[feed.tag_value(name)])

    def _after_tag(
        self,
        entity: str,
        entity_id: int,
        by: int,
        *,
        before: list[Document] | None = None,
        after: list[Document] | None = None,
    ) -> None:
        kind = "entity_tag_added" if after else "entity_tag_deleted"
        document = self.find(entity, entity_id)
        self.touch_lightly(document, by)
        self.log(kind, entity, entity_id, by=by, before=before, after=after)
        self.ring("update", entity, document)

    def _tags(self, entity: str, entity_id: int) -> list[Document]:
        embedded = self.find(entity, entity_id).setdefault("_embedded", {})
        tags: list[Document] = embedded.setdefault("tags", [])
        return tags

    def _tag_id(self, entity: str, name: str) -> int:
        known = self.world.tags.setdefault(entity, [])
        for row in known:
            if row["name"] == name:
                return int(row["id"])
        tag: Document = {"id": 600_000 + len(known) + 1, "name": name, "color": None}
        known.append(tag)
        return int(tag["id"])

    def _field(self, entity: str, field_id: int) -> Document:
        for field in self.world.custom_fields.get(entity, []):
            if field["id"] == field_id:
                return field
        raise KeyError(f"{entity} have no field {field_id}")


def _filled(field: Document, values: list[Document]) -> Document:
    return {
        "field_id": field["id"],
        "field_name": field["name"],
        "field_code": field.get("code"),
        "field_type": field.get("type"),
        "values": values,
    }


def _value(field: Document, value: Any) -> Document:  # noqa: ANN401 - as set_field
    """Return one value: an enum is known by its word, a document is taken as it is."""
    if isinstance(value, dict):
        return value
    for enum in field.get("enums") or []:
        if enum["value"] == value:
            return {
                "value": value, "enum_id": enum["id"], "enum_code": enum.get("code")
            }  # fmt: skip
    return {"value": value}
