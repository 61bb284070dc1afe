"""What the tests of the source databases share."""

import pytest

from tests.conftest import NewDatabase
from tests.ingest.source import LEADS, Pair, declare


@pytest.fixture
def pair(new_database: NewDatabase) -> Pair:
    # One database is both: a source shows its `public`, a warehouse is its `raw`.
    url = new_database()
    return Pair(url, url)


@pytest.fixture
def leads(pair: Pair) -> Pair:
    """Return a source with a hundred leads that is loaded once."""
    pair.source(
        "create table leads (id int primary key, name text, updated_at timestamptz)",
        "insert into leads select n, 'lead ' || n, '2026-01-05T10:00Z' "
        "from generate_series(1, 100) n",
    )
    pair.tables.append(declare("leads", LEADS, newest="updated_at"))
    assert pair.changes() == (100, 0, 0)
    return pair
