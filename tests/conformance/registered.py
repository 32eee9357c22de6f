"""A relying party that registers itself, as the conformance suite's do, and has a place of its own on the web."""

import json
from typing import Any

from attrs import evolve
from joserfc.jwk import RSAKey

from tests.assertions import Signer
from tests.conformance.browser import Browser
from tests.conformance.relying_party import RelyingParty
from tests.harness import REDIRECT_URI, App, Reply, Server
from tests.registering import initial_access_token


async def register(server: Server, **members: Any) -> Reply:
    """What the registration endpoint says (Registration §3.1)."""
    metadata = {
        "client_name": "OpenID conformance suite",
        "contacts": ["certification@oidf.org"],
        "grant_types": ["authorization_code"],
        "response_types": ["code"],
        "redirect_uris": [REDIRECT_URI],
        "token_endpoint_auth_method": "client_secret_basic",
        **members,
    }
    bearer = {"Authorization": "Bearer " + await initial_access_token(server)}
    return await server.post(
        "/register", json.dumps(metadata).encode(), headers={"Content-Type": "application/json", **bearer}
    )


async def registered(server: Server, browser: Browser, **members: Any) -> tuple[RelyingParty, Any]:
    """The relying party, and what it was told of its registration; it has a secret."""
    reply = await register(server, **members)
    assert (reply.status, reply.header("content-type")) == (201, "application/json"), reply.text
    told = reply.json
    app = App(told["client_id"], told.get("client_secret"))
    uri = told["redirect_uris"][0]
    return RelyingParty(server, app, browser, redirect_uri=uri, auth_method=told["token_endpoint_auth_method"]), told


async def signing(server: Server, browser: Browser, key: Any = None, **members: Any) -> tuple[RelyingParty, Any]:
    """The same with private_key_jwt, as the dynamic plan does all of it; the suite's keys have no kid."""
    key = key or RSAKey.generate_key(2048)
    keys = {} if "jwks_uri" in members else {"jwks": {"keys": [key.as_dict(private=False)]}}
    rp, told = await registered(server, browser, token_endpoint_auth_method="private_key_jwt", **keys, **members)
    return evolve(rp, signer=Signer(told["client_id"], key, "RS256", server.settings.issuer + "/token")), told
