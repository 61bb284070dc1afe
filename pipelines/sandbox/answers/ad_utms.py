"""What arrives when an ad is clicked: its creative's tags with the macros filled in.

Holds for one load, which has seen one name of everything. Where the tags stand in a
creative belongs to `url_tags.py`.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pipelines.sandbox.answers.campaigns import is_loaded
from pipelines.sandbox.answers.normalise import utm_value
from pipelines.sandbox.answers.ownership import Ownership, account_key
from pipelines.sandbox.answers.reading import mapping, rows, text
from pipelines.sandbox.answers.url_tags import PARAMETERS, TagSet, creative_sets
from pipelines.sandbox.story.world import Document, World

LITERAL, ID_MACRO, FIRST_NAME = "literal", "id_macro", "first_seen_name"
LATER_NAME, WILDCARD, UNRESOLVED = "later_name", "wildcard", "unresolved"
# From sure to unsure: a set is as sure as its least sure value.
SURENESS = (LITERAL, ID_MACRO, FIRST_NAME, LATER_NAME, WILDCARD, UNRESOLVED)
CLICK_MACROS = frozenset({"placement", "site_source_name"})
_MACRO = re.compile(r"\{\{([^{}]*)\}\}")


@dataclass(frozen=True)
class Value:
    """One tag of an ad: as it arrives, and how that is known."""

    template: str | None = None
    value: str | None = None
    kind: str | None = None


@dataclass(frozen=True)
class AdTags:
    """One set of tags of an ad, filled in."""

    ad_id: str
    set_number: int
    written: TagSet
    values: Mapping[str, Value]
    is_ambiguous: bool

    @property
    def kind(self) -> str:
        kinds = [value.kind for value in self.values.values() if value.kind]
        return max(kinds, key=SURENESS.index, default=LITERAL)

    @property
    def has_broken_macro(self) -> bool:
        return any(value.kind == UNRESOLVED for value in self.values.values())


def ad_tags(world: World, facts: Ownership) -> dict[str, list[AdTags]]:
    """Return the sets of every ad that is loaded, the first place's first."""
    creatives = {str(one["id"]): one for one in world.facebook.creatives}
    links = _short_links(world)
    names = _names(world)
    return {
        ad["id"]: list(_filled(ad, creatives.get(creative_id(ad), {}), links, names))
        for ad in world.facebook.ads
        if is_loaded(facts, ad)
    }


def ad_utms(world: World, found: Mapping[str, list[AdTags]]) -> list[dict[str, Any]]:
    """Return one row per ad, creative and distinct set of tags."""
    ads = {ad["id"]: ad for ad in world.facebook.ads}
    return [_row(ads[ad_id], one) for ad_id, sets in found.items() for one in sets]


def _filled(
    ad: Document,
    creative: Document,
    links: Mapping[str, str],
    names: Mapping[str, str],
) -> Iterator[AdTags]:
    known = {"ad": ad["id"], "adset": ad.get("adset_id"),
             "campaign": ad.get("campaign_id")}  # fmt: skip
    macros = {f"{kind}.id": value or "" for kind, value in known.items()}
    macros |= {f"{kind}.name": names.get(value or "", "")
               for kind, value in known.items()}  # fmt: skip
    sets = creative_sets(creative, links)
    for number, written in enumerate(sets, start=1):
        values = {
            name: _value(written.templates.get(name), macros) for name in PARAMETERS
        }
        yield AdTags(ad["id"], number, written, values, len(sets) > 1)


def _value(template: str | None, macros: Mapping[str, str]) -> Value:
    """Fill a tag in as far as an ad alone can tell."""
    if template is None or utm_value(template) == (None, None):
        return Value(template)
    asked = {name.strip() for name in _MACRO.findall(template)}
    plain = _MACRO.sub("", template)
    if "{" in plain or "}" in plain or asked - CLICK_MACROS - macros.keys():
        return Value(template, None, UNRESOLVED)
    if asked & CLICK_MACROS:
        return Value(template, None, WILDCARD)
    filled = _MACRO.sub(lambda found: macros[found[1].strip()], template)
    kind = LITERAL
    if asked:
        is_named = any(name.endswith(".name") for name in asked)
        kind = FIRST_NAME if is_named else ID_MACRO
    return Value(template, utm_value(filled)[0], kind)


def _row(ad: Document, one: AdTags) -> dict[str, Any]:
    row: dict[str, Any] = {
        "ad_id": one.ad_id,
        "creative_id": creative_id(ad),
        "set_number": one.set_number,
        "ad_account_id": account_key(ad.get("account_id")),
        "campaign_id": ad.get("campaign_id"),
        "ad_set_id": ad.get("adset_id"),
        "is_current": True,
        "place": one.written.place,
        "short_link_id": one.written.short_link_id,
        "match_kind": one.kind,
        "candidates": [],
        "has_duplicates": one.written.has_duplicates,
        "has_blanks": one.written.has_blanks,
        "has_broken_macro": one.has_broken_macro,
        "is_ambiguous": one.is_ambiguous,
    }
    for name, value in one.values.items():
        row[name] = value.value
        row[f"{name}_template"] = value.template
        row[f"{name}_match_kind"] = value.kind
    return row


def creative_id(ad: Document) -> str:
    """Return the creative that an ad shows."""
    return str(mapping(ad.get("creative")).get("id"))


def _names(world: World) -> dict[str, str]:
    facebook = world.facebook
    objects = facebook.campaigns + facebook.ad_sets + facebook.ads
    return {one["id"]: text(one.get("name")) or "" for one in objects}


def _short_links(world: World) -> dict[str, str]:
    """Return where Landing's short links lead, by the code they end in."""
    return {
        code: target
        for row in rows(world, "landing", "short_links")
        if (code := text(row.get("short_code")))
        and (target := text(row.get("original_url")))
    }
