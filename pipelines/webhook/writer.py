"""The one writer of the inbox: what waits is committed together, before any answer.

It reconnects by itself and refuses rather than waits. The bytes are not looked at here;
what they mean belongs to `ingest/amocrm/inbox.py`.
"""

import asyncio
import contextlib
import logging
from collections import deque

from pipelines.webhook.inbox_line import Delivery, InboxLine, NoInbox
from pipelines.webhook.limits import Limits
from pipelines.webhook.tally import Tally

log = logging.getLogger("pipelines.webhook")
Waiting = tuple[Delivery, asyncio.Future[None]]
LATE = "the warehouse did not commit it in time"


class NotStored(Exception):
    """A delivery was not committed in time; says why for the log."""


class Writer:
    """A queue of deliveries and the task that commits them."""

    def __init__(self, warehouse_url: str, limits: Limits, tally: Tally) -> None:
        self._line = InboxLine(warehouse_url, limits)
        self._limits = limits
        self._tally = tally
        self._queue: deque[Waiting] = deque()
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._is_stopping = False
        # Why nothing can be written, as far as it is known.
        self._trouble: str | None = "not connected yet"
        # Bytes that wait or are being written.
        self.size = 0

    @property
    def is_writing(self) -> bool:
        """Tell whether deliveries are taken; looked at every few seconds."""
        is_working = self._task is not None and not self._task.done()
        return is_working and self._line.is_open and self._trouble is None

    async def start(self) -> None:
        """Begin to write; the warehouse need not be there yet."""
        self._task = asyncio.create_task(self._work())

    async def stop(self) -> None:
        """Write what waits, then close."""
        self._is_stopping = True
        self._wake.set()
        if self._task is not None:
            await asyncio.wait({self._task}, timeout=self._limits.stop_seconds)
            self._task.cancel()
        await self._line.close()

    async def store(self, delivery: Delivery) -> None:
        """Return when the delivery is committed; raise NotStored when it is too late.

        What is raised for may be committed all the same, a moment later.
        """
        size = len(delivery.body)
        is_full = self.size + size > self._limits.queue_bytes
        if is_full or len(self._queue) >= self._limits.queue_rows:
            raise NotStored(self._trouble or "more deliveries than can be committed")
        if self._is_stopping:
            raise NotStored("the receiver stops")
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.append((delivery, done))
        self.size += size
        self._wake.set()
        try:
            async with asyncio.timeout(self._limits.answer_seconds):
                await done
        except TimeoutError:
            raise NotStored(self._trouble or LATE) from None

    async def _work(self) -> None:
        while self._queue or not self._is_stopping:
            try:
                await self._turn()
            except NoInbox as error:
                self._note(str(error))
                self._refuse(self._take_all())
                await self._pause()
            except Exception as error:
                # Without this task nothing would ever be stored again.
                self._note(f"an error of its own ({type(error).__name__})")
                await self._line.close()
                await self._pause()

    async def _turn(self) -> None:
        """Commit what waits, or look at the line when nothing came for a while."""
        if not self._line.is_open:
            await self._line.open()
            self._recover()
        if not self._queue:
            self._wake.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), self._limits.look_seconds)
        if batch := self._take_batch():
            try:
                await self._commit(batch)
            finally:
                self.size -= sum(len(delivery.body) for delivery, _ in batch)
        elif not self._is_stopping:
            await self._line.look()

    async def _pause(self) -> None:
        if not self._is_stopping:
            await asyncio.sleep(self._limits.retry_seconds)

    async def _commit(self, batch: list[Waiting]) -> None:
        """Commit deliveries; once more where the line had died since the last time."""
        try:
            try:
                stored = await self._insert(batch)
            except NoInbox as error:
                if not error.is_passing:
                    raise
                await self._line.open()
                batch = [(one, done) for one, done in batch if not done.done()]
                stored = await self._insert(batch)
        except NoInbox as error:
            self._note(str(error))
            self._refuse(batch)
            return
        except BaseException:
            self._refuse(batch)
            raise
        self._recover()
        self._tally.stored += stored
        self._tally.duplicates += len(batch) - stored
        for _, done in batch:
            if not done.done():
                done.set_result(None)

    async def _insert(self, batch: list[Waiting]) -> int:
        if not batch:
            return 0
        return await self._line.insert([delivery for delivery, _ in batch])

    def _take_batch(self) -> list[Waiting]:
        """Take what fits into one transaction and is still waited for."""
        batch: list[Waiting] = []
        size = 0
        while self._queue and len(batch) < self._limits.batch_rows:
            next_size = len(self._queue[0][0].body)
            if batch and size + next_size > self._limits.batch_bytes:
                break
            delivery, done = self._queue.popleft()
            if done.done():
                self.size -= next_size
                continue
            size += next_size
            batch.append((delivery, done))
        return batch

    def _take_all(self) -> list[Waiting]:
        taken = list(self._queue)
        self._queue.clear()
        self.size -= sum(len(delivery.body) for delivery, _ in taken)
        return taken

    def _refuse(self, batch: list[Waiting]) -> None:
        for _, done in batch:
            if not done.done():
                done.set_exception(NotStored(self._trouble or LATE))
                # Whoever waited may be gone.
                done.exception()

    def _note(self, trouble: str) -> None:
        if trouble != self._trouble:
            log.error("webhook: the inbox cannot be written: %s", trouble)
        self._trouble = trouble

    def _recover(self) -> None:
        if self._trouble is not None:
            log.info("webhook: the inbox can be written")
        self._trouble = None
