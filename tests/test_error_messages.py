"""What PostgreSQL says of an error: its words and names, never a value of a row."""

import psycopg
import pytest

from pipelines.connections import RAISED, primary_message

SETUP = """
create table pg_temp.held (id int primary key, v text not null, n int);
alter table held add constraint short check (length(v) < 20);
insert into held values (1, 'CANARY"x', 9999);
create domain pg_temp.tiny as text constraint tiny_check check (length(value) < 3);
create function pg_temp.boom(said text, code text) returns int language plpgsql as $$
begin
    raise exception 'bad value %', said
        using errcode = code, constraint = said, column = said;
end $$;
create function pg_temp.refuse() returns trigger language plpgsql as $$
begin raise 'no %', new.v; end $$;
create function pg_temp.dynamic(said text) returns void language plpgsql as $$
begin execute 'select ' || said; end $$;
create function pg_temp.checked(said text) returns void language plpgsql as $$
begin assert false, said; end $$;
"""


def message_of(server, statement: str) -> str:
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute(SETUP)
        with pytest.raises(psycopg.Error) as raised:
            connection.execute(statement).fetchall()
    return primary_message(raised.value)


@pytest.mark.parametrize(
    ("expression", "says"),
    [
        ("v::int", "invalid input syntax for type integer (22P02)"),
        ("('9999999999999' || left(v, 0))::int", "value … is out of range for type"),
        ("v::uuid", "invalid input syntax for type uuid (22P02)"),
        ("v::inet", "invalid input syntax for type inet (22P02)"),
        ("v::interval", "invalid input syntax for type interval (22007)"),
        ("v::jsonb", "invalid input syntax for type json (22P02)"),
        ("array[v]::int[]", "invalid input syntax for type integer (22P02)"),
        ("(v || '{')::int[]", "malformed array literal (22P02)"),
        ("now() at time zone v", "time zone … not recognized (22023)"),
        ("to_date(v, 'YYYY')", "invalid value … (22007)"),
        ("date_trunc(v, now())", "(22023)"),
        ("encode('a', v)", "unrecognized encoding (22023)"),
        ("regexp_match('a', '(' || v)", "invalid regular expression"),
        ("nextval(v)", "relation … does not exist (42P01)"),
        ("v::regclass", "relation … does not exist (42P01)"),
        ("current_setting(v)", "unrecognized configuration parameter … (42704)"),
        ("make_date(n, 99, 1)", "date field value out of range: … (22008)"),
        ("convert_from('\\xff99'::bytea, 'UTF8')", "invalid byte sequence for"),
        ("pg_temp.boom(v, 'P0001')", f"{RAISED} (pg_temp"),
        ("pg_temp.boom(v, '23514')", "(23514)"),
        ("pg_temp.boom(v, '53100')", "(53100)"),
        ("pg_temp.boom(v, 'XX001')", "(XX001)"),
        ("pg_temp.checked(v)", "(P0004)"),
        ("pg_temp.dynamic(v)", "at or near … (42601)"),
        ("pg_temp.dynamic('CANARY')", "column … does not exist (42703)"),
        ("v::pg_temp.tiny", "tiny_check (23514)"),
    ],
)
def test_a_value_that_the_server_quotes_is_not_repeated(server, expression, says):
    message = message_of(server, f"select {expression} from held")

    assert says in message
    for secret in ("CANA", "9999", '"x', "0x"):
        assert secret not in message


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        (
            "insert into held values (1, 'CANARY')",
            "duplicate key value violates unique constraint held_pkey (table held) "
            "(23505)",
        ),
        (
            "insert into held values (2, repeat('CANARY', 9))",
            "new row for relation held violates check constraint short (23514)",
        ),
        (
            "insert into held values (2)",
            "null value in column v of relation held violates not-null constraint "
            "(23502)",
        ),
        ("select nothing from held", 'column "nothing" does not exist (42703)'),
        ("select 1 from nowhere", 'relation "nowhere" does not exist (42P01)'),
        ("create temporary table held ()", 'relation "held" already exists (42P07)'),
        (
            "create temporary table s (v varchar(3)); insert into s select v from held",
            "value too long for type character varying(3) (22001)",
        ),
    ],
)
def test_names_that_help_an_operator_are_kept(server, statement, says):
    message = message_of(server, statement)

    assert message == says


def test_a_trigger_is_named_but_its_words_are_not(server):
    message = message_of(
        server,
        "create trigger x before update on held for each row execute function "
        "pg_temp.refuse(); update held set n = 1",
    )

    assert message.startswith(f"{RAISED} (")
    assert "refuse() line" not in message
    assert "refuse(), line 2)" in message
    assert "CANARY" not in message


def test_what_psycopg_itself_cannot_read_is_not_repeated(server):
    with (
        psycopg.connect(server.url("postgres")) as connection,
        pytest.raises(psycopg.DataError) as raised,
    ):
        connection.execute("select '99999-12-31'::date").fetchone()

    assert "99999" in str(raised.value)
    assert "99999" not in primary_message(raised.value)
    assert primary_message(raised.value).startswith("date too large")


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        (
            'sending query failed: invalid input syntax for type integer: "CANARY"x"',
            "sending query failed: invalid input syntax for type integer",
        ),
        (
            "consuming input failed: server closed the connection unexpectedly",
            "consuming input failed: server closed the connection unexpectedly",
        ),
        (
            'connection failed: FATAL:  role "reader" does not exist',
            'connection failed: FATAL:  role "reader" does not exist',
        ),
    ],
)
def test_what_the_library_repeats_of_the_server_holds_no_value(said, kept):
    assert primary_message(psycopg.OperationalError(said)) == kept
