"""Runs whose process was killed: they hold the slots of their pools for ever.

A run writes down which process it is; the next run looks whether those that hold slots
are still alive. What a killed run left in the warehouse needs no care: it rolls back.
"""

import os
import socket
from pathlib import Path

import dagster as dg

TAG = "pipeline/process"
PROC = Path("/proc")


def identify(instance: dg.DagsterInstance, run_id: str) -> None:
    """Write down which process executes a run."""
    pid = os.getpid()
    instance.add_run_tags(run_id, {TAG: f"{socket.gethostname()} {pid} {_birth(pid)}"})


def free_orphans(instance: dg.DagsterInstance) -> None:
    """Fail the runs whose process is gone, and give free the slots that they hold."""
    storage = instance.event_log_storage
    if not storage.supports_global_concurrency_limits:
        return
    holders: set[str] = set()
    for pool in storage.get_concurrency_keys():
        slots = storage.get_concurrency_info(pool)
        holders |= slots.active_run_ids | slots.pending_run_ids
    for run_id in holders:
        run = instance.get_run_by_id(run_id)
        if run and not run.is_finished:
            if not _is_dead(run.tags.get(TAG)):
                continue
            instance.report_run_failed(run, "The process of this run was killed.")
        storage.free_concurrency_slots_for_run(run_id)


def _is_dead(process: str | None) -> bool:
    """Tell whether a process has ended; of other machines' nothing is known."""
    host, _, rest = (process or "").partition(" ")
    pid, _, birth = rest.partition(" ")
    return host == socket.gethostname() and _birth(int(pid)) != birth


def _birth(pid: int) -> str | None:
    """Return what tells a process from a later one of its number; None if it ended."""
    if not (PROC / "self").exists():
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return None
        except PermissionError:
            pass
        return "alive"
    try:
        fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    boot = (PROC / "sys/kernel/random/boot_id").read_text().strip()
    # A zombie has been killed, but its parent does not know yet.
    return None if fields[0] == "Z" else f"{boot} {fields[19]}"
