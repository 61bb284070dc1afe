"""Attribution windows: one key per requested window beside the `value` of an action.

A story may state a window's value itself; else it is derived, so that the windows of an
action differ and never say more than its total.
"""

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

# Gone since January 2026: asked for, they return nothing, without an error.
REMOVED = frozenset({"7d_view", "28d_view"})
# The part of the total (7d_click and 1d_view) that an action has in a window.
SHARES: Mapping[str, Decimal] = {
    "1d_click": Decimal("0.7"),
    "7d_click": Decimal("0.9"),
    "28d_click": Decimal("0.9"),
    "1d_view": Decimal("0.1"),
    "1d_ev": Decimal("0.05"),
    "default": Decimal(1),
}


def with_windows(value: Any, windows: Sequence[str]) -> Any:  # noqa: ANN401 - JSON
    """Return a field's value, each of its actions with the requested windows."""
    if not isinstance(value, list):
        return value
    return [
        _with_windows(item, windows) if _is_action(item) else item for item in value
    ]


def _is_action(item: object) -> bool:
    return isinstance(item, dict) and "action_type" in item


def _with_windows(action: Mapping[str, Any], windows: Sequence[str]) -> dict[str, Any]:
    kept = {key: action[key] for key in ("action_type", "value") if key in action}
    for window in windows:
        if window in action:
            kept[window] = action[window]
        elif window in SHARES and window not in REMOVED and "value" in action:
            kept[window] = _share(Decimal(action["value"]), SHARES[window])
    return kept


def _share(total: Decimal, share: Decimal) -> str:
    part = (total * share).quantize(Decimal(1).scaleb(_exponent(total)), ROUND_HALF_UP)
    return str(part)


def _exponent(total: Decimal) -> int:
    exponent = total.as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0
