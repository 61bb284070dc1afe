"""What the tests of the receiver share: a database without a table."""

import pytest

from tests.conftest import NewDatabase


@pytest.fixture
def url(new_database: NewDatabase) -> str:
    return new_database()
