"""The receiver under uvicorn: its socket, its protocol, its quiet.

What is answered belongs to `app.py`.
"""

import functools
import socket
from typing import Any

import uvicorn

from pipelines.errors import ConfigurationError
from pipelines.webhook.app import Receiver
from pipelines.webhook.limits import LIMITS, Limits
from pipelines.webhook.protocol import Door, HookProtocol

BACKLOG = 1024


def make_server(receiver: Receiver, *, limits: Limits = LIMITS) -> uvicorn.Server:
    """Return a server that logs neither paths nor bodies.

    A proxy on this machine is believed when it says who the client is.
    """
    protocol: Any = functools.partial(HookProtocol, door=Door(limits))
    return uvicorn.Server(
        uvicorn.Config(
            receiver,
            http=protocol,
            ws="none",
            loop="asyncio",
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=True,
            forwarded_allow_ips="127.0.0.1,::1",
            timeout_keep_alive=int(limits.header_seconds) or 1,
            timeout_graceful_shutdown=int(limits.stop_seconds) or 1,
            h11_max_incomplete_event_size=limits.header_bytes,
        )
    )


def listen(host: str, port: int) -> socket.socket:
    """Open the port; say so plainly when it cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio turns Nagle's delay off only where the protocol is named.
    listener = socket.socket(family, socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise ConfigurationError(
            f"webhook: {host} port {port} cannot be opened ({error.strerror}); choose "
            "another with --port"
        ) from None
    listener.listen(BACKLOG)
    return listener
