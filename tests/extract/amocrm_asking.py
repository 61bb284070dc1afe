"""An AmoCRM client, a server with scripted answers, and time that nobody waits for."""

from collections.abc import Iterator
from contextlib import contextmanager

from pipelines.extract.amocrm.client import AmocrmClient
from pipelines.extract.amocrm.credentials import LongLivedToken
from pipelines.extract.amocrm.requests import Call
from pipelines.sandbox.serving import serve
from tests.scripted_server import Scripted

ACCOUNT = {"id": 31}


class Clock:
    """Time that passes only while somebody sleeps, or a step with each look."""

    def __init__(self, step: float = 0) -> None:
        self.now = 0.0
        self.step = step
        self.slept: list[float] = []

    def read(self) -> float:
        self.now += self.step
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.slept.append(seconds)


class Asking:
    """A client, the server that it asks, and what its ledger got."""

    def __init__(self, *answers, credential=None, step: float = 0) -> None:
        self.server = Scripted(*answers)
        self.clock = Clock(step)
        self.calls: list[Call] = []
        self.credential = credential or LongLivedToken("a-token")

    @contextmanager
    def opened(self, **options) -> Iterator[AmocrmClient]:
        with (
            serve(self.server) as url,
            AmocrmClient(
                url,
                self.credential,
                on_call=self.calls.append,
                clock=self.clock.read,
                sleep=self.clock.sleep,
                **options,
            ) as client,
        ):
            yield client
