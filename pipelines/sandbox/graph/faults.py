"""What can go wrong at Facebook, switched on by a test while the emulator runs.

The happy answers belong to the modules beside it.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pipelines.sandbox.graph import refusals

RATE_HEADERS = (
    "x-app-usage",
    "x-business-use-case-usage",
    "x-ad-account-usage",
    "x-fb-ads-insights-throttle",
)
Poison = dict[tuple[str, str], set[str] | Literal["*"]]


@dataclass
class Faults:
    """Switches; all off means that every right question is answered.

    Access:
    - `token_expired`: every call answers 190
    - `denied`: accounts (`act_…`) and pages that the token never reaches
    - `revoked`: accounts and the number of calls after which the token loses them
    - `declined`: permissions that were not given; `token_facts`: changes to what
      `debug_token` says
    - `version_ended`: every call answers 2635

    Limits:
    - `throttled`: accounts and the number of their next calls that hit the limit
    - `limit_on_page_two`: so many next calls for a later page answer 17
    - `limit_until`: the moment of `now()` before which every call answers 80004
    - `limit_headers`: sent with each refusal for a limit; `usage_headers`: sent with
      each answer instead of a quiet hour's; `malformed_headers`: no rate header is JSON

    Answers:
    - `try_again`: so many next calls answer a transient 500
    - `transport`: what the next calls answer instead, see `broken.py`
    - `paging`: empty_first, empty_middle, endless (no rows, always a next page),
      no_after, repeated_cursor or overlap, on `paging_edges` (last part of the path) or
      everywhere
    - `shuffle`: each listing has another order; `total_count_extra`: the summary lies
    - `batch_skips`: so many next questions of batches come back as null

    Insights:
    - `rows_at_most`: larger pages of unfinished reports are "too much data";
      `sync_impossible`: all are; `too_large_as`: the code and subcode that say so
    - `job_states`: scripts of the next report runs, see `reports.py`
    - `poison`: (ad, day) and the fields of its row that Facebook fails to compute, or
      "*" for all; a question that includes one answers `poison_code`
    - `silent_windows`, `silent_fields`: asked for in vain, without an error

    Objects:
    - `edge_deleted`: what DELETED in the status filter of an edge does
    - `gone_nodes`: ids that cannot be read any more
    """

    token_expired: bool = False
    denied: set[str] = field(default_factory=set)
    revoked: dict[str, int] = field(default_factory=dict)
    declined: set[str] = field(default_factory=set)
    token_facts: Mapping[str, Any] = field(default_factory=dict)
    version_ended: bool = False
    throttled: dict[str, int] = field(default_factory=dict)
    limit_on_page_two: int = 0
    limit_until: float | None = None
    now: Callable[[], float] | None = None
    limit_headers: dict[str, str] = field(default_factory=dict)
    usage_headers: dict[str, str] = field(default_factory=dict)
    malformed_headers: bool = False
    try_again: int = 0
    transport: list[str] = field(default_factory=list)
    paging: str | None = None
    paging_edges: set[str] = field(default_factory=set)
    shuffle: bool = False
    total_count_extra: int = 0
    batch_skips: int = 0
    rows_at_most: int | None = None
    sync_impossible: bool = False
    too_large_as: tuple[int, int | None] = (1, None)
    job_states: list[str] = field(default_factory=list)
    poison: Poison = field(default_factory=dict)
    poison_code: tuple[int, int | None] = (1, 99)
    silent_windows: set[str] = field(default_factory=set)
    silent_fields: set[str] = field(default_factory=set)
    edge_deleted: Literal["error", "nothing", "works"] = "works"
    gone_nodes: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def before_call(self) -> None:
        """Refuse a call whatever it asks for."""
        if self.token_expired:
            raise refusals.token_expired()
        if self._takes("try_again"):
            raise refusals.try_again()
        if self.limit_until is not None:
            if self.now is None:
                raise AssertionError("Faults.limit_until needs Faults.now")
            if self.now() < self.limit_until:
                raise self._limit(refusals.too_many_calls(80004))

    def before_page(self, params: Mapping[str, str]) -> None:
        """Refuse a call for a later page of a list."""
        is_later = "after" in params or "__paging_token" in params
        if is_later and self._takes("limit_on_page_two"):
            raise self._limit(refusals.user_limit())

    def before_account(self, account_id: str) -> None:
        """Refuse a call that concerns one account or page."""
        of_account = account_id.startswith("act_")
        refuse = refusals.no_permission if of_account else refusals.no_page_permission
        if account_id in self.denied:
            raise refuse()
        with self._lock:
            if account_id in self.revoked:
                if self.revoked[account_id] <= 0:
                    raise refuse()
                self.revoked[account_id] -= 1
            if self.throttled.get(account_id, 0) > 0:
                self.throttled[account_id] -= 1
                code = 80000 if of_account else 80005
                raise self._limit(refusals.too_many_calls(code))

    def before_rows(self, limit: int) -> None:
        """Refuse an insights page that would be too large."""
        is_too_large = self.rows_at_most is not None and limit > self.rows_at_most
        if self.sync_impossible or is_too_large:
            raise refusals.too_much_data(*self.too_large_as)

    def next_job(self) -> str | None:
        """Return the script of the next report run."""
        with self._lock:
            return self.job_states.pop(0) if self.job_states else None

    def next_transport(self) -> str | None:
        """Return what the next call answers instead of an answer."""
        with self._lock:
            return self.transport.pop(0) if self.transport else None

    def skips_in_batch(self) -> bool:
        """Tell whether the next question of a batch is left unanswered."""
        return self._takes("batch_skips")

    def broken_headers(self) -> dict[str, str]:
        """Return the rate headers that are no JSON, if there shall be such."""
        names = RATE_HEADERS if self.malformed_headers else ()
        return {name: '{"call_count": 1,' for name in names}

    def _takes(self, counter: str) -> bool:
        """Count one down; tell whether there was one."""
        with self._lock:
            left: int = getattr(self, counter)
            setattr(self, counter, max(left - 1, 0))
            return left > 0

    def _limit(self, refusal: refusals.Refusal) -> refusals.Refusal:
        refusal.headers = {**self.limit_headers, **self.broken_headers()}
        return refusal
