"""Introspection (RFC 7662), revocation (RFC 7009), Bearer tokens (RFC 6750) and metadata (RFC 8414)."""

from typing import Any

import pytest

from tests.harness import Server


async def test_introspection_tells_a_client_of_its_own_token(server: Server) -> None:
    app, person = await server.app(), await server.person("alice")
    given = await server.tokens(app, person, scope="read")

    described = await server.introspect(app, given["access_token"])

    assert described.pop("exp") - described.pop("iat") == 36000
    assert described == {
        "active": True,
        "scope": "read",
        "client_id": app.client_id,
        "username": "alice",
        "sub": str(person.user_id),
        "iss": server.settings.issuer,
        "token_type": "Bearer",
    }


async def test_introspection_tells_nothing_of_other_clients_tokens_but_to_a_resource_server(server: Server) -> None:
    app, other = await server.app(), await server.app()
    resource_server = await server.app(introspect_any=True)
    token = (await server.token(app, grant_type="client_credentials")).json["access_token"]

    assert await server.introspect(other, token) == {"active": False}
    assert (await server.introspect(resource_server, token))["sub"] == app.client_id


async def test_g9_a_public_client_may_not_introspect(server: Server) -> None:
    app = await server.app(auth_method="none", grant_types=("authorization_code",))

    reply = await server.post("/introspect", {"token": "x", "client_id": app.client_id})

    assert (reply.status, reply.json["error"]) == (401, "invalid_client")


@pytest.mark.parametrize("token", ["x", "iam_at_", "é", "eyJhbGciOiJub25lIn0.e30."])
async def test_what_is_no_token_is_inactive(server: Server, token: str) -> None:
    assert await server.introspect(await server.app(), token) == {"active": False}


async def test_h26_a_token_of_another_kind_or_cut_short_is_inactive(server: Server) -> None:
    app, person = await server.app(), await server.person()
    code = await server.code(app, person)
    given = (await server.redeem(app, code)).json

    for text in (code, app.secret, person.cookie, given["access_token"][:-1], given["access_token"] + "x"):
        assert await server.introspect(app, str(text)) == {"active": False}


async def test_an_access_token_lives_ten_hours(server: Server) -> None:
    app = await server.app()
    token = (await server.token(app, grant_type="client_credentials")).json["access_token"]

    server.clock.advance(35998)
    assert (await server.introspect(app, token))["active"]
    server.clock.advance(3)
    assert await server.introspect(app, token) == {"active": False}


async def test_a_refresh_token_is_described_until_it_is_used(server: Server) -> None:
    app, person = await server.app(), await server.person()
    given = await server.tokens(app, person)

    described = await server.introspect(app, given["refresh_token"])
    await server.refresh(app, given["refresh_token"])

    assert described["active"]
    assert "token_type" not in described
    assert await server.introspect(app, given["refresh_token"]) == {"active": False}


@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
async def test_revoking_either_token_of_a_person_ends_both(server: Server, kind: str) -> None:
    app, person = await server.app(), await server.person()
    given = await server.tokens(app, person)

    reply = await server.post("/revoke", {"token": given[kind]}, headers=app.basic)

    assert (reply.status, reply.body) == (200, b"")
    assert await server.introspect(app, given["access_token"]) == {"active": False}
    assert (await server.refresh(app, given["refresh_token"])).json["error"] == "invalid_grant"


async def test_revoking_a_clients_own_token_leaves_its_others(server: Server) -> None:
    app = await server.app()
    first, second = [(await server.token(app, grant_type="client_credentials")).json["access_token"] for _ in range(2)]

    await server.post("/revoke", {"token": first, "token_type_hint": "refresh_token"}, headers=app.basic)

    assert await server.introspect(app, first) == {"active": False}
    assert (await server.introspect(app, second))["active"]


async def test_revoking_what_is_no_token_is_well(server: Server) -> None:
    reply = await server.post("/revoke", {"token": "nonsense"}, headers=(await server.app()).basic)

    assert reply.status == 200


async def test_another_clients_token_is_not_revoked(server: Server) -> None:
    app, other = await server.app(), await server.app()
    token = (await server.token(app, grant_type="client_credentials")).json["access_token"]

    reply = await server.post("/revoke", {"token": token}, headers=other.basic)

    assert (reply.status, reply.json["error"]) == (400, "unauthorized_client")
    assert (await server.introspect(app, token))["active"]


async def test_a_public_client_revokes_its_own(server: Server) -> None:
    app, person = await server.app(auth_method="none", grant_types=("authorization_code",)), await server.person()
    given = await server.tokens(app, person)

    reply = await server.post("/revoke", {"token": given["access_token"], "client_id": app.client_id})

    assert reply.status == 200
    assert (await server.get("/resource", headers=bearer(given["access_token"]))).status == 401


@pytest.mark.parametrize("path", ["/revoke", "/introspect"])
async def test_a_token_and_a_client_are_needed(server: Server, path: str) -> None:
    app = await server.app()

    without_token = await server.post(path, {}, headers=app.basic)
    without_client = await server.post(path, {"token": "x"})

    assert (without_token.status, without_token.json["error"]) == (400, "invalid_request")
    assert (without_client.status, without_client.json["error"]) == (401, "invalid_client")
    assert (without_client.header("www-authenticate") or "").startswith("Basic")


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def test_the_resource_says_who_is_calling(server: Server) -> None:
    app, person = await server.app(), await server.person("alice")
    given = await server.tokens(app, person)

    reply = await server.get("/resource", headers=bearer(given["access_token"]))

    assert reply.status == 200
    assert reply.json["username"] == "alice"
    assert reply.json["client_id"] == app.client_id
    assert reply.json["scope"] == "read write"


async def test_without_a_token_the_challenge_says_no_more_than_bearer(server: Server) -> None:
    reply = await server.get("/resource")

    assert reply.status == 401
    where = f"{server.settings.origin}/.well-known/oauth-protected-resource{server.settings.path}/resource"
    assert reply.header("www-authenticate") == f'Bearer realm="iam", scope="read", resource_metadata="{where}"'


@pytest.mark.parametrize("token", ["nonsense", "iam_at_" + "A" * 43 + "_000000"])
async def test_a_bad_token_is_an_invalid_token(server: Server, token: str) -> None:
    reply = await server.get("/resource", headers=bearer(token))

    assert reply.status == 401
    assert 'error="invalid_token"' in (reply.header("www-authenticate") or "")
    assert reply.json["error"] == "invalid_token"


async def test_an_empty_or_malformed_bearer_header_is_an_invalid_request(server: Server) -> None:
    for header in ("Bearer", "Bearer a b", "Bearer é".encode().decode("latin-1")):
        reply = await server.get("/resource", headers={"Authorization": header})
        assert reply.status == 400
        assert 'error="invalid_request"' in (reply.header("www-authenticate") or "")


async def test_a_token_without_read_is_refused_with_the_scope_it_lacks(server: Server) -> None:
    app = await server.app()
    token = (await server.token(app, grant_type="client_credentials", scope="write")).json["access_token"]

    reply = await server.get("/resource", headers=bearer(token))

    assert reply.status == 403
    assert 'error="insufficient_scope"' in (reply.header("www-authenticate") or "")
    assert 'scope="read"' in (reply.header("www-authenticate") or "")


async def test_g10_a_token_in_the_query_or_as_basic_password_does_not_count(server: Server) -> None:
    app = await server.app()
    token = (await server.token(app, grant_type="client_credentials")).json["access_token"]

    assert (await server.get(f"/resource?access_token={token}")).status == 401
    assert (await server.get("/resource", headers={"Authorization": f"Basic {token}"})).status == 401


async def test_the_metadata_name_endpoints_that_answer(server: Server) -> None:
    document = (await server.get("/.well-known/oauth-authorization-server")).json

    assert document["issuer"] == server.settings.issuer
    assert document["code_challenge_methods_supported"] == ["S256"]
    assert document["response_types_supported"] == ["code", "none"]
    assert {"read", "write", "openid"} <= set(document["scopes_supported"])
    assert document["authorization_response_iss_parameter_supported"] is True
    assert {"authorization_code", "client_credentials", "refresh_token"} <= set(document["grant_types_supported"])
    for name in ("token_endpoint", "revocation_endpoint", "introspection_endpoint"):
        assert (await server.post(document[name])).status == 401 or name == "token_endpoint"
        assert (await server.get(document[name])).status == 405
    assert (await server.get(document["authorization_endpoint"])).status == 400


async def test_the_addresses_of_django_oauth_toolkit_are_the_same_endpoints(server: Server) -> None:
    app = await server.app()

    token = (await server.post("/o/token/", {"grant_type": "client_credentials"}, headers=app.basic)).json
    described = (await server.post("/o/introspect/", {"token": token["access_token"]}, headers=app.basic)).json
    revoked = await server.post("/o/revoke_token/", {"token": token["access_token"]}, headers=app.basic)

    assert described["active"]
    assert revoked.status == 200
    assert (await server.get("/o/authorize/?client_id=x")).status == 400
    assert (await server.get("/o/.well-known/oauth-authorization-server")).json["issuer"] == server.settings.issuer
    assert (await server.get("/o/applications/")).location == "/applications"


async def test_health_and_readiness(server: Server) -> None:
    assert (await server.get("/healthz")).status == 200
    assert (await server.get("/readyz")).status == 200


@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
async def test_a_token_has_the_scopes_that_its_client_may_still_ask_for(server: Server, admin: Any, kind: str) -> None:
    app, person = await server.app(), await server.person()
    tokens = await server.tokens(app, person, scope="read write")
    admin.execute("update clients set scopes = '{write}' where id = %s", (app.client_id,))
    server.store.clients.forget()

    described = await server.introspect(app, tokens[kind])
    called = await server.get("/resource", headers={"Authorization": f"Bearer {tokens['access_token']}"})

    assert described["scope"] == "write"
    assert (called.status, called.json["error"]) == (403, "insufficient_scope")


async def test_a_token_is_worth_nothing_once_its_client_may_ask_for_nothing_of_it(server: Server, admin: Any) -> None:
    app, person = await server.app(), await server.person()
    tokens = await server.tokens(app, person, scope="read")
    admin.execute("update clients set scopes = '{write}' where id = %s", (app.client_id,))
    server.store.clients.forget()

    described = await server.introspect(app, tokens["access_token"])
    called = await server.get("/resource", headers={"Authorization": f"Bearer {tokens['access_token']}"})

    assert described == {"active": False}
    assert (called.status, called.json["error"]) == (401, "invalid_token")
