"""Row security on a source: rows that it would hide stop the table, aloud."""

from dataclasses import dataclass

import pytest

from pipelines.errors import LoadRefused
from pipelines.ingest.databases import Engine
from tests.ingest.source import LEADS, Pair, declare

POLICED = (
    "alter table late enable row level security",
    "create policy p on late for select using (true)",
    "create policy r on late as restrictive using (true)",
)
OPEN = "create policy p on leads for select to {role} using (true)"


@dataclass(frozen=True)
class Reader:
    """A source with row security on its leads, and who reads it."""

    pair: Pair
    names: dict[str, str]

    def source(self, *statements: str) -> None:
        self.pair.source(*(text.format(**self.names) for text in statements))

    @property
    def url(self) -> str:
        return self.pair.source_url.replace("//postgres@", f"//{self.names['role']}@")

    def assert_is_stopped(self, table: str = "leads") -> None:
        error = self.pair.load(source_url=self.url)[table].error
        assert isinstance(error, LoadRefused)
        assert error.guard == "row_security"
        assert f"landing.{table}: row security hides rows" in str(error)
        assert "using (true)" in str(error)

    def assert_is_read(self, table: str = "leads", count: int = 100) -> None:
        load = self.pair.load(source_url=self.url)[table]
        assert load.error is None, load.error
        assert len(self.pair.living(table)) == count


@pytest.fixture
def reader(leads: Pair) -> Reader:
    """Return a role that may read leads, where row security is on without a policy."""
    database = leads.source_url.rpartition("/")[2]
    names = {name: f"{database}_{name}" for name in ("role", "group", "other", "owner")}
    found = Reader(leads, names)
    found.source(
        "create role {role} login",
        "create role {group}",
        "create role {other}",
        "create role {owner}",
        "grant select on leads to {role}, {owner}",
        "alter table leads enable row level security",
    )
    return found


def test_row_security_that_hides_rows_stops_its_table_alone(reader):
    reader.source(
        "create table other (id int primary key)",
        "grant select on other to {role}",
    )
    reader.pair.tables.append(declare("other", {"id": "int"}))

    reader.assert_is_stopped()

    assert len(reader.pair.living("leads")) == 100
    assert reader.pair.load(source_url=reader.url)["other"].outcome == "loaded"


@pytest.mark.parametrize(
    "policies",
    [
        ["create policy p on leads for select to {other} using (true)"],
        ["create policy p on leads for select to {role} using (id > 0)"],
        ["create policy p on leads for update to {role} using (true)"],
        ["create policy p on leads for insert to {role} with check (true)"],
        [OPEN, "create policy r on leads as restrictive to {role} using (id < 5)"],
        [OPEN, "create policy r on leads as restrictive using (name <> 'lead 1')"],
        ["create policy r on leads as restrictive to {role} using (true)"],
        [
            "create policy p on leads for select to {group} using (true)",
            "grant {group} to {role} with inherit false",
        ],
    ],
)
def test_policies_that_may_hide_a_row_stop_the_table(reader, policies):
    reader.source(*policies)

    reader.assert_is_stopped()


@pytest.mark.parametrize(
    "policies",
    [
        [OPEN],
        ["create policy p on leads using (true)"],
        [
            "create policy p on leads for select using (id > 5)",
            "drop policy p on leads",
            OPEN,
        ],
        ["create policy q on leads for select using (id > 5)", OPEN],
        [
            "create policy p on leads for select to {group} using (true)",
            "grant {group} to {role}",
        ],
        [OPEN, "create policy r on leads as restrictive using (true)"],
        [OPEN, "create policy r on leads as restrictive to {other} using (id < 5)"],
        [OPEN, "create policy r on leads as restrictive for delete using (id < 5)"],
        ["alter role {role} bypassrls"],
        ["alter table leads disable row level security"],
    ],
)
def test_policies_that_let_every_row_pass_are_no_obstacle(reader, policies):
    reader.source(*policies)

    reader.assert_is_read()


def test_open_policies_are_no_obstacle_to_reading_changes(reader):
    reader.source(OPEN)
    reader.pair.tables[0] = declare("leads", LEADS, mode="xmin")
    reader.source(
        "update leads set name = 'x' where id < 3", "delete from leads where id = 9"
    )

    load = reader.pair.load(source_url=reader.url)["leads"]

    assert (load.error, load.mode, load.result.rows_deleted) == (None, "xmin", 1)


def test_owner_is_stopped_only_where_row_security_is_forced(reader):
    reader.source("alter table leads owner to {role}")

    reader.assert_is_read()
    reader.source("alter table leads force row level security")
    reader.assert_is_stopped()


def test_partition_is_read_through_the_policies_of_its_parent(reader):
    reader.source(
        "create table days (id int primary key) partition by range (id)",
        "create table day_1 partition of days for values from (0) to (10)",
        "insert into days values (1), (2)",
        "grant select on days, day_1 to {role}",
        "alter table day_1 enable row level security",
    )
    reader.pair.tables.append(declare("days", {"id": "int"}))

    reader.assert_is_read("days", 2)
    reader.source("alter table days enable row level security")
    reader.assert_is_stopped("days")


@pytest.fixture
def view(reader: Reader) -> Reader:
    """Return a view over the leads that belongs to somebody who does not own them."""
    reader.source(
        "create view seen as select id from leads",
        "alter view seen owner to {owner}",
        "grant select on seen to {role}",
    )
    reader.pair.tables[:] = [declare("seen", {"id": "int"})]
    return reader


def test_view_hides_what_row_security_hides_from_its_owner(view):
    view.source("create policy p on leads for select to {role} using (true)")

    view.assert_is_stopped("seen")
    view.source("create policy q on leads for select to {owner} using (true)")
    view.assert_is_read("seen")


def test_view_of_who_owns_the_table_or_bypasses_is_read_whole(view):
    view.source("alter role {owner} bypassrls")

    view.assert_is_read("seen")
    view.source("alter role {owner} nobypassrls", "alter table leads owner to {owner}")
    view.assert_is_read("seen")


@pytest.mark.parametrize("option", ["true", "on", "1"])
def test_view_with_the_rights_of_its_reader_hides_what_is_hidden_from_us(view, option):
    view.source(
        "alter role {owner} bypassrls",
        f"alter view seen set (security_invoker = {option}, security_barrier)",
    )

    view.assert_is_stopped("seen")
    view.source(OPEN)
    view.assert_is_read("seen")


def test_view_over_a_view_is_looked_through(view):
    view.source(
        "create view twice as select id from seen",
        "alter view twice owner to {other}",
        "grant select on seen to {other}",
        "grant select on twice to {role}",
        "alter role {other} bypassrls",
    )
    view.pair.tables.append(declare("twice", {"id": "int"}))

    view.assert_is_stopped("twice")
    view.source("create policy q on leads for select to {owner} using (true)")
    view.assert_is_read("twice")


def test_materialized_view_holds_what_its_owner_may_see(reader):
    reader.source(
        "create materialized view kept as select id from leads",
        "alter materialized view kept owner to {owner}",
        "grant select on kept to {role}",
    )
    reader.pair.tables[:] = [declare("kept", {"id": "int"})]

    reader.assert_is_stopped("kept")


@pytest.mark.parametrize(
    ("before", "meanwhile"),
    [
        ([], "alter table late enable row level security"),
        (POLICED, "alter policy p on late using (id > 40)"),
        (POLICED, "alter policy p on late to {other}"),
        (POLICED, "alter policy r on late using (current_user = 'x')"),
    ],
)
def test_policy_made_while_the_table_is_read_is_noticed(reader, before, meanwhile):
    reader.source("alter table leads disable row level security")
    reader.pair.tables.append(declare("late", LEADS))
    reader.source(
        "create table late (like leads including all)",
        "insert into late select * from leads",
        "insert into leads select n from generate_series(200, 60000) n",
        "grant select on late to {role}",
        *before,
    )

    loads = reader.pair.load(
        source_url=reader.url,
        engine=Engine(workers=1),
        on_progress=lambda *_: reader.source(meanwhile),
    )

    assert loads["leads"].outcome == "loaded"
    error = loads["late"].error
    assert isinstance(error, LoadRefused)
    assert error.guard == "row_security"


@pytest.mark.parametrize(
    "definition",
    [
        "select id from leads where owner_of(id) is not null",
        "select id from leads where id @@@ 1 > 0",
        "select id from calling",
    ],
)
def test_function_of_a_secured_view_may_hide_rows_unseen(reader, definition):
    reader.source(
        OPEN,
        "create table owners as select id from leads",
        "alter table owners enable row level security",
        "create policy p on owners for select using (id > 50)",
        "create function owner_of(int, int default 0) returns int stable language sql "
        "as 'select id from owners where id = $1'",
        "create operator @@@ (leftarg = int, rightarg = int, function = owner_of)",
        "create view calling as select id from leads where owner_of(id) > 0",
        f"create view seen with (security_invoker) as {definition}",
        "alter view calling owner to {role}",
        "grant select on seen, owners to {role}",
    )
    reader.pair.tables[:] = [declare("seen", {"id": "int"})]

    error = reader.pair.load(source_url=reader.url)["seen"].error

    assert isinstance(error, LoadRefused)
    assert "a function that the view calls" in str(error)
    reader.source("alter role {role} bypassrls")
    reader.assert_is_read("seen")


def test_built_in_functions_of_a_secured_view_hide_nothing(reader):
    reader.source(
        OPEN,
        "create view seen with (security_invoker) as "
        "select id, upper(name) as name from leads where abs(id) + 1 > 0",
        "grant select on seen to {role}",
    )
    reader.pair.tables[:] = [declare("seen", {"id": "int"})]

    reader.assert_is_read("seen")
