"""What oauthlib leaves open where tokens are made, asked about and used, closed (docs/reference/oauthlib.md names the gaps)."""

from typing import Any
from urllib.parse import urlencode

import pytest

from iam.records.actor import SERVER
from tests.dpop import Holder
from tests.harness import App, Person, Server


def bearer(token: str, scheme: str = "Bearer") -> dict[str, str]:
    return {"Authorization": f"{scheme} {token}"}


async def jwt_of(server: Server, app: App) -> str:
    """An access token that is a JWT."""
    await server.store.resources.create(
        server.own_resource, scopes=(), token_format="jwt", lifetime=60, client_id=None, now=server.now(), by=SERVER
    )
    answer = await server.token(app, grant_type="client_credentials", resource=server.own_resource)
    return str(answer.json["access_token"])


async def test_g9_a_public_client_learns_nothing_of_a_token(server: Server) -> None:
    public = await server.app(auth_method="none", grant_types=("authorization_code",))
    token = (await server.tokens(public, await server.person()))["access_token"]

    reply = await server.post("/introspect", {"token": token, "client_id": public.client_id})

    assert (reply.status, reply.json["error"]) == (401, "invalid_client")


async def test_g9_a_client_learns_nothing_of_anothers_token(server: Server) -> None:
    app, other = await server.app(), await server.app()
    given = await server.tokens(app, await server.person())

    told = [await server.introspect(other, given[kind]) for kind in ("access_token", "refresh_token")]

    assert told == [{"active": False}] * 2


async def test_g10_a_token_is_read_from_the_header_alone(server: Server) -> None:
    app = await server.app()
    token = (await server.token(app, grant_type="client_credentials")).json["access_token"]

    in_query = await server.get("/resource?" + urlencode({"access_token": token}))
    in_body = await server.request("GET", "/resource", data=urlencode({"access_token": token}).encode())
    in_header = await server.get("/resource", headers=bearer(token))

    assert [reply.status for reply in (in_query, in_body, in_header)] == [401, 401, 200]
    assert "error=" not in (in_query.header("www-authenticate") or "")


@pytest.mark.parametrize("authorization", [None, "Basic eDp5", "Negotiate x", "eyJ.eyJ.x"])
async def test_g11_a_request_without_a_bearer_token_is_asked_for_one(server: Server, authorization: str | None) -> None:
    headers = {"Authorization": authorization} if authorization else {}

    reply = await server.get("/resource", headers=headers)

    asked = reply.header("www-authenticate") or ""
    assert (reply.status, asked.startswith("Bearer "), "error=" in asked) == (401, True, False)


@pytest.mark.parametrize("token", ["ey", "ey.ey.ey", "eyJhbGciOiJub25lIn0.e30.", "eyJhbGciOiJub25lIn0.e30.x.x.x"])
async def test_g11_a_jwt_that_is_not_ours_is_an_invalid_token(server: Server, token: str) -> None:
    app = await server.app()

    used = await server.get("/resource", headers=bearer(token))
    told = await server.introspect(app, token)

    assert (used.status, used.json["error"]) == (401, "invalid_token")
    assert told == {"active": False}


async def test_g37_every_grant_type_shapes_its_tokens_alike(server: Server) -> None:
    app, person = await server.app(), await server.person()

    own = (await server.token(app, grant_type="client_credentials")).json
    given = await server.tokens(app, person)
    fresh = (await server.refresh(app, given["refresh_token"])).json

    for answer in (own, given, fresh):
        assert {name: answer[name] for name in ("token_type", "expires_in", "scope")} == {
            "token_type": "Bearer",
            "expires_in": 36000,
            "scope": "read write",
        }
        assert (await server.get("/resource", headers=bearer(answer["access_token"]))).status == 200


async def test_g38_the_type_of_a_token_says_whether_it_is_bound(server: Server) -> None:
    """RFC 9449 §5, §6.2; no proof, no binding."""
    app, holder = await server.app(), Holder(server)

    for proof, token_type, cnf in ((None, "Bearer", None), (holder.proof(), "DPoP", {"jkt": holder.jkt})):
        given = await server.token(app, proof, grant_type="client_credentials")
        told = await server.introspect(app, given.json["access_token"])
        assert given.json["token_type"] == told["token_type"] == token_type
        assert told.get("cnf") == cnf

    metadata = (await server.get("/.well-known/oauth-authorization-server")).json
    assert not [name for name in metadata if name.startswith(("tls_client", "mtls"))]


async def refused_uses(server: Server, app: App, person: Person, tokens: dict[str, str]) -> list[Any]:
    """One token of each kind that may not be used here, tried."""
    write = (await server.token(app, grant_type="client_credentials", scope="write")).json["access_token"]
    given = await server.tokens(app, person)
    return [
        await server.get("/resource", headers=bearer(token))
        for token in ("nonsense", given["refresh_token"], tokens["revoked"], tokens["revoked_jwt"], write)
    ]


async def test_g43_every_refusal_at_a_resource_has_its_error_and_its_challenge(server: Server) -> None:
    app, person = await server.app(), await server.person()
    opaque = (await server.token(app, grant_type="client_credentials")).json["access_token"]
    jwt = await jwt_of(server, app)
    for token in (opaque, jwt):
        await server.post("/revoke", {"token": token}, headers=app.basic)

    replies = await refused_uses(server, app, person, {"revoked": opaque, "revoked_jwt": jwt})

    assert [(reply.status, reply.json["error"]) for reply in replies] == [
        *[(401, "invalid_token")] * 4,
        (403, "insufficient_scope"),
    ]
    for reply in replies:
        assert f'error="{reply.json["error"]}"' in (reply.header("www-authenticate") or "")


async def test_g43_a_jwt_and_an_opaque_token_are_judged_by_the_same_rules(server: Server, admin) -> None:
    app = await server.app()
    opaque = (await server.token(app, grant_type="client_credentials")).json["access_token"]
    jwt = await jwt_of(server, app)

    before = [(await server.get("/resource", headers=bearer(token))).status for token in (opaque, jwt)]
    admin.execute("update clients set disabled_at = now() where id = %s", (app.client_id,))
    after = [(await server.get("/resource", headers=bearer(token))).status for token in (opaque, jwt)]

    assert (before, after) == ([200, 200], [401, 401])
