"""Publishing against a real server: what readers may rely on."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from pipelines.errors import PublishRefused
from pipelines.marts import MartSpec, marts_from_manifest
from pipelines.publish import publish, withhold
from tests.conftest import NewDatabase

NOW = datetime(2026, 1, 6, 3, tzinfo=UTC)
SALES = MartSpec("sales", ("sale_id",), description="Sales", columns={"amount": "KZT"})
PLANS = MartSpec("plans", ("team_id",), schema="history")


@pytest.fixture
def url(new_database: NewDatabase) -> str:
    url = new_database()
    with psycopg.connect(url) as warehouse:
        warehouse.execute("create schema candidate")
    return url


@pytest.fixture
def warehouse(url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection


def build(
    warehouse: psycopg.Connection,
    query: str = "select 1 as sale_id, 10.50::numeric(18, 2) as amount",
    *,
    name: str = "sales",
    key: str = "sale_id",
) -> None:
    warehouse.execute(f"drop table if exists candidate.{name} cascade")
    warehouse.execute(f"create table candidate.{name} as {query}")
    warehouse.execute(f"alter table candidate.{name} add primary key ({key})")


def counts(url: str, *marts: MartSpec, **options: bool) -> list[tuple[int, int, int]]:
    results = publish(url, marts or [SALES], edition="e", now=NOW, **options)
    return [(r.inserted, r.updated, r.deleted) for r in results]


def test_first_edition_makes_the_table_like_its_candidate(url, warehouse):
    build(warehouse)

    assert counts(url) == [(1, 0, 0)]

    shape = warehouse.execute(
        "select attname, format_type(atttypid, atttypmod), col_description(attrelid, "
        "attnum) from pg_attribute where attrelid = 'marts.sales'::regclass "
        "and attnum > 0"
    ).fetchall()
    assert shape == [
        ("sale_id", "integer", None),
        ("amount", "numeric(18,2)", "KZT"),
    ]
    comment = "select obj_description('marts.sales'::regclass)"
    assert warehouse.execute(comment).fetchone() == ("Sales",)


def test_second_publication_changes_nothing(url, warehouse):
    build(warehouse)
    first = publish(url, [SALES], edition="one", now=NOW)[0]
    rows = "select ctid, xmin, * from marts.sales"
    before = warehouse.execute(rows).fetchall()

    second = publish(url, [SALES], edition="two", now=NOW)[0]

    assert warehouse.execute(rows).fetchall() == before
    assert (second.inserted, second.updated, second.deleted) == (0, 0, 0)
    assert second.content_hash == first.content_hash
    log = warehouse.execute("select edition, mart, row_count from marts.publish_log")
    assert log.fetchall() == [("one", "sales", 1), ("two", "sales", 1)]


def test_only_rows_that_differ_are_written(url, warehouse):
    build(
        warehouse, "select n as sale_id, n::text as amount from generate_series(1, 9) n"
    )
    counts(url)
    build(
        warehouse,
        "select n as sale_id, case n when 4 then null else n::text end as amount "
        "from generate_series(2, 10) n",
    )

    assert counts(url) == [(1, 1, 1)]

    same = (
        "select count(*) from marts.sales natural full join candidate.sales "
        "where amount is null"
    )
    assert warehouse.execute(same).fetchone() == (2,)


def test_new_column_is_added_and_filled(url, warehouse):
    build(warehouse)
    counts(url)
    build(
        warehouse, "select 1 as sale_id, 10.50::numeric(18, 2) as amount, 'a' as team"
    )

    assert counts(url) == [(0, 1, 0)]

    row = warehouse.execute("select * from marts.sales").fetchone()
    assert row is not None
    assert row[2] == "a"


@pytest.mark.parametrize(
    ("query", "key", "says"),
    [
        ("select 1 as sale_id, 'x' as amount", "sale_id", "sales.amount changed from"),
        ("select 1 as sale_id", "sale_id", "sales lost the columns amount"),
        ("select 1 as sale_id, 1.0 as amount, 2 as b", "b", "no primary_key"),
    ],
)
def test_shape_that_readers_rely_on_is_not_changed(url, warehouse, query, key, says):
    build(warehouse)
    counts(url)
    before = warehouse.execute("select * from marts.sales").fetchall()
    build(warehouse, query, key=key)

    with pytest.raises(PublishRefused, match=says):
        counts(url, confirm=True)

    assert warehouse.execute("select * from marts.sales").fetchall() == before


def test_mart_that_was_not_built_is_refused(url):
    with pytest.raises(PublishRefused, match="sales was not built"):
        counts(url)


def test_all_objections_are_named_and_nothing_is_published(url, warehouse):
    build(warehouse)
    build(warehouse, "select 'a' as team_id, 1 as plan", name="plans", key="team_id")
    counts(url, SALES, PLANS)
    build(warehouse, "select 1 as sale_id")
    build(warehouse, "select 'a' as team_id", name="plans", key="team_id")

    with pytest.raises(PublishRefused, match=r"sales lost .*plans lost"):
        counts(url, SALES, PLANS)


@pytest.mark.parametrize("left", [0, 49])
def test_edition_that_shrinks_needs_a_confirmation(url, warehouse, left):
    build(warehouse, "select n as sale_id from generate_series(1, 100) n")
    counts(url)
    build(warehouse, f"select n as sale_id from generate_series(1, {left}) n")

    with pytest.raises(PublishRefused, match=f"from 100 to {left} rows"):
        counts(url)

    assert counts(url, confirm=True) == [(0, 0, 100 - left)]


def test_mart_without_volume_guard_may_become_empty(url, warehouse):
    findings = MartSpec("sales", ("sale_id",), has_volume_guard=False)
    build(warehouse)
    counts(url, findings)
    build(warehouse, "select 1 as sale_id, 1.00::numeric(18, 2) as amount where false")

    assert counts(url, findings) == [(0, 0, 1)]


def test_memory_is_always_guarded(url, warehouse):
    plans = replace(PLANS, has_volume_guard=False)
    build(warehouse, "select 'a' as team_id, 1 as plan", name="plans", key="team_id")
    counts(url, plans)
    warehouse.execute("truncate candidate.plans")

    with pytest.raises(PublishRefused, match="plans would shrink from 1 to 0"):
        counts(url, plans)


def test_failure_in_the_last_mart_leaves_the_first_as_it_was(url, warehouse):
    build(warehouse)
    build(warehouse, "select 'a' as team_id, 1 as plan", name="plans", key="team_id")
    counts(url, SALES, PLANS)
    build(warehouse, "select 2 as sale_id, 1.00::numeric(18, 2) as amount")
    build(warehouse, "select 'b' as team_id, 1 as plan", name="plans", key="team_id")
    warehouse.execute("alter table history.plans add check (team_id <> 'b')")

    with pytest.raises(PublishRefused, match="check constraint"):
        counts(url, SALES, PLANS)

    assert warehouse.execute("select sale_id from marts.sales").fetchall() == [(1,)]
    log = warehouse.execute("select count(*) from marts.publish_log")
    assert log.fetchone() == (2,)


def test_reader_is_not_blocked_and_sees_one_edition(url, warehouse):
    build(warehouse)
    counts(url)
    warehouse.execute("create view public.bi as select * from marts.sales")
    with psycopg.connect(url) as reader:
        reader.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        before = reader.execute("select * from public.bi").fetchall()
        build(warehouse, "select 2 as sale_id, 7.00::numeric(18, 2) as amount")

        assert counts(url) == [(1, 0, 1)]

        reader.execute("set local lock_timeout = '1s'")
        assert reader.execute("select * from public.bi").fetchall() == before
    assert warehouse.execute("select sale_id from public.bi").fetchall() == [(2,)]


def test_withheld_edition_touches_only_its_status_row(url, warehouse):
    status = MartSpec("data_status", ("subject",))
    build(
        warehouse,
        "select subject, 'ok' as state, timestamptz '2026-01-01' as since, "
        "null::text as reason, date '2026-01-05' as covered_to, "
        "timestamptz '2026-01-06' as as_of from (values ('edition'), ('landing')) "
        "as subjects (subject)",
        name="data_status",
        key="subject",
    )
    counts(url, status)

    withhold(url, reason="an invariant failed", now=NOW)
    withhold(url, reason="still", now=datetime(2026, 1, 7, tzinfo=UTC))

    rows = (
        "select subject, state, since, reason from marts.data_status order by subject"
    )
    edition, landing = warehouse.execute(rows).fetchall()
    assert edition == ("edition", "withheld", NOW, "still")
    assert landing[1] == "ok"
    assert counts(url, status) == [(0, 1, 0)]


def test_edition_can_be_withheld_before_any_was_published(url, warehouse):
    withhold(url, reason="the first audit failed", now=NOW)

    row = warehouse.execute("select state, reason from marts.data_status").fetchone()
    assert row == ("withheld", "the first audit failed")


def test_marts_are_read_from_the_manifest(tmp_path: Path):
    def model(name: str, layer: str = "marts", **more: object) -> dict[str, object]:
        base = {
            "name": name, "resource_type": "model", "fqn": ["traffic", layer, name],
            "config": {"meta": {}}, "description": f"About {name}",
            "constraints": [{"type": "primary_key", "columns": ["a", "b"]}],
            "columns": {"a": {"name": "a", "description": "A"}},
        }  # fmt: skip
        return base | more

    by_column = {"a": {"name": "a", "constraints": [{"type": "primary_key"}]}}
    nodes = [
        model("plain"),
        model("kept", config={"meta": {"publish_to": "history"}}),
        model("findings", columns=by_column, constraints=[]),
        model("hidden", "intermediate"),
        model("test", resource_type="test"),
    ]
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps({"nodes": {str(n): v for n, v in enumerate(nodes)}}))

    marts = {mart.name: mart for mart in marts_from_manifest(path)}

    assert set(marts) == {"plain", "kept", "findings"}
    assert marts["plain"].key == ("a", "b")
    assert marts["plain"].columns == {"a": "A"}
    assert marts["kept"].schema == "history"
    assert marts["findings"].key == ("a",)
