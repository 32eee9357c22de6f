"""Authorization responses in a JWT, signed and encrypted (JARM), and the response type none (Multiple Response Types §4)."""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from iam.authorization.response import MODES, SIGNED
from iam.authorization.signed_responses import LIFETIME
from iam.clients.encryption import ALGORITHMS
from tests.flows.test_encrypted_responses import SIGNING, SIGNS, reader
from tests.harness import REDIRECT_URI, Reply, Server, action, fields
from tests.pushing import Browser, handle
from tests.receivers import verified

Configured = Callable[..., Server]


def response(reply: Reply, mode: str) -> str:
    """The JWT, which comes alone and by this way."""
    if mode == "form_post.jwt":
        assert (reply.status, action(reply.text)) == (200, REDIRECT_URI)
        members = fields(reply.text)
    else:
        parts = urlsplit(reply.location)
        assert reply.location.startswith(REDIRECT_URI + {"query.jwt": "?", "fragment.jwt": "#"}[mode])
        members = {name: value for name, (value,) in parse_qs(parts.query or parts.fragment).items()}
    assert set(members) == {"response"}
    return members["response"]


@pytest.mark.parametrize(("mode", "way"), [("jwt", "query.jwt"), *zip(SIGNED, SIGNED, strict=True)])
async def test_a_code_comes_in_a_jwt(server: Server, mode: str, way: str) -> None:
    app, person = await server.app(), await server.person()
    server.clock.stop()

    reply = await server.authorize(app, person, response_mode=mode)

    claims = (await verified(server, response(reply, way))).claims
    assert set(claims) == {"code", "state", "iss", "aud", "exp"}
    assert (claims["iss"], claims["aud"], claims["state"]) == (server.settings.issuer, app.client_id, "xyz")
    assert claims["exp"] == int(server.clock.seconds()) + LIFETIME
    assert (await server.redeem(app, claims["code"])).status == 200


@pytest.mark.parametrize("alg", SIGNING)
async def test_the_client_is_registered_for_the_algorithm(server: Server, alg: str) -> None:
    app, person = await server.app(authorization_signed_response_alg=alg), await server.person()

    reply = await server.authorize(app, person, response_mode="jwt")

    token = await verified(server, response(reply, "query.jwt"), tuple(SIGNING))
    assert token.header["alg"] == alg


@pytest.mark.parametrize("mode", SIGNED)
@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"scope": "admin"}, "invalid_scope"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": None}, "invalid_request"),
        ({"code_challenge": "x"}, "invalid_request"),
        ({"scope": "openid", "prompt": "none", "max_age": "0"}, "login_required"),
    ],
    ids=str,
)
async def test_every_error_comes_in_a_jwt_too(server: Server, mode: str, wrong: dict[str, Any], error: str) -> None:
    app, person = await server.app(scopes=("openid", "read")), await server.person()
    server.clock.advance(10)

    reply = await server.authorize(app, person, **{"response_mode": mode, "scope": "read", **wrong})

    claims = (await verified(server, response(reply, mode))).claims
    assert (claims["error"], claims["state"], claims["aud"]) == (error, "xyz", app.client_id)
    assert claims["error_uri"].startswith(server.settings.issuer + "/errors/")


async def test_a_refusal_of_the_person_comes_in_a_jwt(server: Server) -> None:
    app, person = await server.app(), await server.person()

    reply = await server.authorize(app, person, "deny", response_mode="jwt")

    assert (await verified(server, response(reply, "query.jwt"))).claims["error"] == "access_denied"


@pytest.mark.parametrize("alg", ALGORITHMS)
async def test_a_response_is_encrypted_to_the_client(server: Server, alg: str) -> None:
    client = await reader(server, authorization_encrypted_response_alg=alg)

    reply = await server.authorize(client.app, client.person, response_mode="jwt", scope="read")

    opened = client.opened(response(reply, "query.jwt"))
    assert (opened.protected["alg"], opened.protected["enc"]) == (alg, "A128CBC-HS256")
    assert opened.plaintext is not None
    assert "code" in (await client.verified(opened.plaintext)).claims


async def test_without_the_clients_key_nothing_is_sent_and_no_code_made(server: Server, admin: Any) -> None:
    client = await reader(
        server, keys={"keys": [SIGNS.as_dict(private=False)]}, authorization_encrypted_response_alg="ECDH-ES"
    )

    replies = [
        await server.authorize(client.app, client.person, response_mode="jwt", scope=scope)
        for scope in ("read", "unheard-of")
    ]

    assert [(reply.status, reply.location) for reply in replies] == [(400, ""), (400, "")]
    assert all("encrypted answer" in reply.text for reply in replies)
    admin.execute("select count(*) from authorization_codes")
    assert admin.fetchone() == (0,)


async def test_a_pushed_request_is_answered_in_a_jwt(server: Server) -> None:
    app, person = await server.app(), await server.person()
    browser = Browser(server, person)

    reply = await browser.decide(await browser.open(app.client_id, await handle(server, app, response_mode="jwt")))

    assert "code" in (await verified(server, response(reply, "query.jwt"))).claims


async def test_no_form_with_a_jwt_leads_to_the_scheme_of_an_app(server: Server) -> None:
    uri = "com.example.app:/callback"
    app = await server.app(auth_method="none", grant_types=("authorization_code",), redirect_uris=(uri,))

    reply = await server.authorize(app, await server.person(), redirect_uri=uri, response_mode="form_post.jwt")

    assert reply.location.startswith(uri + "?error=invalid_request")


# Tokens at the authorization endpoint (--implicit)


async def implicit(server: Server, mode: str, **metadata: Any) -> tuple[Any, Reply]:
    client = await reader(server, grant_types=("implicit",), **metadata)
    asked = {"response_type": "id_token", "nonce": "n-1", "scope": "openid", "response_mode": mode}
    return client, await server.authorize(
        client.app, client.person, **asked, code_challenge=None, code_challenge_method=None
    )


@pytest.mark.parametrize(("mode", "way"), [("jwt", "fragment.jwt"), ("form_post.jwt", "form_post.jwt")])
async def test_an_id_token_comes_in_a_jwt(configured: Configured, mode: str, way: str) -> None:
    server = configured(implicit=True)

    _, reply = await implicit(server, mode)

    assert "id_token" in (await verified(server, response(reply, way))).claims


async def test_tokens_are_in_the_query_only_where_they_are_encrypted(configured: Configured) -> None:
    """JARM §2.3.1."""
    server = configured(implicit=True)

    _, plain = await implicit(server, "query.jwt")
    client, encrypted = await implicit(server, "query.jwt", authorization_encrypted_response_alg="ECDH-ES")

    assert parse_qs(urlsplit(plain.location).fragment)["error"] == ["invalid_request"]
    opened = client.opened(response(encrypted, "query.jwt"))
    assert "id_token" in (await client.verified(opened.plaintext)).claims


# Nothing but the answer


async def test_the_person_is_asked_and_the_client_gets_no_code(server: Server, admin: Any) -> None:
    app, person = await server.app(), await server.person()

    reply = await server.authorize(app, person, response_type="none", scope="read")
    refused = await server.authorize(app, person, "deny", response_type="none", scope="write")

    assert reply.location.startswith(REDIRECT_URI + "?")
    assert reply.sent_back == {"state": "xyz", "iss": server.settings.issuer}
    assert refused.sent_back["error"] == "access_denied"
    admin.execute("select scopes from consents where user_id = %s", (person.user_id,))
    assert admin.fetchall() == [(["read"],)]
    server.clock.advance(server.settings.authorization_code_lifetime + 1)
    admin.execute("select count(*) from grants where user_id = %s and expires_at > %s", (person.user_id, server.now()))
    assert admin.fetchone() == (0,)


async def test_nothing_but_the_answer_needs_no_challenge(server: Server) -> None:
    app = await server.app(auth_method="none", grant_types=("authorization_code",))

    reply = await server.authorize(
        app, await server.person(), response_type="none", code_challenge=None, code_challenge_method=None
    )

    assert set(reply.sent_back) == {"state", "iss"}


async def test_nothing_but_the_answer_comes_in_a_jwt(server: Server) -> None:
    app = await server.app()

    reply = await server.authorize(app, await server.person(), response_type="none", response_mode="jwt")

    assert set((await verified(server, response(reply, "query.jwt"))).claims) == {"state", "iss", "aud", "exp"}


@pytest.mark.parametrize("words", ["none code", "code none", "none id_token", "none none"])
async def test_none_stands_alone(server: Server, words: str) -> None:
    app = await server.app()

    reply = await server.authorize(app, await server.person(), response_type=words)

    assert reply.sent_back["error"] == "unsupported_response_type"


async def test_a_client_without_the_grant_may_not_ask_even_for_nothing(server: Server) -> None:
    app = await server.app(grant_types=("client_credentials",))

    reply = await server.authorize(app, await server.person(), response_type="none")

    assert reply.sent_back["error"] == "unauthorized_client"


async def test_all_modes_and_types_are_in_the_metadata(server: Server) -> None:
    told = (await server.get("/.well-known/oauth-authorization-server")).json

    assert told["response_modes_supported"] == list(MODES)
    assert told["response_types_supported"] == ["code", "none"]
    assert set(told["authorization_signing_alg_values_supported"]) == set(SIGNING)
