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

# What a refused connection says, in the words of PostgreSQL, pgbouncer and Supavisor;
# libpq tells no SQLSTATE of it. The first that fits counts.
WRONG_CREDENTIAL = re.compile(
    r"password authentication failed|no password supplied|wrong password"
    r"|authentication (failed|failures|errors?)|(auth|sasl|scram)\w* .*failed"
    r"|no such user|there is no user|role \"[^\"]*\" (does not exist|is not permitted)"
    r"|pg_hba\.conf|permission denied for database|tenant.*not found|allow_list",
    re.IGNORECASE,
)
REMEDIES = {
    r"too many (clients|connections)|connection slots|max[ _]?client|check ?out"
    r"|no more connections|query_wait_timeout|server login|pool.* timeout": (
        "the server or its pooler is full; run again later"
    ),
    r"the database system is": "the server starts, stops or recovers; run again later",
    r"does not match host name": (
        "write the host into {variable} as its certificate names it"
    ),
    r"does not support SSL": (
        "switch TLS on at the server; where the network may be trusted, add "
        "sslmode=disable to {variable}"
    ),
    r"certificate|sslrootcert|SSL error": (
        "point PGSSLROOTCERT to the certificate of the server's authority, or state "
        "sslmode in {variable}"
    ),
    r"": "check host, port and database name in {variable}, and the server",
}


def connection_fault(error: psycopg.Error, system: str) -> SourceError:
    """Say why a source cannot be connected to; all but an AuthError may be retried."""
    message = first_line(error)
    variable = f"{system.upper()}_DATABASE_URL"
    if WRONG_CREDENTIAL.search(message):
        return AuthError(
            message, system=system, remedy=f"correct user and password in {variable}"
        )
    remedy = next(
        advice
        for pattern, advice in REMEDIES.items()
        if re.search(pattern, message, re.IGNORECASE)
    )
    return SourceUnreachable(
        message, system=system, remedy=remedy.format(variable=variable)
    )


def reading_fault(
    error: psycopg.Error, system: str, table: str | None, *, verdict: str | None = None
) -> SourceError:
    """Say why a table of a source could not be read.

    A verdict is why our own watchdog broke the connection; the library knows only that
    it is broken.
    """
    code = error.sqlstate or ""
    message = verdict or primary_message(error)
    kind: type[SourceError] = SourceUnreachable
    remedy = "the connection broke or the server is short of something; run again"
    if verdict:
        remedy = "see the network between here and the source; run again"
    elif code == "42501" and "row-level security" in message:
        return hidden_rows(system, table)
    elif code == "42501" or code.startswith("28"):
        kind, remedy = (
            AuthError,
            "grant the role of the connection the right to read it",
        )
    elif code.startswith("42"):
        kind, remedy = SchemaChanged, "the source changed while it was read; run again"
    elif code.startswith("22"):
        kind, remedy = LoadRefused, "repair the value that cannot travel in the source"
    elif code == "55P03":
        remedy = (
            "another session changes the table (ALTER, VACUUM FULL) and keeps it "
            "locked; run again when it is done"
        )
    elif code == "57014":
        remedy = "the source is slow or somebody cancelled the query; run again later"
    return kind(message, system=system, table=table, remedy=remedy)


def hidden_rows(system: str, table: str | None) -> LoadRefused:
    """Return the error of a table whose rows pass a filter before we see them."""
    return LoadRefused(
        "row security hides rows from the role of the connection",
        system=system,
        table=table,
        remedy="give the role BYPASSRLS or a policy `for select using (true)`; through "
        "a view, the owner of the view needs it",
        guard="row_security",
    )
