"""Marks on addresses that prove what a person has just done for an authorization request.

A request may require a login although somebody is logged in (OpenID Connect Core §3.1.2.1, prompt and max_age). A
person who comes back from that login must not be sent to it again, and no other login may count for it. So the address
has a mark: the second of the login, and an HMAC, under a key of the server, of that second, of the request, and of the
cookie with which the session began. A mark is good for this request, in this browser, for as long as a question to the
person is (H19).
"""

from typing import Final

from iam.clock import Clock
from iam.secrets import minted, signed
from iam.service import service

PURPOSE: Final = "interactions"
PARAMETER: Final = "iam_interaction"
LIFETIME: Final = 600  # seconds

LOGIN: Final = "login"
CHOICE: Final = "choice"


@service
class Interactions:
    """Makes and verifies marks; `key` is 32 bytes that no database has."""

    key: bytes
    clock: Clock

    def mark(self, address: str, did: str, cookie: str) -> str:
        """Returns the address of a request with the mark that the person with this cookie has just done this."""
        path, _, query = address.partition("?")
        bare = strip_marks(query)
        return f"{path}?{bare}{'&' if bare else ''}{PARAMETER}={self._sign(bare, did, cookie, self._second())}"

    def proven(self, query: str, did: str, cookie: str | None) -> bool:
        """Whether the query has exactly one mark, and it is genuine and at most LIFETIME seconds old.

        It must be for this action, this request and this cookie.
        """
        marks = [pair.partition("=")[2] for pair in query.split("&") if is_mark(pair)]
        if len(marks) != 1 or cookie is None:
            return False
        second = signed.second(marks[0])
        if second is None or not signed.equal(marks[0], self._sign(strip_marks(query), did, cookie, second)):
            return False
        return self._second() <= second + LIFETIME

    def _sign(self, query: str, did: str, cookie: str, second: int) -> str:
        said = "\0".join((did, str(second), minted.series(cookie), query))
        return signed.write(str(second), self.key, said)

    def _second(self) -> int:
        return int(self.clock.now().timestamp())


def is_mark(pair: str) -> bool:
    """Whether this pair of a query is a mark, genuine or not."""
    return pair.partition("=")[0] == PARAMETER


def strip_marks(query: str) -> str:
    """Returns the query without marks: the request's own parameters."""
    return "&".join(pair for pair in query.split("&") if not is_mark(pair))
