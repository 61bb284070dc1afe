"""The rate headers of an answer: a quiet hour, unless a test wants another.

What a refusal says and carries belongs to `refusals.py`.
"""

import json

from pipelines.sandbox.graph.faults import RATE_HEADERS
from pipelines.sandbox.graph.state import Graph


def usage_headers(graph: Graph, version: str) -> dict[str, str]:
    """Return the rate headers of an answer."""
    return {
        "facebook-api-version": version,
        **_quiet(graph),
        **graph.faults.usage_headers,
        **graph.faults.broken_headers(),
    }


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
    said = (usage, business, account, throttle)
    return dict(zip(RATE_HEADERS, map(json.dumps, said), strict=True))
