"""Everything that can go wrong with one answer, by name; and plans of such faults.

Faults of paging are `paging.Oddities`, those of report jobs scripts in `jobs.py`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.facebook.foreign.asking import Refusal

# Every answer may carry credentials where nobody expects them.
LEAK = "https://graph.facebook.com/v26.0/me?access_token={token}&next=me%3Faccess_token%3D{lower}"


@dataclass(frozen=True)
class Fault:
    """One broken or refused answer; `body` None lets the right one through."""

    status: int = 200
    body: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    # What happens on the wire: reset, drop, cut, half chunk.
    trick: str = ""
    # The classes of the table: rate, large, transient, loud, quiet.
    kind: str = "transient"


def refusal(
    code: int,
    subcode: int | None = None,
    *,
    status: int = 400,
    message: str = "It went wrong at {leak}",
    kind: str = "transient",
    headers: Mapping[str, Any] | None = None,
) -> Fault:
    body = json.dumps(Refusal(code, message, subcode=subcode).body())
    packed = {name: json.dumps(value) for name, value in (headers or {}).items()}
    return Fault(status, body, packed, kind=kind)


def _rate(code: int, subcode: int | None = None, **more: Any) -> Fault:
    text = f"(#{code}) User request limit reached"
    return refusal(code, subcode, kind="rate", message=text, **more)


def _large(code: int, subcode: int | None, message: str = "Too much data") -> Fault:
    return refusal(code, subcode, kind="large", message=message, status=500)


BUSINESS = {
    "x-business-use-case-usage": {
        "{digits}": [
            {
                "type": "ads_insights",
                "call_count": 100,
                "total_cputime": 20,
                "total_time": 30,
                "estimated_time_to_regain_access": 2,
                "ads_api_access_tier": "standard_access",
            }
        ]
    }
}
SECONDS = {"x-ad-account-usage": {"acc_id_util_pct": 100, "reset_time_duration": 45}}
REDUCE = "Please reduce the amount of data you're asking for, then retry your request"
SUMMARY = "(#100) Cannot include spend in summary param because it was not there"

RATES = {
    f"rate {code}/{subcode}": _rate(code, subcode)
    for code, subcode in [
        *((code, None) for code in (4, 17, 32, 341, 613, 80008, 80014)),
        *((code, None) for code in range(80000, 80007)),
        (17, 2446079),
        (613, 1996),
        (4, 1504022),
        (4, 1504039),
    ]
} | {
    "rate 80004 with minutes": _rate(80004, 2446079, headers=BUSINESS),
    "rate 17 with seconds": _rate(17, 2446079, status=403, headers=SECONDS),
    "rate both": _rate(80000, headers=BUSINESS | SECONDS),
    "rate malformed": Fault(
        400,
        json.dumps(Refusal(17, "(#17) limit").body()),
        {"x-business-use-case-usage": "{not json", "x-app-usage": "[]"},
        kind="rate",
    ),
    "rate 429 text": Fault(429, "Too many requests, {leak}", kind="rate"),
    "rate with 200": _rate(4, status=200),
}
LARGES = {
    "large 100/1487534": _large(100, 1487534),
    "large 100/1504018": _large(100, 1504018),
    "large 2/1504038": _large(2, 1504038),
    "large -3/1504045": _large(-3, 1504045),
    "large -2/2490547": _large(-2, 2490547),
    "large 1 reduce": _large(1, None, REDUCE),
    "large 1/99 reduce": _large(1, 99, REDUCE),
    "large 960": _large(960, None),
}
TRANSIENTS = {
    "1": refusal(1, status=500),
    "1/99": refusal(1, 99, status=500),
    "2": refusal(2, status=503),
    "2/1504043": refusal(2, 1504043),
    "2/1504044": refusal(2, 1504044),
    "99": refusal(99),
    "104": refusal(104),
    "summary": refusal(100, message=SUMMARY),
    "html 502": Fault(502, "<html><title>Bad Gateway</title>{leak}</html>"),
    "500 success": Fault(500, '"success"'),
    "500 {}": Fault(500, "{}"),
    "503 text": Fault(503, "Service Unavailable"),
    "504 empty": Fault(504, ""),
    "empty 200": Fault(200, ""),
    "spaces 200": Fault(200, "   \n"),
    "html 200": Fault(200, "<!DOCTYPE html><p>Sorry {leak}"),
    "truncated 200": Fault(200, '{"data":[{"id":"1","spend":"1'),
    "null": Fault(200, "null"),
    "true": Fault(200, "true"),
    "list": Fault(200, '[{"id":"1"}]'),
    "redirect": Fault(302, "", {"location": "http://127.0.0.1:9/{token}"}),
    "error text": Fault(500, '{"error":"{leak}"}'),
    "error null": Fault(500, '{"error":null}'),
    "error odd data": Fault(
        500, '{"error":{"message":"odd","code":2,"error_data":"not json"}}'
    ),
    "error with 200": refusal(2, status=200),
    "code as text": Fault(500, '{"error":{"message":"odd","code":"2"}}'),
    "success false": Fault(200, '{"success":false}'),
    "reset": Fault(trick="reset"),
    "drop": Fault(trick="drop"),
    "cut": Fault(trick="cut"),
    "half chunk": Fault(trick="half chunk"),
    "halved": Fault(trick="halved"),
    "short length": Fault(trick="short length"),
    "no gzip": Fault(200, '{"data":[]}', {"content-encoding": "gzip"}),
    "no utf-8": Fault(trick="no utf-8"),
}
# Only where a list is expected.
BROKEN_LISTS = {
    "data null": Fault(200, '{"data":null}'),
    "data object": Fault(200, '{"data":{"id":"1"}}'),
    "data text": Fault(200, '{"data":"soon"}'),
    "data of nulls": Fault(200, '{"data":[null]}'),
    "no data": Fault(200, '{"paging":{}}'),
    "paging text": Fault(200, '{"data":[],"paging":"none"}'),
}
# The right answer, with headers that ask to go slowly.
QUIETS = {
    "app 80": Fault(
        headers={"x-app-usage": '{"call_count":80,"total_time":3,"total_cputime":1}'},
        kind="quiet",
    ),
    "throttle 72": Fault(
        headers={
            "x-fb-ads-insights-throttle": '{"app_id_util_pct":1,"acc_id_util_pct":72}'
        },
        kind="quiet",
    ),
    "headers odd": Fault(
        headers={
            "x-app-usage": '{"call_count":"NaN","total_time":null}',
            "x-business-use-case-usage": '{"1":[null,3,{"type":7}],"2":"x"}',
            "x-ad-account-usage": "",
        },
        kind="quiet",
    ),
}
LOUD = {
    "10": refusal(10, status=403, kind="loud"),
    "200": refusal(200, status=403, kind="loud"),
    "294": refusal(294, kind="loud"),
    "3191001": refusal(3191001, kind="loud"),
    "100/33": refusal(100, 33, kind="loud"),
    "100 field": refusal(100, message="(#100) nonexisting field (x)", kind="loud"),
    "2/1504041": refusal(2, 1504041, kind="loud"),
    "2/1504042": refusal(2, 1504042, kind="loud"),
    "2500": refusal(2500, kind="loud"),
    "2635": refusal(2635, kind="loud"),
    "3018": refusal(3018, kind="loud"),
}
AUTH = {
    f"190/{subcode}": refusal(190, subcode, status=401, kind="loud")
    for subcode in (458, 460, 463, 467)
} | {"102": refusal(102, kind="loud")}

Plan = dict[tuple[str, int], str]
BY_NAME = RATES | LARGES | TRANSIENTS | BROKEN_LISTS | QUIETS | LOUD | AUTH


def patient_plan(accounts: list[str], random: Random) -> Plan:
    """Plan faults that a patient client survives: no three together, few limits."""
    plan: Plan = {}
    for account in accounts:
        rates, larges = 2, 1
        for call in range(1, 30):
            lot = random.random()
            if lot < 0.12:
                plan[account, call] = random.choice(list(TRANSIENTS | BROKEN_LISTS))
            elif lot < 0.16 and rates:
                rates -= 1
                plan[account, call] = random.choice(list(RATES))
            elif lot < 0.19 and larges:
                larges -= 1
                plan[account, call] = random.choice(list(LARGES))
            elif lot < 0.22:
                plan[account, call] = random.choice(list(QUIETS))
            if (account, call - 1) in plan and (account, call - 2) in plan:
                plan.pop((account, call), None)
    return plan
