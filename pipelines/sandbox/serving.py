"""Serve an emulator over HTTP on loopback, from a thread of this process.

Only the serving: what is answered belongs to `facebook.py` and `amocrm.py`.
"""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import uvicorn
from starlette.types import ASGIApp

from pipelines.errors import SandboxError

START_SECONDS = 30.0
STOP_SECONDS = 10.0


@contextlib.contextmanager
def serve(app: ASGIApp, *, port: int = 0) -> Iterator[str]:
    """Serve an ASGI app on 127.0.0.1 and yield its base URL; port 0 is a free one."""
    listener = _listen(port)
    server = _quiet_server(app)
    thread = threading.Thread(
        target=server.run, kwargs={"sockets": [listener]}, name="emulator", daemon=True
    )
    thread.start()
    try:
        _wait_until_started(server, thread)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(STOP_SECONDS)
        if thread.is_alive():
            # A client that keeps a request open does not keep the sandbox alive.
            server.force_exit = True
            thread.join(STOP_SECONDS)
        listener.close()


def _listen(port: int) -> socket.socket:
    # asyncio turns Nagle's delay (40 ms a call) off only where the protocol is named.
    listener = socket.socket(
        socket.AF_INET, socket.SOCK_STREAM, proto=socket.IPPROTO_TCP
    )
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
    except OSError as error:
        listener.close()
        message = f"sandbox: port {port} cannot be opened ({error.strerror})"
        raise SandboxError(message) from error
    return listener


def _quiet_server(app: ASGIApp) -> uvicorn.Server:
    return uvicorn.Server(
        uvicorn.Config(
            app,
            log_config=None,
            log_level="warning",
            access_log=False,
            lifespan="off",
            loop="asyncio",
            http="h11",
            ws="none",
            timeout_graceful_shutdown=2,
        )
    )


def _wait_until_started(server: uvicorn.Server, thread: threading.Thread) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not server.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            raise SandboxError("sandbox: an emulator did not start")
        time.sleep(0.01)
