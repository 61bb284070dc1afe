"""Makes values comparable: UTM tags, phones, e-mails, team names, test patterns.

Pure functions of text; who owns a value is not decided here.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, fields
from urllib.parse import unquote

from pipelines.sandbox.answers.rules import (
    BLANK_UTM,
    GENERIC_SOURCES,
    ID_DIGITS,
    ORGANIC_SOURCES,
    OWN_CHANNELS,
)

UTM_NAMES = ("utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term")
MACRO = "macro_unexpanded"
PHONE = "pii_in_utm"

_LISTED = re.compile(r"[,;/|]")
_TEST_TAG = re.compile(r"^test(?:$|[_\-. ])|(?:^|[_\-. ])test$")
_TEST_NAME = re.compile(r"^(?:test|тест)(?![^\W\d_])", re.IGNORECASE)


@dataclass(frozen=True)
class UtmSet:
    """Five tags that belong together (and `utm_id`), normalised."""

    source: str | None = None
    medium: str | None = None
    campaign: str | None = None
    content: str | None = None
    term: str | None = None
    utm_id: str | None = None
    issue: str | None = None

    @property
    def is_empty(self) -> bool:
        """Tell whether no tag holds a value."""
        tags = (field.name for field in fields(self) if field.name != "issue")
        return all(getattr(self, name) is None for name in tags)

    @property
    def is_generic(self) -> bool:
        """Tell whether the source is paid but names nobody."""
        return self.source in GENERIC_SOURCES

    @property
    def is_skipped(self) -> bool:
        """Tell whether the set is an own-channel or organic touch: no acquisition."""
        return self.source in OWN_CHANNELS or self.source in ORGANIC_SOURCES

    @property
    def is_usable(self) -> bool:
        """Tell whether the source may decide: given, not own-channel, not organic."""
        return self.source is not None and not self.is_skipped

    @property
    def ids(self) -> list[str]:
        """Return the tags that look like an advertising id, in reading order."""
        tags = (self.campaign, self.content, self.term, self.utm_id)
        return [tag for tag in tags if tag and is_long_number(tag)]


NO_UTM = UtmSet()


def is_long_number(value: str) -> bool:
    """Tell whether a tag is purely numeric and at least 14 digits long."""
    return value.isascii() and value.isdigit() and len(value) >= ID_DIGITS


def plain(value: str) -> str:
    """Decode, trim, collapse, unify and lower a tag, before any value is blanked."""
    if "%" in value:
        value = _percent_decoded(value if " " in value else value.replace("+", " "))
    value = unicodedata.normalize("NFKC", " ".join(value.split()))
    return " ".join(value.split()).lower()


def _percent_decoded(value: str) -> str:
    """Decode once; bytes that are no text become replacement characters."""
    return unquote(value, errors="replace").replace("\0", "")


def utm_value(raw: object) -> tuple[str | None, str | None]:
    """Return a tag's normalised value and its issue: blank words give no value."""
    value = plain("" if raw is None else str(raw))
    if value in BLANK_UTM:
        return None, None
    if "{{" in value or "}}" in value:
        return None, MACRO
    return value, None


def utm_set(
    raw: Mapping[str, object], *, utm_id: object = None, is_fallback: bool = False
) -> UtmSet:
    """Normalise five tags together: a phone in campaign or content is blanked."""
    pairs = {name: utm_value(raw.get(name)) for name in UTM_NAMES}
    values = {name: value for name, (value, _) in pairs.items()}
    issue = MACRO if any(found for _, found in pairs.values()) else None
    if is_fallback or values["utm_source"] is None:
        for name in ("utm_campaign", "utm_content"):
            if is_phone_like(values[name]):
                values[name], issue = None, issue or PHONE
    tags = {name.removeprefix("utm_"): value for name, value in values.items()}
    return UtmSet(**tags, utm_id=utm_value(utm_id)[0], issue=issue)


def is_phone_like(value: str | None) -> bool:
    """Tell whether a tag holds nothing but the digits of a phone."""
    digits = re.sub(r"[+()\- ]", "", value or "")
    return bool(re.fullmatch(r"[0-9]{10,12}", digits))


def phones(raw: object) -> list[str]:
    """Return the phones of a free text as +digits; junk gives nothing."""
    parts = (_phone(part) for part in _LISTED.split(_readable(raw)))
    return list(dict.fromkeys(part for part in parts if part))


def _readable(raw: object) -> str:
    """Return text in one form of Unicode, without characters that only format."""
    found = unicodedata.normalize("NFKC", "" if raw is None else str(raw))
    return "".join(char for char in found if unicodedata.category(char) != "Cf")


def _phone(part: str) -> str | None:
    digits = re.sub(r"[^0-9]", "", part.strip().removesuffix(".0"))
    is_junk = len(set(digits)) == 1
    if len(digits) == 12 and digits.startswith("78"):
        digits = "7" + digits[2:]
    elif len(digits) == 11 and digits.startswith("8"):
        digits = "7" + digits[1:]
    if not 10 <= len(digits) <= 15 or is_junk or len(set(digits)) == 1:
        return None
    return f"+7{digits}" if len(digits) == 10 else f"+{digits}"


def emails(raw: object) -> list[str]:
    """Return the e-mails of a free text, lowered; made-up domains give nothing."""
    parts = (part.strip().lower() for part in _LISTED.split(_readable(raw)))
    return list(dict.fromkeys(part for part in parts if _is_email(part)))


def _is_email(value: str) -> bool:
    local, _, domain = value.rpartition("@")
    is_one = value.count("@") == 1 and len(value.split()) == 1
    return is_one and bool(local and domain) and not domain.startswith("unknown.")


def team_key(name: object) -> str:
    """Return how team names compare: trimmed, collapsed, lower-cased."""
    return " ".join(str(name or "").split()).lower()


def tokens(value: str) -> tuple[str, ...]:
    """Split on everything that is neither letter nor digit."""
    return tuple(re.findall(r"[^\W_]+", plain(value)))


def holds_run(haystack: tuple[str, ...], run: tuple[str, ...]) -> bool:
    """Tell whether these tokens stand next to each other somewhere."""
    width = len(run)
    starts = range(len(haystack) - width + 1)
    return width > 0 and any(haystack[at : at + width] == run for at in starts)


def is_test_tag(raw: object) -> bool:
    """Tell whether a tag starts or ends with the whole token `test`."""
    return bool(_TEST_TAG.search(plain("" if raw is None else str(raw))))


def is_test_name(raw: object) -> bool:
    """Tell whether a name starts with TEST or ТЕСТ followed by no letter."""
    return bool(_TEST_NAME.match(str(raw or "").strip()))
