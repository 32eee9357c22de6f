"""Passwords: argon2id in threads of its own, so that a flood of logins does not starve other work (H15, H16)."""

import os
import re
from base64 import b64encode
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Final, TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThreadPool
from twisted.logger import Logger
from twisted.python.threadpool import ThreadPool

from iam.people import password_rule
from iam.reactor import Reactor
from iam.throttles.turns import QUEUE, SHARE, Turns

if TYPE_CHECKING:
    from argon2 import PasswordHasher

log = Logger()

MEMORY: Final = 19_456  # KiB
PASSES: Final = 2
LANES: Final = 1

# A stored hash determines the cost of checking it. A hash that costs more than this (KiB, passes) is not checked.
MOST_MEMORY: Final = 262_144
MOST_PASSES: Final = 16
STORED: Final = re.compile(
    r"\$argon2id\$v=19\$m=(\d{1,6}),t=(\d{1,2}),p=[1-8]\$[A-Za-z0-9+/]{11,86}\$[A-Za-z0-9+/]{22,86}"
)

Result = TypeVar("Result")


def unpad(octets: bytes) -> str:
    """Returns base64 without padding, as in argon2's encoded hashes."""
    return b64encode(octets).decode().rstrip("=")


# A hash for unknown people, so that checking their passwords costs the same.
PARAMETERS: Final = f"$argon2id$v=19$m={MEMORY},t={PASSES},p={LANES}$"
NOBODY: Final = f"{PARAMETERS}{unpad(bytes(16))}${unpad(bytes(32))}"


class Passwords:
    """Hashes, checks and judges passwords in a few threads, with a short queue of which each network has a share."""

    def __init__(
        self, reactor: Reactor, threads: int | None = None, *, queue: int = QUEUE, share: int | None = SHARE
    ) -> None:
        self._reactor = reactor
        self._threads = threads or max(1, (os.cpu_count() or 1) - 1)
        self._pool: ThreadPool | None = None
        self._turns = Turns(self._threads, queue, share)

    async def hash(self, password: str) -> str:
        """Returns the hash to store for a password that `complaint` has accepted. Raises ValueError, or Busy."""
        octets = password_rule.canonical(password)
        if octets is None:
            raise ValueError("the password was not judged before")
        return await self._in_thread(hash_octets, octets)

    async def verify(self, stored: str | None, password: str, lane: str | None = None) -> bool:
        """Tells whether this is the password behind the hash; without a hash it is false, after the same work.

        Raises Busy if too many wait, in all or in this lane, which is usually that of a network.
        """
        octets = password_rule.canonical(password)
        if stored is not None and not affordable(stored):
            log.error("a stored password hash is none of ours, or too costly to check")
            stored = None
        matched = await self._in_thread(matches, stored or NOBODY, octets or b"", lane=lane)
        return matched and stored is not None and octets is not None

    async def complaint(self, password: str, *about: str) -> str | None:
        """Returns what to change about a new password, in a sentence, or None. Raises Busy."""
        return await self._in_thread(password_rule.complaint, password, *about)

    async def _in_thread(self, function: Callable[..., Result], *arguments: object, lane: str | None = None) -> Result:
        def work() -> Deferred[Result]:
            return deferToThreadPool(self._reactor, self._start(), function, *arguments)

        result: Result = await self._turns.take(lane, work)
        return result

    def _start(self) -> ThreadPool:
        if self._pool is None:
            self._pool = ThreadPool(0, self._threads, "passwords")
            self._pool.start()
            self._reactor.addSystemEventTrigger("during", "shutdown", self._pool.stop)
        return self._pool


def outdated(stored: str) -> bool:
    """Tells whether this hash was made with parameters other than today's."""
    return not stored.startswith(PARAMETERS)


def affordable(stored: str) -> bool:
    """Tells whether this is an argon2id hash whose check does not cost too much."""
    found = STORED.fullmatch(stored)
    return found is not None and int(found[1]) <= MOST_MEMORY and int(found[2]) <= MOST_PASSES


def hash_octets(password: bytes) -> str:
    """Returns the encoded argon2id hash."""
    return hasher().hash(password)


def matches(stored: str, password: bytes) -> bool:
    """Tells whether the password belongs to the hash."""
    from argon2.exceptions import VerificationError

    try:
        return hasher().verify(stored, password)
    except VerificationError:
        return False


@cache
def hasher() -> "PasswordHasher":
    """Returns argon2's hasher, loaded at the first password, so that the server starts without it."""
    from argon2 import PasswordHasher

    return PasswordHasher(PASSES, MEMORY, LANES)
