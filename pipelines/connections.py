"""How every PostgreSQL connection is opened, and how its errors are read.

Timeouts, keepalives and TLS are the same for all. Which statements run on a connection
belongs to extraction, loading and publishing.
"""

import os
import re
from pathlib import Path
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from pipelines.errors import ConfigurationError

DEFAULTS: dict[str, Any] = {
    "connect_timeout": 10,
    "keepalives": 1,
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 45_000,
    "application_name": "traffic-pipeline",
    "client_encoding": "UTF8",
}
LOOPBACK = re.compile(r"^(localhost|127(\.\d{1,3}){3}|::1|[/@].*|)$", re.IGNORECASE)
QUOTED = re.compile(r"(: )?\"[^\"]*\"$")
DRIVER = re.compile(r"^(postgres(?:ql)?)\+\w+://")


def parse_url(url: str) -> dict[str, Any]:
    """Split a PostgreSQL URL and add TLS for servers that are not on this machine.

    Without `sslmode` a remote host gets `verify-full`; the authority is `sslrootcert`
    of the URL, else `PGSSLROOTCERT`, else the one libpq or the system knows.
    """
    try:
        settings = dict(conninfo_to_dict(DRIVER.sub(r"\1://", url)))
    except psycopg.ProgrammingError:
        # The library repeats the URL, and with it the password.
        raise ConfigurationError(
            "not a PostgreSQL URL (its text is not shown)"
        ) from None
    hosts = str(settings.get("host") or settings.get("hostaddr") or "").split(",")
    is_remote = not all(LOOPBACK.match(host) for host in hosts)
    if is_remote and "sslmode" not in settings and not os.environ.get("PGSSLMODE"):
        settings["sslmode"] = "verify-full"
    if settings.get("sslmode") == "verify-full" and not _has_authority(settings):
        settings["sslrootcert"] = "system"
    return settings


def connection_string(url: str) -> str:
    """Return what psycopg needs to open a connection as this project wants it."""
    return make_conninfo("", **{**DEFAULTS, **parse_url(url)})


def primary_message(error: psycopg.Error) -> str:
    """Return the server's message without what may hold values of rows."""
    message = error.diag.message_primary or first_line(error)
    if (error.sqlstate or "").startswith(("22", "23")):
        message = QUOTED.sub("", message)
    return f"{message} ({error.sqlstate})" if error.sqlstate else message


def first_line(error: psycopg.Error) -> str:
    """Return the first line of a message; the next ones may repeat values."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__


def _has_authority(settings: dict[str, Any]) -> bool:
    default = Path.home() / ".postgresql" / "root.crt"
    return bool(
        settings.get("sslrootcert")
        or os.environ.get("PGSSLROOTCERT")
        or default.exists()
    )
