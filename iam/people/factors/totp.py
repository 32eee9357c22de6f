"""Authenticator apps: time-based one-time passwords (RFC 6238) of SHA-1, six digits and 30 seconds (H24)."""

import hmac
import os
import re
from base64 import b32encode
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar, Final
from uuid import UUID

from attrs import field, frozen
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from iam.clock import Clock
from iam.people.factors.attempts import Count, FactorAttempts
from iam.records import acr
from iam.records.actor import By
from iam.store.totp_secrets import TOTPSecrets

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.twofactor.totp import TOTP

PURPOSE: Final = "totp secrets"
SECRET: Final = 20  # bytes, as many as SHA-1 has (RFC 4226 §4)
DIGITS: Final = 6
STEP: Final = 30  # seconds
DRIFT: Final = 1  # steps by which a telephone's clock may be wrong
NONCE: Final = 12
BLANKS: Final = re.compile(r"[\s-]+")  # which people type between groups of digits


@frozen
class AuthenticatorApps:
    """People's authenticator apps; `key` encrypts their secrets, which the server has to read."""

    name: ClassVar[str] = "totp"
    label: ClassVar[str] = "Authenticator app"
    amr: ClassVar[tuple[str, ...]] = (acr.ONE_TIME,)
    recovers: ClassVar[bool] = False

    table: TOTPSecrets
    clock: Clock
    attempts: FactorAttempts
    key: bytes = field(repr=False)

    async def held(self, user_id: UUID) -> bool:
        """Whether the person has an app."""
        return await self.since(user_id) is not None

    async def since(self, user_id: UUID) -> datetime | None:
        """Returns when the person's app was added; None if they have none."""
        kept = await self.table.find(user_id)
        return kept.created_at if kept else None

    async def prove(self, user_id: UUID, code: str, address: str, count: Count) -> bool:
        """Whether this is a code of the person's app that was not used, as it is from now on. Raises Throttled, and Spent."""
        return await self.attempts.make(self.name, user_id, address, lambda: self._use(user_id, code), count)

    async def _use(self, user_id: UUID, code: str) -> bool:
        kept = await self.table.find(user_id)
        if kept is None:
            return False
        step = self._step(user_id, kept.sealed, code)
        return step is not None and await self.table.use(user_id, kept.sealed, step)

    def propose(self, user_id: UUID) -> bytes:
        """Returns a new secret for this person's app, encrypted: nothing is stored until they confirm it by a code."""
        nonce = os.urandom(NONCE)
        return nonce + AESGCM(self.key).encrypt(nonce, os.urandom(SECRET), user_id.bytes)

    async def confirm(self, user_id: UUID, sealed: bytes, code: str, by: By) -> bool:
        """Stores the app with a proposed secret if the code is one of it. Raises Throttled."""
        address = by.address or ""
        return await self.attempts.make(self.name, user_id, address, lambda: self._put(user_id, sealed, code, by))

    async def _put(self, user_id: UUID, sealed: bytes, code: str, by: By) -> bool:
        step = self._step(user_id, sealed, code)
        return step is not None and await self.table.put(user_id, sealed, step, self.clock.now(), by, self.label)

    async def remove(self, user_id: UUID, by: By) -> bool:
        """Removes the person's app. Returns False if they have none."""
        return await self.table.remove(user_id, self.clock.now(), by, self.label)

    def read(self, user_id: UUID, sealed: bytes) -> bytes | None:
        """Returns the secret in what `propose` returned for this person; None for anything else."""
        try:
            return AESGCM(self.key).decrypt(sealed[:NONCE], sealed[NONCE:], user_id.bytes)
        except (InvalidTag, ValueError):
            return None

    def _step(self, user_id: UUID, sealed: bytes, code: str) -> int | None:
        """Returns the step of which this is the code, now or one step off; None if it is of none of them."""
        secret, typed = self.read(user_id, sealed), BLANKS.sub("", code)
        if secret is None or len(typed) != DIGITS or not (typed.isascii() and typed.isdigit()):
            return None
        now, codes = int(self.clock.now().timestamp()) // STEP, of(secret)
        near = range(now - DRIFT, now + DRIFT + 1)
        right = [step for step in near if hmac.compare_digest(codes.generate(step * STEP), typed.encode())]
        return max(right, default=None)


def of(secret: bytes) -> "TOTP":
    """Returns the generator of an app's codes; its library is loaded when it is first needed."""
    from cryptography.hazmat.primitives.hashes import SHA1
    from cryptography.hazmat.primitives.twofactor.totp import TOTP

    return TOTP(secret, DIGITS, SHA1(), STEP)  # noqa: S303 - what apps know


def address_of(secret: bytes, username: str, site: str) -> str:
    """Returns the otpauth: address that an app reads from the square of dots."""
    return of(secret).get_provisioning_uri(username, site)


def spell(secret: bytes) -> str:
    """Returns the secret in base32 and groups of four, for who types it into an app."""
    text = b32encode(secret).decode()
    return " ".join(text[start : start + 4] for start in range(0, len(text), 4))
