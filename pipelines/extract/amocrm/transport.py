"""One HTTP exchange with AmoCRM: no redirects, bounded in time and size.

Nothing is sent again here. What is asked, how often, and what an answer means belongs
to `client.py` and `oauth.py`.
"""

import functools
import logging
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

import httpx

from pipelines.extract.amocrm.answers import host_of

Query = Sequence[tuple[str, str | int]]
TIMEOUT = httpx.Timeout(30, connect=5)
LOOPBACK = {"127.0.0.1", "::1", "localhost"}
# A page of 250 large leads is a few megabytes.
MAX_BYTES = 64 * 1024 * 1024
# A server that sends a byte now and then keeps every timeout and nobody's patience.
MAX_SECONDS = 120.0
# They describe the body as it travelled, not as it is kept.
TRAVELLING = ("content-encoding", "content-length", "transfer-encoding")


@functools.cache
def _trusted() -> ssl.SSLContext:
    """Return the certificates to trust, read once: it takes 60 ms."""
    return httpx.create_ssl_context()


class Transport:
    """A connection to one host; `host` is None where the address is none."""

    def __init__(
        self, base_url: str, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        # These log whole addresses, and an address can hold a phone number.
        for name in ("httpx", "httpcore"):
            logging.getLogger(name).setLevel(logging.WARNING)
        base_url = base_url.strip()
        self.host = host_of(base_url)
        self._clock = clock
        self._http = httpx.Client(
            base_url=base_url.rstrip("/") if self.host else "http://localhost",
            timeout=TIMEOUT,
            follow_redirects=False,
            # A proxy of the environment cannot reach a server on this machine.
            trust_env=self.host not in LOOPBACK,
            verify=_trusted(),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def send(
        self,
        method: str,
        path: str,
        *,
        query: Query = (),
        headers: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> httpx.Response:
        """Ask once and return the whole answer; raises httpx.RequestError."""
        begun = self._clock()
        with self._http.stream(
            method, path, params=list(query), headers=headers, json=body
        ) as response:
            content = bytearray()
            for chunk in response.iter_bytes():
                content += chunk
                if len(content) > MAX_BYTES:
                    message = f"the answer is larger than {MAX_BYTES} bytes"
                    raise httpx.DecodingError(message)
                if self._clock() - begun > MAX_SECONDS:
                    raise httpx.ReadTimeout("the answer does not end")
            kept = [
                (name, value)
                for name, value in response.headers.multi_items()
                if name.lower() not in TRAVELLING
            ]
            status = response.status_code
        return httpx.Response(status, headers=kept, content=bytes(content))
