"""Functions of schema util in a database of their own, without a dbt run."""

from collections.abc import Callable, Iterator
from typing import Any

import jinja2
import psycopg
import pytest
import yaml

from pipelines.catalog import STAGING

PROJECT = STAGING.parents[1]
Evaluate = Callable[..., Any]


def util_functions() -> str:
    """Render the SQL that a build runs first."""
    variables = yaml.safe_load((PROJECT / "dbt_project.yml").read_text())["vars"]
    folders = (PROJECT / "macros", PROJECT / "macros" / "engine")
    macros = sorted(path for folder in folders for path in folder.glob("*.sql"))
    text = "\n".join(path.read_text() for path in macros)
    template = text + "\n{{ create_util_functions() }}"
    environment = jinja2.Environment(extensions=["jinja2.ext.do"])
    return environment.from_string(template).render(var=variables.__getitem__)


@pytest.fixture(scope="package")
def evaluate(lasting_database: Callable[[], str]) -> Iterator[Evaluate]:
    """Evaluate one SQL expression with its parameters."""
    with psycopg.connect(lasting_database(), autocommit=True) as connection:
        connection.execute(util_functions())

        def run(expression: str, *values: Any) -> Any:
            row = connection.execute(f"select {expression}", values).fetchone()
            return row[0] if row else None

        yield run
