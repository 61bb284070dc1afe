"""Troubles of a request that pass when it is made again, and those that stay.

What this account answers when all is well belongs to `asking.py`.
"""

from collections import Counter
from dataclasses import dataclass, field
from random import Random

from tests.amocrm.foreign.asking import Answer, Asked, problem

HTML = "<html><head><title>{0}</title></head><body><center>{0} nginx</center></body>"
PASSING = (
    "429 body", "429 header", "429 text", "429 nothing", "500", "502", "503", "504",
    "half", "reset", "cut", "no utf-8", "html", "nothing", "list", "short length",
)  # fmt: skip
# The client tries five times; two in a row are survived by anyone.
MOST_IN_A_ROW = 2


@dataclass
class Troubles:
    """Which requests go wrong; the defaults are none."""

    share: float = 0.0
    kinds: tuple[str, ...] = PASSING
    # 504 while a page is larger than this.
    too_large_above: int | None = None
    # By path: an answer that stays.
    staying: dict[str, Answer] = field(default_factory=dict)
    # Requests of this number and later get this trouble, once each.
    plan: dict[int, str] = field(default_factory=dict)
    happened: Counter[str] = field(default_factory=Counter)
    _row: int = 0

    def before(self, asked: Asked, number: int, random: Random) -> Answer | None:
        """Return the trouble of a request that is then not answered."""
        if asked.path in self.staying:
            self.happened[f"staying {self.staying[asked.path].status}"] += 1
            return self.staying[asked.path]
        limit = asked.one("limit") or "0"
        if self.too_large_above and int(limit) > self.too_large_above:
            self.happened["too large"] += 1
            return Answer(504, HTML.format("504 Gateway Time-out"), trick="html")
        kind = self.plan.pop(number, "")
        if not kind and self._row < MOST_IN_A_ROW and random.random() < self.share:
            kind = random.choice(self.kinds)
        self._row = self._row + 1 if kind else 0
        if not kind:
            return None
        self.happened[kind] += 1
        return trouble(kind, random)


def trouble(kind: str, random: Random) -> Answer:
    """Return the answer of a kind of trouble; what the wire does is its trick."""
    wait = random.choice((1, 2, 7, 30))
    if kind.startswith("429"):
        answer = problem(429, "Too many requests", detail="Request limit exceeded")
        if kind == "429 body":
            answer.body["retry_after"] = wait
        elif kind == "429 text":
            answer.body["retry_after"] = str(wait)
        elif kind == "429 header":
            answer.headers["retry-after"] = str(wait)
        return answer
    if kind.isdecimal():
        body = random.choice(("", HTML.format(kind), {"title": "?", "trace_id": "7"}))
        return Answer(int(kind), body)
    if kind == "nothing":
        return Answer(200, "")
    if kind == "list":
        return Answer(200, [])
    if kind == "html":
        return Answer(200, HTML.format("Техработы"))
    # The true answer, broken on its way.
    return Answer(0, trick=kind)
