"""Passwords: hashed and checked in threads of their own, so that a flood of logins does not starve other work (H15, H16)."""

import os
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThreadPool
from twisted.logger import Logger
from twisted.python.threadpool import ThreadPool

from iam.people import password_rule
from iam.people.argon2id import NOBODY, hash_octets
from iam.people.stored_hashes import affordable, cost, foreign, matches
from iam.reactor import Reactor
from iam.throttles.turns import QUEUE, SHARE, Turns

log = Logger()

Result = TypeVar("Result")


class Passwords:
    """Hashes, checks and judges passwords in a few threads, with a short queue of which each network has a share."""

    def __init__(
        self,
        reactor: Reactor,
        threads: int | None = None,
        *,
        queue: int = QUEUE,
        share: int | None = SHARE,
        shortest: int = password_rule.SHORTEST,
    ) -> None:
        self._reactor = reactor
        self._shortest = shortest
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
        tried = stored or NOBODY
        # Other programs have hashed what is typed, and we its NFC form.
        given = password.encode() if octets is not None and foreign(tried) else octets
        matched = await self._in_thread(matches, tried, given or b"", lane=lane)
        return matched and stored is not None and octets is not None

    async def cost(self, stored: str) -> float:
        """Returns the seconds that a check of this hash takes. Raises Busy."""
        return await self._in_thread(cost, stored)

    async def complaint(self, password: str, *about: str) -> str | None:
        """Returns what to change about a new password, in a sentence, or None. Raises Busy."""
        return await self._in_thread(partial(password_rule.complaint, password, *about, shortest=self._shortest))

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
