"""When the primary key of a source vouches for the declared key, and when not."""

import pytest

from pipelines.errors import LoadRefused
from tests.ingest.hostile import in_both_modes
from tests.ingest.source import declare

COLUMNS = {"id": "int", "v": "text"}


@pytest.mark.parametrize("key", [("id", "v"), ("v", "id")])
def test_primary_key_counts_in_any_order_and_with_more_columns(pair, key):
    pair.source(
        "create table leads (id int, v text, more int, "
        "primary key (v, id) include (more))",
        "insert into leads values (1, 'a')",
    )
    pair.tables.append(declare("leads", COLUMNS, key=key, mode="xmin"))
    pair.load()

    assert pair.load()["leads"].mode == "xmin"


@in_both_modes
def test_primary_key_says_nothing_of_the_children(pair, mode):
    pair.source(
        "create table leads (id int primary key, v text)",
        "create table child () inherits (leads)",
        "insert into leads values (1, 'a')",
    )
    pair.tables.append(declare("leads", COLUMNS, mode=mode))
    pair.load()

    assert pair.load()["leads"].mode == "snapshot"
    pair.source("insert into child values (1, 'again')")
    assert isinstance(pair.load()["leads"].error, LoadRefused)
    assert pair.living("leads", "v") == [("a",)]
