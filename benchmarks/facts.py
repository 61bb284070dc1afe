"""Facts of the machine that matter to a benchmark, without names or places."""

import os
import platform
from pathlib import Path

from benchmarks.servers import SETTINGS, Servers


def facts(servers: Servers) -> dict[str, str]:
    """Return what a reader needs to judge the figures."""
    url = servers.source_url
    version = servers.execute(url, "show server_version")[0][0]
    settings = {name: servers.execute(url, f"show {name}")[0][0] for name in SETTINGS}
    return {
        "Processor": f"{os.cpu_count()} cores, {_first('/proc/cpuinfo', 'model name')}",
        "Memory": f"{_memory_gb():.0f} GB",
        "System": f"{platform.system()}, Python {platform.python_version()}",
        "Servers": f"two PostgreSQL {version}, source and target, TCP on loopback",
        "Settings of both": ", ".join(
            f"{name} = {value}" for name, value in settings.items()
        ),
        "Load at the start": f"{os.getloadavg()[0]:.1f}",
    }


def _memory_gb() -> float:
    return int(_first("/proc/meminfo", "MemTotal").split()[0]) / 1024**2


def _first(path: str, key: str) -> str:
    """Return the first value of a key in a file of `key: value` lines."""
    for line in Path(path).read_text().splitlines():
        name, _, value = line.partition(":")
        if name.strip() == key:
            return value.strip()
    return "unknown"
