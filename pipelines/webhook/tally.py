"""What the receiver has answered since it started, and how near AmoCRM's cliff is.

AmoCRM switches a webhook off after more than 100 bad answers in two hours; whoever
reads the log has to know before.
"""

import logging
from collections import Counter, deque
from collections.abc import Callable
from typing import Final

log = logging.getLogger("pipelines.webhook")

CLIFF: Final = 100
CLIFF_SECONDS: Final = 7200
# Told of each of the first, then of each tenth.
FIRST: Final = 3
TENTH: Final = 10


class Tally:
    """Counts for /health and the log; `clock` is monotonic seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._bad: deque[float] = deque()
        self.stored = 0
        self.duplicates = 0
        self.previous_secret = 0
        self.wrong_secret = 0
        self.refused: Counter[str] = Counter()

    def answer_badly(self, status: int, reason: str) -> None:
        """Count an answer that AmoCRM takes for a failure, and say so loudly."""
        self.refused[str(status)] += 1
        self._bad.append(self._clock())
        count = self.bad_answers
        if count <= FIRST or count % TENTH == 0:
            log.error(
                "webhook: %d bad answers to AmoCRM in two hours (now %d: %s); after "
                "more than %d it switches the webhook off and mails the administrators",
                count, status, reason, CLIFF,
            )  # fmt: skip

    @property
    def bad_answers(self) -> int:
        """Return how many of the last two hours' answers were bad."""
        begun = self._clock() - CLIFF_SECONDS
        while self._bad and self._bad[0] <= begun:
            self._bad.popleft()
        return len(self._bad)

    def meet_stranger(self) -> None:
        """Count a path that held no secret of ours; the path itself is not kept."""
        self.wrong_secret += 1
        if self.wrong_secret <= FIRST or self.wrong_secret % CLIFF == 0:
            log.warning(
                "webhook: %d requests without a valid secret since the start; if "
                "AmoCRM's own are among them, its webhook has an old address",
                self.wrong_secret,
            )

    def meet_previous(self) -> None:
        """Count a delivery by the secret that is on its way out."""
        self.previous_secret += 1
        if self.previous_secret == 1:
            log.warning(
                "webhook: a delivery came by the previous secret; give AmoCRM the new "
                "address before AMOCRM_WEBHOOK_SECRET_PREVIOUS is taken away"
            )

    def told(self) -> dict[str, object]:
        """Return the counts for /health."""
        return {
            "stored": self.stored,
            "duplicates": self.duplicates,
            "previous_secret": self.previous_secret,
            "wrong_secret": self.wrong_secret,
            "refused": dict(self.refused),
            "bad_answers_2h": self.bad_answers,
            "switched_off_above": CLIFF,
        }
