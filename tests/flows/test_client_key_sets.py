"""Clients whose keys are at a jwks_uri: fetched, kept, and fetched again when they change (RFC 7591 §2, H35)."""

from typing import Any

import pytest
from attrs import evolve

from iam.records.actor import SERVER
from iam.records.client_metadata import Metadata
from tests.assertions import GRANT, Signer, form, make, public
from tests.harness import Reply, Server
from tests.homes import Home


async def at_home(server: Server, home: Home, alg: str = "ES256") -> Signer:
    """A client with its keys at an address."""
    key = make(alg)
    home.document, home.kind = public(key), "application/jwk-set+json"
    app = await server.app(auth_method="private_key_jwt", jwks_uri=home.uri)
    return Signer(app.client_id, key, alg, server.settings.issuer, now=server.clock.seconds())


async def token(server: Server, signer: Signer) -> Reply:
    return await server.post("/token", form(evolve(signer, now=server.clock.seconds()).assertion(), **GRANT))


async def test_the_keys_are_fetched_once_and_kept(server: Server, home: Home) -> None:
    signer = await at_home(server, home)

    replies = [await token(server, signer) for _ in range(3)]

    assert [reply.status for reply in replies] == [200, 200, 200]
    assert home.asked == 1


async def test_a_new_key_is_fetched_when_it_is_first_used(server: Server, home: Home) -> None:
    signer = await at_home(server, home)
    await token(server, signer)
    new = evolve(signer, key=make("ES256"))
    home.document = public(new.key)

    replies = [await token(server, new), await token(server, signer)]

    assert [reply.status for reply in replies] == [200, 401]
    assert home.asked == 2


async def test_a_new_key_without_kid_is_fetched_too(server: Server, home: Home) -> None:
    signer = await at_home(server, home)
    await token(server, signer)
    new = evolve(signer, key=make("ES256"))
    home.document = {"keys": [{name: value for name, value in public(new.key)["keys"][0].items() if name != "kid"}]}

    assert (await token(server, new)).status == 200


async def test_signatures_that_do_not_fit_cause_one_request_a_minute(server: Server, home: Home) -> None:
    signer = await at_home(server, home)
    await token(server, signer)
    forger = evolve(signer, key=make("ES256"))

    replies = [await token(server, forger) for _ in range(5)]
    asked = home.asked
    server.clock.advance(61)
    await token(server, forger)

    assert [reply.status for reply in replies] == [401] * 5
    assert (asked, home.asked) == (2, 3)


async def test_an_unknown_key_right_after_the_first_request_causes_no_second_one(server: Server, home: Home) -> None:
    signer = await at_home(server, home)

    reply = await token(server, evolve(signer, key=make("ES256")))

    assert reply.status == 401
    assert home.asked == 1


async def test_keys_that_cannot_be_fetched_authenticate_nobody(server: Server, home: Home) -> None:
    signer = await at_home(server, home)
    home.status = 503

    reply = await token(server, signer)

    assert (reply.status, reply.json["error"]) == (401, "invalid_client")
    assert "cannot be fetched" in reply.json["error_description"]
    assert "503" not in reply.text


async def test_an_address_that_failed_is_asked_again_in_a_minute(server: Server, home: Home) -> None:
    signer = await at_home(server, home)
    home.status = 503
    await token(server, signer)
    home.status = 200

    soon = await token(server, signer)
    server.clock.advance(61)
    later = await token(server, signer)

    assert (soon.status, later.status) == (401, 200)
    assert home.asked == 2


@pytest.mark.parametrize("document", [{}, [], {"keys": []}, {"keys": [7]}, {"keys": [{"kty": "oct", "k": "AA"}]}])
async def test_a_key_set_that_is_none_authenticates_nobody(server: Server, home: Home, document: Any) -> None:
    signer = await at_home(server, home)
    home.document = document

    assert (await token(server, signer)).status == 401


async def test_a_secret_in_a_fetched_key_set_is_no_key(server: Server, home: Home) -> None:
    signer = await at_home(server, home)
    home.document["keys"].append({"kty": "oct", "k": "c2VjcmV0LXRoYXQtaXMtcHVibGljLWFuZC1sb25nLWVub3VnaA"})

    assert (await token(server, signer)).status == 401


async def test_a_new_address_is_asked_at_once(server: Server, home: Home) -> None:
    signer = await at_home(server, home)
    await token(server, signer)
    new = evolve(signer, key=make("ES256"))
    client = await server.store.clients.read(signer.client_id)
    assert client is not None

    await server.store.clients.update(
        client.id,
        Metadata(
            client.name,
            client.auth_method,
            client.grant_types,
            client.redirect_uris,
            client.scopes,
            jwks=public(new.key),
        ),
        server.now(),
        by=SERVER,
    )

    assert [(await token(server, each)).status for each in (signer, new)] == [401, 200]
