"""Keys that are equal without looking alike, or look alike without being equal."""

from pipelines.errors import LoadRefused
from tests.ingest.hostile import EXTRAS, assert_equal_texts, in_both_modes
from tests.ingest.source import Pair, declare

ALIKE = [
    ("numeric", "1.0", "1.00"),
    ("double precision", "'-0'", "0"),
    ("jsonb", "'{\"n\": 1.0}'", "'{\"n\": 1.00}'"),
    ("interval", "'1 mon'", "'30 days'"),
    ("timestamptz", "'2026-01-05 00:00+00'", "'2026-01-05 06:00+06'"),
]
DIFFERENT = {
    "text": ["'a'", "'A'", "'a '", "''", "' '", "'ａ'", "U&'e\\0301'", "'é'"],
    "char(5)": ["'a'", "''", "'A'"],
    "bytea": ["''", "'\\x00'", "'\\x0000'"],
    "double precision": ["'NaN'", "'Infinity'", "'-Infinity'", "4.9e-324", "0"],
    "numeric": ["'NaN'", "'Infinity'", "1e-16383", "0", "repeat('9', 40)"],
    "timestamptz": ["'infinity'", "'-infinity'", "'4714-11-24 BC'"],
    "date": ["'infinity'", "'-infinity'", "'5874897-12-31'"],
    "timetz": ["'00:00+00'", "'01:00+01'", "'24:00-15:59'"],
    "inet": ["'192.0.2.7/24'", "'192.0.2.7'", "'::1'"],
    "uuid": ["'ffffffff-ffff-ffff-ffff-ffffffffffff'", "gen_random_uuid()"],
    "bit varying": ["B''", "B'0'", "B'00'"],
    "jsonb": ["'null'", "'\"null\"'", "'[]'", "'{}'"],
    "text[]": ["'{}'", "'{NULL}'", "'{\"NULL\"}'", "'[0:0]={NULL}'", "'{{a}}'"],
    "mood": ["'sad'", "'happy'"],
    "pair": ["row(1, null)", "row(1, '')", "row(null, null)"],
    "int4range": ["'empty'", "'[1,1]'", "'(,)'"],
    'pg_catalog."char"': ["''", "'x'"],
}


def keyed(pair: Pair, kind: str, values: list[str], *, mode: str) -> str:
    """Add a table with a key of some type to a source, and return its name."""
    name = f"keyed_{len(pair.tables)}"
    rows = ", ".join(f"(({value})::{kind}, {n})" for n, value in enumerate(values))
    pair.source(
        f"create table {name} (id {kind} primary key, v int)",
        f"insert into {name} values {rows}",
    )
    pair.tables.append(declare(name, {"id": "text", "v": "int"}, mode=mode))
    return name


def all_changes(pair: Pair) -> set[tuple[int, int, int] | str]:
    """Load everything and return which changes, or errors, there were."""
    results = [(load.result, load.error) for load in pair.load().values()]
    return {
        str(error)
        if error
        else (result.rows_inserted, result.rows_updated, result.rows_deleted)
        for result, error in results
    }


def assert_all_equal(pair: Pair) -> None:
    for table in pair.tables:
        name = table.table
        assert_equal_texts(pair.source_url, pair.warehouse_url, ["id", "v"], name)


@in_both_modes
def test_key_that_only_looks_another_stays_one_row(pair, mode):
    for kind, old, new in ALIKE:
        name = keyed(pair, kind, [old], mode=mode)
        pair.load(tables=[f"landing__{name}"])
        pair.source(f"update {name} set id = {new}, v = 2")

    assert all_changes(pair) == {(0, 1, 0)}
    assert all_changes(pair) == {(0, 0, 0)}
    assert_all_equal(pair)


@in_both_modes
def test_keys_that_differ_are_rows_of_their_own(pair, mode):
    pair.source(*EXTRAS)
    names = [keyed(pair, *item, mode=mode) for item in DIFFERENT.items()]
    loads = pair.load()

    assert [load.result.rows_inserted for load in loads.values()] == [
        len(values) for values in DIFFERENT.values()
    ]
    pair.source(*(f"update {name} set v = -1 where v = 1" for name in names))
    assert all_changes(pair) == {(0, 1, 0)}
    pair.source(*(f"delete from {name} where v = 0" for name in names))
    assert all_changes(pair) == {(0, 0, 1)}
    assert all_changes(pair) == {(0, 0, 0)}
    assert_all_equal(pair)


@in_both_modes
def test_key_that_raw_holds_in_a_wider_type_is_the_same_key(pair, mode):
    name = keyed(pair, "numeric(12,2)", ["1", "2", "3"], mode=mode)
    pair.load()
    pair.source(f"alter table {name} alter id type int using id::int")
    pair.load()

    pair.source(
        f"update {name} set v = 7 where id = 2", f"delete from {name} where id = 3"
    )

    assert pair.changes(name) == (0, 1, 1)
    assert pair.living(name, "id::int, v") == [(1, 0), (2, 7)]


@in_both_modes
def test_second_part_of_a_key_may_not_be_null(pair, mode):
    pair.source(
        "create table leads (id int, part text, v int)",
        "create unique index on leads (id, part)",
        "insert into leads values (1, 'a', 1), (1, null, 2), (1, null, 3)",
    )
    columns = {"id": "int", "part": "text", "v": "int"}
    pair.tables.append(declare("leads", columns, key=("id", "part"), mode=mode))

    error = pair.load()["leads"].error

    assert isinstance(error, LoadRefused)
    assert "landing.leads: rows repeat or lack their key" in str(error)
    pair.source("update leads set part = v::text where part is null")
    assert pair.changes() == (3, 0, 0)
    pair.source("update leads set part = null where v = 2")
    assert isinstance(pair.load()["leads"].error, LoadRefused)
    assert len(pair.living("leads")) == 3


@in_both_modes
def test_parts_of_a_key_do_not_run_into_each_other(pair, mode):
    pair.source(
        "create table leads (a text, b text, v int, primary key (b, a))",
        "insert into leads values ('x,', 'y', 1), ('x', ',y', 2), ('x', '', 3), "
        "('', 'x', 4), ('(', ')', 5), ('\"', '\\', 6)",
    )
    columns = {"a": "text", "b": "text", "v": "int"}
    pair.tables.append(declare("leads", columns, key=("a", "b"), mode=mode))
    assert pair.changes() == (6, 0, 0)

    pair.source(
        "delete from leads where v in (1, 4)",
        "insert into leads values ('x,y', '', 7)",
        "update leads set v = 8 where v = 2",
    )

    assert pair.changes() == (1, 1, 2)
    assert_equal_texts(pair.source_url, pair.warehouse_url, columns)


@in_both_modes
def test_key_that_repeats_later_is_refused(pair, mode):
    pair.source(
        "create table leads (id int, v int)", "insert into leads values (1, 1), (2, 2)"
    )
    columns = {"id": "int", "v": "int"}
    pair.tables.append(declare("leads", columns, mode=mode))
    assert pair.changes() == (2, 0, 0)

    pair.source("insert into leads values (2, 3)")

    for _ in range(2):
        error = pair.load()["leads"].error
        assert isinstance(error, LoadRefused)
        assert "rows repeat or lack their key" in str(error)
    assert pair.living("leads", "id, v") == [(1, 1), (2, 2)]


@in_both_modes
def test_unique_index_that_is_no_primary_key_is_followed(pair, mode):
    pair.source(
        "create table leads (id int, part text, v int)",
        "create unique index on leads (id, part) nulls not distinct",
        "insert into leads values (1, 'a', 1), (1, '', 2)",
    )
    columns = {"id": "int", "part": "text", "v": "int"}
    pair.tables.append(declare("leads", columns, key=("id", "part"), mode=mode))
    assert pair.changes() == (2, 0, 0)

    pair.source(
        "update leads set v = 3 where part = ''", "delete from leads where part = 'a'"
    )

    assert pair.changes() == (0, 1, 1)
