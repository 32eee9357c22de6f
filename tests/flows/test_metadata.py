"""The metadata (RFC 8414) against the server that they describe."""

from typing import Any
from urllib.parse import urlsplit

import pytest

from iam.clients.dpop_headers import ALGORITHMS
from iam.endpoints.resource_metadata import ResourceMetadata
from iam.records.actor import SERVER
from tests.assertions import asserted, form, sharing
from tests.flows.device import DEVICE, allowed
from tests.harness import CHALLENGE, REDIRECT_URI, Server
from tests.http.walk import every_route
from tests.request_objects import asking

WELL_KNOWN = "/.well-known/oauth-authorization-server"
METHODS = {
    "authorization_endpoint": ("GET", "POST"),
    "token_endpoint": ("POST",),
    "pushed_authorization_request_endpoint": ("POST",),
    "device_authorization_endpoint": ("POST",),
    "revocation_endpoint": ("POST",),
    "introspection_endpoint": ("POST",),
    "userinfo_endpoint": ("GET", "POST"),
    "jwks_uri": ("GET",),
    "registration_endpoint": ("POST",),
    "end_session_endpoint": ("GET", "POST"),
}
ALL_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


async def document(server: Server) -> Any:
    return (await server.get(WELL_KNOWN)).json


async def test_the_document_is_json_under_the_issuer_of_rfc_8414(server: Server) -> None:
    reply = await server.get(WELL_KNOWN)

    assert (reply.status, reply.header("content-type")) == (200, "application/json")
    assert reply.json["issuer"] == server.settings.issuer
    assert reply.json["response_types_supported"] == ["code", "none"]


async def test_the_endpoints_are_those_of_the_route_table(server: Server) -> None:
    metadata = await document(server)

    listed = {name: address for name, address in metadata.items() if name.endswith(("_endpoint", "_uri"))}
    assert listed == {
        route.name: server.settings.issuer + route.path
        for route in every_route()
        if route.name and "/o/" not in route.path
    }
    assert set(listed) == set(METHODS)


@pytest.mark.parametrize("endpoint", METHODS)
async def test_each_endpoint_takes_its_methods_and_no_others(server: Server, endpoint: str) -> None:
    path = urlsplit((await document(server))[endpoint]).path

    taken = []
    for method in ALL_METHODS:
        reply = await server.request(method, path)
        taken += [method] if reply.status != 405 else []

    assert tuple(taken) == METHODS[endpoint]


async def test_every_grant_type_in_the_document_gives_tokens(server: Server) -> None:
    app, person = await server.app(), await server.person()
    code = await server.code(app, person)
    tokens = await server.tokens(app, person)

    replies = {
        "authorization_code": await server.redeem(app, code),
        "client_credentials": await server.token(app, grant_type="client_credentials"),
        "refresh_token": await server.refresh(app, tokens["refresh_token"]),
        DEVICE: await (await allowed(server, person)).poll(),
    }

    assert set((await document(server))["grant_types_supported"]) == set(replies)
    assert {name: reply.status for name, reply in replies.items()} == dict.fromkeys(replies, 200)


@pytest.mark.parametrize("grant_type", ["password", "implicit", "urn:ietf:params:oauth:grant-type:saml2-bearer"])
async def test_a_grant_type_that_is_not_in_the_document_is_not_supported(server: Server, grant_type: str) -> None:
    app = await server.app()

    reply = await server.token(app, grant_type=grant_type)

    assert grant_type not in (await document(server))["grant_types_supported"]
    assert (reply.status, reply.json["error"]) == (400, "unsupported_grant_type")


async def test_every_way_of_client_authentication_in_the_document_works(server: Server) -> None:
    app, person = await server.app(), await server.person()
    posting = await server.app(auth_method="client_secret_post")
    public = await server.app(auth_method="none", grant_types=("authorization_code",))
    code = await server.code(public, person)
    grant = {"grant_type": "client_credentials"}

    replies = {
        "client_secret_basic": await server.post("/token", grant, headers=app.basic),
        "client_secret_post": await server.post("/token", {**grant, **posting.form}),
        "client_secret_jwt": await server.post("/token", {**grant, **form((await sharing(server))[1].assertion())}),
        "private_key_jwt": await server.post("/token", {**grant, **form((await asserted(server)).assertion())}),
        "none": await server.redeem(public, code),
    }

    metadata = await document(server)
    assert set(metadata["token_endpoint_auth_methods_supported"]) == set(replies)
    assert {name: reply.status for name, reply in replies.items()} == dict.fromkeys(replies, 200)


async def test_the_ways_of_client_authentication_at_the_other_endpoints_work_too(server: Server) -> None:
    app, public = await server.app(), await server.app(auth_method="none", grant_types=("authorization_code",))
    token = (await server.token(app, grant_type="client_credentials")).json["access_token"]

    introspected = [
        (await server.post("/introspect", {"token": token}, headers=app.basic)).status,
        (await server.post("/introspect", {"token": token, **app.form})).status,
        (await server.post("/introspect", {"token": token, **public.form})).status,
    ]
    revoked = [
        (await server.post("/revoke", {"token": "x", **public.form})).status,
        (await server.post("/revoke", {"token": "x"}, headers=app.basic)).status,
        (await server.post("/revoke", {"token": token, **app.form})).status,
    ]

    metadata = await document(server)
    confidential = ["client_secret_basic", "client_secret_post", "client_secret_jwt", "private_key_jwt"]
    assert metadata["introspection_endpoint_auth_methods_supported"] == confidential
    assert introspected == [200, 200, 401]
    assert metadata["revocation_endpoint_auth_methods_supported"] == [*confidential, "none"]
    assert revoked == [200, 200, 200]


@pytest.mark.parametrize("endpoint", ["token", "revocation", "introspection"])
async def test_every_algorithm_in_the_document_is_taken_and_none_is_not_there(server: Server, endpoint: str) -> None:
    algs = (await document(server))[f"{endpoint}_endpoint_auth_signing_alg_values_supported"]
    signers = [(await sharing(server, alg))[1] if alg.startswith("HS") else await asserted(server, alg) for alg in algs]
    path = {"token": "/token", "revocation": "/revoke", "introspection": "/introspect"}[endpoint]

    replies = [
        await server.post(path, {**form(signer.assertion()), "grant_type": "client_credentials", "token": "x"})
        for signer in signers
    ]

    assert {reply.status for reply in replies} == {200}
    assert "none" not in algs


async def test_only_the_challenge_methods_in_the_document_are_taken(server: Server) -> None:
    app, person = await server.app(), await server.person()

    sent = await server.authorize(app, person, code_challenge_method="plain", code_challenge=CHALLENGE)

    assert (await document(server))["code_challenge_methods_supported"] == ["S256"]
    assert sent.sent_back["error"] == "invalid_request"


async def test_every_response_mode_in_the_document_is_answered_in(server: Server) -> None:
    app, person = await server.app(), await server.person()

    for mode in (await document(server))["response_modes_supported"]:
        reply = await server.authorize(app, person, response_mode=mode)
        carrier = "query" if mode == "jwt" else mode.removesuffix(".jwt")
        where = {"query": REDIRECT_URI + "?", "fragment": REDIRECT_URI + "#", "form_post": ""}[carrier]
        told = "response" if mode.endswith("jwt") else "code"
        assert reply.location.startswith(where)
        assert f"{told}=" in reply.location or told in reply.sent_back


async def test_every_prompt_in_the_document_is_taken(server: Server) -> None:
    app, person = await server.app(scopes=("openid",)), await server.person()

    for prompt in (await document(server))["prompt_values_supported"]:
        reply = await server.authorize(app, person, scope="openid", prompt=prompt)
        assert "invalid_request" not in reply.location


async def test_the_issuer_is_in_the_answer_as_the_document_says(server: Server) -> None:
    app, person = await server.app(), await server.person()

    sent = await server.authorize(app, person)

    metadata = await document(server)
    assert metadata["authorization_response_iss_parameter_supported"] is True
    assert sent.sent_back["iss"] == metadata["issuer"]


async def test_the_scopes_are_those_that_exist_now(server: Server) -> None:
    before = (await document(server))["scopes_supported"]
    await server.store.scopes.create("photos:read", "Look at your photos", server.now(), by=SERVER)

    after = (await document(server))["scopes_supported"]

    assert set(after) - set(before) == {"photos:read"}


async def test_our_own_resource_is_described_as_rfc_9728_says(server: Server) -> None:
    issuer = server.settings.issuer

    reply = await server.get("/.well-known/oauth-protected-resource")

    assert reply.json == {
        "resource": issuer + "/resource",
        "authorization_servers": [issuer],
        "bearer_methods_supported": ["header"],
        "dpop_signing_alg_values_supported": list(ALGORITHMS),
        "dpop_bound_access_tokens_required": False,
        "scopes_supported": ["read"],
    }
    assert (await document(server))["protected_resources"][0] == reply.json["resource"]


async def test_the_document_of_a_resource_is_also_where_rfc_9728_derives_it(server: Server) -> None:
    derived = await server.get(ResourceMetadata(server.settings.issuer).address)

    assert derived.json == (await server.get("/.well-known/oauth-protected-resource")).json


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer x"}])
async def test_a_refusal_of_the_resource_says_where_its_document_is(server: Server, headers: dict[str, str]) -> None:
    reply = await server.get("/resource", headers=headers)

    where = f'resource_metadata="{server.settings.origin}/.well-known/oauth-protected-resource{server.settings.path}/resource"'
    assert reply.status == 401
    assert where in (reply.header("www-authenticate") or "")


async def test_the_scopes_of_the_resource_are_those_that_it_asks_for(server: Server) -> None:
    app = await server.app()
    for scope in (await server.get("/.well-known/oauth-protected-resource")).json["scopes_supported"]:
        token = (await server.token(app, grant_type="client_credentials", scope=scope)).json["access_token"]
        assert (await server.get("/resource", headers={"Authorization": f"Bearer {token}"})).status == 200
    other = (await server.token(app, grant_type="client_credentials", scope="write")).json["access_token"]

    reply = await server.get("/resource", headers={"Authorization": f"Bearer {other}"})

    assert reply.status == 403


async def test_every_algorithm_for_request_objects_in_the_document_is_taken(server: Server) -> None:
    told = await document(server)
    taken = {}

    for alg in told["request_object_signing_alg_values_supported"]:
        client = await asking(server, alg)
        taken[alg] = (await client.sent(client.signed())).status

    assert told["request_parameter_supported"] is True
    assert "none" not in taken
    assert set(taken.values()) == {200}


async def test_every_algorithm_for_encryption_in_the_document_is_one_that_our_keys_are_good_for(server: Server) -> None:
    told = await document(server)
    client = await asking(server)
    algs = told["request_object_encryption_alg_values_supported"]
    encs = told["request_object_encryption_enc_values_supported"]

    replies = [await client.sent(await client.encrypted(client.signed(), alg, enc)) for alg in algs for enc in encs]

    assert {reply.status for reply in replies} == {200}


@pytest.mark.parametrize("what", ["id_token", "userinfo"])
async def test_every_algorithm_for_answers_in_the_document_may_be_registered(server: Server, what: str) -> None:
    told = await document(server)
    person = await server.person()
    lengths = {}

    for alg in told[f"{what}_signing_alg_values_supported"]:
        app = await server.app(scopes=("openid",), **{f"{what}_signed_response_alg": alg})
        tokens = await server.tokens(app, person, scope="openid")
        user_info = await server.get("/userinfo", headers={"Authorization": "Bearer " + tokens["access_token"]})
        lengths[alg] = len((tokens["id_token"] if what == "id_token" else user_info.text).split("."))

    assert set(lengths.values()) == {3}
    assert "RS256" in lengths
