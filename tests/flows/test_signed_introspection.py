"""Introspection answers in a JWT (RFC 9701)."""

from typing import Any

import pytest
from joserfc import jwe, jwt
from joserfc.jwk import ECKey, KeySet

from iam.clients import encryption
from tests.harness import App, Reply, Server

JWT = "application/token-introspection+jwt"
PLAIN = "application/json"
ALGORITHMS = ["RS256", "ES256", "PS256", "EdDSA", "Ed25519"]


async def introspected(server: Server, app: App, token: str, accept: str = JWT) -> Reply:
    return await server.post("/introspect", {**app.form, "token": token}, headers={"Accept": accept})


async def verified(server: Server, text: str, app: App) -> Any:
    """The algorithm and the claims of the answer, checked as its reader would."""
    keys = KeySet.import_key_set((await server.get("/jwks")).json)
    found = jwt.decode(text, keys, algorithms=ALGORITHMS)
    assert found.header["typ"] == "token-introspection+jwt"
    assert (found.claims["iss"], found.claims["aud"]) == (server.settings.issuer, app.client_id)
    assert abs(found.claims["iat"] - server.clock.seconds()) < 5
    return found.header["alg"], found.claims


async def own_token(server: Server, app: App) -> str:
    return str((await server.token(app, grant_type="client_credentials", scope="read")).json["access_token"])


@pytest.mark.parametrize("alg", ALGORITHMS)
async def test_who_asks_for_a_jwt_gets_what_the_json_would_say(server: Server, alg: str) -> None:
    app = await server.app(introspection_signed_response_alg=alg)
    token = await own_token(server, app)

    reply, plain = await introspected(server, app, token), await introspected(server, app, token, PLAIN)

    assert (reply.status, reply.header("content-type"), reply.header("cache-control")) == (200, JWT, "no-store")
    used, claims = await verified(server, reply.text, app)
    assert (used, claims["token_introspection"]) == (alg, plain.json)
    assert not {"sub", "exp", "jti", "scope", "client_id"} & claims.keys()


async def test_an_inactive_token_is_nothing_more_in_a_jwt_too(server: Server) -> None:
    app, other = await server.app(), await server.app()
    token = await own_token(server, other)

    for text in (token, "x", "a.b.c"):
        _, claims = await verified(server, (await introspected(server, app, text)).text, app)
        assert claims["token_introspection"] == {"active": False}


@pytest.mark.parametrize(
    ("accept", "signed"),
    [
        (JWT, True),
        (f"application/json;q=0.5, {JWT.upper()};q=0.9", True),
        (PLAIN, False),
        ("*/*", False),
        ("application/*", False),
        ("application/jwt", False),
        (f"{JWT}x", False),
    ],
)
async def test_a_jwt_comes_only_where_its_type_is_named(server: Server, accept: str, signed: bool) -> None:
    app = await server.app()

    reply = await introspected(server, app, await own_token(server, app), accept)

    assert reply.header("content-type") == (JWT if signed else PLAIN)


async def test_the_jwt_is_encrypted_to_a_client_that_is_registered_for_it(server: Server) -> None:
    key = ECKey.generate_key("P-256", {"use": "enc"})
    app = await server.app(
        jwks={"keys": [key.as_dict(private=False)]}, introspection_encrypted_response_alg="ECDH-ES+A128KW"
    )
    reply = await introspected(server, app, await own_token(server, app))

    opened = jwe.decrypt_compact(reply.text, key, algorithms=[*encryption.ALGORITHMS, *encryption.ENCODINGS])
    assert opened.plaintext is not None
    _, claims = await verified(server, opened.plaintext.decode(), app)
    assert claims["token_introspection"]["active"] is True


async def test_nothing_is_sent_unencrypted_instead(server: Server) -> None:
    app = await server.app(introspection_encrypted_response_alg="ECDH-ES+A128KW")

    reply = await introspected(server, app, await own_token(server, app))

    assert (reply.status, reply.json["error"]) == (400, "invalid_request")


async def test_the_jwt_passes_for_no_token(server: Server) -> None:
    app = await server.app()
    text = (await introspected(server, app, await own_token(server, app))).text

    assert await server.introspect(app, text) == {"active": False}
    assert (await server.get("/resource", headers={"Authorization": f"Bearer {text}"})).status == 401


async def test_who_cannot_prove_itself_gets_no_jwt(server: Server) -> None:
    app = await server.app()
    token = await own_token(server, app)

    reply = await introspected(server, App(app.client_id, "wrong"), token)

    assert (reply.status, reply.json["error"]) == (401, "invalid_client")
