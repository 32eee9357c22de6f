"""Access tokens that are bound to a key by DPoP (RFC 9449 §5 to §7)."""

import json
from base64 import urlsafe_b64decode
from collections.abc import Callable

import pytest

from iam.clients.dpop_headers import ALGORITHMS
from iam.records.actor import SERVER
from tests.dpop import Holder
from tests.harness import App, Reply, Server
from tests.pushing import Browser, asking
from tests.request_objects import asking as signing

SELF = {"grant_type": "client_credentials"}


async def bound(server: Server, app: App, holder: Holder) -> str:
    """An access token of the client for itself, bound to the holder's key."""
    reply = await server.post("/token", SELF, headers={**app.basic, "DPoP": holder.proof()})
    assert (reply.status, reply.json.get("token_type")) == (200, "DPoP"), reply.body
    return str(reply.json["access_token"])


async def test_a_token_is_bound_to_the_key_of_the_proof(server: Server) -> None:
    app, holder = await server.app(introspect_any=True), Holder(server)

    token = await bound(server, app, holder)

    told = await server.introspect(app, token)
    assert (told["token_type"], told["cnf"]) == ("DPoP", {"jkt": holder.jkt})


async def test_a_resource_takes_a_bound_token_with_a_proof(server: Server) -> None:
    app, holder = await server.app(), Holder(server)

    reply = await holder.call(await bound(server, app, holder))

    assert (reply.status, reply.json["cnf"]) == (200, {"jkt": holder.jkt})
    assert reply.header("dpop-nonce") == server.nonce


async def test_a_bearer_token_is_no_bound_token(server: Server) -> None:
    app, holder = await server.app(), Holder(server)
    token = (await server.token(app, **SELF)).json["access_token"]

    reply = await holder.call(token)

    assert (reply.status, reply.json["error"]) == (401, "invalid_token")
    assert (reply.header("www-authenticate") or "").startswith("DPoP ")


# Codes and refresh tokens


async def test_tokens_of_a_public_client_are_bound_with_its_refresh_token(server: Server) -> None:
    app, person, holder = await server.app(auth_method="none"), await server.person(), Holder(server)
    reply = await server.redeem(app, await server.code(app, person), holder.proof())
    assert reply.json["token_type"] == "DPoP"

    for proof in (None, Holder(server).proof()):
        refused = await server.refresh(app, reply.json["refresh_token"], proof)
        assert (refused.status, refused.json["error"]) == (400, "invalid_grant")

    again = await server.refresh(app, reply.json["refresh_token"], holder.proof())
    assert (again.status, again.json["token_type"]) == (200, "DPoP")
    assert (await holder.call(again.json["access_token"])).status == 200
    assert (await server.refresh(app, again.json["refresh_token"])).json["error"] == "invalid_grant"


async def test_a_refresh_token_of_a_confidential_client_is_bound_to_the_client(server: Server) -> None:
    app, person, holder = await server.app(), await server.person(), Holder(server)
    first = (await server.redeem(app, await server.code(app, person), holder.proof())).json

    other = Holder(server)
    second = (await server.refresh(app, first["refresh_token"], other.proof())).json
    third = (await server.refresh(app, second["refresh_token"])).json

    assert [each["token_type"] for each in (first, second, third)] == ["DPoP", "DPoP", "Bearer"]
    assert (await other.call(second["access_token"])).status == 200


async def test_a_refresh_token_that_was_bound_to_no_key_becomes_so(server: Server) -> None:
    app, person, holder = await server.app(auth_method="none"), await server.person(), Holder(server)
    first = await server.tokens(app, person)

    second = (await server.refresh(app, first["refresh_token"], holder.proof())).json

    assert second["token_type"] == "DPoP"
    assert (await server.refresh(app, second["refresh_token"])).json["error"] == "invalid_grant"


async def test_a_lost_answer_comes_again_for_the_same_key_alone(server: Server) -> None:
    app, person, holder = await server.app(), await server.person(), Holder(server)
    first = (await server.redeem(app, await server.code(app, person), holder.proof())).json
    lost = (await server.refresh(app, first["refresh_token"], holder.proof())).json

    same = (await server.refresh(app, first["refresh_token"], holder.proof())).json
    without = (await server.refresh(app, first["refresh_token"])).json

    assert same["access_token"] == lost["access_token"]
    assert without["access_token"] != lost["access_token"]
    assert (without["token_type"], without["refresh_token"]) == ("Bearer", lost["refresh_token"])


async def test_a_thief_without_the_key_ends_nothing(server: Server) -> None:
    app, person, holder = await server.app(auth_method="none"), await server.person(), Holder(server)
    first = (await server.redeem(app, await server.code(app, person), holder.proof())).json
    second = (await server.refresh(app, first["refresh_token"], holder.proof())).json
    third = (await server.refresh(app, second["refresh_token"], holder.proof())).json

    assert (await server.refresh(app, first["refresh_token"])).json["error"] == "invalid_grant"

    assert (await server.refresh(app, third["refresh_token"], holder.proof())).status == 200


async def test_a_code_is_for_the_key_that_its_request_named(server: Server) -> None:
    """RFC 9449 §10."""
    app, person, holder = await server.app(), await server.person(), Holder(server)
    code = await server.code(app, person, dpop_jkt=holder.jkt)

    for proof in (None, Holder(server).proof()):
        assert (await server.redeem(app, code, proof)).json["error"] == "invalid_grant"

    assert (await server.redeem(app, code, holder.proof())).json["token_type"] == "DPoP"


@pytest.mark.parametrize("jkt", ["x", "+" * 43, "A" * 44])
async def test_a_thumbprint_must_be_one(server: Server, jkt: str) -> None:
    reply = await server.authorize(await server.app(), await server.person(), dpop_jkt=jkt)

    assert reply.sent_back["error"] == "invalid_request"


async def pushed(server: Server, app: App, holder: Holder, form: dict[str, str]) -> Reply:
    return await server.post("/par", form, headers={**app.basic, "DPoP": holder.proof(path="/par")})


async def test_a_pushed_request_is_bound_to_the_key_of_its_proof(server: Server) -> None:
    """RFC 9449 §10.1."""
    app, holder, browser = await server.app(), Holder(server), Browser(server, await server.person())
    handle = (await pushed(server, app, holder, asking())).json["request_uri"]

    code = (await browser.decide(await browser.open(app.client_id, handle))).sent_back["code"]

    for proof in (None, Holder(server).proof()):
        assert (await server.redeem(app, code, proof)).json["error"] == "invalid_grant"
    assert (await server.redeem(app, code, holder.proof())).json["token_type"] == "DPoP"


async def test_a_pushed_request_names_no_other_key(server: Server) -> None:
    app, holder = await server.app(), Holder(server)

    same = await pushed(server, app, holder, asking(dpop_jkt=holder.jkt))
    other = await pushed(server, app, holder, asking(dpop_jkt=Holder(server).jkt))

    assert same.status == 201
    assert (other.status, other.json["error"]) == (400, "invalid_dpop_proof")


async def test_a_pushed_request_object_is_bound_to_the_key_of_its_proof(server: Server) -> None:
    client, holder = await signing(server), Holder(server)
    browser = Browser(server, client.person)

    replies = [
        await pushed(server, client.app, holder, {"request": client.signed(dpop_jkt=jkt)})
        for jkt in (None, holder.jkt, Holder(server).jkt)
    ]

    assert [reply.status for reply in replies] == [201, 201, 400]
    page = await browser.open(client.app.client_id, replies[0].json["request_uri"])
    code = (await browser.decide(page)).sent_back["code"]
    assert (await server.redeem(client.app, code)).json["error"] == "invalid_grant"
    assert (await server.redeem(client.app, code, holder.proof())).status == 200


# Clients that must bind their tokens


async def test_a_client_of_bound_tokens_gets_no_others(server: Server) -> None:
    app, person, holder = await server.app(dpop_bound_access_tokens=True), await server.person(), Holder(server)
    code = await server.code(app, person)

    for reply in (await server.token(app, **SELF), await server.redeem(app, code)):
        assert (reply.status, reply.json["error"]) == (400, "invalid_dpop_proof")

    assert (await server.redeem(app, code, holder.proof())).json["token_type"] == "DPoP"


async def test_the_implicit_flow_binds_nothing(configured: Callable[..., Server]) -> None:
    server = configured(implicit=True)
    app = await server.app(scopes=("openid",), grant_types=("implicit",), dpop_bound_access_tokens=True)
    asked = {"response_type": "id_token token", "scope": "openid", "nonce": "n"}

    reply = await server.authorize(app, await server.person(), **asked)

    assert "error=invalid_request" in reply.location


async def test_nor_does_it_if_a_request_object_was_pushed_with_a_proof(configured: Callable[..., Server]) -> None:
    server = configured(implicit=True)
    client, holder = await signing(server, grant_types=("implicit",)), Holder(server)
    told = {"response_type": "id_token token", "scope": "openid", "nonce": "n", "code_challenge": None}

    reply = await pushed(server, client.app, holder, {"request": client.signed(**told, code_challenge_method=None)})

    assert (reply.status, reply.json["error"]) == (400, "invalid_request")
    assert "Bound access tokens" in reply.json["error_description"]


# JWTs and metadata


async def test_a_jwt_names_the_key(server: Server) -> None:
    """RFC 9449 §6.1."""
    app, holder = await server.app(), Holder(server)
    uri = "https://api.example.com"
    terms = {"scopes": (), "token_format": "jwt", "lifetime": 600, "client_id": None}
    assert await server.store.resources.create(uri, now=server.now(), **terms, by=SERVER)

    reply = await server.token(app, holder.proof(), **SELF, resource=uri)

    payload = reply.json["access_token"].split(".")[1]
    assert json.loads(urlsafe_b64decode(payload + "=="))["cnf"] == {"jkt": holder.jkt}


async def test_discovery_says_what_there_is(server: Server) -> None:
    told = (await server.get("/.well-known/oauth-authorization-server")).json
    resource = (await server.get("/.well-known/oauth-protected-resource")).json

    assert told["dpop_signing_alg_values_supported"] == list(ALGORITHMS)
    assert resource["dpop_signing_alg_values_supported"] == list(ALGORITHMS)
    assert resource["dpop_bound_access_tokens_required"] is False


async def test_who_comes_without_a_token_is_offered_both_schemes(server: Server) -> None:
    reply = await server.get("/resource")

    bearer, dpop = reply.headers.getRawHeaders("www-authenticate")
    assert bearer.startswith("Bearer realm=")
    assert dpop == f'DPoP algs="{" ".join(ALGORITHMS)}"'
