"""Facebook's rate headers, read: which limit is how full, and when it lifts.

Only the reading; who waits and how long belongs to `pacing.py`.
"""

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

APP_HEADER = "X-App-Usage"
ACCOUNT_HEADER = "X-Ad-Account-Usage"
BUSINESS_HEADER = "X-Business-Use-Case-Usage"
THROTTLE_HEADER = "X-FB-Ads-Insights-Throttle"
HEADERS = (APP_HEADER, ACCOUNT_HEADER, BUSINESS_HEADER, THROTTLE_HEADER)

# What a call counts as; the business header keeps a limit for each.
INSIGHTS = "ads_insights"
MANAGEMENT = "ads_management"
LEADS = "leadgen"

# Above this share of a limit the next call is likely to be refused.
FULL_PCT = 95.0
# The headers of the app and of insights do not say when the limit lifts.
DEFAULT_WAIT_SECONDS = 60.0
# A wait that is told as longer is a malformed one.
LONGEST_WAIT_SECONDS = 86_400.0


@dataclass(frozen=True)
class Limit:
    """One limit as a header shows it; a full one lifts after `wait_seconds`.

    `account_id` None: the app's, so everybody's. `use_case` None: any call counts.
    """

    account_id: str | None
    use_case: str | None
    percent: float
    wait_seconds: float
    header: str

    def __str__(self) -> str:
        return f"{self.header} is at {self.percent:.0f} %"


def bare_id(account_id: str | None) -> str:
    """Return an account as the headers name it; calls of none have a name too."""
    return (account_id or "none").removeprefix("act_")


def rate_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the rate headers alone, named as in `HEADERS`."""
    lower = {name.lower(): value for name, value in headers.items()}
    return {name: lower[name.lower()] for name in HEADERS if name.lower() in lower}


def read_limits(headers: Mapping[str, str], account_id: str | None) -> list[Limit]:
    """Return what the headers of one answer tell about each limit.

    The account header counts in seconds, the business header in minutes. Headers may be
    missing or malformed; what cannot be read is no limit.
    """
    found = rate_headers(headers)
    caller = bare_id(account_id)
    return [
        *_app_limit(_parsed(found, APP_HEADER)),
        *_account_limit(_parsed(found, ACCOUNT_HEADER), caller),
        *_business_limits(_parsed(found, BUSINESS_HEADER)),
        *_throttle_limits(_parsed(found, THROTTLE_HEADER), caller),
    ]


def _app_limit(usage: Mapping[str, Any]) -> Iterator[Limit]:
    if usage:
        percent = max(map(_number, usage.values()))
        yield Limit(None, None, percent, _default_wait(percent), APP_HEADER)


def _account_limit(usage: Mapping[str, Any], caller: str) -> Iterator[Limit]:
    if usage:
        percent = _number(usage.get("acc_id_util_pct"))
        told = _seconds(usage.get("reset_time_duration"), unit=1)
        wait = (told or DEFAULT_WAIT_SECONDS) if percent > FULL_PCT else 0.0
        yield Limit(caller, None, percent, wait, ACCOUNT_HEADER)


def _business_limits(usage: Mapping[str, Any]) -> Iterator[Limit]:
    for account_id, entries in usage.items():
        for entry in entries if isinstance(entries, list) else []:
            if not isinstance(entry, dict):
                continue
            use_case = entry.get("type")
            shares = ("call_count", "total_cputime", "total_time")
            yield Limit(
                bare_id(account_id),
                use_case if isinstance(use_case, str) and use_case else None,
                max(_number(entry.get(share)) for share in shares),
                _seconds(entry.get("estimated_time_to_regain_access"), unit=60),
                BUSINESS_HEADER,
            )


def _throttle_limits(usage: Mapping[str, Any], caller: str) -> Iterator[Limit]:
    for account_id, share in ((None, "app_id_util_pct"), (caller, "acc_id_util_pct")):
        if share in usage:
            percent = _number(usage[share])
            wait = _default_wait(percent)
            yield Limit(account_id, INSIGHTS, percent, wait, THROTTLE_HEADER)


def _default_wait(percent: float) -> float:
    return DEFAULT_WAIT_SECONDS if percent > FULL_PCT else 0.0


def _parsed(headers: Mapping[str, str], name: str) -> Mapping[str, Any]:
    try:
        value = json.loads(headers.get(name, "{}"))
    except (ValueError, TypeError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _seconds(value: object, *, unit: int) -> float:
    return min(_number(value) * unit, LONGEST_WAIT_SECONDS)


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return 0.0
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return 0.0
    return max(number, 0.0) if math.isfinite(number) else 0.0
