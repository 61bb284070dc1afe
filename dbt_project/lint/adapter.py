"""dbt's `adapter` for sqlfluff: a dispatched macro becomes a call of its name.

Linting needs no database and no dialect, only SQL of the right shape.
"""

from collections.abc import Callable


def dispatch(name: str, _package: str = "") -> Callable[..., str]:
    """Return a macro that writes `name(first argument)`."""

    def call(*arguments: object, **_named: object) -> str:
        first = arguments[0] if arguments else ""
        parts = first if isinstance(first, list) else [first]
        columns = [part[-1] if isinstance(part, list) else part for part in parts]
        return f"{name}({', '.join(map(str, columns))})"

    return call
