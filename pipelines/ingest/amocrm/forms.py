"""Form bodies as PHP reads them: brackets make nested arrays.

`parse_str` follows PHP's function of that name byte by byte; `read_form` takes of that
only what has one meaning. What the names mean belongs to `hook_items.py`.
"""

import re
from dataclasses import dataclass, field
from urllib.parse import unquote_to_bytes

# Keys are what PHP makes of them: a canonical number is an int.
Key = int | bytes
Tree = dict[Key, "bytes | Tree"]
Value = str | list["Value"] | dict[str, "Value"]
# PHP's max_input_nesting_level; its max_input_vars is left to the caller.
MAX_NESTING = 64
# Brackets after a name: a legal entity in a custom field has eight.
MAX_DEPTH = 8
# One MiB of real hooks has no more.
MAX_FIELDS = 20_000
NUMBER = re.compile(rb"0|-?[1-9][0-9]{0,18}")
LARGEST = 2**63 - 1
# What C calls a space.
SPACES = b" \t\n\v\f\r"
MANGLED = bytes.maketrans(b" .[", b"___")
# Old senders in Russian; what it does not know either becomes U+FFFD.
FALLBACK = "cp1251"


class FormError(Exception):
    """A body that has no one meaning; says why without repeating it."""


@dataclass
class _Parsing:
    """An array in the making, and what PHP would not tell about it."""

    tree: Tree = field(default_factory=dict)
    # The next index of arrays that have one, by identity: on from the largest ever.
    following: dict[int, int] = field(default_factory=dict)
    fields: int = 0
    depth: int = 0
    clash: bool = False
    too_deep: bool = False
    too_many: bool = False
    lost: bool = False


def parse_str(body: bytes, *, max_fields: int = 1000) -> Tree:
    """Return what PHP's `parse_str` makes of a body, with `max_input_vars` fields."""
    return _parse(body, max_fields).tree


def read_form(body: bytes) -> dict[str, Value]:
    """Return a body as maps, lists and texts; refuse one that is ambiguous.

    A map whose keys are exactly 0..n-1 in order is a list, any other stays a map.
    """
    if not body.strip():
        raise FormError("the body is empty")
    if b"\x00" in body:
        raise FormError("a NUL byte in the body")
    if body.lstrip()[:1] in (b"{", b"<") or body.startswith(b"--"):
        raise FormError("no form: JSON, XML or multipart")
    parsing = _parse(body, MAX_FIELDS)
    if parsing.too_many:
        raise FormError(f"more than {MAX_FIELDS} fields")
    if parsing.too_deep or parsing.depth > MAX_DEPTH:
        raise FormError(f"brackets nested deeper than {MAX_DEPTH}")
    if parsing.clash:
        raise FormError("one name twice, or as a value and as an array")
    if parsing.lost:
        raise FormError("an index beyond the last number")
    return {decode(_name(key)): _plain(value) for key, value in parsing.tree.items()}


def decode(text: bytes) -> str:
    """Return text that is UTF-8, else what an old sender may have meant."""
    try:
        return text.decode()
    except UnicodeDecodeError:
        return text.decode(FALLBACK, errors="replace")


def _parse(body: bytes, max_fields: int) -> _Parsing:
    parsing = _Parsing()
    # PHP's strings end at a NUL.
    for pair in body.partition(b"\x00")[0].split(b"&"):
        if not pair:
            continue
        parsing.fields += 1
        if parsing.fields > max_fields:
            parsing.too_many = True
            break
        name, _, value = pair.partition(b"=")
        _register(parsing, _decode_percent(name), _decode_percent(value))
    return parsing


def _decode_percent(text: bytes) -> bytes:
    return unquote_to_bytes(text.replace(b"+", b" "))


def _register(parsing: _Parsing, name: bytes, value: bytes) -> None:
    """Put one field where PHP puts it, or nowhere."""
    name = name.partition(b"\x00")[0].lstrip(b" ")
    variable, bracket, rest = name.partition(b"[")
    variable = variable.translate(MANGLED)
    if not variable:
        return
    keys: list[bytes | None] = [variable]
    if bracket:
        found = _indexes(rest)
        if found is None:
            # The first bracket is never closed: it belongs to the name.
            keys = [(variable + b"[" + rest).translate(MANGLED)]
        else:
            keys += found
    parsing.depth = max(parsing.depth, len(keys) - 1)
    if len(keys) - 1 > MAX_NESTING:
        parsing.too_deep = True
        # By then PHP has made the arrays on the way, and takes them all back.
        parsing.tree.pop(_key(variable), None)
        return
    _put(parsing, keys, value)


def _indexes(rest: bytes) -> list[bytes | None] | None:
    """Split what follows the first `[`; None in it: the next index.

    What stands after the last closed bracket is dropped, as PHP does.
    """
    found: list[bytes | None] = []
    while True:
        # One space before the bracket's end does not count.
        skipped = 1 if rest[:1] and rest[:1] in SPACES else 0
        end = rest.find(b"]", skipped)
        if end < 0:
            return found or None
        found.append(None if end == skipped else rest[:end])
        if rest[end + 1 : end + 2] != b"[":
            return found
        if len(found) == MAX_NESTING:
            return [*found, None]
        rest = rest[end + 2 :]


def _put(parsing: _Parsing, keys: list[bytes | None], value: bytes) -> None:
    array = parsing.tree
    for name in keys[:-1]:
        key = _place(parsing, array, name)
        if key is None:
            return
        inner = array.get(key)
        if not isinstance(inner, dict):
            parsing.clash |= inner is not None
            inner = array[key] = {}
            # An array that is gone may have left its identity.
            parsing.following.pop(id(inner), None)
        array = inner
    key = _place(parsing, array, keys[-1])
    if key is not None:
        parsing.clash |= key in array
        array[key] = value


def _place(parsing: _Parsing, array: Tree, name: bytes | None) -> Key | None:
    """Return the key of a name in an array; None where PHP has no more numbers."""
    key: Key
    if name is None:
        key = parsing.following.get(id(array), 0)
        if key > LARGEST:
            parsing.lost = True
            return None
    else:
        key = _key(name)
    if isinstance(key, int):
        before = parsing.following.get(id(array), key)
        parsing.following[id(array)] = max(before, key + 1)
    return key


def _key(name: bytes) -> Key:
    if NUMBER.fullmatch(name) and -LARGEST - 1 <= (number := int(name)) <= LARGEST:
        return number
    return name


def _name(key: Key) -> bytes:
    return b"%d" % key if isinstance(key, int) else key


def _plain(value: "bytes | Tree") -> Value:
    if isinstance(value, bytes):
        return decode(value)
    if list(value) == list(range(len(value))):
        return [_plain(inner) for inner in value.values()]
    return {decode(_name(key)): _plain(inner) for key, inner in value.items()}
