"""Spelling of column types, and which type holds another."""

import pytest

from pipelines.column_types import canonical_type, portable_type, wider_type

TZ = "timestamp with time zone"
NAIVE = "timestamp without time zone"


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("INT8", "bigint"),
        ("varchar( 50 )", "character varying(50)"),
        ("numeric(10, 4)", "numeric(10,4)"),
        ("timestamptz", TZ),
        ("timestamp(3)", "timestamp(3) without time zone"),
        ("timestamp(3) with time zone", "timestamp(3) with time zone"),
        ("text[]", "text[]"),
        ("bpchar", "bpchar"),
        ("double precision", "double precision"),
    ],
)
def test_types_have_one_spelling(written, canonical):
    assert canonical_type(written) == canonical


@pytest.mark.parametrize("text", ["", "text; drop", "text default 1", '"Odd"'])
def test_what_is_no_type_is_refused(text):
    with pytest.raises(ValueError, match="not a column type"):
        canonical_type(text)


@pytest.mark.parametrize(
    ("source", "is_builtin", "raw"),
    [
        ("uuid[]", True, "uuid[]"),
        ("numeric(12,2)", True, "numeric(12,2)"),
        ("bpchar", True, "bpchar"),
        ("interval day to second(3)", True, "interval"),
        ("interval year[]", True, "interval[]"),
        ("money", True, "text"),
        ("regclass", True, "text"),
        ("mood", False, "text"),
        ("mood[]", False, "text[]"),
        ("text", False, "text"),
    ],
)
def test_types_that_do_not_travel_become_text(source, is_builtin, raw):
    assert portable_type(source, is_builtin=is_builtin) == raw


@pytest.mark.parametrize(
    ("old", "new", "wider"),
    [
        ("integer", "bigint", "bigint"),
        ("bigint", "integer", "bigint"),
        ("integer", "numeric(10,2)", "numeric"),
        ("numeric(10,2)", "numeric(12,2)", "numeric(12,2)"),
        ("numeric(12,2)", "numeric(12,4)", "numeric"),
        ("character varying(50)", "character varying(100)", "text"),
        ("uuid", "text", "text"),
        ("text", "integer", "text"),
        ("date", NAIVE, NAIVE),
        (NAIVE, TZ, TZ),
        (TZ, NAIVE, TZ),
        ("real", "double precision", "double precision"),
        ("character(5)", "character(8)", "text"),
        ("bit(5)", "bit(6)", "text"),
        ("character(5)[]", "character(8)[]", "bpchar[]"),
        ("bpchar[]", "character(8)[]", "bpchar[]"),
        ("bit(5)[]", "bit(6)[]", "bit varying[]"),
        ("bit varying[]", "bit(6)[]", "bit varying[]"),
        ("character varying(3)[]", "character varying(4)[]", "character varying[]"),
        ("numeric(6,2)[]", "numeric(8,3)[]", "numeric[]"),
        ("timestamp(3) with time zone[]", f"{TZ}[]", f"{TZ}[]"),
        ("text", "jsonb", None),
        ("jsonb", "text", None),
        ("text[]", "text", None),
        ("bytea", "text", None),
    ],
)
def test_wider_type_holds_both(old, new, wider):
    assert wider_type(old, new) == wider
