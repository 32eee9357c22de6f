"""What was typed into a form and could not be taken, since its person has to log in first: kept in their browser.

A cookie has it, encrypted, for the address of the form alone and for the person whose form it was. So nothing is stored
here for somebody who is not logged in, and nobody else who logs in with this browser sees it. Passwords, codes and
secrets are left out.
"""

import binascii
import os
import re
import zlib
from base64 import urlsafe_b64decode
from datetime import datetime
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

from attrs import field, frozen
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from iam.browser import cookies, csrf
from iam.http.answers import Headers
from iam.http.parameters import ParsedParameters
from iam.http.request import Request
from iam.secrets import minted
from iam.settings import Settings

PURPOSE: Final = "drafts of forms"
LIFETIME: Final = 600  # seconds
# Characters of the cookie. Proxies such as nginx take headers of 4 kB by default, those of a page included.
LONGEST: Final = 2_000
VALUE: Final = re.compile(rf"[A-Za-z0-9_-]{{40,{LONGEST}}}")
NONCE: Final = 12  # bytes
SECRET: Final = frozenset(
    {"password", "password_hash", "again", "code", "credential", "client_secret"}
)  # names of fields


@frozen
class Drafts:
    """Reads and writes the cookie of a draft."""

    key: bytes = field(repr=False)
    settings: Settings

    def keep(self, request: Request, sent: ParsedParameters, now: datetime) -> Headers | None:
        """Returns the header that keeps what was typed into a form; none if nothing was.

        Returns None if it cannot be kept: it is too long, or the form tells no person.
        """
        if set(sent) <= {csrf.TOKEN_FIELD}:
            return ()
        account = csrf.account(sent.get(csrf.TOKEN_FIELD))
        kept = [(name, value) for name in sent if name not in SECRET for value in sent.all(name)]
        value = self._seal(request, account, urlencode(kept), now)
        good = account and len(value) <= LONGEST and cookies.PATH.fullmatch(path_of(request))
        return (self._write(request, value, LIFETIME),) if good else None

    def find(self, request: Request, user_id: UUID, now: datetime) -> bytes | None:
        """Returns what this person typed into the form at the address of the request, as the body of a form, or None."""
        given = [each for each in cookies.values(request, self.name) if VALUE.fullmatch(each)]
        found = (self._unseal(request, minted.base64url(user_id.bytes), each, now) for each in given)
        return next((each for each in found if each is not None), None)

    def forget(self, request: Request) -> tuple[bytes, bytes]:
        """Returns the header that removes the draft of the form at this address."""
        return self._write(request, "", 0)

    @property
    def name(self) -> str:
        """Returns the name of the cookie; one for a path cannot have the prefix `__Host-`."""
        return "__Secure-iam-draft" if self.settings.secure else "iam_draft"

    def _write(self, request: Request, value: str, age: int) -> tuple[bytes, bytes]:
        return cookies.write(self.settings, self.name, value, age, path=path_of(request))

    def _seal(self, request: Request, account: str, text: str, now: datetime) -> str:
        nonce, plain = os.urandom(NONCE), zlib.compress(f"{int(now.timestamp())} {text}".encode(), 9)
        return minted.base64url(nonce + AESGCM(self.key).encrypt(nonce, plain, bound(request, account)))

    def _unseal(self, request: Request, account: str, value: str, now: datetime) -> bytes | None:
        """Returns the body in a cookie that was made for this person and address lately; None for any other."""
        try:
            sealed = urlsafe_b64decode(value + "=" * (-len(value) % 4))
            plain = AESGCM(self.key).decrypt(sealed[:NONCE], sealed[NONCE:], bound(request, account))
        except (InvalidTag, binascii.Error):
            return None
        second, _, body = zlib.decompress(plain).partition(b" ")
        return body if abs(now.timestamp() - int(second)) <= LIFETIME else None


def path_of(request: Request) -> str:
    """Returns the path of a request, as browsers compare it with that of a cookie."""
    return request.path.decode("ascii")


def bound(request: Request, account: str) -> bytes:
    """Returns what a draft is bound to: whose it is, and the path of its form."""
    return f"{account} {path_of(request)}".encode()
