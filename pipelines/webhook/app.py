"""The receiver of AmoCRM's webhooks: bytes are committed, then answered, never read.

A plain ASGI app. Its paths hold a secret, its bodies hold people: neither is logged.
What a delivery means is found out later (`ingest/amocrm/inbox.py`).
"""

import json
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from starlette.types import Receive, Scope, Send

from pipelines.ingest.amocrm.inbox import REVOCATION
from pipelines.webhook.inbox_line import Delivery
from pipelines.webhook.limits import LIMITS, Limits
from pipelines.webhook.settings import HookSettings, SecretName
from pipelines.webhook.tally import Tally
from pipelines.webhook.uploads import TooSlow, Uploads
from pipelines.webhook.writer import NotStored, Writer

log = logging.getLogger("pipelines.webhook")

PREFIX = "/amocrm/"
REVOKED = "revoked"
# Headers are a sender's words; what is kept of them is short and plain.
KEPT_CHARACTERS = 200


@dataclass(frozen=True)
class Answer:
    """What is said to a sender; `reason` goes to the log where it is bad."""

    status: int
    text: str
    reason: str = ""
    headers: tuple[tuple[bytes, bytes], ...] = ()
    content_type: bytes = b"text/plain; charset=utf-8"


NOT_FOUND = Answer(404, "not found\n")
STORED = Answer(200, "ok\n")


class _Gone(Exception):
    """The client hung up before its body was complete."""


class _TooLarge(Exception):
    """The body has more bytes than any real one."""


class Receiver:
    """The app; it starts and stops its writer by the lifespan of its server."""

    def __init__(
        self,
        settings: HookSettings,
        *,
        limits: Limits = LIMITS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._limits = limits
        self.tally = Tally(clock)
        self.uploads = Uploads(limits)
        self.writer = Writer(settings.warehouse_url, limits, self.tally)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            try:
                answer = await self._answer(scope, receive)
            except _Gone:
                return
            except Exception as error:
                # The server would log the error with what is in it.
                log.error("webhook: an error of its own: %s", type(error).__name__)
                answer = Answer(503, "try again\n", reason="an error of its own")
            if answer.reason:
                self.tally.answer_badly(answer.status, answer.reason)
            await _send(send, answer)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        await self.writer.start()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.writer.stop()
        await send({"type": "lifespan.shutdown.complete"})

    async def _answer(self, scope: Scope, receive: Receive) -> Answer:
        path, method = scope["path"], scope["method"]
        if path == "/health" and method in ("GET", "HEAD"):
            return self._health()
        candidate, _, rest = path.removeprefix(PREFIX).partition("/")
        secret = self._settings.secrets.match(candidate)
        if secret is None or not path.startswith(PREFIX) or rest not in ("", REVOKED):
            self.tally.meet_stranger()
            return NOT_FOUND
        if rest == REVOKED:
            return await self._note_revocation(scope, receive, secret)
        if method != "POST":
            return Answer(405, "POST only\n", headers=((b"allow", b"POST"),))
        return await self._store(scope, receive, secret)

    async def _store(
        self, scope: Scope, receive: Receive, secret: SecretName
    ) -> Answer:
        try:
            body = await self._read(scope, receive)
        except _TooLarge:
            limit = self._limits.body_bytes
            return Answer(413, "too large\n", reason=f"a body above {limit} bytes")
        except TooSlow:
            return Answer(408, "too slow\n", reason="a body that did not come")
        if secret == "previous":
            self.tally.meet_previous()
        content_type = _header(scope, b"content-type")
        return await self._commit(
            _delivery(
                scope,
                body,
                secret,
                content_type=None if content_type == REVOCATION else content_type,
            )
        )

    async def _commit(self, delivery: Delivery) -> Answer:
        try:
            await self.writer.store(delivery)
        except NotStored as error:
            retry = ((b"retry-after", b"60"),)
            return Answer(503, "try again\n", reason=str(error), headers=retry)
        return STORED

    async def _read(self, scope: Scope, receive: Receive) -> bytes:
        """Return the body; give up on one that is too large before it has come."""
        limit = self._limits.body_bytes
        length = _header(scope, b"content-length")
        if length and int(length) > limit:
            raise _TooLarge
        client = scope.get("client")
        parts: list[bytes] = []
        async with self.uploads.enter(client[0] if client else "") as upload:
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise _Gone
                part = message.get("body", b"")
                upload.grow(len(part))
                if upload.size > limit:
                    raise _TooLarge
                parts.append(part)
                if not message.get("more_body"):
                    return b"".join(parts)

    async def _note_revocation(
        self, scope: Scope, receive: Receive, secret: SecretName
    ) -> Answer:
        """Keep AmoCRM's word that the integration was removed, if it signed it."""
        integration = self._settings.integration
        told = scope["query_string"]
        if scope["method"] == "POST":
            try:
                told = told or await self._read(scope, receive)
            except (_TooLarge, TooSlow):
                return Answer(413, "too large\n")
        if integration is None:
            return NOT_FOUND
        fields = parse_qs(told.decode("latin-1"), max_num_fields=50)
        client_id, account_id, signature = (
            fields.get(name, [""])[0]
            for name in ("client_uuid", "account_id", "signature")
        )
        if not integration.signed(client_id, account_id, signature):
            self.tally.refused["unsigned"] += 1
            return Answer(403, "not signed\n")
        log.error(
            "webhook: AmoCRM says that the integration was removed: its tokens are "
            "dead; connect it again and run doctor"
        )
        return await self._commit(
            _delivery(scope, told, secret, content_type=REVOCATION)
        )

    def _health(self) -> Answer:
        is_well = self.writer.is_writing
        told = {
            "status": "ok" if is_well else "the inbox cannot be written",
            "receiving": len(self.uploads),
            "waiting_bytes": self.writer.size,
            **self.tally.told(),
        }
        return Answer(
            200 if is_well else 503,
            json.dumps(told) + "\n",
            content_type=b"application/json",
        )


def _delivery(
    scope: Scope, body: bytes, secret: SecretName, *, content_type: str | None
) -> Delivery:
    client = scope.get("client")
    return Delivery(
        body=body,
        secret=secret,
        request_id=_header(scope, b"x-amocrm-requestid"),
        content_type=content_type,
        user_agent=_header(scope, b"user-agent"),
        remote_hint=client[0] if client else None,
    )


def _header(scope: Scope, name: bytes) -> str | None:
    """Return a header in plain characters; None where it is missing or odd."""
    values: list[tuple[bytes, bytes]] = scope["headers"]
    for key, value in values:
        if key == name:
            text = value.decode("ascii", errors="replace").strip()
            is_plain = text.isascii() and text.isprintable()
            return text if text and is_plain and len(text) <= KEPT_CHARACTERS else None
    return None


async def _send(send: Send, answer: Answer) -> None:
    body = answer.text.encode()
    headers: list[tuple[bytes, bytes]] = [
        (b"content-type", answer.content_type),
        (b"content-length", b"%d" % len(body)),
        *answer.headers,
    ]
    if answer.status != STORED.status:
        # The rest of a refused body is not worth waiting for.
        headers.append((b"connection", b"close"))
    start: dict[str, Any] = {"type": "http.response.start", "status": answer.status}
    await send({**start, "headers": headers})
    await send({"type": "http.response.body", "body": body})
