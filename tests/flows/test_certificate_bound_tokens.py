"""Access tokens that are bound to the certificate of the connection (RFC 8705 §3)."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import jwt
import pytest
from attrs import frozen

from iam.server.own_resources import register_api
from tests.certificates import Shown
from tests.dpop import Holder
from tests.flows.test_jwt_access_tokens import API, jwt_resource
from tests.harness import REDIRECT_URI, VERIFIER, App, Reply, Server
from tests.mutual_tls import ALIAS, behind, client_ca, proxied, root

__all__ = ["behind", "client_ca", "root"]  # fixtures

SELF = {"grant_type": "client_credentials"}
RESOURCES = {"/resource": "read", "/userinfo": "openid", "/api/v1/me": "iam:audit:read"}
ENDPOINTS = {
    "token_endpoint": "/token",
    "revocation_endpoint": "/revoke",
    "introspection_endpoint": "/introspect",
    "pushed_authorization_request_endpoint": "/par",
    "device_authorization_endpoint": "/device_authorization",
    "userinfo_endpoint": "/userinfo",
}


async def bound_app(server: Server, **metadata: Any) -> App:
    """A client whose tokens are bound to its certificate."""
    told = {"scopes": ("openid", "read", "iam:audit:read"), **metadata}
    return await server.app(tls_client_certificate_bound_access_tokens=True, **told)


async def redeemed(server: Server, app: App, shown: Shown | None, **more: str) -> Reply:
    """The answer to a code, or to what else is asked for, with this certificate."""
    headers = shown.header if shown else {}
    return await server.post("/token", {**app.form, **more}, headers=headers)


async def with_code(server: Server, app: App, shown: Shown | None, scope: str = "read") -> Reply:
    """The answer to the code of a new grant, with this certificate."""
    code = await server.code(app, await server.person(), scope=scope)
    told = {"redirect_uri": REDIRECT_URI, "code_verifier": VERIFIER}
    return await redeemed(server, app, shown, grant_type="authorization_code", code=code, **told)


@frozen
class Place:
    """A resource, and a token for it that is bound to a certificate."""

    server: Server
    path: str
    token: str
    shown: Shown

    async def ask(self, shown: Shown | None, scheme: str = "Bearer", **headers: str) -> Reply:
        """The answer to the token on a connection with this certificate."""
        sent = {"Authorization": f"{scheme} {self.token}", **(shown.header if shown else {}), **headers}
        return await self.server.get(self.path, headers=sent)


async def placed(server: Server, path: str) -> Place:
    """A resource, with a token of the kind that it takes."""
    app, shown, scope = await bound_app(server), Shown(), RESOURCES[path]
    if path == "/userinfo":
        reply = await with_code(server, app, shown, scope)
    else:
        api = {"resource": server.settings.issuer + "/api/v1"} if path.startswith("/api") else {}
        if api:
            await register_api(server.store, server.settings, server.clock_of_store())
        reply = await redeemed(server, app, shown, **SELF, scope=scope, **api)
    assert reply.status == 200, reply.body
    return Place(server, path, reply.json["access_token"], shown)


def refused(reply: Reply, error: str = "invalid_token") -> bool:
    """Whether the resource refuses the token."""
    return (reply.status, reply.json["error"]) == (401, error)


@pytest.mark.parametrize("path", RESOURCES)
async def test_a_resource_takes_a_bound_token_with_its_certificate(behind: Server, path: str) -> None:
    place = await placed(behind, path)

    assert (await place.ask(place.shown)).status == 200


@pytest.mark.parametrize("path", RESOURCES)
async def test_h54_a_bound_token_without_a_certificate_is_refused(behind: Server, path: str) -> None:
    place = await placed(behind, path)

    assert refused(await place.ask(None))


@pytest.mark.parametrize("path", RESOURCES)
async def test_h54_a_bound_token_with_another_certificate_is_refused(behind: Server, path: str) -> None:
    place = await placed(behind, path)

    assert refused(await place.ask(Shown()))
    assert refused(await place.ask(Shown(key=place.shown.key)))


@pytest.mark.parametrize("path", RESOURCES)
async def test_h54_a_token_that_is_bound_to_a_certificate_is_none_of_dpop(behind: Server, path: str) -> None:
    place, holder = await placed(behind, path), Holder(behind)
    proof = holder.proof("GET", path, place.token)

    assert refused(await place.ask(place.shown, "DPoP", DPoP=proof))
    assert refused(await place.ask(place.shown, "DPoP"), "invalid_dpop_proof")
    assert refused(await place.ask(None, DPoP=proof))


async def test_h54_a_token_that_is_bound_to_a_key_is_not_taken_with_a_certificate(behind: Server) -> None:
    app, holder = await behind.app(), Holder(behind)
    token = (await behind.token(app, holder.proof(), **SELF)).json["access_token"]

    assert refused(await Place(behind, "/resource", token, Shown()).ask(Shown()))


async def test_a_token_that_is_bound_to_nothing_is_taken_with_any_certificate(behind: Server) -> None:
    token = (await behind.token(await behind.app(), **SELF)).json["access_token"]

    assert (await Place(behind, "/resource", token, Shown()).ask(Shown())).status == 200


async def test_a_bound_token_is_not_taken_from_a_form_without_its_certificate(behind: Server) -> None:
    place = await placed(behind, "/userinfo")
    form = {"access_token": place.token}

    assert refused(await behind.post("/userinfo", form))
    assert (await behind.post("/userinfo", form, headers=place.shown.header)).status == 200


# What is bound


async def test_introspection_names_the_certificate(behind: Server) -> None:
    app, shown = await bound_app(behind), Shown()

    answer = (await redeemed(behind, app, shown, **SELF)).json

    told = await behind.introspect(app, answer["access_token"])
    assert answer["token_type"] == told["token_type"] == "Bearer"
    assert told["cnf"] == {"x5t#S256": shown.digest}


async def test_a_jwt_names_the_certificate(behind: Server) -> None:
    await jwt_resource(behind)
    app, shown = await bound_app(behind), Shown()

    answer = (await redeemed(behind, app, shown, **SELF, resource=API)).json

    claims = jwt.decode(answer["access_token"], options={"verify_signature": False})
    assert claims["cnf"] == {"x5t#S256": shown.digest}


async def test_h54_a_client_of_bound_tokens_gets_none_without_a_certificate(behind: Server, admin: Any) -> None:
    app = await bound_app(behind)

    for reply in (await redeemed(behind, app, None, **SELF), await with_code(behind, app, None)):
        assert (reply.status, reply.json["error"]) == (400, "invalid_request")
        assert "error_uri" in reply.json
    admin.execute("select count(*) from access_tokens")
    assert admin.fetchone() == (0,)


async def test_tokens_of_other_clients_are_not_bound(behind: Server) -> None:
    app = await behind.app()

    answer = (await redeemed(behind, app, Shown(), **SELF)).json

    assert "cnf" not in await behind.introspect(app, answer["access_token"])


async def test_a_code_without_a_certificate_is_good_with_one(behind: Server) -> None:
    app, shown = await bound_app(behind), Shown()

    answer = (await with_code(behind, app, shown)).json

    assert (await behind.introspect(app, answer["access_token"]))["cnf"] == {"x5t#S256": shown.digest}


async def test_h54_a_refresh_token_of_a_public_client_is_bound_with_its_access_token(behind: Server) -> None:
    app, shown = await bound_app(behind, auth_method="none"), Shown()
    first = (await with_code(behind, app, shown)).json
    asked = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}

    reply = await redeemed(behind, app, Shown(), **asked)
    assert (reply.status, reply.json["error"]) == (400, "invalid_grant")
    proof = Holder(behind).proof()
    reply = await behind.post("/token", {**app.form, **asked}, headers={**shown.header, "DPoP": proof})
    assert (reply.status, reply.json["error"]) == (400, "invalid_grant")

    reply = await redeemed(behind, app, shown, **asked)
    assert reply.status == 200
    assert (await Place(behind, "/resource", reply.json["access_token"], shown).ask(shown)).status == 200


async def test_a_refresh_whose_answer_was_lost_gives_the_same_tokens(behind: Server) -> None:
    app, shown = await bound_app(behind, auth_method="none"), Shown()
    first = (await with_code(behind, app, shown)).json
    asked = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}

    replies = [(await redeemed(behind, app, shown, **asked)).json for _ in range(2)]

    assert replies[0]["access_token"] == replies[1]["access_token"]


async def test_a_refresh_token_of_a_confidential_client_is_bound_to_the_client(behind: Server) -> None:
    app, renewed = await bound_app(behind), Shown()
    first = (await with_code(behind, app, Shown())).json

    reply = await redeemed(behind, app, renewed, grant_type="refresh_token", refresh_token=first["refresh_token"])

    assert (await behind.introspect(app, reply.json["access_token"]))["cnf"] == {"x5t#S256": renewed.digest}


async def test_a_proof_goes_before_the_certificate_which_is_needed_all_the_same(behind: Server) -> None:
    app, holder, shown = await bound_app(behind), Holder(behind), Shown()

    reply = await behind.post("/token", {**SELF, **app.form}, headers={**shown.header, "DPoP": holder.proof()})
    assert reply.json["token_type"] == "DPoP"
    assert (await behind.introspect(app, reply.json["access_token"]))["cnf"] == {"jkt": holder.jkt}

    reply = await behind.token(app, holder.proof(), **SELF)
    assert (reply.status, reply.json["error"]) == (400, "invalid_request")


# Addresses


async def test_metadata_name_what_there_is(behind: Server, server: Server) -> None:
    named = {name: ALIAS + behind.settings.path + path for name, path in ENDPOINTS.items()}

    told, plain = [(await each.get("/.well-known/oauth-authorization-server")).json for each in (behind, server)]

    assert told["mtls_endpoint_aliases"] == named
    assert told["tls_client_certificate_bound_access_tokens"] is True
    for endpoint in ("token", "revocation", "introspection"):
        methods = told[f"{endpoint}_endpoint_auth_methods_supported"]
        assert {"tls_client_auth", "self_signed_tls_client_auth"} <= {*methods}
    assert told["issuer"] == behind.settings.issuer
    assert not [name for name in plain if "tls" in name]
    assert not [each for each in plain["token_endpoint_auth_methods_supported"] if "tls" in each]


async def test_under_a_profile_no_address_is_named_where_clients_get_nothing(
    configured: Callable[..., Server], client_ca: Path
) -> None:
    """FAPI 2.0 knows no device flow."""
    told = (await proxied(configured, client_ca, profile="fapi2").get("/.well-known/oauth-authorization-server")).json

    assert set(told["mtls_endpoint_aliases"]) == {*ENDPOINTS} - {"device_authorization_endpoint"}
    assert set(told["mtls_endpoint_aliases"]) <= told.keys()


async def test_without_authorities_metadata_name_self_signed_certificates_alone(
    server: Server, configured: Callable[..., Server]
) -> None:
    told = (await proxied(configured, None, mtls_url=None).get("/.well-known/oauth-authorization-server")).json

    assert "self_signed_tls_client_auth" in told["token_endpoint_auth_methods_supported"]
    assert "tls_client_auth" not in told["token_endpoint_auth_methods_supported"]
    assert "mtls_endpoint_aliases" not in told


async def test_metadata_of_resources_say_that_tokens_may_be_bound(behind: Server, server: Server) -> None:
    told, plain = [(await each.get("/.well-known/oauth-protected-resource")).json for each in (behind, server)]

    assert told["tls_client_certificate_bound_access_tokens"] is True
    assert "tls_client_certificate_bound_access_tokens" not in plain


async def test_endpoints_answer_at_the_address_for_mutual_tls(behind: Server) -> None:
    app, shown = await bound_app(behind), Shown()
    there = {"Host": "mtls.example", **shown.header}

    reply = await behind.post("/token", {**SELF, **app.form}, headers=there)
    assert reply.status == 200
    token = {"Authorization": f"Bearer {reply.json['access_token']}"}
    assert (await behind.get("/resource", headers={**there, **token})).status == 200


@pytest.mark.parametrize("path", ["/authorize", "/login", "/account", "/", "/admin", "/nothing", "/token/"])
async def test_h54_there_are_no_pages_at_the_address_for_mutual_tls(behind: Server, path: str) -> None:
    assert (await behind.get(path, headers={"Host": "mtls.example"})).status == 421


async def test_without_an_address_for_mutual_tls_there_is_no_other_host(server: Server) -> None:
    assert (await server.post("/token", SELF, headers={"Host": "mtls.example"})).status == 421


async def test_a_proof_may_be_for_the_address_for_mutual_tls(behind: Server) -> None:
    app, holder = await behind.app(), Holder(behind)
    htu = ALIAS + behind.settings.path + "/token"

    assert (await behind.token(app, holder.proof(htu=htu), **SELF)).status == 200
    assert (await behind.token(app, holder.proof(htu=htu + "x"), **SELF)).status == 400


async def test_h54_the_front_channel_gives_no_token_that_would_have_to_be_bound(
    server: Server, configured: Callable[..., Server], client_ca: Path
) -> None:
    implicit = proxied(configured, client_ca, implicit=True)
    app = await bound_app(implicit, grant_types=("implicit",))
    asked = {"response_type": "id_token token", "scope": "openid", "nonce": "n", "code_challenge": None}

    reply = await implicit.authorize(app, await implicit.person(), **{**asked, "code_challenge_method": None})

    assert "error=invalid_request" in reply.location
