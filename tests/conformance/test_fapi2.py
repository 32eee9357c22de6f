"""FAPI 2.0 Security Profile: each test is named after the module whose demands it asserts.

fapi2-security-profile-final-test-plan, with private_key_jwt, DPoP, OpenID Connect and unsigned requests
"""

import json
import secrets
from typing import Any
from urllib.parse import urlencode

import pytest
from pytest_twisted import blockon
from twisted.internet.defer import Deferred

from iam.authorization.pushed_requests import LIFETIME
from iam.clients import fapi
from tests.conformance.browser import Browser, answer, asking
from tests.conformance.conftest import CLAIMS
from tests.conformance.fapi import ALGORITHMS, FAPIClient, refused, registered, shown
from tests.dpop import Holder
from tests.harness import REDIRECT_URI, VERIFIER, Reply, Server

WELL_KNOWN = "/.well-known/openid-configuration"
OTHER_URI = "https://client.example/other"


@pytest.fixture
def client(server: Server, browser: Browser) -> FAPIClient:
    """A client under the Security Profile."""
    return blockon(Deferred.fromCoroutine(registered(server, browser)))


@pytest.fixture
def other(server: Server, browser: Browser) -> FAPIClient:
    """Another one, of which the same browser knows."""
    return blockon(Deferred.fromCoroutine(registered(server, browser)))


# Discovery, and what works


async def test_fapi2_security_profile_final_discovery_end_point_verification(configured: Any) -> None:
    server: Server = configured(profile=fapi.SECURITY)

    told = (await server.get(WELL_KNOWN)).json

    assert told["token_endpoint_auth_methods_supported"] == ["private_key_jwt"]
    for name in ("token_endpoint_auth", "id_token", "dpop", "request_object", "authorization", "userinfo"):
        assert set(told[f"{name}_signing_alg_values_supported"]) == set(ALGORITHMS), name
    assert told["code_challenge_methods_supported"] == ["S256"]
    assert told["response_types_supported"] == ["code"]
    assert told["authorization_response_iss_parameter_supported"] is True
    assert told["require_pushed_authorization_requests"] is True
    assert told["pushed_authorization_request_endpoint"] == server.settings.issuer + "/par"
    assert set(told["grant_types_supported"]) == fapi.GRANT_TYPES
    assert {"openid"} <= set(told["scopes_supported"])
    assert "device_authorization_endpoint" not in told


async def test_fapi2_security_profile_final_happy_flow(client: FAPIClient, other: FAPIClient) -> None:
    for each in (client, other):
        tokens = await each.log_in()

        reply = await each.holder.call(tokens["access_token"])
        about = await each.holder.call(tokens["access_token"], "/userinfo")
        as_bearer = await each.server.get("/resource", headers={"Authorization": f"Bearer {tokens['access_token']}"})
        assert (reply.status, about.status, as_bearer.status) == (200, 200, 401)
        assert reply.json["cnf"] == {"jkt": each.holder.jkt}
        assert about.json["sub"] == tokens["claims"]["sub"]


@pytest.mark.parametrize("alg", ["PS256", "EdDSA", "Ed25519"])
async def test_fapi2_security_profile_final_happy_flow_by_each_algorithm(
    server: Server, browser: Browser, alg: str
) -> None:
    client = await registered(server, browser, alg=alg, id_token_signed_response_alg=alg)
    client.holder = Holder(server, alg)

    tokens = await client.log_in()

    assert (await client.holder.call(tokens["access_token"])).status == 200


async def test_fapi2_security_profile_final_user_rejects_authentication(client: FAPIClient) -> None:
    await client.log_in()
    told = {"client_id": client.client_id, "request_uri": await client.handle(prompt="consent")}
    form = asking(await client.browser._request("GET", "/authorize?" + urlencode(told)))
    assert form is not None

    members = await client.told(await client.browser.send(form, decision="deny"))

    assert members["error"] == "access_denied"
    assert "code" not in members


async def test_fapi2_security_profile_final_ensure_authorization_request_without_state_success(
    client: FAPIClient,
) -> None:
    tokens = await client.log_in(state=None)

    assert "s_hash" not in tokens["claims"]


async def test_fapi2_security_profile_final_ensure_authorization_request_without_nonce_success(
    client: FAPIClient,
) -> None:
    tokens = await client.log_in(nonce=None)

    assert "nonce" not in tokens["claims"]


async def test_fapi2_security_profile_final_ensure_authorization_request_with_64_char_nonce_success(
    client: FAPIClient,
) -> None:
    tokens = await client.log_in(nonce=secrets.token_hex(32))

    assert len(tokens["claims"]["nonce"]) == 64


async def test_fapi2_security_profile_final_ensure_authorization_request_with_long_nonce(client: FAPIClient) -> None:
    tokens = await client.log_in(nonce=secrets.token_hex(192))

    assert len(tokens["claims"]["nonce"]) == 384


async def test_fapi2_security_profile_final_ensure_authorization_request_with_long_state(client: FAPIClient) -> None:
    """`told` compares it."""
    assert await client.code(state=secrets.token_hex(192))


async def test_fapi2_security_profile_final_ensure_other_scope_order_succeeds(client: FAPIClient) -> None:
    tokens = await client.log_in(scope="read openid")

    assert set(tokens["scope"].split()) == {"openid", "read"}


async def test_fapi2_security_profile_final_test_claims_parameter_identity_claims(client: FAPIClient) -> None:
    wanted = dict.fromkeys(CLAIMS)
    asked = json.dumps({"userinfo": wanted, "id_token": wanted})

    tokens = await client.log_in(claims=asked)

    about = (await client.holder.call(tokens["access_token"], "/userinfo")).json
    assert {name: about[name] for name in CLAIMS} == CLAIMS
    assert {name: tokens["claims"][name] for name in CLAIMS} == CLAIMS


@pytest.mark.parametrize("scheme", ["dpop", "DPOP", "DpOp"])
async def test_fapi2_security_profile_final_access_token_type_header_case_sensitivity(
    client: FAPIClient, scheme: str
) -> None:
    token = (await client.log_in())["access_token"]
    headers = {**client.holder.sent(token), "Authorization": f"{scheme} {token}"}

    assert (await client.server.get("/resource", headers=headers)).status == 200


# Proofs of keys


async def test_fapi2_security_profile_final_check_dpop_proof_nbf_exp(client: FAPIClient) -> None:
    """They mean nothing in a proof, so that the server may take it or not; this one takes it."""
    now = int(client.server.clock.seconds())

    reply = await client.redeemed(await client.code(), client.holder.proof(nbf=now - 10, exp=now + 60))

    assert reply.status == 200
    assert (await client.holder.call(reply.json["access_token"], nbf=now - 10, exp=now + 60)).status == 200


async def at_each_endpoint(client: FAPIClient, seconds: int) -> list[int]:
    """How PAR, the token endpoint and the resource answer to proofs whose iat is off by so much."""
    iat = int(client.server.clock.seconds()) + seconds
    pushed = await client.push(proof=client.holder.proof(path="/par", iat=iat))
    code = (await client.told(await client.visit(pushed.json["request_uri"])))["code"]
    reply = await client.redeemed(code, client.holder.proof(iat=iat))
    resource = await client.holder.call(reply.json["access_token"], iat=iat)
    return [pushed.status, reply.status, resource.status]


async def test_fapi2_security_profile_final_ensure_dpopproof_with_iat_10seconds_before_succeeds(
    client: FAPIClient,
) -> None:
    assert await at_each_endpoint(client, -10) == [201, 200, 200]


async def test_fapi2_security_profile_final_ensure_dpopproof_with_iat_10seconds_after_succeeds(
    client: FAPIClient,
) -> None:
    assert await at_each_endpoint(client, 10) == [201, 200, 200]


async def test_fapi2_security_profile_final_ensure_mismatched_dpop_jkt_fails(client: FAPIClient) -> None:
    reply = await client.push(dpop_jkt=Holder(client.server).jkt, proof=client.holder.proof(path="/par"))

    assert refused(reply, "invalid_request", "invalid_dpop_proof")


async def test_fapi2_security_profile_final_ensure_token_endpoint_fails_with_mismatched_dpop_proof_jkt(
    client: FAPIClient,
) -> None:
    code = await client.code(proof=Holder(client.server).proof(path="/par"))

    assert refused(await client.redeemed(code), "invalid_grant", "invalid_dpop_proof")


async def test_fapi2_security_profile_final_ensure_token_endpoint_fails_with_mismatched_dpop_jkt(
    client: FAPIClient,
) -> None:
    code = await client.code(dpop_jkt=Holder(client.server).jkt)

    assert refused(await client.redeemed(code), "invalid_grant", "invalid_dpop_proof")


async def test_fapi2_security_profile_final_ensure_dpopproof_at_par_endpoint_binding_success(
    client: FAPIClient,
) -> None:
    code = await client.code(proof=client.holder.proof(path="/par"))

    assert (await client.redeemed(code)).status == 200


async def test_fapi2_security_profile_final_ensure_dpop_auth_code_binding_success(client: FAPIClient) -> None:
    code = await client.code(dpop_jkt=client.holder.jkt, proof=client.holder.proof(path="/par"))

    assert (await client.redeemed(code)).status == 200


async def test_fapi2_security_profile_final_dpop_negative_tests(server: Server, browser: Browser) -> None:
    """By an RSA key, which RS256 would fit too."""
    client = await registered(server, browser)
    holder = client.holder = Holder(server, "PS256")
    token = (await client.log_in())["access_token"]
    weak, stranger = Holder(server, "RS256", holder.key), Holder(server, "PS256")
    private = holder.key.as_dict(private=True)
    good = holder.proof("GET", "/resource", token)
    head, _, rest = good.partition(".")

    def changed(**claims: Any) -> str:
        return holder.proof("GET", "/resource", token, **claims)

    def headed(**header: Any) -> str:
        return holder.proof("GET", "/resource", token, header=header)

    proofs = {
        "not a JWT": "a.b.c",
        "no typ": headed(typ=None),
        "other typ": headed(typ="JWT"),
        "no jwk": headed(jwk=None),
        "private jwk": headed(jwk=private),
        "RS256": weak.proof("GET", "/resource", token),
        "none": "eyJhbGciOiJub25lIiwidHlwIjoiZHBvcCtqd3QifQ." + rest.partition(".")[0] + ".",
        "signature": f"{head}.{rest[:-8]}AAAAAAAA",
        "another key": stranger.proof("GET", "/resource", token),
        "ath of another": changed(ath="x" * 43),
        "other htm": changed(htm="PUT"),
        "other htu": changed(htu="https://elsewhere.example/resource"),
        **{f"no {name}": changed(**{name: None}) for name in ("jti", "htm", "htu", "iat", "ath")},
    }
    statuses = {
        why: (await server.get("/resource", headers={"Authorization": f"DPoP {token}", "DPoP": proof})).status
        for why, proof in proofs.items()
    }
    twice = {"Authorization": f"DPoP {token}", "DPoP": changed()}
    replayed = [(await server.get("/resource", headers=twice)).status for _ in range(2)]
    without = await server.get("/resource", headers={"Authorization": f"DPoP {token}"})
    as_bearer = await server.get("/resource", headers={"Authorization": f"Bearer {token}"})

    assert set(statuses.values()) <= {400, 401}, statuses
    assert replayed == [200, 401]
    assert (without.status, as_bearer.status) == (401, 401)
    assert (await holder.call(token)).status == 200
    assert (await holder.call(token, htu=f"{server.settings.issuer}/resource?a=b#c")).status == 200
    assert refused(await client.token(weak.proof(), grant_type="client_credentials"), "invalid_dpop_proof")
    assert refused(await client.push(proof=weak.proof(path="/par")), "invalid_dpop_proof")


@pytest.mark.parametrize("nonces", ["required", "offered"])
async def test_fapi2_security_profile_final_dpop_negative_tests_of_another_time(
    configured: Any, browser: Browser, nonces: str
) -> None:
    """A nonce dates a proof, whatever the clock of the client says; without one its `iat` does."""
    server: Server = configured(dpop_nonces=nonces)
    client = await registered(server, Browser(server, browser.username))
    token = (await client.log_in())["access_token"]
    now, changes = int(server.clock.seconds()), {} if nonces == "required" else {"nonce": None}

    statuses = {(await client.holder.call(token, iat=now + off, **changes)).status for off in (-3600, 3600)}

    assert statuses == {200 if nonces == "required" else 401}


async def test_fapi2_security_profile_final_ensure_holder_of_key_required(client: FAPIClient) -> None:
    code = await client.code()

    assert refused(await client.redeemed(code, None), "invalid_request", "invalid_grant", "invalid_dpop_proof")
    assert refused(await client.token(None, grant_type="client_credentials"), "invalid_dpop_proof")
    assert (await client.redeemed(code)).status == 200


# Authorization requests


async def test_fapi2_security_profile_final_ensure_different_nonce_inside_and_outside_request_object(
    client: FAPIClient,
) -> None:
    """What is pushed counts; `log_in` compares it."""
    handle = await client.handle()
    code = (await client.told(await client.visit(handle, nonce="outside")))["code"]

    claims = await client.verified((await client.redeemed(code)).json["id_token"])

    assert claims["nonce"] == client.requested["nonce"]


async def test_fapi2_security_profile_final_ensure_different_state_inside_and_outside_request_object(
    client: FAPIClient,
) -> None:
    """`told` compares it with the one that was pushed."""
    assert "code" in await client.told(await client.visit(await client.handle(), state="outside"))


async def test_fapi2_security_profile_final_state_only_outside_request_object_not_used(client: FAPIClient) -> None:
    handle = await client.handle(state=None)

    assert "state" not in answer(await client.visit(handle, state="outside"))


async def test_fapi2_security_profile_final_ensure_request_object_without_redirect_uri_fails(
    client: FAPIClient,
) -> None:
    assert refused(await client.push(redirect_uri=None), "invalid_request")


async def test_fapi2_security_profile_final_ensure_redirect_uri_in_authorization_request(client: FAPIClient) -> None:
    """Without the scope openid as well, where only one is registered (§5.3.2.2 no. 6)."""
    assert refused(await client.push(redirect_uri=None, scope="read"), "invalid_request")


async def test_fapi2_security_profile_final_ensure_registered_redirect_uri(client: FAPIClient) -> None:
    for uri in (OTHER_URI, REDIRECT_URI + "/", REDIRECT_URI + "?a=b"):
        assert refused(await client.push(redirect_uri=uri), "invalid_request")


async def test_fapi2_security_profile_final_plain_fapi_tolerate_unregistered_redirect_uri(client: FAPIClient) -> None:
    """RFC 9126 §2.4 would allow it; this server does not."""
    assert refused(await client.push(redirect_uri=OTHER_URI), "invalid_request")


async def test_fapi2_security_profile_final_ensure_unsigned_authorization_request_without_using_par_fails(
    client: FAPIClient,
) -> None:
    reply = await client.browser.open("/authorize?" + urlencode({"client_id": client.client_id, **client.asked()}))

    assert (await client.told(reply))["error"] == "invalid_request"


async def test_fapi2_security_profile_final_ensure_response_type_code_idtoken_fails(client: FAPIClient) -> None:
    assert refused(await client.push(response_type="code id_token"), "unsupported_response_type", "invalid_request")


async def test_fapi2_security_profile_final_ensure_response_type_token_fails(client: FAPIClient) -> None:
    for response_type in ("token", "id_token", "none", "id_token token"):
        reply = await client.push(response_type=response_type)
        assert refused(reply, "unsupported_response_type", "invalid_request"), response_type


# The token endpoint


async def test_fapi2_security_profile_final_ensure_client_id_in_token_endpoint(
    client: FAPIClient, other: FAPIClient
) -> None:
    code = await client.code()

    assert refused(await client.redeemed(code, client_id=other.client_id), "invalid_client", "invalid_request")


async def test_fapi2_security_profile_final_ensure_authorization_code_is_bound_to_client(
    client: FAPIClient, other: FAPIClient
) -> None:
    assert refused(await other.redeemed(await client.code()), "invalid_grant")


async def test_fapi2_security_profile_final_attempt_reuse_authorization_code_after_one_second(
    client: FAPIClient,
) -> None:
    code = await client.code()
    token = (await client.redeemed(code)).json["access_token"]
    client.server.clock.advance(1)

    assert refused(await client.redeemed(code), "invalid_grant")
    assert (await client.holder.call(token)).status == 401


async def test_fapi2_security_profile_final_ensure_token_endpoint_fails_with_expired_auth_code(
    configured: Any, browser: Browser
) -> None:
    """Even where codes of other clients are good for longer."""
    server: Server = configured(authorization_code_lifetime=600)
    client = await registered(server, Browser(server, browser.username))
    code = await client.code()
    server.clock.advance(fapi.CODE_LIFETIME + 1)

    assert refused(await client.redeemed(code), "invalid_grant")


async def test_fapi2_security_profile_final_ensure_signed_client_assertion_with_rs256_fails(
    server: Server, browser: Browser
) -> None:
    client = await registered(server, browser, alg="PS256")
    code = await client.code()

    assert refused(await client.redeemed(code, by=client.assertion({"alg": "RS256"})), "invalid_client")
    assert (await client.redeemed(code)).status == 200


@pytest.mark.parametrize("alg", ["ES384"])
async def test_fapi2_security_profile_final_ensure_signed_client_assertion_with_rs256_fails_as_others_do(
    server: Server, browser: Browser, alg: str
) -> None:
    client = await registered(server, browser, alg=alg)

    assert refused(await client.push(), "invalid_client")


async def test_fapi2_security_profile_final_ensure_client_assertion_in_token_endpoint(client: FAPIClient) -> None:
    code = await client.code()

    reply = await client.redeemed(code, by={"client_id": client.client_id})

    assert refused(reply, "invalid_client", "invalid_request")


@pytest.mark.parametrize("auth_method", ["client_secret_basic", "client_secret_post", "client_secret_jwt", "none"])
async def test_fapi2_security_profile_final_ensure_client_assertion_in_token_endpoint_and_no_secret(
    configured: Any, auth_method: str
) -> None:
    """A client that was registered before the server had its profile."""
    server: Server = configured(profile=fapi.SECURITY)
    app = await server.app(auth_method=auth_method, grant_types=("authorization_code",))

    replies = [
        await server.post("/par", app.form),
        await server.post("/token", {**app.form, "grant_type": "authorization_code", "code": "x"}),
    ]

    assert all(refused(reply, "invalid_client") for reply in replies)


async def test_fapi2_security_profile_final_ensure_client_assertion_with_exp_is_5_minutes_in_past_fails(
    client: FAPIClient,
) -> None:
    past = int(client.server.clock.seconds()) - 300

    assert refused(await client.redeemed(await client.code(), by=client.assertion(exp=past)), "invalid_client")


async def test_fapi2_security_profile_final_ensure_client_assertion_with_wrong_aud_fails(client: FAPIClient) -> None:
    code = await client.code()

    for aud in ("https://elsewhere.example", client.issuer + "/token", [client.issuer], client.issuer + "/"):
        assert refused(await client.redeemed(code, by=client.assertion(aud=aud)), "invalid_client"), aud


async def test_fapi2_security_profile_final_ensure_client_assertion_with_no_sub_fails(client: FAPIClient) -> None:
    assert refused(await client.redeemed(await client.code(), by=client.assertion(sub=None)), "invalid_client")


async def test_fapi2_security_profile_final_refresh_token(client: FAPIClient, other: FAPIClient) -> None:
    """It is bound to the client, takes a proof of a key, and is not replaced (§5.3.2.1 no. 9)."""
    first = await client.log_in(scope="openid read offline_access", prompt="consent")
    token = first["refresh_token"]

    refusals = [
        await other.refreshed(token),
        await client.refreshed(token, by={"client_id": client.client_id}),
        await client.refreshed(token, None),
        await client.refreshed(token, by=client.assertion(aud="https://elsewhere.example")),
    ]
    replies = [await client.refreshed(token) for _ in range(3)]

    assert [reply.json["error"] for reply in refusals] == [
        "invalid_grant",
        "invalid_client",
        "invalid_dpop_proof",
        "invalid_client",
    ]
    assert {reply.status for reply in replies} == {200}
    assert {reply.json["refresh_token"] for reply in replies} == {token}
    assert len({reply.json["access_token"] for reply in replies} | {first["access_token"]}) == 4
    claims = [await client.verified(reply.json["id_token"]) for reply in replies]
    assert {each["sub"] for each in claims} == {first["claims"]["sub"]}
    assert [(await client.holder.call(reply.json["access_token"])).status for reply in replies] == [200] * 3


# Pushed requests


async def test_fapi2_security_profile_final_par_ensure_reused_request_uri_prior_to_auth_completion_succeeds(
    client: FAPIClient,
) -> None:
    told = {"client_id": client.client_id, "request_uri": await client.handle()}

    before = await client.browser._request("GET", "/authorize?" + urlencode(told))  # nobody logs in yet

    assert before.status in (200, 302, 303)
    assert "code" in await client.told(await client.visit(told["request_uri"]))


async def test_fapi2_security_profile_final_par_attempt_reuse_request_uri(client: FAPIClient) -> None:
    handle = await client.handle()
    assert "code" in await client.told(await client.visit(handle))

    assert shown(await client.visit(handle))


async def test_fapi2_security_profile_final_par_attempt_to_use_expired_request_uri(client: FAPIClient) -> None:
    handle = await client.handle()
    client.server.clock.advance(LIFETIME + 1)

    assert shown(await client.visit(handle))


async def test_fapi2_security_profile_final_par_ensure_jwt_client_assertions_nbf_8_seconds_in_the_future_is_accepted(
    client: FAPIClient,
) -> None:
    now = int(client.server.clock.seconds())

    for ahead in (8, 10):
        assert (await client.push(by=client.assertion(nbf=now + ahead, iat=now + ahead))).status == 201


async def test_fapi2_security_profile_final_par_ensure_jwt_client_assertions_nbf_over_60_seconds_in_the_future_fails(
    client: FAPIClient,
) -> None:
    ahead = int(client.server.clock.seconds()) + 65

    reply = await client.push(by=client.assertion(nbf=ahead, iat=ahead, exp=ahead + 60))

    assert refused(reply, "invalid_client", "invalid_request")


async def test_fapi2_security_profile_final_par_attempt_to_use_request_uri_for_different_client(
    client: FAPIClient, other: FAPIClient
) -> None:
    assert shown(await other.visit(await client.handle()))


async def test_fapi2_security_profile_final_par_authorization_request_containing_request_uri_form_param(
    client: FAPIClient,
) -> None:
    for uri in ("urn:ietf:params:oauth:request_uri:x", "https://client.example/request"):
        assert refused(await client.push(request_uri=uri), "invalid_request")


async def test_fapi2_security_profile_final_par_attempt_invalid_http_method(client: FAPIClient) -> None:
    proved = {**client.assertion(), **client.asked()}

    replies: list[Reply] = [
        await client.server.get("/par?" + urlencode(proved)),
        *[await client.server.request(method, "/par", data=proved) for method in ("PUT", "PATCH", "DELETE")],
    ]

    assert {reply.status for reply in replies} == {405}


async def test_fapi2_security_profile_final_par_ensure_pkce_required(client: FAPIClient) -> None:
    reply = await client.push(code_challenge=None, code_challenge_method=None)

    assert refused(reply, "invalid_request")


async def test_fapi2_security_profile_final_par_plain_pkce_rejected(client: FAPIClient) -> None:
    for method in ("plain", None):
        reply = await client.push(code_challenge=VERIFIER, code_challenge_method=method)
        assert refused(reply, "invalid_request")


async def test_fapi2_security_profile_final_ensure_pkce_code_verifier_required(client: FAPIClient) -> None:
    assert refused(await client.redeemed(await client.code(), code_verifier=None), "invalid_grant")


async def test_fapi2_security_profile_final_incorrect_pkce_code_verifier_rejected(client: FAPIClient) -> None:
    assert refused(await client.redeemed(await client.code(), code_verifier="x" * 43), "invalid_grant")


async def test_fapi2_security_profile_final_par_without_duplicate_parameters(client: FAPIClient) -> None:
    """The browser brings the client and the handle, and nothing else; so do all tests here."""
    assert await client.log_in()


async def test_fapi2_security_profile_final_par_test_array_as_audience_fails(client: FAPIClient) -> None:
    for aud in ([client.issuer], [client.issuer, "https://elsewhere.example"]):
        assert refused(await client.push(by=client.assertion(aud=aud)), "invalid_client", "invalid_request")


async def test_fapi2_security_profile_final_par_test_par_endpoint_url_as_audience_fails(client: FAPIClient) -> None:
    reply = await client.push(by=client.assertion(aud=client.issuer + "/par"))

    assert refused(reply, "invalid_client", "invalid_request")


async def test_fapi2_security_profile_final_par_test_token_endpoint_url_as_audience_fails(client: FAPIClient) -> None:
    reply = await client.push(by=client.assertion(aud=client.issuer + "/token"))

    assert refused(reply, "invalid_client", "invalid_request")
