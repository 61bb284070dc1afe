"""What PostgreSQL said, as errors of ours: by kind, with a remedy, without secrets.

The server's DETAIL and CONTEXT repeat values of rows and are dropped.
"""

import re

import psycopg

from pipelines.connections import first_line, primary_message
from pipelines.errors import (
    AuthError,
    LoadRefused,
    SchemaChanged,
    SourceError,
    SourceUnreachable,
)

WRONG_CREDENTIAL = re.compile(
    r"password authentication failed|no password supplied"
    r"|role \"[^\"]*\" does not exist|role \"[^\"]*\" is not permitted|pg_hba\.conf"
    r"|permission denied for database|tenant or user not found|authentication",
    re.IGNORECASE,
)
UNTRUSTED = re.compile(r"certificate|sslrootcert|SSL|TLS", re.IGNORECASE)


def connection_fault(error: psycopg.Error, system: str) -> SourceError:
    """Say why a source cannot be connected to."""
    message = first_line(error)
    variable = f"{system.upper()}_DATABASE_URL"
    if WRONG_CREDENTIAL.search(message):
        return AuthError(
            message, system=system, remedy=f"correct user and password in {variable}"
        )
    if UNTRUSTED.search(message):
        return SourceUnreachable(
            message,
            system=system,
            remedy="point PGSSLROOTCERT to the authority of the server, or state "
            f"sslmode in {variable}",
        )
    return SourceUnreachable(
        message,
        system=system,
        remedy=f"check host, port and database name in {variable}, and the server",
    )


def reading_fault(error: psycopg.Error, system: str, table: str | None) -> SourceError:
    """Say why a table of a source could not be read."""
    code = error.sqlstate or ""
    kind: type[SourceError] = SourceUnreachable
    remedy = "the connection broke or the server is short of something; run again"
    if code == "42501" or code.startswith("28"):
        kind, remedy = (
            AuthError,
            "grant the role of the connection the right to read it",
        )
    elif code.startswith("42"):
        kind, remedy = SchemaChanged, "the source changed while it was read; run again"
    elif code.startswith("22"):
        kind, remedy = LoadRefused, "repair the value that cannot travel in the source"
    elif code in ("55P03", "57014"):
        remedy = "the source is busy (a lock, or slow); run again later"
    return kind(primary_message(error), system=system, table=table, remedy=remedy)
