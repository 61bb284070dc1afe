"""DDL in progress in a source: its table is refused soon, the others are loaded."""

import psycopg

from pipelines.errors import SourceUnreachable
from pipelines.ingest.databases import Engine
from pipelines.liveness import Patience
from tests.ingest.source import declare


def test_table_under_ddl_fails_alone_and_may_be_tried_again(leads_of, primary):
    pair = leads_of(primary, mode=None)
    pair.source(
        "create table other (id int primary key)", "insert into other values (1)"
    )
    pair.tables.insert(0, declare("other", {"id": "int"}))

    with psycopg.connect(pair.source_url) as migration:
        migration.execute("alter table leads add column extra int")
        loads = pair.load(engine=Engine(patience=Patience(locks=0.3)))

    error = loads["leads"].error
    assert isinstance(error, SourceUnreachable)
    assert str(error).startswith("landing.leads: ")
    assert "keeps it locked" in str(error)
    assert loads["other"].result.rows_inserted == 1
    assert len(pair.living("leads")) == 100
    assert pair.changes() == (0, 0, 0)
