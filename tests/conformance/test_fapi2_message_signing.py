"""FAPI 2.0 Message Signing: each test is named after the module whose demands it asserts.

fapi2-message-signing-final-test-plan, with signed requests, JARM, private_key_jwt, DPoP and OpenID Connect. Its modules
are those of the Security Profile, and these.
"""

import json
from typing import Any
from urllib.parse import urlencode

import jwt
import pytest
from attrs import evolve
from pytest_twisted import blockon
from twisted.internet.defer import Deferred

from iam.clients import fapi
from tests.conformance.browser import Browser
from tests.conformance.fapi import ALGORITHMS, FAPIClient, refused, registered
from tests.harness import REDIRECT_URI, Server
from tests.request_objects import encoded

HOUR = 3600
INVALID = ("invalid_request_object", "invalid_request")
WELL_KNOWN = "/.well-known/openid-configuration"
JWT = "application/token-introspection+jwt"


@pytest.fixture
def client(server: Server, browser: Browser) -> FAPIClient:
    """A client under Message Signing."""
    return blockon(Deferred.fromCoroutine(registered(server, browser, fapi.SIGNED)))


def now(client: FAPIClient) -> int:
    return int(client.server.clock.seconds())


async def test_fapi2_security_profile_final_discovery_end_point_verification(configured: Any) -> None:
    server: Server = configured(profile=fapi.SIGNED)

    told = (await server.get(WELL_KNOWN)).json

    assert told["require_signed_request_object"] is True
    assert set(told["response_modes_supported"]) == {"jwt", "query.jwt", "fragment.jwt", "form_post.jwt"}
    for name in ("request_object", "authorization", "introspection"):
        assert set(told[f"{name}_signing_alg_values_supported"]) == set(ALGORITHMS), name
    for name in ("alg", "enc"):
        assert told[f"authorization_encryption_{name}_values_supported"]


async def test_fapi2_security_profile_final_happy_flow(client: FAPIClient) -> None:
    tokens = await client.log_in()

    assert (await client.holder.call(tokens["access_token"])).status == 200


@pytest.mark.parametrize("response_mode", [None, "query", "fragment", "form_post"])
async def test_fapi2_security_profile_final_happy_flow_has_no_response_without_signature(
    client: FAPIClient, response_mode: str | None
) -> None:
    """Message Signing §5.4.1."""
    assert refused(await client.push(response_mode=response_mode), "invalid_request")


async def test_fapi2_security_profile_final_happy_flow_and_introspection(client: FAPIClient) -> None:
    """Message Signing §5.5.1: the answer is a JWT for who asks (RFC 9701)."""
    token = (await client.log_in())["access_token"]
    server, headers = client.server, {"Accept": JWT}

    reply = await server.post("/introspect", {**client.assertion(), "token": token}, headers=headers)
    inactive = await server.post("/introspect", {**client.assertion(), "token": "x"}, headers=headers)
    plain = await server.post("/introspect", {**client.assertion(), "token": token})

    assert (reply.status, reply.header("content-type")) == (200, JWT)
    header, claims = jwt.get_unverified_header(reply.text), await client.verified(reply.text)
    assert (header["typ"], header["alg"]) == ("token-introspection+jwt", "PS256")
    assert set(claims) == {"iss", "aud", "iat", "token_introspection"}
    assert claims["token_introspection"]["active"] is True
    assert claims["token_introspection"]["cnf"] == {"jkt": client.holder.jkt}
    assert (await client.verified(inactive.text))["token_introspection"] == {"active": False}
    assert refused(plain, "invalid_request")


async def test_fapi2_security_profile_final_ensure_request_object_with_multiple_aud_succeeds(
    client: FAPIClient,
) -> None:
    assert await client.code(aud=["https://elsewhere.example", client.issuer])


async def test_fapi2_security_profile_final_ensure_request_object_with_nbf_8_seconds_in_the_future_is_accepted(
    client: FAPIClient,
) -> None:
    for ahead in (8, 10):
        assert await client.code(nbf=now(client) + ahead)


async def test_fapi2_security_profile_final_ensure_request_object_without_exp_fails(client: FAPIClient) -> None:
    assert refused(await client.push(exp=None), *INVALID)


async def test_fapi2_security_profile_final_ensure_request_object_without_nbf_fails(client: FAPIClient) -> None:
    assert refused(await client.push(nbf=None), *INVALID)


async def test_fapi2_security_profile_final_happy_flow_with_signed_requests_and_plain_responses(
    server: Server, browser: Browser
) -> None:
    """The variant `plain_response`: a client under the Security Profile that is registered to sign its requests."""
    client = await registered(server, browser, fapi.SECURITY, require_signed_request_object=True)
    wrong = (
        {"exp": None},
        {"nbf": None},
        {"nbf": now(client) - HOUR - 600},
        {"exp": now(client) + HOUR + 600},
        {"aud": "https://elsewhere.example"},
    )

    handle = (await client.push({"request": client.signed()})).json["request_uri"]

    assert "code" in await client.told(await client.visit(handle))
    for change in wrong:
        assert refused(await client.push({"request": client.signed(**change)}), *INVALID), change
    assert refused(await client.push(client.asked()), *INVALID)


async def test_fapi2_security_profile_final_state_only_outside_request_object_not_used(client: FAPIClient) -> None:
    """Beside the request object, at PAR and in the browser."""
    request = {"request": client.signed(state=None)}
    client.requested.pop("state")
    handle = (await client.push({**request, "state": "outside"})).json["request_uri"]

    assert "code" in await client.told(await client.visit(handle, state="outside"))


async def test_fapi2_security_profile_final_ensure_different_nonce_inside_and_outside_request_object(
    client: FAPIClient,
) -> None:
    handle = (await client.push({"request": client.signed(), "nonce": "outside"})).json["request_uri"]
    code = (await client.told(await client.visit(handle, nonce="outside")))["code"]

    claims = await client.verified((await client.redeemed(code)).json["id_token"])

    assert claims["nonce"] == client.requested["nonce"]


async def test_fapi2_security_profile_final_ensure_different_state_inside_and_outside_request_object(
    client: FAPIClient,
) -> None:
    handle = (await client.push({"request": client.signed(), "state": "outside"})).json["request_uri"]

    assert "code" in await client.told(await client.visit(handle, state="outside"))


async def test_fapi2_security_profile_final_ensure_request_object_without_redirect_uri_fails(
    client: FAPIClient,
) -> None:
    """One beside it does not count."""
    assert refused(await client.push(redirect_uri=None), *INVALID)
    beside = {"request": client.signed(redirect_uri=None), "redirect_uri": REDIRECT_URI}
    assert refused(await client.push(beside), *INVALID)


async def test_fapi2_security_profile_final_ensure_expired_request_object_fails(client: FAPIClient) -> None:
    assert refused(await client.push(nbf=now(client) - 600, exp=now(client) - 300), *INVALID)


async def test_fapi2_security_profile_final_ensure_request_object_with_bad_aud_fails(client: FAPIClient) -> None:
    for aud in ("https://elsewhere.example", client.issuer + "/par", ["https://elsewhere.example"], None):
        assert refused(await client.push(aud=aud), *INVALID), aud


async def test_fapi2_security_profile_final_ensure_request_object_with_exp_over_60_fails(client: FAPIClient) -> None:
    """`exp` over 60 minutes after `nbf`."""
    assert refused(await client.push(exp=now(client) + HOUR + 600), *INVALID)
    assert refused(await client.push(nbf=now(client) - 600, exp=now(client) + HOUR - 590), *INVALID)


async def test_fapi2_security_profile_final_ensure_request_object_with_nbf_over_60_fails(client: FAPIClient) -> None:
    """`nbf` over 60 minutes ago."""
    assert refused(await client.push(nbf=now(client) - HOUR - 600), *INVALID)


async def test_fapi2_security_profile_final_ensure_signed_request_object_with_rs256_fails(
    server: Server, browser: Browser
) -> None:
    client = await registered(server, browser, fapi.SIGNED, alg="PS256")

    reply = await client.push({"request": client.signed({"alg": "RS256"})})

    assert refused(reply, *INVALID)
    assert (await client.push()).status == 201


async def test_fapi2_security_profile_final_ensure_request_object_signature_algorithm_is_not_none(
    client: FAPIClient,
) -> None:
    parts = client.signed().split(".")
    unsigned = ".".join([encoded({"alg": "none", "typ": "oauth-authz-req+jwt"}), parts[1], ""])

    assert refused(await client.push({"request": unsigned}), "request_not_supported", *INVALID)


async def test_fapi2_security_profile_final_ensure_request_object_with_invalid_signature_fails(
    client: FAPIClient,
) -> None:
    head, payload, signature = client.signed().split(".")
    forged = encoded({**json.loads(json.dumps(client.requested)), "iss": client.client_id, "aud": client.issuer})

    for text in (f"{head}.{payload}.{signature[:-8]}AAAAAAAA", f"{head}.{forged}.{signature}"):
        assert refused(await client.push({"request": text}), *INVALID)


async def test_fapi2_security_profile_final_ensure_matching_key_in_authorization_request(
    client: FAPIClient, server: Server, browser: Browser
) -> None:
    """For the first client, and signed by the second."""
    other = await registered(server, browser, fapi.SIGNED)

    reply = await client.push({"request": client.signed(signer=evolve(other.signer, client_id=client.client_id))})

    assert refused(reply, *INVALID)


async def test_fapi2_security_profile_final_ensure_unsigned_request_at_par_endpoint_fails(client: FAPIClient) -> None:
    assert refused(await client.push(client.asked()), *INVALID)


async def test_fapi2_security_profile_final_ensure_unsigned_request_at_par_endpoint_fails_as_one_of_another_type_does(
    client: FAPIClient,
) -> None:
    """`typ` is only recommended (§5.3.2 no. 5)."""
    for typ in ("client-authentication+jwt", "at+jwt"):
        assert refused(await client.push({"request": client.signed({"typ": typ})}), *INVALID), typ
    for typ in (None, "JWT", "OAuth-Authz-Req+JWT"):
        assert (await client.push({"request": client.signed({"typ": typ})})).status == 201, typ


async def test_fapi2_security_profile_final_ensure_unsigned_authorization_request_without_using_par_fails(
    client: FAPIClient,
) -> None:
    """Nor does a signed one do without."""
    reply = await client.browser.open(
        "/authorize?" + urlencode({"client_id": client.client_id, "request": client.signed()})
    )

    assert (await client.told(reply))["error"] == "invalid_request"


async def test_fapi2_security_profile_final_par_authorization_request_containing_request_uri(
    client: FAPIClient,
) -> None:
    assert refused(await client.push(request_uri="urn:ietf:params:oauth:request_uri:x"), *INVALID)


async def test_fapi2_security_profile_final_user_rejects_authentication(client: FAPIClient) -> None:
    """The refusal is signed like everything else."""
    reply = await client.visit(await client.handle(prompt="none"))

    assert (await client.told(reply))["error"] == "login_required"
