"""Log in with iam: ID tokens and UserInfo, from end to end (OpenID Connect Core)."""

from joserfc import jwt
from joserfc.jwk import KeySet

from tests.harness import Server

SCOPE = "openid profile email"


async def verified(server: Server, token: str) -> jwt.Token:
    keys = KeySet.import_key_set((await server.get("/jwks")).json)
    return jwt.decode(token, keys, algorithms=["RS256", "ES256", "EdDSA", "PS256"])


async def test_a_code_for_openid_is_redeemed_for_an_id_token(server: Server) -> None:
    app, person = await server.app(scopes=("openid", "read")), await server.person()

    tokens = await server.tokens(app, person, scope="openid read", nonce="n-0S6")

    found = await verified(server, tokens["id_token"])
    assert found.header["alg"] == "RS256"
    assert found.claims["iss"] == server.settings.issuer
    assert found.claims["aud"] == app.client_id
    assert found.claims["sub"] == str(person.user_id)
    assert found.claims["nonce"] == "n-0S6"


async def test_userinfo_says_what_the_scopes_are_good_for(server: Server) -> None:
    app, person = await server.app(scopes=("openid", "profile", "read")), await server.person()
    tokens = await server.tokens(app, person, scope="openid profile")

    reply = await server.get("/userinfo", headers={"Authorization": "Bearer " + tokens["access_token"]})

    assert reply.status == 200
    assert reply.json["sub"] == str(person.user_id)
    assert reply.json["preferred_username"] == person.username
    assert "email" not in reply.json


async def test_a_refresh_answers_with_an_id_token_without_nonce(server: Server) -> None:
    app, person = await server.app(scopes=("openid", "read")), await server.person()
    tokens = await server.tokens(app, person, scope="openid", nonce="once")

    refreshed = await server.refresh(app, tokens["refresh_token"])

    claims = (await verified(server, refreshed.json["id_token"])).claims
    assert claims["sub"] == str(person.user_id)
    assert "nonce" not in claims
