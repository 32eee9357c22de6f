"""Keys are replaced while relying parties keep the key set for as long as they may (H27): no token fails to verify."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from attrs import define, field, frozen
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from iam.embedded.supervisor import Embedded
from iam.operations.retention import Retention, tasks
from iam.records.actor import SERVER
from iam.secrets.master_key import ServerKey
from iam.secrets.signing_keys import AHEAD, MAXIMUM_AGE, PERIOD, header_of
from tests.databases import make_database
from tests.flows.test_jwt_access_tokens import jwt_resource
from tests.harness import App, Server, TurnedClock, serving

ALGORITHMS = ["RS256", "ES256"]
HOUR, DAY = 3600.0, 86400.0


@define
class RelyingParty:
    """Keeps the key set for as long as it may, and asks for an unknown key at most once in that time."""

    server: Server
    asks_again: bool
    keys: KeySet | None = field(default=None)
    kept_until: float = field(default=0.0)
    asked_again: float = field(default=float("-inf"))
    fetches: int = field(default=0)

    async def verifies(self, token: str) -> bool:
        now = self.server.clock.seconds()
        if self.keys is None or now >= self.kept_until:
            await self.fetch()
        if self.knows(token):
            return True
        if self.asks_again and now - self.asked_again >= MAXIMUM_AGE:
            self.asked_again = now
            await self.fetch()
        return self.knows(token)

    def knows(self, token: str) -> bool:
        try:
            jwt.decode(token, self.keys, algorithms=ALGORITHMS)
        except (JoseError, ValueError):
            return False
        return True

    async def fetch(self) -> None:
        reply = await self.server.get("/jwks")
        age = re.search(r"max-age=(\d+)", reply.header("cache-control") or "")
        self.keys = KeySet.import_key_set(reply.json)
        self.kept_until = self.server.clock.seconds() + int(age[1] if age else 0)
        self.fetches += 1


@frozen
class Service:
    """Two servers on one database, under one name and one clock; each tidies up as it does in life."""

    servers: tuple[Server, Server]
    clock: TurnedClock

    async def work(self) -> None:
        """What each does every ten minutes."""
        for server in self.servers:
            store = server.store
            await Retention(None, tasks(store, server.keys), server.clock_of_store()).work()

    async def tokens(self, number: int, app: App) -> list[str]:
        """An ID token of one server, and an access token of the other."""
        first, second = self.servers[number % 2], self.servers[1 - number % 2]
        tokens = await first.tokens(app, await first.person(f"person{number}"), scope="openid")
        answer = await second.token(app, grant_type="client_credentials", scope="read", resource="https://api.example")
        return [tokens["id_token"], answer.json["access_token"]]


@pytest.fixture
def service(cluster: Embedded, key: ServerKey, tmp_path: Any) -> Iterator[Service]:
    dsn, clock = make_database(cluster), TurnedClock()
    with (
        serving(dsn, key, tmp_path / "a", clock) as first,
        serving(dsn, key, tmp_path / "b", clock, issuer=first.settings.issuer) as second,
    ):
        yield Service((first, second), clock)


def moments() -> list[float]:
    """Seconds of two periods and some more: every twenty minutes about the changes, and now and then between them."""
    coarse = {day * DAY + minutes * 60 for day in range(0, 2 * PERIOD.days + 6, 10) for minutes in (0, 30, 59)}
    ends = [number * PERIOD.days * DAY for number in (1, 2)]
    changes = {end + turn * 1200 for end in ends for turn in range(-5, 6)}
    return sorted(coarse | changes | {end - AHEAD.total_seconds() + 600 for end in ends})


async def test_h27_caching_relying_parties_verify_every_token_until_it_expires(service: Service) -> None:
    server = service.servers[0]
    await jwt_resource(server, lifetime=3600)
    app = await server.app(scopes=("openid", "read"))
    parties = [RelyingParty(each, asks_again=asks) for each in service.servers for asks in (False, True)]
    failures, given = [], []

    for number, moment in enumerate(moments()):
        service.clock.offset = moment
        await service.work()
        given += [(token, moment + HOUR) for token in await service.tokens(number, app)]
        good = [token for token, expires_at in given if moment < expires_at]
        failures += [(moment, token[:40]) for party in parties for token in good if not await party.verifies(token)]

    assert failures == []
    assert len({(header_of(token) or {})["kid"] for token, _ in given}) == 2 * 3  # of two algorithms, three keys each


async def test_h27_after_an_emergency_who_asks_for_an_unknown_key_gets_on_at_once(service: Service) -> None:
    server = service.servers[0]
    strict, curious = RelyingParty(server, asks_again=False), RelyingParty(server, asks_again=True)
    before = await server.keys.signed("RS256", "JWT", {"exp": server.clock.seconds() + HOUR})
    known = [await party.verifies(before) for party in (strict, curious)]

    await server.keys.rotate("RS256", at_once=True, by=SERVER)
    service.servers[1].store.signing_keys.forget()  # as the database tells it
    after = await service.servers[1].keys.signed("RS256", "JWT", {})
    at_once = [await party.verifies(after) for party in (strict, curious)]
    service.clock.advance(MAXIMUM_AGE)
    in_an_hour = [await party.verifies(token) for party in (strict, curious) for token in (before, after)]

    assert known == [True, True]
    assert at_once == [False, True]
    assert in_an_hour == [True] * 4


async def test_a_retired_key_is_out_of_the_key_set_and_its_tokens_are_refused(service: Service) -> None:
    server = service.servers[0]
    await jwt_resource(server, server.own_resource)
    app = await server.app()
    answer = await server.token(app, grant_type="client_credentials", scope="read", resource=server.own_resource)
    token = answer.json["access_token"]
    kid = str((header_of(token) or {})["kid"])
    bearer = {"Authorization": f"Bearer {token}"}
    before = await server.get("/resource", headers=bearer)

    await server.keys.retire(kid, by=SERVER)

    assert before.status == 200
    assert (await server.get("/resource", headers=bearer)).status == 401
    assert kid not in {key["kid"] for key in (await server.get("/jwks")).json["keys"]}


async def test_each_change_of_a_key_is_written_down_once(service: Service) -> None:
    server = service.servers[0]
    made = await server.store.audit.events(kind="key.published")
    (first,) = [event for event in made if event.detail["alg"] == "ES256"]

    await server.keys.retire(str(first.detail["kid"]), by=SERVER)

    (retired,) = await server.store.audit.events(kind="key.retired")
    published = await server.store.audit.events(kind="key.published")
    assert (retired.actor, retired.detail) == ("server", {"kid": first.detail["kid"], "alg": "ES256"})
    assert len(published) == len(made) + 1  # another one takes its place


async def test_a_token_of_one_server_names_a_key_in_the_set_of_the_other(service: Service) -> None:
    server = service.servers[0]
    published = {key["kid"]: key for key in (await server.get("/jwks")).json["keys"]}
    app = await server.app(scopes=("openid",), id_token_signed_response_alg="ES256")

    tokens = await service.servers[1].tokens(app, await server.person(), scope="openid")

    header = header_of(tokens["id_token"]) or {}
    assert published[header["kid"]]["alg"] == "ES256"
