"""The embedded server: it starts, survives, is found again, and is nobody else's."""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from pipelines.errors import SandboxError
from pipelines.sandbox.server import SUPERUSER, PostgresServer

ROOT = Path(__file__).parents[2]
SCRIPT = """
import sys, time
from pathlib import Path
from pipelines.sandbox.server import PostgresServer
server = PostgresServer(Path(sys.argv[1]))
server.start()
print(server.url("postgres"), flush=True)
time.sleep(float(sys.argv[2]))
server.stop()
"""


@pytest.fixture
def own(tmp_path: Path) -> Iterator[PostgresServer]:
    """Start a server of the test's own, and leave nothing of it behind."""
    server = PostgresServer(tmp_path / "home")
    server.start()
    yield server
    server.remove()


def test_it_answers_over_tcp_and_over_its_socket(server):
    assert _ask(server.url("postgres")) == SUPERUSER
    assert _ask(server.socket_url("postgres")) == SUPERUSER


def test_it_speaks_utc_and_utf8_whatever_the_machine_does(server):
    with psycopg.connect(server.url("postgres")) as connection:
        zone = connection.execute("show timezone").fetchone()
        encoding = connection.execute("show server_encoding").fetchone()
        name = connection.execute("select upper('команда')").fetchone()

    assert (zone, encoding, name) == (("UTC",), ("UTF8",), ("КОМАНДА",))


def test_it_listens_on_loopback_only(server):
    with psycopg.connect(server.url("postgres")) as connection:
        addresses = connection.execute("show listen_addresses").fetchone()

    assert addresses == ("127.0.0.1",)


def test_a_database_is_created_once(server):
    server.create_database("created_once")
    server.create_database("created_once")

    assert _ask(server.url("created_once")) == SUPERUSER
    server.drop_database("created_once")
    server.drop_database("created_once")


def test_a_second_owner_is_told_who_the_first_one_is(own):
    with pytest.raises(SandboxError, match=f"in use by process {os.getpid()}"):
        PostgresServer(own.home).start()


def test_databases_survive_a_second_start(own):
    own.create_database("kept")
    own.stop()

    with PostgresServer(own.home) as again:
        assert _ask(again.url("kept")) == SUPERUSER


def test_a_killed_server_starts_again(own):
    own.create_database("kept")
    os.kill(_pid(own), signal.SIGKILL)
    own._lock.close()

    with PostgresServer(own.home) as again:
        assert _ask(again.url("kept")) == SUPERUSER


def test_a_server_whose_owner_was_killed_is_taken_over(tmp_path):
    home = tmp_path / "home"
    command = [sys.executable, "-c", SCRIPT, str(home), "60"]
    owner = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    url = owner.stdout.readline().strip()
    owner.kill()
    owner.wait()

    again = PostgresServer(home)
    again.start()
    taken = again.url("postgres")
    again.remove()

    assert taken == url


@pytest.mark.parametrize("content", ["", "{pid}\n/somewhere/else\n1\n5432\n"])
def test_a_stale_pid_file_harms_nobody(own, content):
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    own.stop()
    (own.data / "postmaster.pid").write_text(content.format(pid=stranger.pid))

    PostgresServer(own.home).stop()
    with PostgresServer(own.home) as again:
        assert _ask(again.url("postgres")) == SUPERUSER

    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()


def test_a_half_made_cluster_is_made_again(tmp_path):
    server = PostgresServer(tmp_path / "home")
    half = server.data.with_name("data.partial")
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")

    server.start()
    answer = _ask(server.url("postgres"))
    server.remove()

    assert answer == SUPERUSER


def test_a_long_private_home_still_gets_a_socket(tmp_path):
    server = PostgresServer(tmp_path / ("long" * 30))

    server.start()
    answer = _ask(server.socket_url("postgres"))
    server.remove()

    assert answer == SUPERUSER


def test_nothing_is_left_after_removal(tmp_path):
    server = PostgresServer(tmp_path / "home")
    server.start()

    server.remove()

    assert not server.data.exists()
    assert list((tmp_path / "home").iterdir()) == [tmp_path / "home" / "owner.lock"]


@pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user runs all tests as such")
def test_an_ordinary_user_can_run_it_too():
    python, packages = _public_python()
    home = Path("/tmp") / f"ordinary-{os.getpid()}"
    home.mkdir()
    account = pwd.getpwnam("nobody")
    os.chown(home, account.pw_uid, account.pw_gid)
    done = subprocess.run(
        [python, "-c", SCRIPT, str(home / "server"), "0"],
        user=account.pw_uid,
        group=account.pw_gid,
        extra_groups=[],
        env={"PYTHONPATH": packages, "TMPDIR": str(home), "HOME": str(home)},
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
    owner = (home / "server" / "postgres" / "data").stat().st_uid
    shutil.rmtree(home)

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("postgresql://")
    assert owner == account.pw_uid


def _public_python() -> tuple[str, str]:
    """Return a Python of our version that anybody may run, and where packages are."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    python = shutil.which(version, path="/usr/bin:/usr/local/bin")
    packages = Path(psycopg.__file__).parents[1]
    folders = (packages, *packages.parents, *ROOT.parents)
    if not python or not all(folder.stat().st_mode & 0o001 for folder in folders):
        pytest.skip("another user can read neither our Python nor our packages")
    return python, f"{ROOT}:{packages}"


def _ask(url: str) -> str:
    for _ in range(20):
        try:
            with psycopg.connect(url, connect_timeout=5) as connection:
                return connection.execute("select current_user").fetchone()[0]
        except psycopg.OperationalError:
            time.sleep(0.1)
    raise AssertionError(f"no answer from {url}")


def _pid(server: PostgresServer) -> int:
    return int((server.data / "postmaster.pid").read_text().split("\n", 1)[0])
