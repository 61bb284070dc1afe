"""The declared key and the raw key: a declaration that changes is followed."""

import pytest

from pipelines.errors import SchemaChanged
from tests.ingest.source import declare

COLUMNS = {"a": "int", "b": "int", "v": "text"}


def declare_key(pair, *key, mode):
    pair.tables[:] = [declare("t", COLUMNS, key=key, mode=mode)]


@pytest.fixture
def wide(pair):
    """Return a source whose key has two columns, of which one was declared so far."""
    pair.source(
        "create table t (a int, b int, v text, primary key (a, b))",
        "insert into t select n, 1, 'v' || n from generate_series(1, 100) n",
    )
    return pair


@pytest.mark.parametrize("mode", ["snapshot", "xmin"])
@pytest.mark.parametrize("first", [("a",), ("b", "v"), ()])
def test_key_that_is_declared_anew_is_followed(wide, mode, first):
    declare_key(wide, *first, mode=mode)
    wide.load()
    wide.source("insert into t select n, 2, 'w' || n from generate_series(1, 100) n")

    declare_key(wide, "a", "b", mode=mode)

    assert wide.changes("t") == (100, 0, 0)
    assert wide.changes("t") == (0, 0, 0)
    assert len(wide.living("t")) == 200


def test_key_that_raw_rows_do_not_have_stops_the_table(wide):
    declare_key(wide, "a", "b", mode=None)
    wide.load()
    declare_key(wide, "b", mode=None)

    error = wide.load()["t"].error

    assert isinstance(error, SchemaChanged)
    assert error.guard == "changed_key"
    assert len(wide.living("t")) == 100


def test_key_that_somebody_took_from_raw_is_put_back(wide):
    declare_key(wide, "a", "b", mode="xmin")
    wide.load()
    wide.raw("alter table raw.landing__t drop constraint landing__t_pkey")
    wide.source("delete from t where a = 5", "update t set v = 'x' where a = 6")

    assert wide.changes("t") == (0, 1, 1)
    assert wide.load()["t"].mode == "xmin"
