"""Programs that use one integration's tokens, each in a process that may be killed."""

import contextlib
import multiprocessing
import os
import signal
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from typing import Any, Literal

import psycopg
from cryptography.fernet import Fernet

from pipelines.errors import PipelineError
from pipelines.extract.amocrm.client import AmocrmClient
from pipelines.ingest.amocrm.config import OAuthApp
from pipelines.ingest.amocrm.token_store import StoredPair, TokenStore
from pipelines.ingest.amocrm.tokens import StoredToken, open_store
from pipelines.sandbox.serving import serve
from tests.token_server import CLIENT, REDIRECT, SECRET, TokenServer

NOW = datetime(2026, 1, 6, 3, tzinfo=UTC)
DAY = timedelta(days=1)
KEY = Fernet.generate_key().decode()
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload([__name__])


def oauth(**more: Any) -> OAuthApp:
    given = {"token_key": KEY, "redirect_uri": REDIRECT} | more
    return OAuthApp(CLIENT, SECRET, **given)


@dataclass
class Clock:
    """The time that a test sets."""

    now: datetime = NOW
    slept: list[float] = field(default_factory=list)

    def read(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


@dataclass
class House:
    """A server of tokens, and a warehouse that holds the pair 1."""

    server: TokenServer
    url: str
    warehouse: str

    @property
    def store(self) -> TokenStore:
        return open_store(self.warehouse, self.url, oauth())

    def empty(self) -> None:
        """Forget every token that is stored."""
        self.run("truncate raw.amocrm__tokens, raw.amocrm__token_generations")

    def put(self, *, obtained_at: datetime = NOW - DAY, **more: Any) -> StoredPair:
        """Store pair 1 over whatever there is, by default one that has just ended."""
        self.empty()
        pair = StoredPair(
            **{
                "generation": 1,
                "access_token": "access-1",
                "refresh_token": "refresh-1",
                "obtained_at": obtained_at,
                "expires_at": obtained_at + DAY,
            }
            | more
        )
        return self.store.advance(pair)

    def token(self, clock: Clock | None = None, **more: Any) -> StoredToken:
        clock = clock or Clock()
        return StoredToken(
            self.warehouse,
            self.url,
            oauth(**more),
            clock=clock.read,
            sleep=clock.sleep,
        )

    def ask(self, token: StoredToken) -> dict[str, Any] | None:
        with AmocrmClient(
            self.url, token, requests_per_second=10_000, sleep=lambda _: None
        ) as client:
            return client.get("account", table="account")

    def run(self, statement: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.warehouse) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []


@contextlib.contextmanager
def open_house(
    warehouse: str, mode: Literal["strict", "grace"] = "strict"
) -> Iterator[House]:
    """Serve tokens beside an empty warehouse; the stored pair has just ended."""
    server = TokenServer(mode)
    with serve(server.app) as url:
        house = House(server, url, warehouse)
        house.put()
        yield house


@dataclass(frozen=True)
class Job:
    """What a program is told."""

    warehouse: str
    url: str
    times: int = 1
    # Each process has made a key of its own when it imported this file.
    key: str = KEY


class Program:
    """A process that asks AmoCRM with the stored token and says how it went."""

    def __init__(self, job: Job) -> None:
        self._answer, answer = PROCESSES.Pipe(duplex=False)
        self._process = PROCESSES.Process(target=_run, args=(job, answer), daemon=True)
        self._process.start()
        answer.close()

    def kill(self) -> None:
        """Kill it as the kernel does when memory is short."""
        if self._process.pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._process.pid, signal.SIGKILL)

    def report(self, seconds: float = 60) -> str:
        """Return `asked`, what was refused, or `killed`."""
        with contextlib.closing(self._answer):
            assert self._answer.poll(seconds), "the program hangs"
            try:
                return str(self._answer.recv())
            except EOFError:
                return "killed"
            finally:
                self._process.join(10)


def _run(job: Job, answer: Connection) -> None:
    try:
        token = StoredToken(
            job.warehouse,
            job.url,
            oauth(token_key=job.key),
            clock=lambda: NOW,
            sleep=lambda _: None,
        )
        with AmocrmClient(job.url, token, sleep=lambda _: None) as client:
            for _ in range(job.times):
                client.get("account", table="account")
        answer.send("asked")
    except PipelineError as error:
        answer.send(str(error))
    except Exception:
        # What is not an error of ours is a failure of the test.
        answer.send(traceback.format_exc())
