"""What makes a method an operation: one at a time, and known to the sandbox's address.

What the operations do belongs to the work modules.
"""

import functools
from collections.abc import Callable
from typing import Any, TypeVar, cast

Work = TypeVar("Work", bound=Callable[..., Any])

MARK = "is_operation"


def operation(work: Work) -> Work:
    """Let nobody see a change that is half done; all of it happens in one second."""

    @functools.wraps(work)
    def alone(self: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - as work's
        with self.at_work():
            return work(self, *args, **kwargs)

    setattr(alone, MARK, True)
    return cast(Work, alone)
