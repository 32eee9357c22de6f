"""`twist iam` with mistakes in it, for the checker to find: `python mutants.py NAME+NAME iam --port ...`."""

import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from twisted.application.twist._twist import Twist
from twisted.internet.task import deferLater

from iam.clients import (
    authentication,  # noqa: F401 - as the server does
    documents,
)
from iam.database import connecting, memory, pool
from iam.database.errors import ConnectionLost
from iam.protocol.grants import refresh_token
from iam.store import (
    access_tokens,
    authorization_codes,
    client_documents,
    pushed_requests,
    refresh_tokens,
    replays,
    store,
)


def replaced(sql: str, *pairs: tuple[str, str]) -> str:
    for old, new in pairs:
        assert old in sql, old
        sql = sql.replace(old, new)
    return sql


def select_then_update() -> None:
    """(a) A claim in two steps, of codes and of pushed requests: whoever looked before the other wrote wins too."""
    authorization_codes.CLAIM = replaced(
        authorization_codes.CLAIM,
        (
            " and c.used_at is null\n",
            """ and (
                select x.used_at is null and pg_sleep(0.02) is not null from authorization_codes x
                where x.digest = c.digest and x.day = c.day
            )\n""",
        ),
    )
    pushed_requests.TAKE = replaced(
        pushed_requests.TAKE,
        (
            "and (browser is null or browser = %(browser)s)",
            """and (
                select (x.browser is null or x.browser = %(browser)s) and pg_sleep(0.02) is not null
                from pushed_requests x where x.digest = pushed_requests.digest
            )""",
        ),
    )


def answer_before_commit() -> None:
    """(b) The answer leaves, and then the transaction is committed."""

    async def attempt(self: Any, sql: str, parameters: Any, *, writes: bool) -> Any:
        connection = self.idle.pop() if self.idle and not self.stopping else await self.turn(writes=writes)
        try:
            rows = await connection.run("begin; " + sql, parameters)
        except BaseException:
            if connection.alive:
                await connection.run("rollback")
            self.release(connection)
            raise
        commit(self, connection)
        return rows

    def commit(self: Any, connection: Any) -> None:
        async def later() -> None:
            await deferLater(self.reactor, 0.05)
            if connection.alive:
                await connection.run("commit")
            self.release(connection)

        from twisted.internet.defer import Deferred

        Deferred.fromCoroutine(later()).addErrback(lambda _: None)

    pool.Pool.attempt = attempt


def cache_without_notify() -> None:
    """(c) Nobody hears of changes, and what is in memory stays there."""
    memory.MAXIMUM_AGE = memory.LONGEST = 3600.0
    store.Database.listen = lambda *_: None


def retry_after_commit() -> None:
    """(d) A statement whose connection broke is tried again, although it may have happened."""
    run = pool.Pool.run

    async def insist(self: Any, sql: str, parameters: Any = None, *, writes: bool = False) -> Any:
        for _ in range(20):
            try:
                return await run(self, sql, parameters, writes=writes)
            except ConnectionLost:
                await deferLater(self.reactor, 0.05)
        return await run(self, sql, parameters, writes=writes)

    pool.Pool.run = insist


def family_that_survives() -> None:
    """(e) A refresh token that is used again is refused, and what was given for it stays good."""
    refresh_tokens.ROTATE = replaced(
        refresh_tokens.ROTATE,
        ("j.outcome = 'used' and g.revoked_at is null", "j.outcome = 'never' and g.revoked_at is null"),
    )


def another_successor() -> None:
    """(f) A retry within the window gets tokens of its own."""
    refresh_tokens.ROTATE = replaced(
        refresh_tokens.ROTATE, ("then 'retried'", "then 'rotated'"), (" and r.used_at is null\n", "\n")
    )


def forgetful_commit() -> None:
    """(g) Commits are acknowledged before they are on the disk."""
    connecting.SETTINGS += "; set synchronous_commit = off"


def late_is_theft() -> None:
    """(h) A refresh token that comes again after the window ends the grant, although its successor was never used."""
    window = refresh_token.RefreshToken._window_start
    public = SimpleNamespace(confidential=False)

    def window_start(self: Any, request: Any) -> Any:
        return window(self, SimpleNamespace(client=public, received=request.received))

    refresh_token.RefreshToken._window_start = window_start
    refresh_tokens.ROTATE = replaced(refresh_tokens.ROTATE, ("then 'late'", "then 'used'"))


def proof_used_twice() -> None:
    """(i) A proof is looked for before it is noted, or not at all: whoever looked before the other wrote wins too."""

    from twisted.internet import reactor

    async def claim(self: Any, digest: bytes, day: Any) -> bool:
        if await self.claimed(digest, day):
            return False
        await deferLater(reactor, 0.02)
        await self._claim(replays.Use(digest, day))
        return True

    replays.Replays.claim = claim
    access_tokens.ISSUE_BOUND = replaced(
        access_tokens.ISSUE_BOUND,
        ("on conflict do nothing", "on conflict (digest, day) do update set day = excluded.day"),
    )


def device_served_twice() -> None:
    """(j) What a person allows a device is given for each poll."""
    authorization_codes.CLAIM = replaced(
        authorization_codes.CLAIM,
        (
            " and c.used_at is null\n",
            " and (c.used_at is null or exists (select from device_codes d where d.digest = c.digest))\n",
        ),
    )


def document_of_another() -> None:
    """(k) A document is taken for whichever client has named its address."""
    own = documents.own

    def believed(client_id: str, document: Any) -> Any:
        return own(client_id, {**document, "client_id": client_id})

    documents.own = believed


def host_forgotten() -> None:
    """(l) Whether a host is disabled is not asked."""
    client_documents.KNOWN = replaced(client_documents.KNOWN, ("exists (select", "false and exists (select"))


MUTANTS: dict[str, Callable[[], None]] = {
    mutant.__name__: mutant
    for mutant in (
        select_then_update,
        answer_before_commit,
        cache_without_notify,
        retry_after_commit,
        family_that_survives,
        another_successor,
        forgetful_commit,
        late_is_theft,
        proof_used_twice,
        device_served_twice,
        document_of_another,
        host_forgotten,
    )
}

if __name__ == "__main__":
    if sys.argv[1] != "none":
        for name in sys.argv[1].split("+"):
            MUTANTS[name]()
    Twist.main(["twist", *sys.argv[2:]])
