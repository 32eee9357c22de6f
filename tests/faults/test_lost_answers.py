"""Commits that are durable and do not come back for a while, as with synchronous replication without a standby: nobody is logged out."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from attrs import define, field
from twisted.internet.defer import Deferred, gatherResults

from iam.database.migration import migrate
from iam.secrets.master_key import ServerKey
from tests.faults.mortal import Mortal
from tests.harness import App, Person, Reply, Server, TurnedClock, serving

STALL = 45.0  # seconds
WINDOW = 120.0  # seconds in which a public client may repeat a refresh
GRANTS = ("authorization_code", "refresh_token")


@pytest.fixture
def stalling(mortal: Mortal, key: ServerKey, tmp_path: Path) -> Iterator[Server]:
    """A server with a clock that can be turned, on a database whose commits can be held."""
    mortal.ask("drop schema public cascade; create schema public")
    migrate(mortal.dsn())
    with serving(mortal.dsn(), key, tmp_path, TurnedClock()) as server:
        yield server
        mortal.let_commits_go()


@define
class Chain:
    """A client that lives on refresh tokens."""

    server: Server
    app: App
    access_token: str
    refresh_token: str
    answers: list[Reply] = field(factory=list)

    async def refresh(self) -> Reply:
        """Ask once, and keep what comes."""
        reply = await self.server.refresh(self.app, self.refresh_token)
        self.answers.append(reply)
        if reply.status == 200:
            self.access_token, self.refresh_token = reply.json["access_token"], reply.json["refresh_token"]
        return reply


async def chain(server: Server, person: Person, auth_method: str) -> Chain:
    app = await server.app(auth_method=auth_method, grant_types=GRANTS)
    tokens = await server.tokens(app, person)
    return Chain(server, app, tokens["access_token"], tokens["refresh_token"])


async def all_refresh(chains: list[Chain]) -> list[int]:
    """The statuses of a refresh of each, all at once."""
    replies = await gatherResults([Deferred.fromCoroutine(each.refresh()) for each in chains])
    return [reply.status for reply in replies]


async def stalled(server: Server, mortal: Mortal, seconds: float, ask: Callable[[], Any]) -> list[Any]:
    """What is answered while commits are held, at the beginning and at the end; the clock goes on by so many seconds."""
    mortal.hold_commits()
    answers = [await ask()]
    server.clock.advance(seconds)
    answers.append(await ask())
    mortal.let_commits_go()
    return answers


def ended(mortal: Mortal) -> list[Any]:
    """The grants of people that were ended, and what the audit log says of theft."""
    return [
        *mortal.ask("select id from grants where user_id is not null and revoked_at is not null"),
        *mortal.ask("select kind from audit_events where kind in ('refresh_token.reused', 'code.replayed')"),
    ]


async def test_a_strict_stall_ends_no_refresh_chain_and_each_goes_on(stalling: Server, mortal: Mortal) -> None:
    person = await stalling.person()
    chains = [await chain(stalling, person, method) for method in ("client_secret_basic", "none") * 3]

    during = await stalled(stalling, mortal, STALL, lambda: all_refresh(chains))
    after = [await all_refresh(chains) for _ in range(3)]

    assert during == [[503] * 6, [503] * 6]
    assert after == [[200] * 6] * 3
    assert [(await stalling.introspect(each.app, each.access_token))["active"] for each in chains[::2]] == [True] * 3
    assert ended(mortal) == []


async def test_a_stall_longer_than_the_window_ends_no_grant_and_only_public_clients_log_in_again(
    stalling: Server, mortal: Mortal
) -> None:
    person = await stalling.person()
    chains = [await chain(stalling, person, method) for method in ("client_secret_basic", "none")]

    during = await stalled(stalling, mortal, WINDOW + 1, lambda: all_refresh(chains))
    after = [await all_refresh(chains) for _ in range(3)]

    assert during == [[503, 503], [503, 503]]
    assert after == [[200, 400]] * 3
    assert chains[1].answers[-1].json["error"] == "invalid_grant"
    assert ended(mortal) == []


async def test_a_stall_longer_than_an_access_token_lives_leaves_a_client_one_that_lives(
    stalling: Server, mortal: Mortal
) -> None:
    one = await chain(stalling, await stalling.person(), "client_secret_basic")

    await stalled(stalling, mortal, stalling.settings.access_token_lifetime + 1, one.refresh)
    after = await one.refresh()

    assert after.status == 200
    assert after.json["expires_in"] == stalling.settings.access_token_lifetime
    assert (await stalling.introspect(one.app, one.access_token))["active"]
    assert (await one.refresh()).status == 200
    assert ended(mortal) == []


async def test_a_code_whose_redemption_stalled_is_redeemed_once_and_the_person_can_log_in_again(
    stalling: Server, mortal: Mortal
) -> None:
    app, person = await stalling.app(grant_types=GRANTS), await stalling.person()
    other = await chain(stalling, person, "client_secret_basic")
    code = await stalling.code(app, person)

    during = await stalled(stalling, mortal, STALL, lambda: stalling.redeem(app, code))
    after = await stalling.redeem(app, code)
    again = await stalling.redeem(app, await stalling.code(app, person))

    assert [reply.status for reply in during] == [503, 503]
    assert (after.status, after.json["error"]) == (400, "invalid_grant")
    assert mortal.ask("select count(*) from authorization_codes where used_at is not null") == [(3,)]
    assert again.status == 200
    assert (await other.refresh()).status == 200
