"""How every PostgreSQL connection is opened, and how its errors are read.

Timeouts, keepalives and TLS are the same for all. Which statements run on a connection
belongs to extraction, loading and publishing; what a silent one is worth to
`liveness.py`.
"""

import contextlib
import os
import re
import ssl
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import unquote

import psycopg
from psycopg import pq
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from pipelines.errors import ConfigurationError

DEFAULTS: Final[dict[str, Any]] = {
    "connect_timeout": 10,
    "keepalives": 1,
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 45_000,
    "application_name": "traffic-pipeline",
    "client_encoding": "UTF8",
    # Where a Kerberos ticket lies about, libpq would ask for GSS first, which poolers
    # answer with nonsense. TLS is negotiated the old way: all servers and poolers know
    # it, a direct start only PostgreSQL 17.
    "gssencmode": "disable",
}
LOOPBACK = re.compile(r"^(localhost|127(\.\d{1,3}){3}|::1|[/@].*|)$", re.IGNORECASE)
# From the first quote to the last, for a value may hold quotes too; in all languages.
QUOTED = re.compile(r"[\"«»„“”‹›](?:.*[\"«»„“”‹›]|.*)", re.S)
# Psycopg's own messages quote as Python does.
CLIENT_QUOTED = re.compile(r"[\"'](?:.*[\"']|.*)", re.S)
# A number, or bytes of a text, but not the length of a type.
NUMBER = re.compile(r"(?<![\w(,.])[-+]?\d[\w.:+-]*")
# What these say in quotes are names: of roles, databases, files, relations.
NAMING = (
    *("08", "25", "28", "3D", "40", "53", "55P03", "57", "58", "XX001", "XX002"),
    *("42501", "42701", "42710", "42P06", "42P07"),
)
# Where a message is raised whose words are those of the server's owner.
LANGUAGES = frozenset({"pl_exec.c", "plpy_elog.c", "plperl.c", "pltcl.c"})
RAISED = "a function or trigger of the server raised an error"
RAISED_IN = re.compile(r"^PL/\w+ function ([\w.]+\([\w., \[\]]*\))(?: line (\d+))?")
URL = re.compile(r"^postgres(?:ql)?(?:\+\w+)?://(?P<login>[^@/]*@)?(?P<rest>.*)$", re.S)
# What dashboards and other drivers add to a URL and libpq does not know. Our own rules
# (TLS, no prepared statements) hold whatever they say.
FOREIGN: Final = frozenset(
    {
        *("pgbouncer", "supa", "workaround", "pool_mode", "pool_size", "pool_timeout"),
        *("connection_limit", "single_use_connections", "max_idle_connection_lifetime"),
        *("prepared_statements", "preparethreshold", "statement_cache_size"),
        *("prepared_statement_cache_size", "socket_timeout"),
        *("ssl", "sslaccept", "uselibpqcompat"),
    }
)
UNENCODED = (
    "not a PostgreSQL URL (its text is not shown): write special characters of user "
    "and password as @ %40, : %3A, / %2F, ? %3F, # %23, % %25, space %20"
)
BUNDLES: Final = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)
PoolerKind = Literal["direct or session", "transaction"]
POOLER_ROUNDS = 5


def parse_url(url: str) -> dict[str, Any]:
    """Split a PostgreSQL URL and add TLS for servers that are not on this machine.

    Without `sslmode` (there or in `PGSSLMODE`) a remote host gets `verify-full`; the
    authority is `sslrootcert` of the URL, else `PGSSLROOTCERT`, else the one libpq
    knows, else those of the machine.
    """
    try:
        settings = dict(conninfo_to_dict(_for_libpq(url)))
    except (psycopg.ProgrammingError, UnicodeError):
        # The library repeats the URL, and with it the password.
        raise ConfigurationError(UNENCODED) from None
    _refuse_misread(settings)
    authority = settings.get("sslrootcert") or os.environ.get("PGSSLROOTCERT")
    if _is_remote(settings) or authority == "system":
        mode = os.environ.get("PGSSLMODE") or "verify-full"
        settings.setdefault("sslmode", mode)
    if authority == "system" or (
        settings.get("sslmode") == "verify-full" and not (authority or _has_own_root())
    ):
        settings["sslrootcert"] = _machine_authorities()
    return settings


def connection_string(url: str, *, writes: bool = False) -> str:
    """Return what psycopg needs to open a connection as this project wants it.

    Where the URL names several servers, `writes` picks the one that takes writes.
    """
    settings = {**DEFAULTS, **parse_url(url)}
    if writes and "," in f"{settings.get('host')}{settings.get('hostaddr')}":
        settings.setdefault("target_session_attrs", "read-write")
    return make_conninfo("", **settings)


def pooler_kind(connection: psycopg.Connection[Any]) -> PoolerKind:
    """Find out whether a transaction pooler stands before the server.

    An idle pool gives a client the same backend again and again, so two transactions
    with one backend prove nothing. It hands out either the backend that was returned
    first, then ours changes by itself unless it is the only one; or the one returned
    last, then a rival who asks after us gets ours. Two living clients of one backend,
    or a client of two, are a transaction pooler for certain. Several rounds, for rivals
    may land in another process of the pooler, and strangers use the pool too. A session
    pooler and none at all are the same to us. The connection must not be inside a
    transaction; nothing is set that could stay behind.
    """
    info = connection.info
    if info.transaction_status != pq.TransactionStatus.IDLE:
        raise ValueError("inside a transaction every pooler looks like a session")
    rival = make_conninfo(info.dsn, password=info.password or None)
    mine = _backend(connection)
    for _ in range(POOLER_ROUNDS):
        if _backend(connection) != mine:
            return "transaction"
        opened = psycopg.connect(rival, prepare_threshold=None)
        # The rival keeps its backend until we have asked again.
        with contextlib.closing(opened), opened.transaction():
            if _backend(opened) == mine or _backend(connection) != mine:
                return "transaction"
    return "direct or session"


def _backend(connection: psycopg.Connection[Any]) -> int:
    with connection.transaction():
        row = connection.execute("select pg_backend_pid()").fetchone()
    assert row is not None
    return int(row[0])


def primary_message(error: psycopg.Error) -> str:
    """Return the server's message without what may be values of rows.

    The names in it are kept where they can be told from values.
    """
    message, code = error.diag.message_primary, error.sqlstate or ""
    if not message:
        message = _client_message(error)
    elif code.startswith("P0") or error.diag.source_file in LANGUAGES:
        found = RAISED_IN.match(error.diag.context or "")
        line = f", line {found[2]}" if found and found[2] else ""
        message = f"{RAISED} ({found[1]}{line})" if found else RAISED
    elif code.startswith("23"):
        message = _with_names(error.diag)
    elif code.startswith("22"):
        message = NUMBER.sub("…", _without(QUOTED, message))
    elif not _names_only(error.diag, code):
        message = _without(QUOTED, message)
    return f"{message} ({code})" if code else message


def _client_message(error: psycopg.Error) -> str:
    """Return what the library says; it may repeat what the server has said before."""
    message = first_line(error)
    if message.startswith("connection"):
        return message
    quoted = CLIENT_QUOTED if isinstance(error, psycopg.DataError) else QUOTED
    return NUMBER.sub("…", _without(quoted, message))


def _with_names(diag: psycopg.errors.Diagnostic) -> str:
    """Return the message of a violated constraint, with what the server names."""
    message, lost = diag.message_primary or "", []
    fields = {
        "table": diag.table_name,
        "column": diag.column_name,
        "type": diag.datatype_name,
        "constraint": diag.constraint_name,
    }
    for kind, name in fields.items():
        if name and f'"{name}"' in message:
            message = message.replace(f'"{name}"', name)
        elif name and not re.search(rf"(?<!\w){re.escape(name)}(?!\w)", message):
            lost.append(f"{kind} {name}")
    message = _without(QUOTED, message)
    return f"{message} ({', '.join(lost)})" if lost else message


def _names_only(diag: psycopg.errors.Diagnostic, code: str) -> bool:
    """Tell whether what is quoted comes from a statement of ours, or is no value.

    Where our own statement is wrong, the server points into it. Names that it looks up
    while it runs (`value::regclass`) can be values.
    """
    return code.startswith(NAMING) or bool(
        code.startswith("42") and diag.statement_position
    )


def _without(pattern: re.Pattern[str], message: str) -> str:
    return pattern.sub("…", message).strip().removesuffix(": …")


def first_line(error: psycopg.Error) -> str:
    """Return the first line of a message; the next ones may repeat values."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__


def _for_libpq(url: str) -> str:
    """Return a URL without what only other drivers understand."""
    url = url.strip()
    if not url:
        raise ConfigurationError("the PostgreSQL URL is empty")
    found = URL.match(url)
    if not found:
        return url
    login, rest = found["login"] or "", found["rest"]
    place, _, query = rest.partition("?")
    if "@" in place or (not login and "@" in rest and place[:1] not in ("", "/")):
        # libpq would take the first half of a password for the server.
        raise ConfigurationError(UNENCODED)
    known = {option.keyword.decode() for option in pq.Conninfo.get_defaults()}
    kept = []
    for pair in filter(None, query.split("&")):
        name = unquote(pair.partition("=")[0])
        if name in known:
            kept.append(pair)
        elif name.lower() not in FOREIGN and pair.lower() != "schema=public":
            raise ConfigurationError(_unknown_parameter(name))
    return f"postgresql://{login}{place}" + ("?" + "&".join(kept) if kept else "")


def _unknown_parameter(name: str) -> str:
    if name == "schema":
        return (
            "a PostgreSQL URL cannot name a schema: set the role's search_path to it "
            "and take the parameter `schema` out of the URL"
        )
    # Anything else may be the end of a password.
    shown = f" `{name}`" if re.fullmatch(r"[A-Za-z]\w{0,30}", name) else ""
    return f"libpq does not know the parameter{shown} of the URL: take it out"


def _refuse_misread(settings: dict[str, Any]) -> None:
    """Refuse a URL that libpq understood otherwise than it was meant."""
    ports = str(settings.get("port") or "").split(",")
    if not all(port == "" or port.isdecimal() for port in ports):
        raise ConfigurationError(UNENCODED)
    hosts = str(settings.get("host") or "").split(",")
    names = [host for host in hosts if not host.startswith(("/", "@"))]
    if any(re.search(r"[@?#\s]", name) for name in names):
        raise ConfigurationError(UNENCODED)
    try:
        # The resolver's own error is no psycopg.Error.
        ",".join(names).encode("idna")
    except UnicodeError:
        raise ConfigurationError(
            "the URL has a host name that cannot be (an empty or endless part)"
        ) from None
    if re.fullmatch(r"\[.*\]", str(settings.get("password") or ""), re.S):
        raise ConfigurationError(
            "the password in the URL is a placeholder in square brackets: write the "
            "password itself, without them"
        )


def _is_remote(settings: dict[str, Any]) -> bool:
    """Tell whether any address may lie outside this machine."""
    names = settings.get("host") or os.environ.get("PGHOST")
    addresses = settings.get("hostaddr") or os.environ.get("PGHOSTADDR")
    listed = f"{names or ''},{addresses or ''}".split(",")
    if not any(listed):
        return bool(settings.get("service") or os.environ.get("PGSERVICE"))
    return not all(LOOPBACK.match(address) for address in listed)


def _has_own_root() -> bool:
    return (Path.home() / ".postgresql" / "root.crt").exists()


def _machine_authorities() -> str:
    """Return the file of the authorities that this machine trusts.

    Not libpq's `system`: the OpenSSL inside psycopg's wheels looks for them in a folder
    of the machine that built it.
    """
    found = ssl.get_default_verify_paths().cafile
    paths = [*([found] if found else []), *BUNDLES]
    return next((path for path in paths if Path(path).exists()), "system")
