"""ID tokens and UserInfo that only their client can read, and UserInfo that is signed (OpenID Connect Core §5.3.2, §10.2)."""

import json
from typing import Any

import pytest
from attrs import frozen
from joserfc import jwe, jwt
from joserfc.jwk import ECKey, KeySet, RSAKey

from iam.clients.encryption import ALGORITHMS, ENCODINGS
from tests.assertions import public
from tests.harness import App, Person, Reply, Server
from tests.homes import Home

SIGNING = ["RS256", "PS256", "ES256", "EdDSA", "Ed25519"]
RSA = RSAKey.generate_key(2048, {"kid": "rsa-enc", "use": "enc"})
EC = ECKey.generate_key("P-256", {"kid": "ec-enc", "use": "enc"})
SIGNS = ECKey.generate_key("P-256", {"kid": "sig", "use": "sig"})


@frozen
class Reader:
    """A client that can decrypt, with a person who uses it."""

    server: Server
    app: App
    person: Person

    def opened(self, text: str) -> jwe.CompactEncryption:
        return jwe.decrypt_compact(text, KeySet([RSA, EC]), algorithms=[*ALGORITHMS, *ENCODINGS])

    async def verified(self, text: str | bytes) -> jwt.Token:
        keys = KeySet.import_key_set((await self.server.get("/jwks")).json)
        return jwt.decode(text, keys, algorithms=SIGNING)

    async def user_info(self) -> Reply:
        tokens = await self.server.tokens(self.app, self.person, scope="openid profile")
        return await self.server.get("/userinfo", headers={"Authorization": "Bearer " + tokens["access_token"]})


async def reader(
    server: Server, *, keys: dict[str, Any] | None = None, jwks_uri: str | None = None, **metadata: Any
) -> Reader:
    """A client with these wishes."""
    jwks = None if jwks_uri else (keys or public(SIGNS, RSA, EC))
    app = await server.app(scopes=("openid", "profile", "read"), jwks=jwks, jwks_uri=jwks_uri, **metadata)
    return Reader(server, app, await server.person())


@pytest.mark.parametrize("enc", [None, *ENCODINGS])
@pytest.mark.parametrize("alg", ALGORITHMS)
async def test_an_id_token_is_signed_and_then_encrypted_as_the_client_wants_it(
    server: Server, alg: str, enc: str | None
) -> None:
    client = await reader(server, id_token_encrypted_response_alg=alg, id_token_encrypted_response_enc=enc)

    tokens = await server.tokens(client.app, client.person, scope="openid", nonce="n-1")

    opened = client.opened(tokens["id_token"])
    assert opened.plaintext is not None
    inner = await client.verified(opened.plaintext)
    assert (opened.protected["alg"], opened.protected["enc"]) == (alg, enc or "A128CBC-HS256")
    assert opened.protected["cty"] == "JWT"
    assert (inner.claims["aud"], inner.claims["nonce"]) == (client.app.client_id, "n-1")


async def test_a_refresh_answers_with_an_encrypted_id_token_too(server: Server) -> None:
    client = await reader(server, id_token_encrypted_response_alg="ECDH-ES")
    tokens = await server.tokens(client.app, client.person, scope="openid")

    refreshed = (await server.refresh(client.app, tokens["refresh_token"])).json

    assert client.opened(refreshed["id_token"]).protected["kid"] == "ec-enc"


@pytest.mark.parametrize("alg", SIGNING)
async def test_userinfo_is_signed_if_the_client_wants_it(server: Server, alg: str) -> None:
    client = await reader(server, userinfo_signed_response_alg=alg)

    reply = await client.user_info()

    token = await client.verified(reply.text)
    assert reply.header("content-type") == "application/jwt"
    assert token.header["alg"] == alg
    assert token.claims["iss"] == server.settings.issuer
    assert token.claims["aud"] == client.app.client_id
    assert token.claims["sub"] == str(client.person.user_id)
    assert token.claims["preferred_username"] == client.person.username


async def test_userinfo_is_encrypted_without_a_signature_if_the_client_wants_that(server: Server) -> None:
    client = await reader(
        server, userinfo_encrypted_response_alg="RSA-OAEP-256", userinfo_encrypted_response_enc="A256GCM"
    )

    reply = await client.user_info()

    opened = client.opened(reply.text)
    assert opened.plaintext is not None
    assert reply.header("content-type") == "application/jwt"
    assert "cty" not in opened.protected
    assert json.loads(opened.plaintext)["sub"] == str(client.person.user_id)


async def test_userinfo_is_signed_and_then_encrypted_if_the_client_wants_both(server: Server) -> None:
    client = await reader(
        server, userinfo_signed_response_alg="ES256", userinfo_encrypted_response_alg="ECDH-ES+A256KW"
    )

    reply = await client.user_info()

    opened = client.opened(reply.text)
    assert opened.plaintext is not None
    assert opened.protected["cty"] == "JWT"
    assert (await client.verified(opened.plaintext)).claims["aud"] == client.app.client_id


async def test_a_code_is_not_used_up_while_the_clients_keys_are_out_of_reach(
    server: Server, home: Home, admin: Any
) -> None:
    home.status = 500
    client = await reader(server, jwks_uri=home.uri, id_token_encrypted_response_alg="RSA-OAEP")
    code = await server.code(client.app, client.person, scope="openid")

    refused = await server.redeem(client.app, code)

    admin.execute("select used_at from authorization_codes")
    assert (refused.status, refused.json["error"], refused.header("Retry-After")) == (
        503,
        "temporarily_unavailable",
        "1",
    )
    assert admin.fetchall() == [(None,)]


async def test_a_refresh_token_is_not_used_up_while_the_clients_keys_are_out_of_reach(
    server: Server, home: Home
) -> None:
    home.document = public(RSA)
    client = await reader(server, jwks_uri=home.uri, id_token_encrypted_response_alg="RSA-OAEP")
    tokens = await server.tokens(client.app, client.person, scope="openid")
    server.clock.advance(3601)
    home.status = 500

    refused = await server.refresh(client.app, tokens["refresh_token"])
    home.status = 200
    server.clock.advance(61)
    again = await server.refresh(client.app, tokens["refresh_token"])

    assert (refused.status, refused.json["error"], refused.header("Retry-After")) == (
        503,
        "temporarily_unavailable",
        "1",
    )
    assert client.opened(again.json["id_token"]).protected["kid"] == "rsa-enc"


async def test_a_client_without_a_fitting_key_is_told_so_and_loses_nothing(server: Server, admin: Any) -> None:
    client = await reader(server, keys=public(SIGNS, EC), id_token_encrypted_response_alg="RSA-OAEP")
    code = await server.code(client.app, client.person, scope="openid")

    refused = await server.redeem(client.app, code)

    assert (refused.status, refused.json["error"]) == (400, "invalid_request")
    assert "RSA-OAEP" in refused.json["error_description"]
    admin.execute("select used_at from authorization_codes")
    assert admin.fetchall() == [(None,)]


async def test_a_new_key_is_encrypted_to_as_soon_as_the_old_one_is_gone(server: Server, home: Home) -> None:
    home.document = public(EC)
    client = await reader(server, jwks_uri=home.uri, userinfo_encrypted_response_alg="RSA-OAEP")
    before = await client.user_info()
    home.document = public(EC, RSA)
    server.clock.advance(61)

    after = await client.user_info()

    assert (before.status, before.json["error"]) == (400, "invalid_request")
    assert client.opened(after.text).protected["kid"] == "rsa-enc"


async def test_userinfo_is_not_given_in_the_clear_while_the_clients_keys_are_out_of_reach(
    server: Server, home: Home
) -> None:
    home.status = 500
    client = await reader(server, jwks_uri=home.uri, userinfo_encrypted_response_alg="RSA-OAEP")

    reply = await client.user_info()

    assert (reply.status, reply.json["error"], reply.header("Retry-After")) == (503, "temporarily_unavailable", "1")
    assert set(reply.json) == {"error", "error_description", "error_uri"}


async def test_the_owner_can_read_which_key_is_missing(server: Server) -> None:
    await server.store.refusals.flush()  # so that none of other tests are in the way
    client = await reader(server, keys=public(SIGNS, EC), id_token_encrypted_response_alg="RSA-OAEP-256")
    code = await server.code(client.app, client.person, scope="openid")

    refused = await server.redeem(client.app, code)

    await server.store.refusals.flush()
    trace = await server.store.refusals.find(refused.json["error_uri"].rpartition("/")[2], server.now())
    assert trace is not None
    assert (trace.failed, trace.client_id) == ("encryption to the application", client.app.client_id)
    assert "RSA-OAEP-256" in trace.expected
