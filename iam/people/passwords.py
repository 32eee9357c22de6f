"""Passwords: argon2id in threads of its own, so that a flood of logins starves nobody else (H15, H16)."""

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

# A stored hash says itself what checking it costs; nobody who can write one may make us pay more than this.
MOST_MEMORY: Final = 262_144
MOST_PASSES: Final = 16
STORED: Final = re.compile(
    r"\$argon2id\$v=19\$m=(\d{1,6}),t=(\d{1,2}),p=[1-8]\$[A-Za-z0-9+/]{11,86}\$[A-Za-z0-9+/]{22,86}"
)

Result = TypeVar("Result")


def unpad(octets: bytes) -> str:
    """Base64 as argon2's encoded hashes have it."""
    return b64encode(octets).decode().rstrip("=")


# The hash of nobody: checking it costs what checking anybody's costs.
PARAMETERS: Final = f"$argon2id$v=19$m={MEMORY},t={PASSES},p={LANES}$"
NOBODY: Final = f"{PARAMETERS}{unpad(bytes(16))}${unpad(bytes(32))}"


class Passwords:
    """Hashes and checks passwords, and judges new ones, all in a few threads with a short queue, of which a network has a share."""

    def __init__(
        self, reactor: Reactor, threads: int | None = None, *, queue: int = QUEUE, share: int | None = SHARE
    ) -> None:
        self._reactor = reactor
        self._threads = threads or max(1, (os.cpu_count() or 1) - 1)
        self._pool: ThreadPool | None = None
        self._turns = Turns(self._threads, queue, share)

    async def hash(self, password: str) -> str:
        """The hash to store for a password that the rule has passed."""
        octets = password_rule.canonical(password)
        if octets is None:
            raise ValueError("the password was not judged before")
        return await self._in_thread(hash_octets, octets)

    async def verify(self, stored: str | None, password: str, lane: str | None = None) -> bool:
        """Is this the password behind the hash? Where there is none to check, the answer is no, after the same work.

        Raises Busy where too many wait, in all or in this lane, which is mostly a network's.
        """
        octets = password_rule.canonical(password)
        if stored is not None and not affordable(stored):
            log.error("a stored password hash is none of ours, or too costly to check")
            stored = None
        matched = await self._in_thread(matches, stored or NOBODY, octets or b"", lane=lane)
        return matched and stored is not None and octets is not None

    async def complaint(self, password: str, *about: str) -> str | None:
        """What to do about a new password, if anything."""
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
    """Was this hash made with other parameters than today's?"""
    return not stored.startswith(PARAMETERS)


def affordable(stored: str) -> bool:
    """Is this a hash that we would compute?"""
    found = STORED.fullmatch(stored)
    return found is not None and int(found[1]) <= MOST_MEMORY and int(found[2]) <= MOST_PASSES


def hash_octets(password: bytes) -> str:
    """The encoded argon2id hash."""
    return hasher().hash(password)


def matches(stored: str, password: bytes) -> bool:
    """Does the password belong to the hash?"""
    from argon2.exceptions import VerificationError

    try:
        return hasher().verify(stored, password)
    except VerificationError:
        return False


@cache
def hasher() -> "PasswordHasher":
    """argon2, loaded when the first password comes, so that the server starts without it."""
    from argon2 import PasswordHasher

    return PasswordHasher(PASSES, MEMORY, LANES)
