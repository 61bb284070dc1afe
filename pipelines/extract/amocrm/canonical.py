"""One form for what AmoCRM writes in several, so that only a change is a change.

Links repeat the request; embedded lists come in any order; a loss reason is an object
or a list of one; a field without values is null, an empty list, or absent.
"""

from typing import Any

Row = dict[str, Any]
NUMBERS = ("id", "updated_at", "created_at", "closed_at")


def canonical(row: Row, *, has_fields: bool = False, has_numbers: bool = False) -> Row:
    """Return a row in the form in which it is stored and compared.

    `has_fields` says that its kind has custom fields, whether the row shows them or
    not; `has_numbers` that its id and times are whole numbers, however written.
    """
    plain = {name: _without_links(item) for name, item in row.items()}
    plain.pop("_links", None)
    for name in NUMBERS if has_numbers else ():
        if name in plain:
            plain[name] = _whole(plain[name])
    if has_fields or "custom_fields_values" in plain:
        plain["custom_fields_values"] = plain.get("custom_fields_values") or None
    embedded = plain.get("_embedded")
    if isinstance(embedded, dict):
        plain["_embedded"] = {
            name: items
            for name, value in embedded.items()
            if (items := _listed(name, value))
        }
    return plain


def _without_links(value: object) -> object:
    if isinstance(value, dict):
        kept = ((name, item) for name, item in value.items() if name != "_links")
        return {name: _without_links(item) for name, item in kept}
    if isinstance(value, list):
        return [_without_links(item) for item in value]
    return value


def _listed(name: str, value: object) -> object:
    """Return embedded objects as a list by id; who is marked as main comes first."""
    if name == "loss_reason" and isinstance(value, dict):
        return [value]
    if not isinstance(value, list):
        return value
    if not all(
        isinstance(one, dict) and isinstance(one.get("id"), int) for one in value
    ):
        return value
    if name == "contacts" and not any(one.get("is_main") for one in value):
        # Then the first one is meant.
        return value
    return sorted(value, key=lambda one: (not one.get("is_main"), one["id"]))


def _has_id(value: object) -> bool:
    return isinstance(value, dict) and isinstance(value.get("id"), int)


def _whole(value: object) -> object:
    """Return a whole number that came as text or with a fraction of nothing."""
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value
