"""Bodies that are being received: how long, how many, how much at once.

Where there are too many, the oldest is cut off, not the newcomer: an honest sender is
done in milliseconds, a slow one is old by then.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pipelines.webhook.limits import Limits


class TooSlow(Exception):
    """The body did not come in time, or had to make room."""


class Upload:
    """One body on its way."""

    def __init__(self, uploads: "Uploads", address: str) -> None:
        self.address = address
        self.size = 0
        self.deadline: asyncio.Timeout | None = None
        self._uploads = uploads

    def grow(self, size: int) -> None:
        """Count what has arrived."""
        self.size += size
        self._uploads.count(size)


class Uploads:
    """All bodies on their way, the oldest first."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._all: dict[Upload, None] = {}
        self._by_address: dict[str, dict[Upload, None]] = defaultdict(dict)
        self.size = 0

    def __len__(self) -> int:
        return len(self._all)

    @asynccontextmanager
    async def enter(self, address: str) -> AsyncIterator[Upload]:
        """Receive a body in the time it has; raise TooSlow when that is over."""
        self._make_room(address)
        upload = Upload(self, address)
        self._all[upload] = self._by_address[address][upload] = None
        try:
            async with asyncio.timeout(self._limits.body_seconds) as upload.deadline:
                yield upload
        except TimeoutError:
            raise TooSlow from None
        finally:
            self.size -= upload.size
            self._forget(upload)

    def count(self, size: int) -> None:
        """Count bytes that arrived; too many push the oldest body out."""
        self.size += size
        if self.size > self._limits.upload_bytes and self._all:
            self._cut(next(iter(self._all)))

    def _make_room(self, address: str) -> None:
        own = self._by_address.get(address, {})
        if len(own) >= self._limits.uploads_per_address:
            self._cut(next(iter(own)))
        if len(self._all) >= self._limits.uploads:
            self._cut(next(iter(self._all)))

    def _cut(self, upload: Upload) -> None:
        self._forget(upload)
        if upload.deadline is not None and not upload.deadline.expired():
            upload.deadline.reschedule(0)

    def _forget(self, upload: Upload) -> None:
        self._all.pop(upload, None)
        own = self._by_address.get(upload.address)
        if own is not None:
            own.pop(upload, None)
            if not own:
                del self._by_address[upload.address]
