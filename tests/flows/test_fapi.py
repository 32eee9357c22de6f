"""Who is held to FAPI 2.0, and what follows from that; what each request meets is in tests/conformance/test_fapi2.py."""

import json
from typing import Any

import pytest
from attrs import evolve
from joserfc.jwk import RSAKey

from iam.clients import fapi
from iam.clients.fapi import SECURITY, SIGNED
from iam.records.actor import SERVER
from iam.records.client_metadata import NATIVE, Metadata
from iam.records.invalid import Invalid
from iam.settings import SettingsError, read
from tests.assertions import form, make, public
from tests.certificates import Shown
from tests.conformance.browser import Browser
from tests.conformance.fapi import refused, registered
from tests.dpop import Holder
from tests.harness import CHALLENGE, REDIRECT_URI, App, Server
from tests.mutual_tls import behind, client_ca, root
from tests.registering import initial_access_token

__all__ = ["behind", "client_ca", "root"]  # fixtures

KEY = make("ES256")
GOOD: dict[str, Any] = {
    "name": "Payments",
    "auth_method": "private_key_jwt",
    "grant_types": ("authorization_code", "refresh_token"),
    "redirect_uris": (REDIRECT_URI,),
    "scopes": ("read",),
    "jwks": public(KEY),
    "fapi_profile": SECURITY,
}
SELF = {"grant_type": "client_credentials"}
DEVICE = "urn:ietf:params:oauth:grant-type:device_code"


async def judged(server: Server, **changes: Any) -> Metadata:
    return await server.registration.judge(Metadata(**{**GOOD, **changes}))


async def test_what_follows_from_a_profile_is_registered(server: Server) -> None:
    metadata = await judged(server, userinfo_signed_response_alg="RS256", id_token_signed_response_alg="ES256")

    assert (metadata.require_pkce, metadata.require_pushed_authorization_requests) == (True, True)
    assert metadata.require_signed_request_object is False
    assert metadata.id_token_signed_response_alg == "ES256"
    assert metadata.userinfo_signed_response_alg == "PS256"
    assert metadata.authorization_signed_response_alg == "PS256"
    assert metadata.introspection_signed_response_alg == "PS256"
    assert (await judged(server, fapi_profile=SIGNED)).require_signed_request_object is True


async def test_nothing_follows_where_there_is_no_profile(server: Server) -> None:
    metadata = await judged(server, fapi_profile=None)

    assert metadata == Metadata(**{**GOOD, "fapi_profile": None})


@pytest.mark.parametrize(
    ("member", "changes"),
    [
        ("auth_method", {"auth_method": "client_secret_basic"}),
        ("auth_method", {"auth_method": "client_secret_jwt"}),
        ("auth_method", {"auth_method": "none"}),
        ("grant_types", {"grant_types": ("authorization_code", DEVICE)}),
        ("redirect_uris", {"redirect_uris": ("http://localhost:8080/callback",)}),
        ("token_endpoint_auth_signing_alg", {"token_endpoint_auth_signing_alg": "RS256"}),
        ("token_endpoint_auth_signing_alg", {"token_endpoint_auth_signing_alg": "ES384"}),
        ("request_object_signing_alg", {"request_object_signing_alg": "RS256"}),
        ("fapi_profile", {"fapi_profile": "fapi1"}),
    ],
    ids=str,
)
async def test_what_is_weaker_is_not_registered(server: Server, member: str, changes: dict[str, Any]) -> None:
    keys = public(KEY, RSAKey.generate_key(2048), make("ES384"))
    with pytest.raises(Invalid) as refusal:
        await judged(server, jwks=keys, **changes)

    assert member in refusal.value.complaints


async def test_a_native_client_may_listen_on_its_own_device(server: Server) -> None:
    uris = ("http://127.0.0.1/callback",)

    metadata = await judged(server, redirect_uris=uris, application_type=NATIVE)

    assert metadata.redirect_uris == uris
    assert fapi.unencrypted(metadata, "http://client.internal/callback")


async def test_the_stricter_profile_holds(configured: Any, server: Server, browser: Browser) -> None:
    strict: Server = configured(profile=SIGNED)
    lax: Server = configured(profile=SECURITY)
    weak = await registered(strict, Browser(strict, browser.username), SECURITY)
    strong = await registered(lax, Browser(lax, browser.username), SIGNED)

    assert refused(await weak.push(), "invalid_request")
    assert refused(await strong.push(strong.asked()), "invalid_request")
    assert (await strong.push()).status == 201


async def test_a_server_holds_clients_of_before_without_a_change_of_their_registration(
    configured: Any, server: Server, browser: Browser
) -> None:
    held: Server = configured(profile=SECURITY)
    client = await registered(held, Browser(held, browser.username), None)
    elsewhere = evolve(client, server=server, signer=evolve(client.signer, audience=server.settings.issuer))

    refusals = [await client.token(None, grant_type="client_credentials"), await client.push(code_challenge=None)]
    without = await elsewhere.token(None, grant_type="client_credentials")

    assert [reply.json["error"] for reply in refusals] == ["invalid_dpop_proof", "invalid_request"]
    assert (without.status, without.json["token_type"]) == (200, "Bearer")


async def test_a_redirect_uri_of_http_is_refused_where_it_was_registered_before(
    configured: Any, browser: Browser
) -> None:
    uri = "http://localhost:8080/callback"
    held: Server = configured(profile=SECURITY)
    client = await registered(held, browser, redirect_uris=(uri,))

    assert refused(await client.push(redirect_uri=uri), "invalid_request")


async def test_a_client_registers_under_the_profile_of_the_server(configured: Any) -> None:
    server: Server = configured(profile=SIGNED)
    bearer = {"Authorization": "Bearer " + await initial_access_token(server), "Content-Type": "application/json"}
    good = {"redirect_uris": [REDIRECT_URI], "token_endpoint_auth_method": "private_key_jwt", "jwks": public(KEY)}

    reply = await server.post("/register", json.dumps(good).encode(), headers=bearer)
    weak = await server.post("/register", json.dumps({"redirect_uris": [REDIRECT_URI]}).encode(), headers=bearer)

    assert reply.status == 201, reply.text
    assert reply.json["require_pushed_authorization_requests"] is True
    assert reply.json["require_signed_request_object"] is True
    assert reply.json["id_token_signed_response_alg"] == "PS256"
    assert reply.json["response_types"] == ["code"]
    assert (weak.status, weak.json["error"]) == (400, "invalid_client_metadata")


async def test_what_the_profile_of_a_server_makes_of_a_client_of_before_is_what_it_is_told(
    configured: Any, server: Server
) -> None:
    bearer = {"Authorization": "Bearer " + await initial_access_token(server), "Content-Type": "application/json"}
    good = {"redirect_uris": [REDIRECT_URI], "token_endpoint_auth_method": "private_key_jwt", "jwks": public(KEY)}
    before = (await server.post("/register", json.dumps(good).encode(), headers=bearer)).json
    held: Server = configured(profile=SIGNED)
    own = {"Authorization": f"Bearer {before['registration_access_token']}"}

    now = (await held.get(f"/register/{before['client_id']}", headers=own)).json
    then = (await server.get(f"/register/{before['client_id']}", headers=own)).json

    raised = ("require_pushed_authorization_requests", "require_signed_request_object")
    assert [(before[name], now[name], then[name]) for name in raised] == [(False, True, False)] * 2
    assert (before["id_token_signed_response_alg"], now["id_token_signed_response_alg"]) == ("RS256", "PS256")


async def test_a_client_that_changes_its_registration_keeps_its_profile(configured: Any, server: Server) -> None:
    held: Server = configured(profile=SECURITY)
    bearer = {"Authorization": "Bearer " + await initial_access_token(held), "Content-Type": "application/json"}
    good = {"redirect_uris": [REDIRECT_URI], "token_endpoint_auth_method": "private_key_jwt", "jwks": public(KEY)}
    made = (await held.post("/register", json.dumps(good).encode(), headers=bearer)).json
    own = {"Authorization": f"Bearer {made['registration_access_token']}", "Content-Type": "application/json"}
    wish = {
        **good,
        "client_id": made["client_id"],
        "fapi_profile": None,
        "require_pushed_authorization_requests": False,
    }

    reply = await server.request("PUT", f"/register/{made['client_id']}", data=json.dumps(wish).encode(), headers=own)

    assert (reply.status, reply.json["require_pushed_authorization_requests"]) == (200, True)


async def test_other_grants_are_not_offered(configured: Any) -> None:
    server: Server = configured(profile=SECURITY)
    app = await server.app(auth_method="private_key_jwt", jwks=public(KEY), grant_types=(DEVICE,))

    begun = await server.post("/device_authorization", {"client_id": app.client_id})
    polled = await server.post("/token", {"client_id": app.client_id, "grant_type": DEVICE, "device_code": "x"})

    assert begun.json["error"] in ("invalid_client", "unauthorized_client")
    assert polled.json["error"] == "unsupported_grant_type"


async def by_certificate(server: Server, shown: Shown, **metadata: Any) -> App:
    keys = {"keys": [shown.jwk()]}
    return await server.app(
        auth_method="self_signed_tls_client_auth", jwks=keys, scopes=("read",), fapi_profile=SECURITY, **metadata
    )


async def test_a_certificate_proves_a_client_and_binds_its_tokens(behind: Server) -> None:
    shown = Shown()
    app = await by_certificate(behind, shown, tls_client_certificate_bound_access_tokens=True)
    named = {"client_id": app.client_id}
    asked = {"response_type": "code", "redirect_uri": REDIRECT_URI, "code_challenge": CHALLENGE}

    pushed = await behind.post("/par", {**named, **asked, "code_challenge_method": "S256"}, headers=shown.header)
    reply = await behind.post("/token", {**named, **SELF}, headers=shown.header)
    without = await behind.post("/token", {**named, **SELF})

    assert (pushed.status, reply.status, reply.json["token_type"]) == (201, 200, "Bearer")
    sent = {"Authorization": f"Bearer {reply.json['access_token']}"}
    resource = [await behind.get("/resource", headers={**sent, **more}) for more in (shown.header, {})]
    assert [each.status for each in resource] == [200, 401]
    assert refused(without, "invalid_client")


async def test_a_certificate_that_binds_nothing_needs_a_proof_beside_it(behind: Server) -> None:
    shown, holder = Shown(), Holder(behind)
    app = await by_certificate(behind, shown)
    asked = {"client_id": app.client_id, **SELF}

    without = await behind.post("/token", asked, headers=shown.header)
    reply = await behind.post("/token", asked, headers={**shown.header, "DPoP": holder.proof()})

    assert refused(without, "invalid_dpop_proof")
    assert (reply.status, reply.json["token_type"]) == (200, "DPoP")


async def test_a_profile_goes_with_no_implicit_flow() -> None:
    with pytest.raises(SettingsError, match="--profile: allows no --implicit"):
        read({"profile": SECURITY, "implicit": True})


@pytest.mark.parametrize("profile", ["fapi1", "FAPI2", ""])
def test_there_is_no_other_profile(profile: str) -> None:
    with pytest.raises(SettingsError, match="--profile"):
        read({"profile": profile})


async def test_a_refresh_token_that_was_replaced_before_still_has_its_successor(
    server: Server, browser: Browser
) -> None:
    """A client that comes under a profile loses no answer that was on its way (docs/decisions/refresh.md)."""
    client = await registered(server, browser, None, id_token_signed_response_alg="ES256")
    first = (await client.log_in(scope="openid read offline_access", prompt="consent"))["refresh_token"]
    second = (await client.refreshed(first)).json["refresh_token"]
    found = await server.store.clients.by_id(client.client_id)
    assert found is not None
    metadata = {each: getattr(found, each) for each in GOOD if each != "fapi_profile"}
    changed = Metadata(**metadata, fapi_profile=SECURITY)
    assert await server.registration.update(client.client_id, changed, SERVER)
    server.store.clients.forget()

    again, then = await client.refreshed(first), await client.refreshed(second)

    assert (again.json["refresh_token"], then.json["refresh_token"]) == (second, second)
    assert second != first


async def test_a_refresh_token_that_is_kept_ends_when_it_was_to_end(server: Server, browser: Browser) -> None:
    client = await registered(server, browser)
    token = (await client.log_in(scope="read offline_access openid", prompt="consent"))["refresh_token"]
    client.server.clock.advance(server.settings.refresh_token_idle - 86400)
    good = await client.refreshed(token)
    client.server.clock.advance(2 * 86400)

    assert good.status == 200
    assert refused(await client.refreshed(token), "invalid_grant")


async def test_a_weak_proof_of_a_client_is_written_down_with_what_would_do(server: Server, browser: Browser) -> None:
    """The refusal says which algorithms are left."""
    client = await registered(server, browser, alg="PS256")

    reply = await server.post("/par", {**form(client.signer.assertion({"alg": "RS256"})), **client.asked()})

    assert refused(reply, "invalid_client")
