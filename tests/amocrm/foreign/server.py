"""The second AmoCRM on a socket: HTTP/1.1 as PHP behind nginx speaks it.

Keep-alive, chunks, gzip, escaped slashes; and answers that break. What is answered
belongs to `crm.py`.
"""

import contextlib
import gzip
import json
import socket
import struct
import sys
import threading
from collections.abc import Iterator
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.amocrm.foreign.asking import Answer
from tests.amocrm.foreign.crm import ForeignCrm


@contextlib.contextmanager
def serve(crm: ForeignCrm) -> Iterator[str]:
    """Serve an account on the loopback and yield its address."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.crm = crm
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
    crm: ForeignCrm

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Note our own errors; connections that a client left are not ours."""
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):
            self.crm.broken.append(repr(error))


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        self._answer("GET")

    def do_POST(self) -> None:
        self._answer("POST")

    do_DELETE = do_PATCH = do_PUT = do_POST

    def log_message(self, format: str, *args: Any) -> None:
        """Keep the access log out of the tests' output."""

    def _answer(self, method: str) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        form = _form(self.rfile.read(length), self.headers.get("Content-Type", ""))
        address, crm = urlsplit(self.path), self.server.crm
        token = self.headers.get("Authorization", "")
        answer = crm.answer(method, address.path, address.query, form, token)
        random = Random(len(crm.calls))
        body = b"" if answer.status == 204 else _text(answer.body, random).encode()
        headers = {
            "server": "nginx",
            "date": formatdate(crm.truth.now, usegmt=True),
            "content-type": "application/hal+json",
            **answer.headers,
        }
        if answer.trick == "halved" or answer.trick == "half":
            body = body[: len(body) // 2]
        elif answer.trick == "no utf-8":
            body = body[:-1] + b"\xff\xfe"
        elif answer.trick in ("reset", "cut", "short length"):
            self._break(answer, headers, body)
            return
        if "gzip" in self.headers.get("Accept-Encoding", "") and random.random() < 0.4:
            body = gzip.compress(body, 1)
            headers["content-encoding"] = "gzip"
        if answer.status == 204:
            headers.pop("content-encoding", None)
            body = b""
        elif random.random() < 0.3:
            headers["transfer-encoding"] = "chunked"
            body = b"".join(_chunks(body)) + b"0\r\n\r\n"
        else:
            headers["content-length"] = str(len(body))
        if random.random() < 0.05:
            headers["connection"] = "close"
            self.close_connection = True
        self.wfile.write(_head(answer.status, headers) + body)
        crm.on_answer(len(crm.calls))

    def _break(self, answer: Answer, headers: dict[str, str], body: bytes) -> None:
        self.close_connection = True
        if answer.trick == "reset":
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.connection.close()
        elif answer.trick == "cut":
            headers["content-length"] = str(len(body) + 100)
            self.wfile.write(_head(answer.status, headers) + body)
        else:
            headers["content-length"] = str(len(body) // 2)
            self.wfile.write(_head(answer.status, headers) + body)


def _form(body: bytes, kind: str) -> dict[str, Any]:
    with contextlib.suppress(ValueError):
        if "json" in kind:
            return dict(json.loads(body))
    return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))


def _text(body: Any, random: Random) -> str:
    """Write JSON as a PHP program does; a text stays what it is."""
    if isinstance(body, str):
        return body
    plain = json.dumps(body, separators=(",", ":"))
    if "\\ud83d " not in plain and '\\ud83d"' not in plain and random.random() < 0.3:
        plain = json.dumps(body, ensure_ascii=False)
    return plain.replace("/", "\\/") if random.random() < 0.8 else plain


def _head(status: int, headers: dict[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status} Status"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def _chunks(body: bytes) -> Iterator[bytes]:
    for start in range(0, len(body), 20_000):
        part = body[start : start + 20_000]
        yield f"{len(part):x}\r\n".encode() + part + b"\r\n"
