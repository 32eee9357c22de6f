"""Client secrets as they are stored: a digest (H25), and the encrypted text if the client signs with the secret."""

import hmac
import os
from collections.abc import Callable
from datetime import datetime
from functools import cached_property
from hmac import compare_digest
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from twisted.logger import Logger

from iam.records.client import SECRET_JWT, Client, Secret
from iam.secrets import minted
from iam.secrets.master_key import ServerKey
from iam.secrets.minted import Kind

PURPOSE: Final = "client secrets"
CHOSEN: Final = "chosen client secrets"
NONCE: Final = 12  # bytes
NOBODY: Final = bytes(32)  # compared if there is no digest, for constant time

log = Logger()


class ClientSecrets:
    """Makes and reads stored client secrets.

    `key` returns the server's key, which no database holds; it is called when the key is first needed.
    """

    def __init__(self, key: Callable[[], ServerKey]) -> None:
        self._key = key

    def kept(self, text: str, auth_method: str) -> Secret:
        """Returns a new row for the secret of a client with this authentication method."""
        secret_id = minted.identifier()
        sealed = self._sealed(secret_id, text) if auth_method == SECRET_JWT else None
        return Secret(secret_id, self.digest(text), sealed)

    def digest(self, text: str) -> bytes:
        """Returns the digest (32 bytes) that is stored: SHA-256 of a generated secret, HMAC-SHA-256 of a chosen one.

        The HMAC uses the server's key, so that the database alone does not allow guessing; it costs no more to verify.
        """
        if minted.well_formed(text, Kind.CLIENT_SECRET):
            return minted.digest(text)
        return hmac.digest(self._chosen, text.encode(), "sha256")

    def match(self, client: Client | None, text: str, now: datetime) -> bool:
        """Checks that the text is one of the client's secrets that have not expired.

        Digests are compared in constant time, also if there is no such client.
        """
        digest = self.digest(text)
        known = [secret.digest for secret in client.secrets if secret.good(now)] if client else []
        return sum([compare_digest(digest, each) for each in known or [NOBODY]]) > 0

    def readable(self, client: Client, now: datetime) -> list[bytes]:
        """Returns the client's secrets that it may sign with at the time `now`."""
        opened = [self._opened(secret) for secret in client.secrets if secret.good(now)]
        return [text for text in opened if text is not None]

    @cached_property
    def _chosen(self) -> bytes:
        return self._key().derive(CHOSEN)

    @cached_property
    def _cipher(self) -> AESGCM:
        return AESGCM(self._key().derive(PURPOSE))

    def _sealed(self, secret_id: UUID, text: str) -> bytes:
        nonce = os.urandom(NONCE)
        return nonce + self._cipher.encrypt(nonce, text.encode(), associated(secret_id))

    def _opened(self, secret: Secret) -> bytes | None:
        if secret.sealed is None:
            return None
        try:
            return self._cipher.decrypt(secret.sealed[:NONCE], secret.sealed[NONCE:], associated(secret.id))
        except InvalidTag:
            log.warn("the client secret {id} was encrypted under another server key", id=secret.id)
            return None


def associated(secret_id: UUID) -> bytes:
    """Returns the associated data of a secret's encryption, which bind it to its row (H25)."""
    return b"client_secrets " + secret_id.bytes
