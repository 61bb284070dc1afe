"""How tokens are encrypted before the warehouse sees them.

Where they are stored belongs to `token_store.py`.
"""

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from pipelines.errors import AuthError
from pipelines.extract.amocrm.oauth import TABLE
from pipelines.extract.amocrm.refusals import SYSTEM

MAKE_KEY = (
    "make one with `python -c 'from cryptography.fernet import Fernet; "
    "print(Fernet.generate_key().decode())'`"
)


class Keys:
    """The encryption of tokens: the first key writes, each one reads."""

    def __init__(self, given: str) -> None:
        try:
            keys = [Fernet(key.strip()) for key in given.split(",") if key.strip()]
        except ValueError:
            raise _key_error("AMOCRM_TOKEN_KEY is no key", MAKE_KEY) from None
        if not keys:
            raise _key_error("AMOCRM_TOKEN_KEY is not set", MAKE_KEY)
        self._keys = MultiFernet(keys)

    def encrypt(self, text: str) -> bytes:
        """Return what may be stored."""
        return self._keys.encrypt(text.encode())

    def decrypt(self, data: bytes) -> str:
        """Return what was stored."""
        try:
            return self._keys.decrypt(bytes(data)).decode()
        except InvalidToken:
            remedy = (
                "set the key that they were encrypted with (several may stand there, "
                "separated by commas); if it is lost, make a new one and authorise "
                "anew: `python -m pipelines amocrm authorise`"
            )
            message = "the stored tokens cannot be read with AMOCRM_TOKEN_KEY"
            raise _key_error(message, remedy) from None


def _key_error(message: str, remedy: str) -> AuthError:
    return AuthError(message, system=SYSTEM, table=TABLE, remedy=remedy)
