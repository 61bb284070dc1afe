"""What the tests of the source databases share."""

import pytest

from tests.conftest import NewDatabase
from tests.ingest.source import Pair


@pytest.fixture
def pair(new_database: NewDatabase) -> Pair:
    # One database is both: a source shows its `public`, a warehouse is its `raw`.
    url = new_database()
    return Pair(url, url)
