"""A front that speaks TLS for a PostgreSQL server that cannot.

The embedded server is built without it. Who trusts the certificate belongs to the
tests.
"""

import asyncio
import contextlib
import ssl
from urllib.parse import urlsplit

from tests.faults.loop_server import LoopServer
from tests.faults.wire import SSL_REQUEST

READ_BYTES = 64 * 1024


class TlsFront(LoopServer):
    """Ends TLS before the server of a URL, on a port of its own, while it is open."""

    def __init__(self, target: str, context: ssl.SSLContext) -> None:
        super().__init__()
        parts = urlsplit(target)
        self._target = (parts.hostname or "127.0.0.1", parts.port or 5432)
        self._context = context

    async def _accept(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        with contextlib.suppress(
            OSError, asyncio.IncompleteReadError, asyncio.CancelledError
        ):
            request = await reader.readexactly(8)
            if int.from_bytes(request[4:], "big") == SSL_REQUEST:
                writer.write(b"S")
                await writer.start_tls(self._context)
                request = b""
            to_reader, to_writer = await asyncio.open_connection(*self._target)
            to_writer.write(request)
            pumps = [
                asyncio.create_task(_pump(reader, to_writer)),
                asyncio.create_task(_pump(to_reader, writer)),
            ]
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            for pump in pumps:
                pump.cancel()
            to_writer.close()
        writer.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(READ_BYTES):
            writer.write(data)
            await writer.drain()
