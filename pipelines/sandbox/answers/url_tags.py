"""The UTM tags a creative carries: every place they stand in, every way to write.

What a macro among them stands for belongs to `ad_utms.py`.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, urlsplit

from pipelines.sandbox.answers.normalise import UTM_NAMES, utm_value
from pipelines.sandbox.answers.reading import listing
from pipelines.sandbox.story.world import Document

PARAMETERS = (*UTM_NAMES, "utm_id")
URL_TAGS = "url_tags"
# In the order in which they count; [] stands for every item, * for every key.
LINK_PLACES = (
    "object_story_spec.link_data.link",
    "object_story_spec.link_data.child_attachments[].link",
    "object_story_spec.link_data.call_to_action.value.link",
    "object_story_spec.video_data.call_to_action.value.link",
    "asset_feed_spec.link_urls[].website_url",
    "asset_feed_spec.link_urls[].url_tags",
    "template_url",
    "template_url_spec",
    "link_url",
    "object_url",
)
PATHS = {"template_url_spec": "template_url_spec.*.url"}


@dataclass(frozen=True)
class TagSet:
    """The tags of one link as they are written, decoded, macros and all."""

    place: str
    templates: Mapping[str, str]
    has_duplicates: bool = False
    has_blanks: bool = False
    short_link_id: str | None = None

    def agrees_with(self, other: "TagSet") -> bool:
        """Tell whether no tag is written differently in the two."""
        return all(
            other.templates.get(name, value) == value
            for name, value in self.templates.items()
        )

    def together_with(self, other: "TagSet") -> "TagSet":
        """Return what a visitor brings who comes with both."""
        return replace(
            self,
            templates={**other.templates, **self.templates},
            has_duplicates=self.has_duplicates or other.has_duplicates,
            has_blanks=self.has_blanks or other.has_blanks,
            short_link_id=other.short_link_id,
        )


def creative_sets(creative: Document, short_links: Mapping[str, str]) -> list[TagSet]:
    """Return the distinct sets of a creative, that of the first place first.

    Facebook appends the URL tags to the link, so the two are one set as long as they
    do not contradict each other.
    """
    appended = _parsed(URL_TAGS, _tail(creative.get(URL_TAGS)))
    linked = [
        found
        for place in LINK_PLACES
        for text in _texts(creative, PATHS.get(place, place))
        if (found := _linked(place, text, short_links))
    ]
    if appended is None:
        return _distinct(linked)
    apart = [found for found in linked if not appended.agrees_with(found)]
    joined = [
        appended.together_with(found) for found in linked if appended.agrees_with(found)
    ]
    return _distinct([*(joined or [appended]), *apart])


def _linked(place: str, text: str, short_links: Mapping[str, str]) -> TagSet | None:
    """Read a link's own tags, else those of the short link that it is."""
    if place.endswith(URL_TAGS):
        return _parsed(place, _tail(text))
    if found := _parsed(place, urlsplit(text).query):
        return found
    code = urlsplit(text).path.rstrip("/").rpartition("/")[2]
    target = short_links.get(code)
    if target and (found := _parsed(place, urlsplit(target).query)):
        return replace(found, short_link_id=code)
    return None


def _tail(tags: object) -> str:
    return str(tags or "").strip().lstrip("?&")


def _parsed(place: str, query: str) -> TagSet | None:
    """Return the tags of a query, None when it has none; the first of two counts."""
    pairs = [
        (name.strip(), value.strip())
        for name, value in parse_qsl(query, keep_blank_values=True)
        if name.strip() in PARAMETERS
    ]
    if not pairs:
        return None
    templates = dict(reversed(pairs))
    return TagSet(
        place=place,
        templates=templates,
        has_duplicates=len(templates) < len(pairs),
        has_blanks=any(_is_blank(value) for _, value in pairs),
    )


def _is_blank(value: str) -> bool:
    return utm_value(value) == (None, None)


def _texts(value: object, path: str) -> Iterator[str]:
    """Yield the texts at a path, wherever the document goes that far."""
    head, _, rest = path.partition(".")
    if not head:
        if isinstance(value, str) and value.strip():
            yield value.strip()
        return
    if not isinstance(value, dict):
        return
    name = head.removesuffix("[]")
    found = list(value.values()) if head == "*" else [value.get(name)]
    if head.endswith("[]"):
        found = listing(found[0])
    for item in found:
        yield from _texts(item, rest)


def _distinct(found: Iterable[TagSet]) -> list[TagSet]:
    """Keep the first of the sets that say the same."""
    kept: dict[tuple[tuple[str, str], ...], TagSet] = {}
    for one in found:
        said = {name: value for name, value in one.templates.items() if value}
        kept.setdefault(tuple(sorted(said.items())), one)
    return list(kept.values())
