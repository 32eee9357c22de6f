"""The implicit flow: only where the server is told so, only for clients that are registered for it (OpenID Connect Core §3.2)."""

import hashlib
import json
from base64 import urlsafe_b64encode
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from iam.records.actor import SERVER
from iam.records.client_metadata import Metadata
from iam.records.invalid import Invalid
from tests.harness import REDIRECT_URI, App, Person, Reply, Server

Configured = Callable[..., Server]
FRONT: dict[str, str | None] = {
    "code_challenge": None,
    "code_challenge_method": None,
    "scope": "openid",
    "nonce": "n-0S6",
}


@pytest.fixture
def front(configured: Configured) -> Server:
    """A server with the implicit flow."""
    return configured(implicit=True)


async def app_of(server: Server, *grant_types: str) -> App:
    scopes = ("openid", "profile", "email", "read")
    return await server.app(auth_method="none", grant_types=grant_types or ("implicit",), scopes=scopes)


async def ask(server: Server, app: App, person: Person, response_type: str, **parameters: str | None) -> Reply:
    return await server.authorize(app, person, response_type=response_type, **{**FRONT, **parameters})


def brought(reply: Reply) -> dict[str, str]:
    """What stands in the fragment; nothing may stand in the query."""
    parts = urlsplit(reply.location)
    assert (reply.status, parts.query) == (303, ""), reply.text
    return {name: values[0] for name, values in parse_qs(parts.fragment).items()}


async def verified(server: Server, token: str) -> dict[str, Any]:
    keys = KeySet.import_key_set((await server.get("/jwks")).json)
    return jwt.decode(token, keys, algorithms=["RS256"]).claims


async def test_an_id_token_alone_comes_by_the_fragment_with_the_claims_of_its_scopes(front: Server) -> None:
    app, person = await app_of(front), await front.person("ada")

    told = brought(await ask(front, app, person, "id_token", scope="openid profile"))

    claims = await verified(front, told["id_token"])
    assert set(told) == {"id_token", "state", "iss"}
    assert (claims["sub"], claims["aud"], claims["nonce"]) == (str(person.user_id), app.client_id, "n-0S6")
    assert claims["preferred_username"] == "ada"
    assert "at_hash" not in claims


@pytest.mark.parametrize("response_type", ["id_token token", "token id_token"])
async def test_an_access_token_comes_beside_it_in_either_order(front: Server, response_type: str) -> None:
    app, person = await app_of(front), await front.person()

    told = brought(await ask(front, app, person, response_type))

    claims = await verified(front, told["id_token"])
    half = hashlib.sha256(told["access_token"].encode()).digest()[:16]
    assert set(told) == {"access_token", "expires_in", "id_token", "iss", "scope", "state", "token_type"}
    assert told["token_type"] == "Bearer"
    assert claims["at_hash"] == urlsafe_b64encode(half).rstrip(b"=").decode()
    reply = await front.get("/userinfo", headers={"Authorization": f"Bearer {told['access_token']}"})
    assert reply.json["sub"] == claims["sub"]


async def test_it_may_come_by_a_form(front: Server) -> None:
    app, person = await app_of(front), await front.person()

    page = await ask(front, app, person, "id_token", response_mode="form_post")

    assert page.status == 200
    assert 'name="id_token"' in page.text


async def test_it_never_comes_by_the_query(front: Server) -> None:
    app, person = await app_of(front), await front.person()

    told = brought(await ask_directly(front, app, person, response_mode="query"))

    assert told["error"] == "invalid_request"


async def ask_directly(server: Server, app: App, person: Person, **parameters: str | None) -> Reply:
    """An answer to the GET, as errors are."""
    reply = await ask(server, app, person, parameters.pop("response_type", None) or "id_token", **parameters)
    assert reply.status == 302
    return Reply(303, reply.headers, reply.body)


@pytest.mark.parametrize("without", ["nonce", "scope"])
async def test_it_needs_a_nonce_and_the_scope_openid(front: Server, without: str) -> None:
    app, person = await app_of(front), await front.person()

    told = brought(await ask_directly(front, app, person, **{without: None}))

    assert (told["error"], told["state"]) == ("invalid_request", "xyz")


async def test_a_client_that_is_not_registered_for_it_is_refused(front: Server) -> None:
    app, person = await app_of(front, "authorization_code"), await front.person()

    told = brought(await ask_directly(front, app, person))

    assert told["error"] == "unauthorized_client"


async def test_a_client_that_is_registered_for_it_alone_gets_no_code(front: Server) -> None:
    app, person = await app_of(front), await front.person()

    reply = await front.authorize(app, person, scope="openid")

    assert reply.sent_back["error"] == "unauthorized_client"


@pytest.mark.parametrize("response_type", ["token", "code id_token", "code token", "id_token id_token", ""])
async def test_other_response_types_are_refused(front: Server, response_type: str) -> None:
    app, person = await app_of(front, "implicit", "authorization_code"), await front.person()

    reply = await ask(front, app, person, response_type)

    assert reply.sent_back["error"] in {"unsupported_response_type", "invalid_request"}


async def test_who_refuses_is_believed(front: Server) -> None:
    app, person = await app_of(front), await front.person()

    told = brought(await front.authorize(app, person, "deny", response_type="id_token", **FRONT))

    assert told["error"] == "access_denied"


async def test_what_was_given_out_ends_with_the_session(front: Server) -> None:
    app, person = await app_of(front), await front.person()
    told = brought(await ask(front, app, person, "id_token token"))
    now = front.now()
    for presence in await front.store.sessions.living(now, now.replace(year=2000), user_id=person.user_id):
        await front.store.sessions.revoke(presence.id, now, by=SERVER)

    reply = await front.get("/userinfo", headers={"Authorization": f"Bearer {told['access_token']}"})

    assert reply.status == 401


async def test_no_code_comes_with_it_that_could_be_redeemed(front: Server, admin: Any) -> None:
    app, person = await app_of(front), await front.person()

    told = brought(await ask(front, app, person, "id_token token"))

    assert "code" not in told
    admin.execute("select count(*) from refresh_tokens")
    assert admin.fetchone() == (0,)


async def test_discovery_says_so(front: Server, server: Server) -> None:
    there = (await front.get("/.well-known/openid-configuration")).json
    elsewhere = (await server.get("/.well-known/openid-configuration")).json

    assert there["response_types_supported"] == ["code", "none", "id_token", "id_token token"]
    assert "implicit" in there["grant_types_supported"]
    assert elsewhere["response_types_supported"] == ["code", "none"]
    assert "implicit" not in elsewhere["grant_types_supported"]


@pytest.mark.parametrize("response_type", ["id_token", "id_token token"])
async def test_a_server_that_is_not_told_so_has_none_of_it(server: Server, response_type: str) -> None:
    app, person = await app_of(server, "implicit", "authorization_code"), await server.person()

    reply = await ask(server, app, person, response_type)

    assert reply.sent_back["error"] == "unsupported_response_type"


async def test_clients_are_registered_for_it_only_there_and_only_with_https(configured: Configured) -> None:
    front = configured(implicit=True, registration="open")

    async def register(**members: Any) -> Reply:
        document = {
            "grant_types": ["implicit"],
            "response_types": ["id_token"],
            "redirect_uris": [REDIRECT_URI],
            **members,
        }
        headers = {"Content-Type": "application/json"}
        return await front.post("/register", json.dumps(document).encode(), headers=headers)

    good = await register()
    plain = await register(redirect_uris=["http://localhost/callback"])
    mixed = await register(grant_types=["authorization_code"])

    assert (good.status, good.json["response_types"]) == (201, ["id_token", "id_token token"])
    assert (plain.status, plain.json["error"]) == (400, "invalid_redirect_uri")
    assert (mixed.status, mixed.json["error"]) == (400, "invalid_client_metadata")


async def test_nobody_is_registered_for_it_elsewhere(server: Server) -> None:
    with pytest.raises(Invalid) as refused:
        await server.registration.judge(Metadata("Front", "none", ("implicit",), (REDIRECT_URI,), ("openid",)))

    assert set(refused.value.complaints) == {"grant_types"}


async def test_a_client_that_may_not_ask_for_an_identity_gets_no_id_token(front: Server) -> None:
    app = await front.app(auth_method="none", grant_types=("implicit",), scopes=("profile", "read"))

    reply = await ask(front, app, await front.person("ada"), "id_token", scope="openid profile")

    told = parse_qs(urlsplit(reply.location).fragment)
    assert (told["error"], "id_token" in told) == (["invalid_scope"], False)
