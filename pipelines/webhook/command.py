"""The command `webhook`: receive AmoCRM's deliveries until told to stop."""

import argparse
import logging
import sys

from pipelines.webhook.app import Receiver
from pipelines.webhook.server import listen, make_server
from pipelines.webhook.settings import read_settings

PORT = 8080


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command understands."""
    parser.add_argument(
        "--host",
        default="127.0.0.1",
        help="address to listen on; a proxy with TLS stands before it",
    )
    parser.add_argument("--port", type=int, default=PORT, help=f"{PORT} by default")


def run(chosen: argparse.Namespace) -> int:
    """Serve until a signal comes; answer what is under way, then return."""
    settings = read_settings()
    logging.basicConfig(
        level=logging.INFO,
        stream=sys.stderr,
        format="%(asctime)s %(levelname)s %(message)s",
    )
    # At a lower level they would name paths, and with them the secret.
    logging.getLogger("uvicorn").setLevel(logging.ERROR)
    logging.getLogger("asyncio").setLevel(logging.ERROR)
    with listen(chosen.host, chosen.port) as listener:
        port = listener.getsockname()[1]
        log = logging.getLogger("pipelines.webhook")
        log.info("webhook: listening on %s port %d", chosen.host, port)
        make_server(Receiver(settings)).run(sockets=[listener])
    return 0
