"""The custom fields of deals: what they hold, and which of them means which tag.

Whose tags they are is not asked here.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from pipelines.sandbox.answers.normalise import UTM_NAMES
from pipelines.sandbox.answers.reading import first_text, listing, text, whole
from pipelines.sandbox.answers.rules import TWIN_FIELD_IDS, UTM_FIELD_IDS
from pipelines.sandbox.story.world import AmocrmWorld, Document

# How well a field stands for a tag: its code, its id, a twin, its name.
TWINS, NAMED = 2, 9


def field_values(field: Mapping[str, Any]) -> list[str]:
    """Return what a custom field holds, blanks left out."""
    entries = listing(field.get("values"))
    raw = (
        entry.get("value") if isinstance(entry, dict) else entry for entry in entries
    )
    return [found for value in raw if (found := text(value))]


def field_dictionary(crm: AmocrmWorld) -> dict[int, Document]:
    fields = crm.custom_fields.get("leads", [])
    return {found: row for row in fields if (found := whole(row.get("id"))) is not None}


def utm_fields(
    row: Document,
    dictionary: Mapping[int, Document],
    ranks: range = range(NAMED + 1),
) -> dict[str, str]:
    """Return the five tags: by field code, then by id, then by exact name.

    Twin fields mean what the dictionary calls them; the first that is filled wins.
    """
    filled = [
        (field, found[0]) for field in _filled(row) if (found := field_values(field))
    ]
    result: dict[str, str] = {}
    for tag in UTM_NAMES:
        ranked = sorted(
            (rank, at)
            for at, (field, _) in enumerate(filled)
            if (rank := _rank(field, tag, dictionary)) is not None and rank in ranks
        )
        if ranked:
            result[tag] = filled[ranked[0][1]][1]
    return result


def twin_fields(
    crm: AmocrmWorld,
) -> dict[int, tuple[dict[str, str], dict[str, str]]]:
    """Return each deal's tags of the system's fields, and of those made by hand."""
    dictionary = field_dictionary(crm)
    ranks = range(TWINS), range(TWINS, NAMED + 1)
    return {
        deal_id: (
            utm_fields(row, dictionary, ranks[0]),
            utm_fields(row, dictionary, ranks[1]),
        )
        for row in crm.leads
        if (deal_id := whole(row.get("id"))) is not None
    }


def _filled(row: Document) -> Iterator[dict[str, Any]]:
    yield from (field for field in listing(row.get("custom_fields_values")) if field)


def _rank(
    field: Mapping[str, Any], tag: str, dictionary: Mapping[int, Document]
) -> int | None:
    """Return how well a field stands for a tag (0 is best), None if it does not."""
    field_id = whole(field.get("field_id")) or 0
    known = dictionary.get(field_id, {})
    code = first_text(field, "field_code") or first_text(known, "code")
    if (code or "").lower() == tag:
        return 0
    if field_id == UTM_FIELD_IDS[tag]:
        return 1
    if field_id in TWIN_FIELD_IDS:
        means = (first_text(known, "name") or "").lower()
        return TWINS + TWIN_FIELD_IDS.index(field_id) if means == tag else None
    name = first_text(field, "field_name") or first_text(known, "name")
    return NAMED if (name or "").lower() == tag else None


def tag_fields(crm: AmocrmWorld) -> dict[str, list[int]]:
    """Return the fields that may hold each tag, the one that has the word first."""
    dictionary = field_dictionary(crm)
    found: dict[str, list[int]] = {}
    for tag in UTM_NAMES:
        ranked = [
            (rank, field_id)
            for field_id in dictionary
            if (rank := _rank({"field_id": field_id}, tag, dictionary)) is not None
        ]
        found[tag] = [field_id for _, field_id in sorted(ranked)]
    return found


def held_values(crm: AmocrmWorld) -> dict[int, dict[int, str]]:
    """Return the first value of every filled field, by deal."""
    return {
        deal_id: {
            field_id: found[0]
            for field in _filled(row)
            if (field_id := whole(field.get("field_id"))) is not None
            and (found := field_values(field))
        }
        for row in crm.leads
        if (deal_id := whole(row.get("id"))) is not None
    }
