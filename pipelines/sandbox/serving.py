"""Serve an emulator over HTTP on loopback, from a thread of this process.

Only the serving: what is answered belongs to `facebook.py` and `amocrm.py`.
"""

import asyncio
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
# Turns of the loop in which a closed connection is taken off the list.
CLOSING_TURNS = 5


class _Server(uvicorn.Server):
    """A server that ends when it is told to: uvicorn's own takes a fifth of a second.

    Hundreds of tests open one each.
    """

    _loop: asyncio.AbstractEventLoop | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop, self._told = asyncio.get_running_loop(), asyncio.Event()
        await super().startup(sockets)

    async def main_loop(self) -> None:
        while not await self.on_tick(0):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._told.wait(), 1)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close what is idle at once; wait only for answers under way."""
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        for _ in range(CLOSING_TURNS):
            await asyncio.sleep(0)
        if self.server_state.connections or self.server_state.tasks:
            await super().shutdown(sockets)

    def end(self) -> None:
        """Tell the server, from another thread, to end."""
        self.should_exit = True
        if self._loop and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._told.set)


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
        server.end()
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


def _quiet_server(app: ASGIApp) -> _Server:
    return _Server(
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
        time.sleep(0.001)
