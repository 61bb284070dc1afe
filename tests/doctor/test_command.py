"""The command itself: exit codes, missing variables, what machines read."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.__main__ import main
from pipelines.defs.resources import REQUIRED, Settings
from pipelines.doctor.environment import check_required, check_values, sound
from pipelines.doctor.findings import Finding, conduct, ok
from pipelines.doctor.rounds import side_by_side
from pipelines.sandbox.amocrm import amocrm_app
from pipelines.sandbox.databases import SCHEMAS, SYSTEMS
from pipelines.sandbox.facebook import facebook_app
from pipelines.sandbox.server import PostgresServer
from pipelines.sandbox.serving import serve
from tests import amocrm_world, facebook_world
from tests.doctor.looking import Base, said

EXAMPLE = Path(__file__).parents[2] / ".env.example"
OTHERS = ("PIPELINE_ENV", "PIPELINE_NOW", "PGSSLROOTCERT", "FACEBOOK_BACKFILL_DAYS")
Captured = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def world(server: PostgresServer) -> Iterator[dict[str, str]]:
    """The variables of an outside world as `make dev` writes them, without rows."""
    names = (*SYSTEMS, "warehouse", "dagster")
    urls = {}
    for name in names:
        server.create_database(f"doctor_{name}")
        urls[name] = server.url(f"doctor_{name}")
    for system in SYSTEMS:
        Base(urls[system]).run((SCHEMAS / f"{system}.sql").read_text())
    facebook = facebook_app(facebook_world.world())
    amocrm = amocrm_app(amocrm_world.small_world())
    with serve(facebook) as graph_url, serve(amocrm) as amocrm_url:
        yield {
            "PIPELINE_ENV": "sandbox",
            **{f"{name.upper()}_DATABASE_URL": urls[name] for name in SYSTEMS},
            "WAREHOUSE_URL": urls["warehouse"],
            "DAGSTER_POSTGRES_URL": f"{urls['dagster']}?sslmode=disable",
            "FACEBOOK_ACCESS_TOKEN": facebook_world.TOKEN,
            "FACEBOOK_AD_ACCOUNTS": facebook_world.FIRST,
            "FACEBOOK_GRAPH_URL": graph_url,
            "AMOCRM_BASE_URL": amocrm_url,
            "AMOCRM_ACCESS_TOKEN": amocrm_world.TOKEN,
            "AMOCRM_REQUESTS_PER_SECOND": "1000",
        }


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take away whatever this machine has set."""
    for name in (*REQUIRED, *OTHERS):
        monkeypatch.delenv(name, raising=False)


def put(monkeypatch: pytest.MonkeyPatch, values: dict[str, str]) -> None:
    for name, value in values.items():
        monkeypatch.setenv(name, value)


def test_the_sandbox_is_well_by_the_whole_command(
    world: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: Captured
):
    put(monkeypatch, world)

    code = main(["doctor", "--probe"])

    printed = capsys.readouterr().out
    assert code == 0, printed
    assert "0 errors, 5 warnings" in printed
    assert "superuser" in printed


def test_production_does_not_forgive_a_superuser(
    world: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: Captured
):
    put(monkeypatch, {**world, "PIPELINE_ENV": "production"})

    assert main(["doctor"]) == 1
    assert "✗ role" in capsys.readouterr().out


def test_one_broken_connection_stops_no_other_check(
    world: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: Captured
):
    nobody = "postgresql://nobody:hidden@127.0.0.1:1/nothing"
    put(monkeypatch, {**world, "LANDING_DATABASE_URL": nobody})

    code = main(["doctor", "--json"])

    document = json.loads(capsys.readouterr().out)
    wrong = {one["system"] for one in document["findings"] if one["state"] == "error"}
    assert (code, document["exit_code"], wrong) == (1, 1, {"landing"})
    assert document["counts"]["ok"] > 40
    assert "hidden" not in str(document)


def test_no_secret_is_ever_printed(
    world: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: Captured
):
    put(monkeypatch, world)

    main(["doctor", "--probe", "--json"])

    printed = capsys.readouterr().out
    assert facebook_world.TOKEN not in printed
    assert amocrm_world.TOKEN not in printed


def test_without_variables_all_that_are_missing_are_named_at_once(capsys: Captured):
    code = main(["doctor"])

    printed = capsys.readouterr().out
    assert code == 2
    for name in REQUIRED:
        assert f"{name} is not set" in printed
    assert "make run" in printed


def test_production_is_not_sent_to_the_sandbox(
    monkeypatch: pytest.MonkeyPatch, capsys: Captured
):
    monkeypatch.setenv("PIPELINE_ENV", "production")

    assert main(["doctor"]) == 2
    assert "make run" not in capsys.readouterr().out


def test_a_wrong_word_on_the_command_line_is_bad_usage():
    with pytest.raises(SystemExit) as stopped:
        main(["doctor", "--everything"])

    assert stopped.value.code == 2


def test_health_of_a_warehouse_that_holds_nothing_is_bad(
    world: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: Captured
):
    put(monkeypatch, {name: world[name] for name in ("WAREHOUSE_URL",)})
    assert main(["doctor", "--health"]) == 2, "the other address is missing"
    monkeypatch.setenv("DAGSTER_POSTGRES_URL", world["DAGSTER_POSTGRES_URL"])

    assert main(["doctor", "--health"]) == 1
    assert "nothing was ever loaded" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("WAREHOUSE_URL", "mysql://u:hidden@h/d", "WAREHOUSE_URL"),
        ("LANDING_DATABASE_URL", "postgresql://u:hid@den@host:x/d", "not shown"),
        ("TRAFFIC_DATABASE_URL", "postgresql://host:5432", "names no database"),
        ("FACEBOOK_BACKFILL_DAYS", "four weeks", "no number of days: four weeks"),
        ("FACEBOOK_BACKFILL_DAYS", "0", "no number of days"),
        ("FACEBOOK_API_VERSION", "26", "no version like v26.0"),
        ("FACEBOOK_AD_ACCOUNTS", "act_1, mine", "names no ad accounts: mine"),
        ("FACEBOOK_ACCESS_TOKEN", "a hidden token", "characters that no token has"),
        ("FACEBOOK_GRAPH_URL", "graph.facebook.com", "no web address"),
        ("AMOCRM_BASE_URL", "http://school.amocrm.ru", "without encryption"),
        ("AMOCRM_REQUESTS_PER_SECOND", "many", "no number of requests"),
        ("PIPELINE_EXECUTOR", "threads", "neither of forkserver, in_process"),
        ("PIPELINE_NOW", "2026-01-06", "needs an offset"),
        ("PGSSLROOTCERT", "/nowhere/root.crt", "cannot be found"),
    ],
)
def test_a_value_that_cannot_be_understood_is_named(name: str, value: str, reason: str):
    errors = said(check_values({name: value}), "error")

    assert name in errors
    assert reason in errors
    assert "hid" not in errors


def test_values_of_the_example_are_understood():
    lines = [line for line in EXAMPLE.read_text().splitlines() if "=" in line]
    values = dict(
        line.split("=", 1) for line in lines if not line.startswith(("#", " "))
    )

    assert said(check_values(values), "error") == ""


def test_a_malformed_optional_variable_does_not_stop_the_rest():
    values = {"FACEBOOK_BACKFILL_DAYS": "soon", "FACEBOOK_ACCESS_TOKEN": "token"}

    assert sound(Settings(values)).facebook().backfill_days == 28


def test_a_variable_with_a_similar_name_is_suggested():
    errors = said(check_required({"LANDING_DB_URL": "x"}), "error")

    assert "LANDING_DB_URL is set, is that the one meant?" in errors


def test_a_check_that_breaks_is_a_finding_and_the_next_one_runs():
    def broken() -> list[object]:
        raise ZeroDivisionError("by zero")

    findings = list(conduct("landing", {"first": broken, "second": lambda: [ok("2")]}))

    assert [finding.state for finding in findings] == ["error", "ok"]
    assert "the check first broke: ZeroDivisionError: by zero" in findings[0].message


def test_a_system_that_never_answers_does_not_hold_up_the_others():
    answered = threading.Event()

    def stuck() -> Iterator[Finding]:
        yield Finding("landing", "connection", "ok", "connected")
        answered.wait(30)

    findings = side_by_side(
        {"landing": stuck, "traffic": lambda: conduct("traffic", {"a": list})},
        seconds=0.1,
    )
    answered.set()

    assert [finding.check for finding in findings] == ["connection", "time"]
    assert "within" in said(findings, "error")


def test_the_example_names_every_required_variable():
    for name in REQUIRED:
        assert f"{name}=" in EXAMPLE.read_text()
