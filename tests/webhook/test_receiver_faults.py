"""A warehouse that is down, broken lines, SIGKILL: a 200 is always a commit."""

import contextlib
import logging
from dataclasses import replace

import psycopg
import pytest

from pipelines.webhook.limits import LIMITS
from tests.faults.plans import AtStatement
from tests.faults.proxy import Proxy
from tests.webhook.process import process
from tests.webhook.receiving import (
    BODY,
    PATH,
    PATIENCE,
    database,
    dial,
    digest,
    head,
    hear,
    receiving,
    seconds_of,
    wait_until,
)

INSERT = "insert into raw.amocrm__webhook_inbox"


def test_warehouse_that_is_down_is_a_503_in_time_and_heals(url, server):
    name = database(url)
    with receiving(url) as running:
        with psycopg.connect(server.url("postgres"), autocommit=True) as admin:
            admin.execute(f"alter database {name} allow_connections false")
            admin.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity "
                "where datname = %s",
                [name],
            )

            answers = []
            took = seconds_of(lambda: answers.append(running.post(BODY)))

            assert answers[0].status == 503
            assert took < PATIENCE
            assert running.health()["status"] != "ok"
            admin.execute(f"alter database {name} allow_connections true")
        running.wait_for_inbox()
        assert running.post(b"after").status == 200
        assert running.stored() == [(b"after",)]


def test_warehouse_that_turns_read_only_is_a_503_and_heals(url, server):
    name = database(url)
    setting = f"alter database {name} set default_transaction_read_only"
    end = "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s"
    with (
        receiving(url) as running,
        psycopg.connect(server.url("postgres"), autocommit=True) as admin,
    ):
        admin.execute(f"{setting} = on")
        admin.execute(end, [name])
        assert running.post(BODY).status == 503

        admin.execute(f"{setting} = off")
        running.wait_for_inbox()
        assert running.post(b"after").status == 200
        assert running.stored() == [(b"after",)]


def test_receiver_starts_before_its_warehouse(url, server):
    name = database(url)
    with psycopg.connect(server.url("postgres"), autocommit=True) as admin:
        admin.execute(f"alter database {name} allow_connections false")
        with receiving(url, is_ready=False) as running:
            assert running.post(BODY).status == 503
            admin.execute(f"alter database {name} allow_connections true")
            running.wait_for_inbox()

            assert running.post(BODY).status == 200


def test_restart_of_the_warehouse_costs_no_delivery(url, server):
    with receiving(url) as running:
        assert running.post(b"before").status == 200
        with psycopg.connect(server.url("postgres"), autocommit=True) as admin:
            admin.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity "
                "where datname = %s",
                [database(url)],
            )

        assert running.post(b"after").status == 200
        assert running.stored() == [(b"before",), (b"after",)]


@pytest.mark.parametrize("effect", ["freeze", "mute", "reset"])
def test_line_that_breaks_is_a_503_in_time_and_replaced(url, effect):
    with Proxy(url) as proxy, receiving(url) as direct:
        limits = replace(LIMITS, answer_seconds=0.8, write_seconds=0.4)
        with receiving(proxy.url(), limits=limits) as running:
            proxy.plan(AtStatement(text=INSERT, effect=effect), then_refuse=True)

            took = seconds_of(lambda: running.post(BODY))
            assert took < PATIENCE
            proxy.heal()
            running.wait_for_inbox()

            assert running.post(b"after").status == 200
            assert b"after" in {body for (body,) in direct.stored()}


def test_commit_whose_answer_is_lost_is_recognised_by_its_request(url):
    with Proxy(url) as proxy, receiving(proxy.url()) as running:
        fault = AtStatement(text=INSERT, when="after", effect="reset")
        proxy.plan(fault)

        first = running.post(BODY, X_amoCRM_RequestId="r-1")
        again = running.post(BODY, X_amoCRM_RequestId="r-1")

        assert proxy.has_fired
        assert (first.status, again.status) == (200, 200)
    with psycopg.connect(url) as warehouse:
        query = "select count(*) from raw.amocrm__webhook_inbox"
        assert warehouse.execute(query).fetchone() == (1,)


def test_inbox_that_is_dropped_is_made_again(url):
    with receiving(url) as running:
        with psycopg.connect(url, autocommit=True) as warehouse:
            warehouse.execute("drop table raw.amocrm__webhook_inbox")

        assert running.post(BODY).status == 200
        assert running.stored() == [(BODY,)]


@pytest.mark.parametrize("request_id", [None, "r-1"])
def test_killed_between_commit_and_reply_loses_nothing(url, request_id):
    """The sender saw no answer and sends again: twice there, or known by its id."""
    headers = {"X_amoCRM_RequestId": request_id} if request_id else {}
    with Proxy(url) as proxy:
        with process(proxy.url()) as running:
            running.wait_for_inbox()
            # The commit is done, the receiver will never hear of it.
            proxy.plan(AtStatement(text=INSERT, when="after", effect="mute"))
            lines = "\r\n".join(
                f"X-amoCRM-RequestId: {id_}" for id_ in headers.values()
            )
            said = head(PATH, f"Content-Length: {len(BODY)}", *lines.splitlines())
            line = dial(running.port, said + b"\r\n" + BODY)
            assert proxy.wait_fired(10)
            running.kill()
            with line:
                assert hear(line) == b""
        proxy.heal()
    with receiving(url) as running:
        assert running.post(BODY, **headers).status == 200

        assert running.stored() == [(BODY,)] * (1 if request_id else 2)


def test_stop_answers_what_is_under_way(url):
    with process(url) as running:
        running.wait_for_inbox()
        line = dial(running.port, head(PATH, f"Content-Length: {len(BODY)}") + b"\r\n")
        with psycopg.connect(url) as other:
            other.execute("lock table raw.amocrm__webhook_inbox")
            line.sendall(BODY)
            wait_until(lambda: _waits_for_lock(url))
            running.terminate()
            wait_until(lambda: not _accepts(running.port))
            other.rollback()

        with line:
            assert hear(line).startswith(b"HTTP/1.1 200")
        wait_until(lambda: running.has_ended)
        with psycopg.connect(url) as other:
            query = "select body from raw.amocrm__webhook_inbox"
            assert other.execute(query).fetchall() == [(BODY,)]


def _waits_for_lock(url: str) -> bool:
    query = "select exists (select from pg_locks where not granted)"
    with psycopg.connect(url) as other:
        row = other.execute(query).fetchone()
    return bool(row and row[0])


def _accepts(port: int) -> bool:
    with contextlib.suppress(OSError), dial(port):
        return True
    return False


def writer_role(url: str, *grants: str) -> str:
    """Make a role with these rights only and return the URL by which it comes."""
    name = f"hook_writer_{database(url)}"
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute(f"create role {name} login")
        owner.execute(f"revoke all on database {database(url)} from public")
        owner.execute(f"grant connect on database {database(url)} to {name}")
        for grant in grants:
            owner.execute(f"grant {grant} to {name}")
    return url.replace("//postgres@", f"//{name}@")


def test_right_to_insert_is_enough(lasting_warehouse):
    url = lasting_warehouse()
    role_url = writer_role(
        url, "usage on schema raw", "insert on raw.amocrm__webhook_inbox"
    )
    with receiving(role_url) as running:
        answers = [running.post(X_amoCRM_RequestId="r-1").status for _ in range(2)]

        assert answers == [200, 200]
        running.url = url
        assert running.stored() == [(BODY,)]


def test_missing_right_is_named_with_the_remedy(lasting_warehouse, caplog):
    url = lasting_warehouse()
    with (
        caplog.at_level(logging.ERROR),
        receiving(writer_role(url), is_ready=False) as running,
    ):
        assert running.post().status == 503
    assert "grant it usage on schema raw and insert on" in caplog.text


def test_commit_is_durable_whatever_the_role_says(url):
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute(f"alter database {database(url)} set synchronous_commit = off")
    with receiving(url) as running:
        with psycopg.connect(url, autocommit=True) as owner:
            owner.execute(
                "create function raw.note() returns trigger language plpgsql as "
                "$$ begin new.user_agent := current_setting('synchronous_commit'); "
                "return new; end $$"
            )
            owner.execute(
                "create trigger note before insert on raw.amocrm__webhook_inbox "
                "for each row execute function raw.note()"
            )

        assert running.post().status == 200
        assert running.stored("user_agent, sha256") == [("on", digest(BODY))]
