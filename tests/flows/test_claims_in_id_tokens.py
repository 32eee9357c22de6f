"""Claims in the ID token for those who read nothing else, such as the API server of Kubernetes; read by PyJWT, which is not ours."""

from typing import Any

import jwt

from iam.records.actor import SERVER
from iam.records.client_metadata import BY_SCOPES
from tests.harness import App, Person, Server
from tests.registering import initial_access_token, register

SCOPE = "openid email groups"
GROUPS = ["developers", "on-call"]


async def read(server: Server, token: str, app: App) -> dict[str, Any]:
    """What a relying party reads."""
    keys = jwt.PyJWKSet.from_dict((await server.get("/jwks")).json)
    key = keys[jwt.get_unverified_header(token)["kid"]]
    claims: dict[str, Any] = jwt.decode(
        token,
        key,
        algorithms=["RS256"],
        audience=app.client_id,
        issuer=server.settings.issuer,
        options={"verify_exp": False, "verify_iat": False},
    )
    return claims


async def member(server: Server, admin: Any) -> Person:
    await server.store.scopes.create("groups", "Know your groups", server.now(), ("groups",), by=SERVER)
    person = await server.person()
    admin.execute(
        'update users set claims = \'{"groups": ["developers", "on-call"]}\', email = \'ada@example.org\' where id = %s',
        (person.user_id,),
    )
    return person


async def test_scopes_say_their_claims_in_the_id_token_where_the_client_is_set_so(server: Server, admin: Any) -> None:
    person = await member(server, admin)
    app = await server.app(scopes=SCOPE.split(), id_token_claims=BY_SCOPES)

    tokens = await server.tokens(app, person, scope=SCOPE)
    fresh = (await server.refresh(app, tokens["refresh_token"])).json
    narrow = await server.tokens(app, person, scope="openid")

    for claims in (await read(server, tokens["id_token"], app), await read(server, fresh["id_token"], app)):
        assert claims["groups"] == GROUPS
        assert claims["email"] == "ada@example.org"
        assert claims["sub"] == str(person.user_id)
    assert "groups" not in await read(server, narrow["id_token"], app)


async def test_by_default_the_id_token_says_who_and_no_more(server: Server, admin: Any) -> None:
    person = await member(server, admin)
    app = await server.app(scopes=SCOPE.split())

    tokens = await server.tokens(app, person, scope=SCOPE)

    claims = await read(server, tokens["id_token"], app)
    assert not {"groups", "email"} & claims.keys()


async def test_no_client_gives_itself_the_setting(server: Server) -> None:
    token = await initial_access_token(server)

    registered = await register(server, token, id_token_claims="scopes")

    assert registered.status == 201
    assert "id_token_claims" not in registered.json
    client = await server.store.clients.read(registered.json["client_id"])
    assert client is not None
    assert client.id_token_claims == "userinfo"
