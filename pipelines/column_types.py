"""PostgreSQL column types as text: one spelling each, and which holds which.

Types of the marts belong to their dbt contracts.
"""

import re

ALIASES = {
    "int2": "smallint",
    "int4": "integer",
    "int": "integer",
    "int8": "bigint",
    "float4": "real",
    "float8": "double precision",
    "bool": "boolean",
    "decimal": "numeric",
    "varchar": "character varying",
    "char": "character",
    "timestamp": "timestamp without time zone",
    "timestamptz": "timestamp with time zone",
    "time": "time without time zone",
    "timetz": "time with time zone",
    "varbit": "bit varying",
}
# Types whose binary form every PostgreSQL reads alike; all others travel as text.
PORTABLE = frozenset(ALIASES.values()) | frozenset({
    "text", "bpchar", "bytea", "uuid", "json", "jsonb", "date", "interval", "inet",
    "cidr", "macaddr", "macaddr8", "bit",
})  # fmt: skip
FORM = re.compile(
    r"^(?P<base>[a-z][a-z0-9_]*(?: [a-z]+)*?)\s*"
    r"(?:\((?P<arguments>[0-9, ]+)\))?(?P<zone> with(?:out)? time zone)?"
    r"(?P<array>(?:\[\])*)$"
)
INTEGERS = ("smallint", "integer", "bigint")
TIMES = ("date", "timestamp without time zone", "timestamp with time zone")
# Without a length these two mean a length of one; their free forms have other names.
FREE = {"character": "bpchar", "bit": "bit varying"}
# Types that lose their meaning, or their shape, when read as text.
NEVER_TEXT = frozenset({"json", "jsonb", "bytea"})


def canonical_type(name: str) -> str:
    """Spell a type as PostgreSQL's format_type does; raise ValueError if it is none."""
    match = FORM.match(name.strip().lower())
    if not match:
        raise ValueError(f"not a column type: {name!r}")
    base, arguments, zone, array = match.group("base", "arguments", "zone", "array")
    base = base + zone if zone else ALIASES.get(base, base)
    if arguments:
        arguments = ",".join(part.strip() for part in arguments.split(","))
        arguments = f"({arguments})"
        head, separator, tail = base.partition(" with")
        base = f"{head}{arguments}{separator}{tail}"
    return base + ("[]" if array else "")


def base_type(name: str) -> str:
    """Return the type of the same values that has no length, precision or scale."""
    array = "[]" if name.endswith("[]") else ""
    element = re.sub(r"\([^)]*\)", "", name).removesuffix("[]")
    return FREE.get(element, element) + array


def portable_type(name: str, *, is_builtin: bool) -> str:
    """Return the raw type for a source type: itself, or text (text[] for arrays)."""
    array = "[]" if name.endswith("[]") else ""
    element = base_type(name).removesuffix("[]")
    if is_builtin and element in PORTABLE:
        return name
    # `interval day to second` and the like limit what is written, not what is held.
    if is_builtin and element.startswith("interval "):
        return f"interval{array}"
    return f"text{array}"


def wider_type(old: str, new: str) -> str | None:
    """Return the narrowest type that holds both without loss, or None.

    Naive timestamps are UTC, so they fit into timestamps with a zone.
    """
    if old == new:
        return old
    bases = {base_type(old), base_type(new)}
    if any(base.endswith("[]") for base in bases):
        return base_type(old) if len(bases) == 1 else None
    for family in (INTEGERS, ("real", "double precision"), TIMES):
        if bases <= set(family):
            return max(bases, key=family.index)
    if bases <= {"numeric", *INTEGERS}:
        return _wider_numeric(old, new)
    return None if bases & NEVER_TEXT else "text"


def _wider_numeric(old: str, new: str) -> str:
    """Return the wider of two numerics if one holds the other, else a free one."""
    shapes = [_precision_and_scale(name) for name in (old, new)]
    if None in shapes:
        return "numeric"
    (old_whole, old_scale), (new_whole, new_scale) = [
        shape or (0, 0) for shape in shapes
    ]
    if old_whole >= new_whole and old_scale >= new_scale:
        return old
    if new_whole >= old_whole and new_scale >= old_scale:
        return new
    return "numeric"


def _precision_and_scale(name: str) -> tuple[int, int] | None:
    """Return digits before and after the point of numeric(p, s)."""
    match = re.fullmatch(r"numeric\((\d+)(?:,(\d+))?\)", name)
    if not match:
        return None
    scale = int(match.group(2) or 0)
    return int(match.group(1)) - scale, scale
