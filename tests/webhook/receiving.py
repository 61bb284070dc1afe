"""A receiver on loopback, as the command serves it, and clients of all manners."""

import contextlib
import hashlib
import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import psycopg

from pipelines.webhook.app import Receiver
from pipelines.webhook.limits import LIMITS, Limits
from pipelines.webhook.server import listen, make_server
from pipelines.webhook.settings import HookSettings, Integration, Secrets

SECRET = "kq3Vv5sX9mT1cY7bN2wR8dJ4hG6fL0zPaEuI_oQ-yKs"
PREVIOUS = "Zx8Wn4Lr6Qe2Ty0Bu9Mi1Ka3Hs5Dj7Fg-cV_pOtXlEq"
PATH = f"/amocrm/{SECRET}"
INTEGRATION = Integration("c1d2e3", "integration-secret")
FORM = "application/x-www-form-urlencoded"
START_SECONDS = 30
# AmoCRM waits this long.
PATIENCE = 2
BODY = b"leads[update][0][id]=5&account[id]=31000001&account[subdomain]=sandbox"


@dataclass
class Answered:
    """An answer as a client saw it."""

    status: int
    text: str
    headers: dict[str, str] = field(default_factory=dict)


class Client:
    """One keep-alive connection of a sender that waits as long as AmoCRM does."""

    def __init__(self, port: int, *, timeout: float = 10) -> None:
        self.line = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)

    def post(self, body: bytes = BODY, path: str = PATH, **headers: str) -> Answered:
        return self.ask("POST", path, body, **headers)

    def ask(
        self, method: str, path: str, body: bytes | None = None, **headers: str
    ) -> Answered:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        self.line.request(method, path, body, {"Content-Type": FORM, **sent})
        answer = self.line.getresponse()
        text = answer.read().decode()
        return Answered(answer.status, text, dict(answer.getheaders()))

    def close(self) -> None:
        self.line.close()


class Receiving:
    """A receiver that runs in a thread of this process."""

    def __init__(self, url: str, limits: Limits, integration: Integration | None):
        secrets = Secrets.of(SECRET, PREVIOUS)
        settings = HookSettings(url, secrets, integration)
        self.url = url
        self.receiver = Receiver(settings, limits=limits)
        self.listener = listen("127.0.0.1", 0)
        self.port: int = self.listener.getsockname()[1]
        self.server = make_server(self.receiver, limits=limits)
        self.thread = threading.Thread(
            target=self.server.run, kwargs={"sockets": [self.listener]}, daemon=True
        )

    def start(self) -> None:
        self.thread.start()
        wait_until(lambda: self.server.started)

    def stop(self) -> None:
        self.server.should_exit = True
        self.thread.join(START_SECONDS)
        self.listener.close()

    def client(self, **more: float) -> Client:
        return Client(self.port, **more)

    def post(self, body: bytes = BODY, path: str = PATH, **headers: str) -> Answered:
        """Send by a connection of its own."""
        with contextlib.closing(self.client()) as client:
            return client.post(body, path, **headers)

    def health(self) -> dict[str, object]:
        with contextlib.closing(self.client()) as client:
            return json.loads(client.ask("GET", "/health").text)

    def wait_for_inbox(self) -> None:
        wait_until(lambda: self.receiver.writer.is_writing)

    def stored(self, columns: str = "body") -> list[tuple]:
        query = f"select {columns} from raw.amocrm__webhook_inbox order by delivery_id"
        with psycopg.connect(self.url, autocommit=True) as other:
            return other.execute(query).fetchall()

    def digests(self) -> set[str]:
        return {digest for (digest,) in self.stored("sha256")}


@contextlib.contextmanager
def receiving(
    url: str,
    *,
    limits: Limits = LIMITS,
    integration: Integration | None = INTEGRATION,
    is_ready: bool = True,
) -> Iterator[Receiving]:
    """Serve a receiver; unless told otherwise, once it can write."""
    running = Receiving(url, limits, integration)
    running.start()
    try:
        if is_ready:
            running.wait_for_inbox()
        yield running
    finally:
        running.stop()


def wait_until(is_so, *, seconds: float = START_SECONDS) -> None:
    """Wait for another thread or process; a test that waits in vain fails."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.005)


def digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def head(path: str = PATH, *lines: str, method: str = "POST") -> bytes:
    """Return the head of a request, as far as it is told."""
    told = [f"{method} {path} HTTP/1.1", "Host: receiver", *lines]
    return "".join(f"{line}\r\n" for line in told).encode()


def dial(port: int, said: bytes = b"", *, timeout: float = 10) -> socket.socket:
    """Open a plain connection and say something."""
    line = socket.create_connection(("127.0.0.1", port), timeout=timeout)
    line.sendall(said)
    return line


def hear(line: socket.socket) -> bytes:
    """Return all that comes until the other side hangs up."""
    heard = b""
    with contextlib.suppress(ConnectionResetError):
        while part := line.recv(65536):
            heard += part
    return heard


def database(url: str) -> str:
    return urlsplit(url).path[1:]


def seconds_of(doing) -> float:
    begun = time.monotonic()
    doing()
    return time.monotonic() - begun
