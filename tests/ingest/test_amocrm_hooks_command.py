"""`python -m pipelines hooks`: numbers and reasons, never a body."""

import hashlib

import psycopg
import pytest

from pipelines.__main__ import main
from tests.conftest import NewDatabase

CANARY = b"leads[add][0][name]=canary"


@pytest.fixture(scope="module")
def filled(lasting_warehouse: NewDatabase) -> str:
    return lasting_warehouse()


@pytest.fixture
def url(filled, monkeypatch):
    monkeypatch.setenv("WAREHOUSE_URL", filled)
    with psycopg.connect(filled, autocommit=True) as warehouse:
        warehouse.execute("truncate raw.amocrm__webhook_inbox restart identity")
        for status, reason, age in (
            ("parsed", None, 100),
            ("foreign", "another account's id", 0),
            ("bad", "a NUL byte in the body", 500),
        ):
            warehouse.execute(
                "insert into raw.amocrm__webhook_inbox (sha256, secret, size, body, "
                "parse_status, quarantine_reason, received_at) values (%s, 'current', "
                "%s, %s, %s, %s, clock_timestamp() - %s * interval '1 day')",
                [
                    *(hashlib.sha256(CANARY).hexdigest(), len(CANARY), CANARY),
                    *(status, reason, age),
                ],
            )
    return filled


def statuses(url: str) -> list[tuple]:
    with psycopg.connect(url) as warehouse:
        return warehouse.execute(
            "select parse_status, body is null from raw.amocrm__webhook_inbox "
            "order by delivery_id"
        ).fetchall()


def test_list_shows_the_quarantine_without_its_bodies(url, capsys):
    assert main(["hooks", "list"]) == 0

    told = capsys.readouterr().out
    assert "another account's id" in told
    assert "parsed: 1 deliveries" in told
    assert "waiting: 0 to be parsed" in told
    assert "canary" not in told


def test_replay_by_number_or_by_status(url, capsys):
    assert main(["hooks", "replay", "--delivery", "1"]) == 0
    assert main(["hooks", "replay", "--status", "foreign"]) == 0
    assert main(["hooks", "replay", "--delivery", "99"]) == 1

    assert [status for status, _ in statuses(url)] == ["new", "new", "bad"]
    assert "none was replayed" in capsys.readouterr().out


def test_purge_empties_and_deletes_what_has_expired(url, capsys):
    assert main(["hooks", "purge"]) == 0

    assert capsys.readouterr().out == "1 bodies emptied, 1 rows deleted\n"
    assert statuses(url) == [("parsed", True), ("foreign", False)]
