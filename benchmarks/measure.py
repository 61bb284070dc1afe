"""Measuring one command: time, CPU and memory of its processes, CPU of the servers.

Reads Linux's /proc. What is run and how often belongs to `scenarios.py`.
"""

import os
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

SAMPLE_SECONDS = 0.02
QUIET_SECONDS = 10
CANNOT_START = 127
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Usage:
    """What a command took; `status` is its exit code, negative for a signal."""

    status: int
    seconds: float
    cpu_seconds: float
    peak_mb: float
    output: str


def run(
    command: list[str], *, environment: Mapping[str, str], folder: Path, timeout: float
) -> Usage:
    """Run a command to its end, kill it and its children at the timeout.

    CPU counts every descendant that was waited for; memory is the highest sum over the
    processes that live at the same time.
    """
    with tempfile.TemporaryFile() as output:
        started = time.perf_counter()
        try:
            process = _start(command, environment, folder, output)
        except OSError as error:
            return Usage(CANNOT_START, 0.0, 0.0, 0.0, str(error))
        sampler = _Sampler(process.pid)
        killer = threading.Timer(timeout, _kill, [process.pid])
        killer.start()
        sampler.start()
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        killer.cancel()
        sampler.stop()
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        text = output.read().decode(errors="replace")
    return Usage(
        status=process.returncode,
        seconds=seconds,
        cpu_seconds=used.ru_utime + used.ru_stime,
        peak_mb=sampler.peak_kb / 1024,
        output=text,
    )


def _start(
    command: list[str], environment: Mapping[str, str], folder: Path, output: IO[bytes]
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        cwd=folder,
        env=dict(environment),
        start_new_session=True,
    )


def server_cpu(postmasters: tuple[int, ...]) -> float:
    """Return the CPU seconds of servers: living processes and those they waited for.

    Waits for sessions to end first: one that is ending is in neither sum.
    """
    deadline = time.monotonic() + QUIET_SECONDS
    while any(map(_is_in_session, postmasters)) and time.monotonic() < deadline:
        time.sleep(SAMPLE_SECONDS)
    return sum(_cpu(pid) for master in postmasters for pid in _tree(master))


def _is_in_session(postmaster: int) -> bool:
    """Tell whether a server has a process that serves a client, or one just ended."""
    titles = [_title(pid) for pid in _tree(postmaster) if pid != postmaster]
    return any(not title or b"(" in title or b"parallel" in title for title in titles)


def _title(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().strip(b"\0 ")
    except OSError:
        return b""


def _kill(pid: int) -> None:
    os.killpg(pid, signal.SIGKILL)


def _tree(pid: int) -> Iterator[int]:
    """Yield a process and its living descendants."""
    yield pid
    try:
        threads = list(Path(f"/proc/{pid}/task").iterdir())
        children = [
            int(child)
            for thread in threads
            for child in (thread / "children").read_text().split()
        ]
    except OSError:
        return
    for child in children:
        yield from _tree(child)


def _cpu(pid: int) -> float:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return 0.0
    # After the name, which may hold anything: utime, stime, cutime, cstime.
    fields = stat.rpartition(")")[2].split()[11:15]
    return sum(map(int, fields)) / TICKS


def _high_water_kb(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    lines = [line for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(lines[0].split()[1]) if lines else 0


class _Sampler(threading.Thread):
    """Looks again and again at how much memory a tree of processes has used."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.peak_kb = 0
        self._pid = pid
        self._ended = threading.Event()

    def run(self) -> None:
        while not self._ended.wait(SAMPLE_SECONDS):
            now = sum(_high_water_kb(pid) for pid in _tree(self._pid))
            self.peak_kb = max(self.peak_kb, now)

    def stop(self) -> None:
        self._ended.set()
        self.join()
