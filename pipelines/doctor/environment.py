"""Checks of the settings themselves: what is missing, malformed or left from a test.

Nothing is connected to here; values of secrets are never repeated.
"""

import difflib
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from pipelines.clock import read_clock
from pipelines.connections import LOOPBACK, parse_url
from pipelines.defs.resources import IN_PROCESS, PRODUCTION, Settings, required
from pipelines.doctor.findings import (
    SETTINGS,
    Finding,
    Remark,
    conduct,
    error,
    note,
    ok,
    warning,
)
from pipelines.doctor.servers import check_python_zones
from pipelines.errors import ConfigurationError
from pipelines.extract.amocrm.answers import host_of
from pipelines.extract.facebook.accounts import normalise

SANDBOX = "sandbox"
MEANINGS = {
    "WAREHOUSE_URL": "where raw, staging, marts and the rest live",
    "LANDING_DATABASE_URL": "the source landing",
    "TRAFFIC_DATABASE_URL": "the source traffic",
    "TRIPWIRE_DATABASE_URL": "the source tripwire",
    "FACEBOOK_ACCESS_TOKEN": "the token of a system user with ads_read",
    "AMOCRM_BASE_URL": "https://<account>.amocrm.ru",
    "AMOCRM_ACCESS_TOKEN": "a long-lived token of a private integration",
    "DAGSTER_POSTGRES_URL": "where Dagster keeps runs, events and schedules",
}
AS_EXAMPLE = "set it as .env.example says"
# Above this AmoCRM blocks the account.
AMOCRM_LIMIT = 7.0
TOKEN = re.compile(r"[!-~]+")
API_VERSION = re.compile(r"v\d+\.\d+")


def examine_settings(settings: Settings) -> Iterator[Finding]:
    """Look at every variable, and at this machine's own knowledge of time zones."""
    values = settings.values
    yield from conduct(
        SETTINGS,
        {
            "required": lambda: check_required(values),
            "values": lambda: check_values(values),
            "environment": lambda: check_environment(values),
            "time zones": check_python_zones,
        },
    )


def sound(settings: Settings) -> Settings:
    """Return the settings without optional variables that cannot be understood."""
    wrong = {name for name, _ in _malformed(settings.values)}
    return Settings({k: v for k, v in settings.values.items() if k not in wrong})


def check_required(values: Mapping[str, str]) -> Iterator[Remark]:
    """Name all required variables that are missing, at once."""
    needed = required(values)
    missing = [name for name in needed if not values.get(name)]
    for name in missing:
        meaning = MEANINGS.get(name, "see .env.example")
        remedy = AS_EXAMPLE
        known = [other for other in values if other not in needed]
        if near := difflib.get_close_matches(name, known, n=1, cutoff=0.75):
            remedy += f"; {near[0]} is set, is that the one meant?"
        yield error(f"{name} is not set: {meaning}", remedy)
    if not missing:
        yield ok(f"all {len(needed)} required variables are set")


def check_values(values: Mapping[str, str]) -> Iterator[Remark]:
    """Name every variable whose value cannot be understood."""
    wrong = list(_malformed(values))
    for name, reason in wrong:
        yield error(f"{name} {reason}", AS_EXAMPLE)
    rate = values.get("AMOCRM_REQUESTS_PER_SECOND") or "0"
    if "AMOCRM_REQUESTS_PER_SECOND" not in dict(wrong) and float(rate) > AMOCRM_LIMIT:
        say = warning if is_production(values) else _as_note
        yield say(
            f"AMOCRM_REQUESTS_PER_SECOND is {rate}; AmoCRM blocks above "
            f"{AMOCRM_LIMIT:g}",
            "set it to 5, or take it out",
        )
    if not wrong:
        yield ok("every value can be understood")


def check_environment(values: Mapping[str, str]) -> Iterator[Remark]:
    """Say which kind of environment this is, and whether its clock stands still."""
    name = values.get("PIPELINE_ENV") or SANDBOX
    if name not in (SANDBOX, PRODUCTION):
        yield warning(
            f"PIPELINE_ENV is {name}, which counts as {SANDBOX}",
            f"set it to {PRODUCTION} where the real sources are read",
        )
    else:
        yield ok(f"PIPELINE_ENV is {name}")
    if fixed := values.get("PIPELINE_NOW"):
        say = warning if is_production(values) else _as_note
        yield say(
            f"the pipeline's clock is fixed at {fixed}",
            "take PIPELINE_NOW out: nothing newer than that moment counts",
        )


def is_production(values: Mapping[str, str]) -> bool:
    """Tell whether real sources are expected behind the settings."""
    return values.get("PIPELINE_ENV") == PRODUCTION


def _as_note(message: str, remedy: str) -> Remark:
    return note(message)


def _malformed(values: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield each variable that cannot be understood, with the reason."""
    for name, fault in FAULTS.items():
        value = values.get(name)
        if value and (reason := fault(value)):
            yield name, reason


def _url_fault(url: str) -> str | None:
    try:
        parsed = parse_url(url)
    except ConfigurationError as refused:
        return f"is {refused}"
    if not url.startswith("postgres"):
        return "does not begin with postgresql://"
    return None if parsed.get("dbname") else "names no database"


def _web_fault(address: str) -> str | None:
    host = host_of(address.strip())
    if not host:
        return "is no web address"
    is_plain = not address.strip().lower().startswith("https:")
    if is_plain and not LOOPBACK.match(host):
        return "would send the token without encryption: write https://"
    return None


def _days_fault(text: str) -> str | None:
    is_number = text.strip().isdecimal() and int(text) > 0
    return None if is_number else f"is no number of days: {text}"


def _rate_fault(text: str) -> str | None:
    try:
        is_rate = 0 < float(text) < float("inf")
    except ValueError:
        is_rate = False
    return None if is_rate else f"is no number of requests: {text}"


def _clock_fault(text: str) -> str | None:
    try:
        read_clock(text)
    except ConfigurationError as refused:
        return str(refused).removeprefix("PIPELINE_NOW ")
    return None


def _token_fault(token: str) -> str | None:
    if TOKEN.fullmatch(token.strip()):
        return None
    return "holds characters that no token has (a blank, a quote, a line break?)"


def _accounts_fault(text: str) -> str | None:
    names = text.replace(",", " ").split()
    wrong = [name for name in names if normalise(name) is None]
    return f"names no ad accounts: {', '.join(wrong)}" if wrong else None


def _version_fault(text: str) -> str | None:
    return None if API_VERSION.fullmatch(text) else f"is no version like v26.0: {text}"


def _executor_fault(name: str) -> str | None:
    known = {*filter(None, IN_PROCESS), "forkserver"}
    return None if name in known else f"is neither of {', '.join(sorted(known))}"


def _file_fault(path: str) -> str | None:
    if path == "system" or Path(path).is_file():
        return None
    return "names a file that cannot be found"


FAULTS: dict[str, Callable[[str], str | None]] = {
    "WAREHOUSE_URL": _url_fault,
    "LANDING_DATABASE_URL": _url_fault,
    "TRAFFIC_DATABASE_URL": _url_fault,
    "TRIPWIRE_DATABASE_URL": _url_fault,
    "DAGSTER_POSTGRES_URL": _url_fault,
    "PGSSLROOTCERT": _file_fault,
    "FACEBOOK_ACCESS_TOKEN": _token_fault,
    "FACEBOOK_APP_SECRET": _token_fault,
    "FACEBOOK_AD_ACCOUNTS": _accounts_fault,
    "FACEBOOK_GRAPH_URL": _web_fault,
    "FACEBOOK_API_VERSION": _version_fault,
    "FACEBOOK_BACKFILL_DAYS": _days_fault,
    "AMOCRM_BASE_URL": _web_fault,
    "AMOCRM_ACCESS_TOKEN": _token_fault,
    "AMOCRM_REQUESTS_PER_SECOND": _rate_fault,
    "PIPELINE_EXECUTOR": _executor_fault,
    "PIPELINE_NOW": _clock_fault,
}
