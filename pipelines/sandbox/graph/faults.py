"""What can go wrong at Facebook, switched on by a test while the emulator runs.

The happy answers belong to the modules beside it.
"""

import threading
from dataclasses import dataclass, field

from pipelines.sandbox.graph import refusals


@dataclass
class Faults:
    """Switches; all off means that every right question is answered.

    - `token_expired`: every call answers 190
    - `denied`: accounts (`act_…`) that the token never reaches
    - `revoked`: accounts and the number of calls after which the token loses them
    - `try_again`: so many next calls answer a transient 500
    - `throttled`: accounts and the number of their next calls that hit the limit
    - `rows_at_most`: more insights rows than this in one page are "too much data"
    """

    token_expired: bool = False
    denied: set[str] = field(default_factory=set)
    revoked: dict[str, int] = field(default_factory=dict)
    try_again: int = 0
    throttled: dict[str, int] = field(default_factory=dict)
    rows_at_most: int | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def before_call(self) -> None:
        """Refuse a call whatever it asks for."""
        if self.token_expired:
            raise refusals.token_expired()
        with self._lock:
            if self.try_again > 0:
                self.try_again -= 1
                raise refusals.try_again()

    def before_account(self, account_id: str) -> None:
        """Refuse a call that concerns one account."""
        if account_id in self.denied:
            raise refusals.no_permission()
        with self._lock:
            if account_id in self.revoked:
                if self.revoked[account_id] <= 0:
                    raise refusals.no_permission()
                self.revoked[account_id] -= 1
            if self.throttled.get(account_id, 0) > 0:
                self.throttled[account_id] -= 1
                raise refusals.too_many_calls()

    def before_rows(self, limit: int) -> None:
        """Refuse an insights page that would be too large."""
        if self.rows_at_most is not None and limit > self.rows_at_most:
            raise refusals.too_much_data()
