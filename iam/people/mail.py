"""What must wait unread in the outbox: the links of mail, encrypted under a key that is not in the database (H25)."""

import os
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

PURPOSE: Final = "links in mail"
ASSOCIATED: Final = b"outbox"
NONCE: Final = 12


class Mails:
    """Encrypts what a mail must say and the database must not know; `key` has 32 bytes."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def seal(self, text: str) -> bytes:
        """Returns the text encrypted, as the SQL function `mailed` takes it."""
        nonce = os.urandom(NONCE)
        return nonce + self._cipher.encrypt(nonce, text.encode(), ASSOCIATED)

    def unseal(self, sealed: bytes) -> str | None:
        """Returns the text that was sealed; None for anything else, as after a change of the server's key."""
        try:
            return self._cipher.decrypt(sealed[:NONCE], sealed[NONCE:], ASSOCIATED).decode()
        except (InvalidTag, ValueError):
            return None
