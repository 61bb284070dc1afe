"""A sender of hooks over real HTTP: at least once on good days, at most once on bad.

The waits between tries belong to `delivery.py`; which hooks there are to `books.py`.
"""

import heapq
import itertools
from collections.abc import Iterable, Mapping

import httpx

from pipelines.sandbox.crm.bodies import Style
from pipelines.sandbox.crm.delivery import Delivery, Patience, next_wait
from pipelines.sandbox.crm.hooks import Hook
from pipelines.sandbox.story.dice import Dice

TIMEOUT_SECONDS = 2.0


class HookSender:
    """Rings one address. Chances are shares of the hooks, drawn from the seed.

    - `lose`: never sent; `double`: sent twice, half of these under a new request id
    - `shuffle`: sent later than its successors; `delay`: only by the next `advance`
    - `pack`: at most so many neighbours of one kind travel in one delivery
    - `oddities`: sent in another year's style, see `Style`
    """

    def __init__(
        self,
        url: str,
        *,
        seed: int = 7,
        lose: float = 0,
        double: float = 0,
        shuffle: float = 0,
        delay: float = 0,
        pack: int = 1,
        oddities: float = 0,
        timeout: float = TIMEOUT_SECONDS,
    ) -> None:
        self.now = 0.0
        self.deliveries: list[Delivery] = []
        self.lost: list[Hook] = []
        self.patience = Patience()
        self._dice = Dice(seed, "hooks")
        self._lose, self._double, self._delay = lose, double, delay
        self._shuffle, self._pack, self._oddities = shuffle, pack, oddities
        self._late: list[Hook] = []
        self._due: list[tuple[float, int, Delivery]] = []
        self._serials = itertools.count()
        self._http = httpx.Client(timeout=timeout, trust_env=False)
        self.url = url

    def close(self) -> None:
        self._http.close()

    @property
    def waiting(self) -> int:
        """Count what is still to be sent or tried again."""
        return len(self._late) + len(self._due)

    def send(self, hooks: Iterable[Hook]) -> list[Delivery]:
        """Send hooks with the faults that were chosen; return the tries."""
        before = len(self.deliveries)
        for hook in self._packed(self._shuffled(self._kept(hooks))):
            if self._dice.chance(self._delay):
                self._late.append(hook)
                continue
            self._send(hook)
        return self.deliveries[before:]

    def advance(self, seconds: float) -> list[Delivery]:
        """Let time pass: what was held back goes out, then what is due again."""
        before = len(self.deliveries)
        late, self._late = self._late, []
        for hook in late:
            self._send(hook)
        until = self.now + seconds
        while self._due and self._due[0][0] <= until:
            self.now, _, last = heapq.heappop(self._due)
            self._try(last.request_id, last.body, last.headers, last.attempt + 1)
        self.now = until
        return self.deliveries[before:]

    def post(self, body: bytes, headers: Mapping[str, str] | None = None) -> int | None:
        """Send any bytes once, as a stranger would; return the status of the answer."""
        given = {"Content-Type": "application/x-www-form-urlencoded", **(headers or {})}
        try:
            return self._http.post(self.url, content=body, headers=given).status_code
        except httpx.TransportError:
            return None

    def _send(self, hook: Hook) -> None:
        request_id = self._dice.uuid()
        body = hook.body()
        self._try(request_id, body, hook.headers(request_id), 1)
        if self._dice.chance(self._double):
            again = request_id if self._dice.chance(0.5) else self._dice.uuid()
            self._try(again, body, hook.headers(again), 1)

    def _try(
        self, request_id: str, body: bytes, headers: dict[str, str], attempt: int
    ) -> None:
        if self.patience.is_disabled:
            return
        status = self.post(body, headers)
        delivery = Delivery(request_id, body, headers, self.now, attempt, status)
        self.deliveries.append(delivery)
        self.patience.hear(delivery)
        wait = None if delivery.is_good else next_wait(delivery)
        if wait is not None:
            entry = (self.now + wait, next(self._serials), delivery)
            heapq.heappush(self._due, entry)

    def _kept(self, hooks: Iterable[Hook]) -> list[Hook]:
        kept = []
        for hook in hooks:
            if self._dice.chance(self._lose):
                self.lost.append(hook)
            elif self._dice.chance(self._oddities):
                kept.append(hook.styled(self._odd_style(hook)))
            else:
                kept.append(hook)
        return kept

    def _odd_style(self, hook: Hook) -> Style:
        dice = self._dice
        moved = hook.entity == "leads" and hook.kind == "status"
        return Style(
            account_first=dice.chance(0.5),
            is_digital_pipeline=moved and dice.chance(0.5),
            utm_without_values=dice.chance(0.5),
            is_old_agent=dice.chance(0.3),
        )

    def _shuffled(self, hooks: list[Hook]) -> list[Hook]:
        """Move some hooks to a later place."""
        places = [
            place + (self._dice.random() * len(hooks) + 1) * self._moves()
            for place in range(len(hooks))
        ]
        order = sorted(range(len(hooks)), key=lambda place: places[place])
        return [hooks[place] for place in order]

    def _moves(self) -> int:
        return int(self._dice.chance(self._shuffle))

    def _packed(self, hooks: list[Hook]) -> list[Hook]:
        packed: list[Hook] = []
        for hook in hooks:
            last = packed[-1] if packed else None
            alike = last and (last.entity, last.kind, last.style, last.account) == (
                hook.entity, hook.kind, hook.style, hook.account
            )  # fmt: skip
            if last and alike and len(last.documents) < self._pack:
                packed[-1] = last.joined(hook)
            else:
                packed.append(hook)
        return packed
