"""Types that an operator confirms, or has to: no value is cut, none stays stale."""

import pytest

from pipelines.errors import SchemaChanged
from pipelines.load.guards import Confirmation
from tests.ingest.hostile import in_both_modes
from tests.ingest.source import declare
from tests.ingest.test_database_types import raw_type

TYPES = Confirmation(types=["leads"])


@pytest.mark.parametrize(
    ("old", "new", "kept", "cut"),
    [
        ("text[]", "varchar(3)[]", "{abc}", "{ghijkl}"),
        ("text[]", "char(3)[]", "{ab}", "{ghijkl}"),
        ("text[]", "bit(3)[]", "{101}", "{1011}"),
        ("text[]", "numeric(4,1)[]", "{1.5}", "{1.55}"),
        ("text[]", "timestamp(0)[]", "{2026-01-05}", "{2026-01-05T10:00:00.5}"),
        ("jsonb", "varchar(3)", "7", '{"a": 7}'),
    ],
)
def test_confirmed_type_never_cuts_a_value(pair, old, new, kept, cut):
    pair.source(
        f"create table leads (id int primary key, v {old})",
        f"insert into leads values (1, '{kept}'), (2, '{kept}'), (3, '{cut}')",
    )
    pair.tables.append(declare("leads", {"id": "int", "v": old}))
    pair.load()
    pair.source(
        "delete from leads where id > 1",
        f"alter table leads alter v type {new} using v::text::{new}",
    )

    load = pair.load(confirm=TYPES)["leads"]

    assert "lost the values that do not fit" in load.notes[0]
    same = f"select id, v is not distinct from '{kept}'::{new}, v is null"
    rows = pair.raw(f"{same} from raw.landing__leads order by id")
    assert rows == [(1, True, False), (2, True, False), (3, False, True)]
    assert pair.changes() == (0, 0, 0)


@in_both_modes
def test_wider_type_that_a_value_exceeds_is_taken_when_confirmed(pair, mode):
    pair.source(
        "create table leads (id int primary key, v date, w int)",
        "insert into leads values (1, '2026-01-05', 1), (2, '5874897-12-31', 2)",
    )
    columns = {"id": "int", "v": "date", "w": "int"}
    pair.tables.append(declare("leads", columns, mode=mode))
    pair.load()
    pair.source("delete from leads where id = 2")
    pair.load()
    pair.source("alter table leads alter v type timestamptz, alter w type bigint")

    error = pair.load()["leads"].error

    assert isinstance(error, SchemaChanged)
    assert error.guard == "incompatible_type"
    assert "column v has to go from date to timestamp with time zone" in str(error)
    assert "confirm_types: [leads]" in str(error)
    assert raw_type(pair, "w") == "integer"
    load = pair.load(confirm=TYPES)["leads"]
    assert load.error is None
    assert load.notes == (
        "column w went from integer to bigint",
        "column v went from date to timestamp with time zone, as confirmed; rows that "
        "the source has no more lost the values that do not fit",
    )
    assert pair.raw("select v::text, w from raw.landing__leads order by id") == [
        ("2026-01-05 00:00:00+00", 1),
        (None, 2),
    ]


@in_both_modes
def test_living_rows_are_read_again_after_a_confirmed_type(pair, mode):
    pair.source(
        "create table leads (id int primary key, v jsonb)",
        "insert into leads values (1, '[1]'), (2, '2')",
    )
    pair.tables.append(declare("leads", {"id": "int", "v": "jsonb"}, mode=mode))
    pair.load()
    pair.raw("alter table raw.landing__leads alter v type bytea using 'stale'::bytea")

    load = pair.load(confirm=TYPES)["leads"]

    assert load.error is None
    assert load.mode == "snapshot"
    assert pair.living("leads", "id, v") == [(1, [1]), (2, 2)]
