"""The rate headers of an answer: a quiet hour, unless a test wants another.

What a refusal says and carries belongs to `refusals.py`.
"""

import json

from pipelines.sandbox.graph.state import Graph


def usage_headers(graph: Graph, version: str) -> dict[str, str]:
    """Return the rate headers of an answer."""
    headers = {"facebook-api-version": version, **_quiet(graph)}
    headers |= graph.faults.usage_headers
    if graph.faults.malformed_headers:
        headers |= {name: '{"call_count": 1, ' for name in _quiet(graph)}
    return headers


def _quiet(graph: Graph) -> dict[str, str]:
    usage = {"call_count": 1, "total_cputime": 1, "total_time": 1}
    business = {
        account["account_id"]: [
            {"type": "ads_insights", **usage, "estimated_time_to_regain_access": 0}
        ]
        for account in graph.facebook.accounts[:1]
    }
    account = {"acc_id_util_pct": 1.5, "reset_time_duration": 0}
    throttle = {"app_id_util_pct": 1.0, "acc_id_util_pct": 1.5}
    return {
        "x-app-usage": json.dumps(usage),
        "x-business-use-case-usage": json.dumps(business),
        "x-ad-account-usage": json.dumps(account),
        "x-fb-ads-insights-throttle": json.dumps(throttle),
    }
