"""The credential of an integration: one process renews its tokens, all use them.

The refresh token works once, and the pair that answers it is the account's only key. So
the row is locked, the start is noted on a second connection, and the new pair is
committed before it is used. How it is stored is `token_store.py`'s, the exchange itself
`extract/amocrm/oauth.py`'s.
"""

import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NoReturn

from pipelines.clock import read_clock
from pipelines.errors import (
    AuthError,
    RateLimited,
    SourceError,
    SourceUnreachable,
    WarehouseError,
)
from pipelines.extract.amocrm.answers import place_of
from pipelines.extract.amocrm.oauth import (
    TABLE,
    AnswerLost,
    App,
    GrantRefused,
    TokenPair,
    refresh,
)
from pipelines.extract.amocrm.refusals import SYSTEM
from pipelines.ingest.amocrm.config import OAuthApp
from pipelines.ingest.amocrm.token_store import (
    KEEP_ALIVE,
    NEVER,
    Held,
    StoredPair,
    TokenStore,
    following,
)

AUTHORISE = (
    "authorise anew: open the integration in AmoCRM (Settings, Integrations, Keys), "
    "copy the authorisation code, which lives 20 minutes, and run `python -m pipelines "
    "amocrm authorise` at once; docs/operations.md has the steps"
)
# A lost answer is asked for once more at once, then by the next run.
LOST_TRIES = 2
# A token that was refused this soon after it came is not made better by another.
FRESH = timedelta(minutes=1)
# While the old token lives, a renewal that failed is tried again after a while.
RETRY = timedelta(minutes=5)
# A new pair that the warehouse did not take is offered again after these seconds.
SAVE_AFTER = (1.0, 5.0, 15.0)
DEAD_AFTER = timedelta(days=90)

logger = logging.getLogger(__name__)


def open_store(warehouse_url: str, base_url: str, oauth: OAuthApp) -> TokenStore:
    """Return the place of an account's tokens."""
    return TokenStore(
        warehouse_url,
        host=place_of(base_url) or "",
        client_id=oauth.client_id,
        token_key=oauth.token_key,
    )


def app_of(oauth: OAuthApp) -> App:
    """Return what an exchange states of the integration."""
    return App(oauth.client_id, oauth.client_secret, oauth.redirect_uri)


class StoredToken:
    """A Credential whose pair is shared by all processes through the warehouse."""

    remedy = AUTHORISE

    def __init__(
        self,
        warehouse_url: str,
        base_url: str,
        oauth: OAuthApp,
        *,
        clock: Callable[[], datetime] = lambda: read_clock(None),
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._base_url = base_url
        self._oauth = oauth
        self._clock = clock
        self._sleep = sleep
        self._store = open_store(warehouse_url, base_url, oauth)
        self._pair: StoredPair | None = None
        # When the pair in hand is looked after again.
        self._look_at = NEVER
        # A new pair that is not committed, and so must not be used.
        self._unsaved: StoredPair | None = None

    def header(self) -> str:
        """Return the header of a living token; renews the pair when that is due."""
        pair = self._pair
        if pair is None or self._clock() >= self._look_at:
            pair = self._current()
        return f"Bearer {pair.access_token}"

    def rejected(self, header: str) -> bool:
        """Return True once a token other than the refused one is at hand."""
        refused = self._pair
        if refused is None or header != f"Bearer {refused.access_token}":
            return True
        stored = self._store.read()
        if stored and stored.generation > refused.generation:
            self._take(stored)
            return True
        # One of the future is no fresh one: the clock was set back.
        if timedelta() <= self._clock() - refused.obtained_at < FRESH:
            return False
        self._take(self._renewed(refused))
        return True

    def keep_alive(self) -> StoredPair:
        """Renew the pair if that is due, and return it: three idle months kill it."""
        return self._current()

    def _take(self, pair: StoredPair) -> StoredPair:
        self._pair, self._look_at = pair, pair.due_at
        return pair

    def _current(self) -> StoredPair:
        """Take the stored pair, renewed if it is time."""
        now = self._clock()
        pair = self._restored() or self._store.read()
        if pair is None:
            self._store.create(self._first_token())
        elif now < pair.due_at:
            return self._take(pair)
        try:
            return self._take(self._renewed(None))
        except (SourceUnreachable, RateLimited, WarehouseError) as error:
            if pair is None or now >= pair.expires_at:
                raise
            logger.warning("%s; the old token is used while it lives", error)
            self._pair, self._look_at = pair, min(now + RETRY, pair.expires_at)
            return pair

    def _first_token(self) -> str:
        if self._oauth.refresh_token:
            return self._oauth.refresh_token
        raise AuthError(
            "no tokens of this integration and account are stored",
            system=SYSTEM,
            table=TABLE,
            remedy=AUTHORISE,
        )

    def _restored(self) -> StoredPair | None:
        """Store the pair in hand again where the warehouse holds an older one."""
        if self._pair is None:
            return None
        with self._store.locked() as held:
            stored = held.pair.generation if held.pair else -1
            if stored >= self._pair.generation:
                return None
            held.replace(self._pair)
        logger.error(
            "amocrm.%s: the warehouse holds generation %d, but %d was used: it was "
            "restored from a backup; the newer pair is stored again",
            TABLE,
            stored,
            self._pair.generation,
        )
        return self._pair

    def _renewed(self, refused: StoredPair | None) -> StoredPair:
        """Renew the pair, or return what another process made of it meanwhile."""
        if self._unsaved:
            return self._saved(self._unsaved)
        new: StoredPair | None = None
        try:
            with self._store.locked() as held:
                pair = held.pair
                if pair is None:
                    raise _vanished()
                is_newer = refused is not None and pair.generation > refused.generation
                if is_newer or (refused is None and self._clock() < pair.due_at):
                    return pair
                new = self._exchanged(held, pair)
                held.replace(new)
        except WarehouseError:
            if new is None:
                raise
            return self._saved(new)
        return new

    def _exchanged(self, held: Held, pair: StoredPair) -> StoredPair:
        """Exchange the refresh token; if the answer is lost, the start stays noted.

        Then it is asked for again with the same token: that heals where AmoCRM keeps
        the old one until the new one is used.
        """
        lost_at, now = held.begun_at(), self._clock()
        self._store.begin(pair, now)
        lost: AnswerLost | None = None
        for _ in range(LOST_TRIES):
            try:
                new = refresh(self._base_url, app_of(self._oauth), pair.refresh_token)
                return following(new, now, generation=pair.generation + 1)
            except AnswerLost as error:
                lost, lost_at = error, lost_at or now
            except GrantRefused as refused:
                if lost is None:
                    self._store.withdraw(pair, now)
                new = self._of_settings(held) or _give_up(pair, refused, lost_at, now)
                return following(new, now, generation=pair.generation + 1)
            except SourceError:
                if lost is None:
                    self._store.withdraw(pair, now)
                raise
        assert lost is not None
        raise lost

    def _of_settings(self, held: Held) -> TokenPair | None:
        """Exchange the token of the settings, if it was put there since."""
        token = self._oauth.refresh_token
        if not token or token in held.known_tokens():
            return None
        logger.warning("amocrm.%s: asking with the AMOCRM_REFRESH_TOKEN", TABLE)
        try:
            return refresh(self._base_url, app_of(self._oauth), token)
        except GrantRefused:
            return None

    def _saved(self, new: StoredPair) -> StoredPair:
        """Commit a pair over a new connection, before anybody uses it."""
        self._unsaved = new
        for seconds in SAVE_AFTER:
            self._sleep(seconds)
            try:
                pair = self._store.advance(new)
            except WarehouseError as error:
                logger.warning("%s; trying again", error)
                continue
            self._unsaved = None
            return pair
        raise WarehouseError(
            "AmoCRM gave new tokens, but the warehouse did not take them",
            system="warehouse",
            remedy="see that it is up and writable, then run again: the stored token "
            "is asked with once more, and if AmoCRM refuses it, " + AUTHORISE,
        )


def _give_up(
    pair: StoredPair, refused: GrantRefused, lost_at: datetime | None, now: datetime
) -> NoReturn:
    """Say why AmoCRM may refuse a stored refresh token, and what is left to do."""
    age = now - pair.obtained_at
    if lost_at:
        why = (
            f"the answer to the exchange begun at {lost_at:%Y-%m-%d %H:%M} UTC was lost"
        )
    elif pair.is_first:
        why = "AMOCRM_REFRESH_TOKEN was used before, or is another integration's"
    elif age > DEAD_AFTER:
        why = "it was not used for three months, after which it is dead"
    elif age > KEEP_ALIVE + RETRY:
        why = (
            "it is older than any that this pipeline keeps: the warehouse was restored "
            "from a backup, or nothing ran for a while"
        )
    else:
        why = (
            "the integration was removed, or another installation renews the same "
            "integration's tokens"
        )
    since = "" if pair.is_first else f", of {pair.obtained_at:%Y-%m-%d %H:%M} UTC"
    raise AuthError(
        f"the refresh token (generation {pair.generation}{since}) is worth nothing: "
        f"{refused.message}; {why}",
        system=SYSTEM,
        table=TABLE,
        remedy=AUTHORISE,
    )


def _vanished() -> WarehouseError:
    return WarehouseError(
        "the row of tokens vanished", system="warehouse", remedy="run again"
    )
