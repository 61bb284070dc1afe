"""What the emulator remembers: the story, the switches, the report runs, the calls.

How it answers belongs to the modules beside it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pipelines.sandbox.graph.faults import Faults
from pipelines.sandbox.graph.questions import Question
from pipelines.sandbox.story.world import FacebookWorld


@dataclass(frozen=True)
class Call:
    """One request as it came in, without its credentials."""

    method: str
    path: str
    params: Mapping[str, str]
    user_agent: str


@dataclass
class Run:
    """One asynchronous report, the fault it is to show, and how often it was seen."""

    question: Question
    script: str | None = None
    looks: int = 0
    readings: int = 0
    is_done: bool = False


@dataclass
class Graph:
    """The emulator's state."""

    facebook: FacebookWorld
    faults: Faults
    app_secret: str | None
    page_size: int
    calls: list[Call] = field(default_factory=list)
    runs: dict[str, Run] = field(default_factory=dict)
    listings: int = 0


@dataclass(frozen=True)
class Asked:
    """One question of a call: its parameters, and where its pages are found."""

    method: str
    params: Mapping[str, str]
    url: str

    @property
    def token(self) -> str:
        return self.params.get("access_token", "")
