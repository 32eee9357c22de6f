"""Requests that come again, since their answer was lost: with the same Idempotency-Key they are done once.

The answer may hold a secret, so it is kept under a key that only the bearer of the token can derive.
"""

import hmac
import json
import os
import re
from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import Final

from attrs import frozen
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from iam.clock import Clock
from iam.database.errors import ConnectionLost, GivenUp
from iam.endpoints.api.refused import Refused
from iam.http.answers import JSON, Answer, Headers
from iam.http.parameters import authorization
from iam.http.request import Request
from iam.oauth import bearer
from iam.store.repeated_requests import RepeatedRequest, RepeatedRequests

KEY: Final = re.compile(rb"[!-~](?:[ -~]{0,253}[!-~])?")
NONCE: Final = 12  # bytes
MALFORMED: Final = "An Idempotency-Key has 1 to 255 visible characters."
ANOTHER: Final = "Another request came with this Idempotency-Key before: make a new one for each."
UNDER_WAY: Final = "The request with this Idempotency-Key is under way, or broke off: look whether it was done."


@frozen
class Repetitions:
    """The requests that may come again, by the token and the key that they came with."""

    table: RepeatedRequests
    clock: Clock

    async def once(self, request: Request, act: Callable[[], Awaitable[Answer]]) -> Answer:
        """Returns the answer of `act`, or the one that the same request got before.

        What came to nothing may come again; what may have been done, because the database broke off, is not done twice.
        Raises Refused: 400 for a malformed key, 409 while the other request is under way, 422 if it was another one.
        """
        lines = request.requestHeaders.getRawHeaders(b"idempotency-key")
        if not lines:
            return await act()
        if len(lines) != 1 or not KEY.fullmatch(lines[0]):
            raise Refused(400, MALFORMED)
        secret, key = bearer.presented(authorization(request)).token.encode(), lines[0].decode()
        token, digest = sha256(secret).digest(), input_digest(secret, request)
        before = await self.table.claim(token, key, digest, self.clock.now())
        if before is not None:
            return repeated(before, digest, secret)
        try:
            answer = await act()
        except (ConnectionLost, GivenUp):  # it may have been done
            raise
        except Exception:
            await self.table.release(token, key)
            raise
        await self.table.answer(token, key, seal(answer, secret))
        return answer


def repeated(before: RepeatedRequest, digest: bytes, secret: bytes) -> Answer:
    """Returns the answer of the request that came before. Raises Refused."""
    if before.input != digest:
        raise Refused(422, ANOTHER)
    if before.answer is None:
        raise Refused(409, UNDER_WAY)
    return unseal(before.answer, secret)


def input_digest(secret: bytes, request: Request) -> bytes:
    """Returns a digest of what is asked for, which tells nothing to who does not have the token."""
    asked = b"\0".join((request.method, request.path, request.query, request.body))
    return hmac.digest(derive(secret, b"input"), asked, "sha256")


def seal(answer: Answer, secret: bytes) -> bytes:
    """Encrypts an answer."""
    headers = [(name.decode(), value.decode()) for name, value in answer.headers]
    plain = json.dumps([answer.status, answer.body.decode(), headers]).encode()
    nonce = os.urandom(NONCE)
    return nonce + AESGCM(derive(secret, b"answer")).encrypt(nonce, plain, None)


def unseal(sealed: bytes, secret: bytes) -> Answer:
    """Returns the answer that `seal` encrypted under the same token."""
    status, body, headers = json.loads(AESGCM(derive(secret, b"answer")).decrypt(sealed[:NONCE], sealed[NONCE:], None))
    told: Headers = tuple((name.encode(), value.encode()) for name, value in headers)
    return Answer(status, body.encode(), JSON if told == JSON else told)


def derive(secret: bytes, purpose: bytes) -> bytes:
    """Derives a key (32 bytes) from the token, 256 random bits, for one purpose (HKDF-Expand, RFC 5869 §2.3)."""
    return hmac.digest(secret, b"iam repeated request " + purpose + b"\x01", "sha256")
