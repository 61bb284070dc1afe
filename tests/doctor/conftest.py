"""What the doctor's tests share: a small source database."""

import pytest

from tests.conftest import NewDatabase
from tests.doctor.looking import Base


@pytest.fixture
def base(new_database: NewDatabase) -> Base:
    """Return a database with leads, and a table of tokens beside them."""
    made = Base(new_database())
    made.run(
        "create table leads (id int primary key, name text, updated_at timestamptz)",
        "create table integration_tokens (id int primary key, access_token text)",
    )
    return made
