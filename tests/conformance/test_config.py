"""Config OP: each test is named after the module whose demands it asserts, and says which of them it is about.

oidcc-config-certification-test-plan; the same module stands in oidcc-dynamic-certification-test-plan.
"""

from typing import Any
from urllib.parse import urlsplit

import jwt

from tests.harness import Server

TRUTHS = (
    "authorization_response_iss_parameter_supported",
    "backchannel_logout_session_supported",
    "backchannel_logout_supported",
    "client_id_metadata_document_supported",
    "claims_parameter_supported",
    "frontchannel_logout_session_supported",
    "frontchannel_logout_supported",
    "request_parameter_supported",
    "request_uri_parameter_supported",
    "require_request_uri_registration",
    "require_signed_request_object",
    "require_pushed_authorization_requests",
)


async def discovered(server: Server) -> Any:
    reply = await server.get("/.well-known/openid-configuration")
    assert (reply.status, reply.header("content-type")) == (200, "application/json")
    return reply.json


async def test_oidcc_discovery_endpoint_verification(server: Server) -> None:
    """What Discovery §3 requires and recommends."""
    metadata = await discovered(server)

    assert metadata["issuer"] == server.settings.issuer
    assert "code" in metadata["response_types_supported"]
    assert {"public", "pairwise"} == set(metadata["subject_types_supported"])
    assert "RS256" in metadata["id_token_signing_alg_values_supported"]
    assert "openid" in metadata["scopes_supported"]
    assert "sub" in metadata["claims_supported"]
    assert "authorization_code" in metadata["grant_types_supported"]


async def test_oidcc_discovery_endpoint_verification_of_types(server: Server) -> None:
    """Lists are lists of texts and not empty, truths are truths, addresses are of the issuer's own scheme and host."""
    metadata = await discovered(server)

    truths = {name for name, value in metadata.items() if isinstance(value, bool)}
    lists = {name: value for name, value in metadata.items() if name.endswith("_supported") and name not in truths}
    addresses = [value for name, value in metadata.items() if name.endswith(("_endpoint", "_uri"))]
    assert truths <= set(TRUTHS)
    assert all(value and all(isinstance(text, str) for text in value) for value in lists.values())
    assert {urlsplit(address)[:2] for address in addresses} == {urlsplit(server.settings.issuer)[:2]}


async def test_oidcc_discovery_endpoint_verification_of_the_keys(server: Server) -> None:
    """Each key can be used by what it says of itself, and none says too much."""
    keys = (await server.get(urlsplit((await discovered(server))["jwks_uri"]).path)).json["keys"]

    imported = jwt.PyJWKSet.from_dict({"keys": keys})
    assert {key.algorithm_name for key in imported.keys} >= {"RS256", "ES256", "PS256", "EdDSA"}
    assert len({key["kid"] for key in keys}) == len(keys)
    assert {key["use"] for key in keys} <= {"sig", "enc"}
    assert not [key for key in keys if {"d", "p", "q", "dp", "dq", "qi", "k"} & set(key)]


async def test_oidcc_discovery_endpoint_verification_of_what_is_not_supported(server: Server) -> None:
    """Request objects are fetched from addresses that are registered, which must be said (Discovery §3)."""
    metadata = await discovered(server)

    assert metadata["request_uri_parameter_supported"] is True
    assert metadata["require_request_uri_registration"] is True
