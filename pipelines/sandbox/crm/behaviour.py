"""How the CRM emulator departs from a quiet day, switched by tests while it serves.

The answers of a quiet day belong to the modules beside it.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from starlette.requests import Request
from starlette.responses import Response

from pipelines.sandbox.crm.tokens import TokenDesk

MAX_LIMIT = 250


@dataclass
class Behaviour:
    """Switches; as they are at first, every right question is answered.

    Limits:
    - `requests_per_second`: more are 429; `retry_after` seconds are asked for, in the
      place that `retry_after_in` names; after `ban_after` of them (`refused` counts)
      everything is 403
    - `too_large_above`: a larger page is 504; `page_cap`: no page is larger

    Refusals:
    - `forbidden`: the form of 403; of everything, or of `forbidden_paths` only
    - `unpaid`: 402; `redirects_to`: 302 to another host; `half_json`: so many next
      answers end in their middle

    Lists:
    - `ignores_filters`, `ignores_only_deleted`, `orders_ignored`: heard, not obeyed
    - `always_says_next`, `missing_next`: the link lies at the end, or is never there
    - `repeats_whole_lists`: pipelines, sources and webhooks have no pages, so that
      page 2 shows the same rows again
    - `reachable`: pages show no more rows of the elements of a catalog than these
    - `tasks_order_by_update`: the manual lists other orders for tasks, not this one
    - `events_limit`: the largest page of events; asked for more, it is half a page
    - `events_lag_seconds`: an event is shown so long after it happened (needs a
      living CRM, for its clock)

    Documents:
    - `loss_reason_shape`; `unsorted_in_leads`: whether unsorted leads are listed
    - `deleted_lead_by_id`: what the address of a deleted lead answers
    - `tags_bump_updated_at`: whether tags and links alone move `updated_at`

    Tokens: long-lived, or pairs of which the old one dies at once (strict) or with the
    first use of the new one (grace); `desk` gives them out, `refreshes` counts them,
    the answers to so many next refreshes are lost.

    `calls` are the methods and paths of all requests, `requests` their addresses.
    """

    requests_per_second: int | None = None
    retry_after: int = 300
    ban_after: int | None = None
    refused: int = 0
    retry_after_in: Literal["body", "header", "both"] = "body"
    too_large_above: int | None = None
    page_cap: int = MAX_LIMIT
    forbidden: Literal["html", "json"] | None = None
    forbidden_paths: set[str] = field(default_factory=set)
    unpaid: bool = False
    redirects_to: str | None = None
    half_json: int = 0
    ignores_filters: bool = False
    ignores_only_deleted: bool = False
    orders_ignored: bool = False
    always_says_next: bool = False
    missing_next: bool = False
    repeats_whole_lists: bool = False
    reachable: int | None = None
    tasks_order_by_update: bool = True
    events_limit: Literal[100, 250] = 100
    events_lag_seconds: int = 0
    loss_reason_shape: Literal["list", "object"] = "list"
    unsorted_in_leads: bool = True
    deleted_lead_by_id: Literal["204", "404", "stub"] = "204"
    tags_bump_updated_at: bool = True
    token_mode: Literal["long_lived", "strict", "grace"] = "long_lived"
    lose_refresh_answer: int = 0
    refreshes: int = 0
    desk: TokenDesk = field(default_factory=TokenDesk)
    # Given one by one instead of the true answers; None lets the true one through.
    answers: deque[Response | None] = field(default_factory=deque)
    # Called before each answer, for a world that changes between two requests.
    before: Callable[[Request], None] | None = None
    requests: list[str] = field(default_factory=list)
    calls: list[tuple[str, str]] = field(default_factory=list)

    def takes(self, counter: str) -> bool:
        """Count one down; tell whether there was one."""
        left: int = getattr(self, counter)
        setattr(self, counter, max(left - 1, 0))
        return left > 0
