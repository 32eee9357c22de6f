"""Signing keys: made, published ahead of use, active, replaced, removed (H27)."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from twisted.internet.defer import gatherResults

from iam.records.actor import SERVER
from iam.secrets.master_key import ServerKey
from iam.secrets.signing_keys import AFTERWARDS, AHEAD, KINDS, MAXIMUM_AGE, PERIOD
from iam.server.parts import build_keys
from tests.harness import Server

TYP = "test+jwt"


@pytest.fixture
def anew(server: Server, admin: Any) -> Server:
    """A server whose key table is empty."""
    admin.execute("delete from signing_keys")
    server.store.signing_keys.forget()
    return server


async def kids(server: Server, alg: str = "ES256") -> list[str]:
    return [key["kid"] for key in (await server.get("/jwks")).json["keys"] if kind(key) == alg]


def kind(key: dict[str, str]) -> str:
    """The algorithm that a public key is for, or the first of them."""
    return key.get("alg") or {"RSA": "RSA-OAEP", "EC": "ECDH-ES", "OKP": "EdDSA"}[key["kty"]]


async def signer(server: Server) -> str:
    from iam.secrets.signing_keys import header_of

    header = header_of(await server.keys.signed("ES256", TYP, {}))
    assert header is not None
    return str(header["kid"])


async def test_the_first_start_makes_a_key_of_each_algorithm_that_signs_at_once(anew: Server) -> None:
    before = await anew.keys.ready()
    await anew.keys.tend()

    published = (await anew.get("/jwks")).json["keys"]

    assert (before, await anew.keys.ready()) == (False, True)
    assert sorted(kind(key) for key in published) == sorted(KINDS)
    assert sorted(key["use"] for key in published) == ["enc"] * 2 + ["sig"] * 4
    assert all(not {"d", "p", "q"} & key.keys() for key in published)


async def test_servers_that_start_at_once_agree_on_one_key(anew: Server, key: ServerKey) -> None:
    from twisted.internet import reactor
    from twisted.internet.defer import Deferred

    several = [build_keys(reactor, anew.clock_of_store(), anew.store, key) for _ in range(3)]

    await gatherResults([Deferred.fromCoroutine(keys.tend()) for keys in several])

    assert Counter(kind(key) for key in (await anew.get("/jwks")).json["keys"]) == dict.fromkeys(KINDS, 1)


async def test_h27_a_key_is_published_before_it_signs_and_after(anew: Server) -> None:
    await anew.keys.tend()
    (first,) = await kids(anew)

    anew.clock.advance((PERIOD - AHEAD).total_seconds() + 1)
    await anew.keys.tend()
    during = await kids(anew)
    signs = await signer(anew)
    anew.clock.advance(AHEAD.total_seconds())
    signs_then = await signer(anew)
    still = await kids(anew)
    anew.clock.advance(AFTERWARDS.total_seconds())
    at_last = await kids(anew)

    assert during[0] == first
    assert signs == first
    assert signs_then == during[1]
    assert still == during
    assert at_last == during[1:]
    assert timedelta(seconds=MAXIMUM_AGE) <= AHEAD


async def test_h27_whoever_keeps_the_key_set_for_its_time_verifies_every_token_of_a_year(anew: Server) -> None:
    """A relying party that asks only when its copy is too old; the clock turns by two hours."""
    await anew.keys.tend()
    known: set[str] = set()
    asked = None
    failures = []
    for hours in range(0, 366 * 24, 2):
        anew.clock.offset = hours * 3600.0
        await anew.keys.tend()
        if asked is None or hours * 3600 - asked >= MAXIMUM_AGE * 24:  # a day, far longer than allowed
            known, asked = {str(key["kid"]) for key in (await anew.keys.published())["keys"]}, hours * 3600
        if await signer(anew) not in known:
            failures.append(hours)

    assert failures == []
    assert len(await anew.store.signing_keys.all()) > 4 * len(KINDS)


async def test_a_key_that_is_retired_is_trusted_no_longer_and_replaced_at_once(anew: Server) -> None:
    await anew.keys.tend()
    token = await anew.keys.signed("ES256", TYP, {"a": 1})
    (kid,) = await kids(anew)
    before = await anew.keys.verified(token, TYP)

    alg = await anew.keys.retire(kid, by=SERVER)

    assert (before, alg) == ({"a": 1}, "ES256")
    assert await anew.keys.verified(token, TYP) is None
    assert kid not in await kids(anew)
    assert await anew.keys.verified(await anew.keys.signed("ES256", TYP, {}), TYP) == {}


async def test_an_id_token_of_a_session_of_a_month_is_known_after_its_key_was_replaced(anew: Server) -> None:
    """RP-Initiated Logout §4: it asks for the end of that session, although it has long expired."""
    await anew.keys.tend()
    anew.clock.advance((PERIOD - timedelta(hours=1)).total_seconds())
    await anew.keys.tend()
    token = await anew.keys.signed("RS256", "JWT", {"a": 1})
    anew.clock.advance(timedelta(days=30).total_seconds())
    await anew.keys.tend()

    claims = await anew.keys.verified(token, "JWT")

    assert claims == {"a": 1}


async def test_rotation_by_hand_waits_for_a_day_unless_it_must_not(anew: Server) -> None:
    await anew.keys.tend()
    (first,) = await kids(anew)

    await anew.keys.rotate("ES256", by=SERVER)
    waiting = await signer(anew)
    at_once = await anew.keys.rotate("ES256", at_once=True, by=SERVER)

    assert waiting == first
    assert at_once is not None
    assert await signer(anew) == at_once.kid


async def test_h25_the_database_holds_no_private_key_in_the_clear(anew: Server, admin: Any) -> None:
    await anew.keys.tend()
    admin.execute("select private_key, public_key::text from signing_keys")
    rows = admin.fetchall()

    assert len(rows) == len(KINDS)
    for private, public in rows:
        assert b"PRIVATE" not in bytes(private)
        assert '"d"' not in public


async def test_h25_another_servers_key_does_not_open_it(anew: Server) -> None:
    from cryptography.exceptions import InvalidTag
    from twisted.internet import reactor

    await anew.keys.tend()
    stranger = build_keys(reactor, anew.clock_of_store(), anew.store, ServerKey(b"another key, of another server's"))

    with pytest.raises(InvalidTag):
        await stranger.signed("ES256", TYP, {})


async def test_the_key_set_may_be_kept_for_an_hour(server: Server) -> None:
    reply = await server.get("/jwks")

    assert reply.header("cache-control") == f"public, max-age={MAXIMUM_AGE}"
    assert reply.header("content-type") == "application/json"
