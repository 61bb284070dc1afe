"""The second Graph API on a socket: HTTP/1.1 with habits of its own.

Keep-alive, lower-case headers, chunks, gzip, escaped slashes; and broken answers. What
is answered belongs to `graph.py`.
"""

import contextlib
import gzip
import json
import socket
import struct
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from typing import Any
from urllib.parse import parse_qsl

from tests.facebook.foreign.graph import Answer, ForeignGraph

REASONS = {200: "OK", 302: "Found", 429: "Too Many Requests", 502: "Bad Gateway"}


@contextlib.contextmanager
def serve(graph: ForeignGraph) -> Iterator[str]:
    """Serve a graph on the loopback and yield its address."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.graph = graph
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64
    graph: ForeignGraph

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of connections that a client left; they are not ours."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        self._answer("GET", {})

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length).decode()
        self._answer("POST", dict(parse_qsl(body, keep_blank_values=True)))

    def log_message(self, format: str, *args: Any) -> None:
        """Keep the access log out of the tests' output."""

    def _answer(self, method: str, form: dict[str, str]) -> None:
        agent = self.headers.get("User-Agent", "")
        answer = self.server.graph.answer(method, self.path, form, agent)
        random = Random(len(self.server.graph.calls))
        body = _text(answer.body, random).encode()
        headers = {
            "content-type": random.choice(
                ("application/json; charset=UTF-8", "text/javascript; charset=UTF-8")
            ),
            "facebook-api-version": "v26.0",
            "cache-control": "private, no-cache",
            **answer.headers,
        }
        if answer.trick == "halved":
            body = body[: len(body) // 2]
        elif answer.trick == "no utf-8":
            body = body[:-1] + b"\xff\xfe"
        elif answer.trick:
            self._break(answer, headers, body)
            return
        accepted = self.headers.get("Accept-Encoding", "")
        is_plain = "content-encoding" not in headers
        if is_plain and "gzip" in accepted and random.random() < 0.4:
            body = gzip.compress(body, 1)
            headers["content-encoding"] = "gzip"
        if random.random() < 0.3:
            headers["transfer-encoding"] = "chunked"
            body = b"".join(_chunks(body)) + b"0\r\n\r\n"
        else:
            headers["content-length"] = str(len(body))
        if random.random() < 0.05:
            headers["connection"] = "close"
            self.close_connection = True
        elif random.random() < 0.03:
            # Not announced, as an impatient balancer does it.
            self.close_connection = True
        self.wfile.write(_head(answer.status, headers) + body)

    def _break(self, answer: Answer, headers: dict[str, str], body: bytes) -> None:
        self.close_connection = True
        if answer.trick == "reset":
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.connection.close()
        elif answer.trick == "cut":
            headers["content-length"] = str(len(body) + 100)
            self.wfile.write(_head(answer.status, headers) + body)
        elif answer.trick == "short length":
            headers["content-length"] = str(len(body) // 2)
            self.wfile.write(_head(answer.status, headers) + body)
            self.close_connection = False
        elif answer.trick == "half chunk":
            headers["transfer-encoding"] = "chunked"
            self.wfile.write(_head(answer.status, headers) + b"fff\r\n" + body[:20])


def _text(body: Any, random: Random) -> str:
    """Write JSON as a PHP program does; a text stays what it is."""
    if isinstance(body, str):
        return body
    spaced = random.random() < 0.2
    text = json.dumps(
        body,
        ensure_ascii=random.random() < 0.7 or _is_torn(body),
        indent=2 if spaced else None,
        separators=None if spaced else (",", ":"),
    )
    return text.replace("/", "\\/") if random.random() < 0.8 else text


def _is_torn(body: Any) -> bool:
    return '\\ud83d"' in json.dumps(body)


def _head(status: int, headers: dict[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status} {REASONS.get(status, 'Status')}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def _chunks(body: bytes) -> Iterator[bytes]:
    for start in range(0, len(body), 3000):
        part = body[start : start + 3000]
        yield f"{len(part):x}\r\n".encode() + part + b"\r\n"
