"""A real pgbouncer, where one is installed.

Our own pooler in `pooler.py` is there in any case; what both have to show belongs to
the tests.
"""

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import psycopg

PGBOUNCER = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
SETTINGS = """
[databases]
* = host={host} port={port} user={user}

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {own_port}
unix_socket_dir =
auth_type = any
pool_mode = {mode}
default_pool_size = {size}
ignore_startup_parameters = extra_float_digits
"""


@contextlib.contextmanager
def pgbouncer(
    url: str, folder: Path, *, mode: Literal["session", "transaction"], size: int
) -> Iterator[str]:
    """Run pgbouncer before the server of a URL and yield the URL through it."""
    assert PGBOUNCER
    parts = urlsplit(url)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        own_port = probe.getsockname()[1]
    through = parts._replace(netloc=f"{parts.username}@127.0.0.1:{own_port}").geturl()
    settings = SETTINGS.format(
        host=parts.hostname,
        port=parts.port,
        user=parts.username,
        own_port=own_port,
        mode=mode,
        size=size,
    )
    # It refuses to run as root, and then it cannot look into our folders either.
    account = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
    with (
        tempfile.NamedTemporaryFile("w", suffix=".ini") as file,
        (folder / "pgbouncer.log").open("wb") as log,
    ):
        file.write(settings)
        file.flush()
        Path(file.name).chmod(0o644)
        process = subprocess.Popen(
            [PGBOUNCER, file.name],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            user=account.pw_uid if account else None,
            group=account.pw_gid if account else None,
            extra_groups=[] if account else None,
        )
        try:
            _wait_for(through, process, folder / "pgbouncer.log")
            yield through
        finally:
            process.terminate()
            process.wait(10)


def _wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + 20
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(psycopg.OperationalError), psycopg.connect(url):
            return
        time.sleep(0.05)
    raise AssertionError(f"pgbouncer did not start: {log.read_text()}")
