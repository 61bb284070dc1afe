"""How long Facebook asks us to wait, read from its rate headers.

Only the reading; the waiting itself belongs to `client.py`.
"""

import json
import math
from collections.abc import Mapping
from typing import Any

# Above this share of a limit the next call is likely to be refused.
FULL_PCT = 95.0
# App and insights headers do not say when the limit lifts.
DEFAULT_WAIT_SECONDS = 60.0


def wait_after(headers: Mapping[str, str]) -> float:
    """Return the seconds to wait before the next call; 0 when there is room.

    The account header counts in seconds, the business header in minutes. Headers may be
    missing or malformed; what cannot be read asks for nothing.
    """
    return max(
        _business_wait(_parsed(headers, "X-Business-Use-Case-Usage")),
        _account_wait(_parsed(headers, "X-Ad-Account-Usage")),
        _share_wait(_parsed(headers, "X-App-Usage")),
        _share_wait(_parsed(headers, "X-FB-Ads-Insights-Throttle")),
    )


def _business_wait(usage: Mapping[str, Any]) -> float:
    entries = [
        entry
        for group in usage.values()
        if isinstance(group, list)
        for entry in group
        if isinstance(entry, dict)
    ]
    waits = [_number(e.get("estimated_time_to_regain_access")) * 60 for e in entries]
    return max(waits, default=0.0)


def _account_wait(usage: Mapping[str, Any]) -> float:
    if _number(usage.get("acc_id_util_pct")) < FULL_PCT:
        return 0.0
    return _number(usage.get("reset_time_duration")) or DEFAULT_WAIT_SECONDS


def _share_wait(usage: Mapping[str, Any]) -> float:
    shares = [_number(value) for value in usage.values()]
    return DEFAULT_WAIT_SECONDS if max(shares, default=0.0) >= FULL_PCT else 0.0


def _parsed(headers: Mapping[str, str], name: str) -> Mapping[str, Any]:
    try:
        value = json.loads(headers.get(name, "{}"))
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return 0.0
    try:
        number = float(value)
    except ValueError:
        return 0.0
    return max(number, 0.0) if math.isfinite(number) else 0.0
