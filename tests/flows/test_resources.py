"""Resources and audiences (RFC 8707)."""

from typing import Any
from urllib.parse import urlencode

import pytest

from iam.records.actor import SERVER
from tests.harness import CHALLENGE, REDIRECT_URI, App, Server, action, fields

API = "https://api.example"
PHOTOS = "https://photos.example/v1"


async def register(server: Server, uri: str = API, **told: Any) -> None:
    values = {"scopes": (), "token_format": "opaque", "lifetime": 3600, "client_id": None, **told}
    assert await server.store.resources.create(uri, now=server.now(), **values, by=SERVER)


async def both(server: Server) -> App:
    """A client, and two resources: one with a scope of its own, one that takes any."""
    await register(server, API, scopes=("read",), lifetime=600)
    await register(server, PHOTOS, lifetime=1200)
    return await server.app()


async def test_a_token_for_a_resource_names_it_and_has_its_lifetime(server: Server) -> None:
    app = await both(server)

    given = (await server.token(app, grant_type="client_credentials", resource=API)).json
    told = await server.introspect(app, given["access_token"])

    assert (given["expires_in"], given["scope"]) == (600, "read")
    assert told["aud"] == API
    assert told["exp"] - told["iat"] == 600


async def test_a_token_for_two_resources_names_both_and_lives_as_long_as_the_shorter_one(server: Server) -> None:
    app = await both(server)
    form = [*app.form.items(), ("grant_type", "client_credentials"), ("resource", PHOTOS), ("resource", API)]

    given = (await server.post("/token", form)).json

    assert given["expires_in"] == 600
    assert (await server.introspect(app, given["access_token"]))["aud"] == [PHOTOS, API]


async def test_a_token_for_no_resource_names_none(server: Server) -> None:
    app = await both(server)

    given = (await server.token(app, grant_type="client_credentials")).json

    assert given["expires_in"] == 36000
    assert "aud" not in await server.introspect(app, given["access_token"])


@pytest.mark.parametrize(
    "resource", ["https://unknown.example", "api.example", API + "#x", API + "/x", "x" * 3000, " "]
)
async def test_a_resource_that_nobody_registered_is_an_invalid_target(server: Server, resource: str) -> None:
    app = await both(server)

    reply = await server.token(app, grant_type="client_credentials", resource=resource)

    assert (reply.status, reply.json["error"]) == (400, "invalid_target")


async def test_an_invalid_target_at_the_authorization_endpoint_goes_to_the_client(server: Server) -> None:
    app, person = await both(server), await server.person()

    reply = await server.authorize(app, person, resource="https://unknown.example")

    assert reply.location.startswith(REDIRECT_URI)
    assert (reply.sent_back["error"], reply.sent_back["state"]) == ("invalid_target", "xyz")


async def test_a_disabled_resource_is_no_target(server: Server) -> None:
    app = await both(server)
    await server.store.resources.set_disabled(API, server.now(), server.now(), by=SERVER)

    reply = await server.token(app, grant_type="client_credentials", resource=API)

    assert reply.json["error"] == "invalid_target"


async def test_a_scope_that_means_nothing_to_the_resource_is_refused(server: Server) -> None:
    app = await both(server)

    reply = await server.token(app, grant_type="client_credentials", resource=API, scope="write")

    assert reply.json["error"] == "invalid_scope"


async def test_what_was_granted_for_a_resource_is_for_it_unless_the_client_says_otherwise(server: Server) -> None:
    app, person = await both(server), await server.person()

    tokens = await server.tokens(app, person, resource=API)
    fresh = (await server.refresh(app, tokens["refresh_token"])).json

    assert (await server.introspect(app, tokens["access_token"]))["aud"] == API
    assert (await server.introspect(app, fresh["access_token"]))["aud"] == API


async def authorized_for_both(server: Server, app: App) -> str:
    person = await server.person()
    query = [
        ("response_type", "code"),
        ("client_id", app.client_id),
        ("redirect_uri", REDIRECT_URI),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
        ("resource", API),
        ("resource", PHOTOS),
        ("scope", "read write"),
    ]
    page = await server.get("/authorize?" + urlencode(query), headers=person.headers)
    reply = await server.post(
        action(page.text),
        {**fields(page.text), "decision": "allow"},
        headers={**person.headers, "Origin": server.settings.origin},
    )
    return reply.sent_back["code"]


async def test_each_token_may_be_for_some_of_the_resources_and_has_their_scopes(server: Server) -> None:
    app = await both(server)
    code = await authorized_for_both(server, app)

    first = (await server.redeem(app, code, resource=API)).json
    second = (await server.refresh(app, first["refresh_token"], resource=PHOTOS)).json
    third = (await server.refresh(app, second["refresh_token"])).json

    assert (first["scope"], first["expires_in"]) == ("read", 600)
    assert (second["scope"], second["expires_in"]) == ("read write", 1200)
    assert (await server.introspect(app, third["access_token"]))["aud"] == [API, PHOTOS]


@pytest.mark.parametrize("resource", [PHOTOS, "https://unknown.example"])
async def test_a_resource_that_was_not_granted_is_an_invalid_target_and_spends_nothing(
    server: Server, resource: str
) -> None:
    app, person = await both(server), await server.person()
    code = await server.code(app, person, resource=API)

    refused = await server.redeem(app, code, resource=resource)
    tokens = (await server.redeem(app, code)).json
    refused_again = await server.refresh(app, tokens["refresh_token"], resource=resource)
    fresh = await server.refresh(app, tokens["refresh_token"])

    assert (refused.json["error"], refused_again.json["error"]) == ("invalid_target", "invalid_target")
    assert fresh.status == 200


async def test_one_resource_that_rests_holds_up_no_tokens_for_the_others(server: Server) -> None:
    app = await both(server)
    codes = [await authorized_for_both(server, app) for _ in range(2)]
    before = (await server.redeem(app, codes[0])).json
    await server.store.resources.set_disabled(PHOTOS, server.now(), server.now(), SERVER)

    redeemed = await server.redeem(app, codes[1], resource=API)
    resting = await server.refresh(app, before["refresh_token"], resource=PHOTOS)
    fresh = await server.refresh(app, before["refresh_token"], resource=API)

    assert [reply.status for reply in (redeemed, resting, fresh)] == [200, 400, 200]
    assert [(await server.introspect(app, each.json["access_token"]))["aud"] for each in (redeemed, fresh)] == [
        API,
        API,
    ]


async def test_a_retried_refresh_gives_the_same_answer_whatever_resource_it_names(server: Server) -> None:
    app = await both(server)
    first = (await server.redeem(app, await authorized_for_both(server, app))).json

    answers = [(await server.refresh(app, first["refresh_token"], resource=uri)).json for uri in (API, PHOTOS)]

    assert answers[0]["access_token"] == answers[1]["access_token"]
    assert answers[0]["scope"] == answers[1]["scope"] == "read"


@pytest.mark.parametrize("token_format", ["opaque", "jwt"])
@pytest.mark.parametrize("auth_method", ["client_secret_basic", "none"])
async def test_a_retried_refresh_whose_token_for_a_resource_has_ended_gets_a_new_one_for_what_it_names(
    server: Server, token_format: str, auth_method: str
) -> None:
    """Resources may let tokens live shorter than a refresh may be repeated."""
    await register(server, API, scopes=("read",), lifetime=60, token_format=token_format)
    await register(server, PHOTOS, lifetime=60)
    app = await server.app(auth_method=auth_method, grant_types=("authorization_code", "refresh_token"))
    first = (await server.redeem(app, await authorized_for_both(server, app))).json
    given = (await server.refresh(app, first["refresh_token"], resource=API)).json

    server.clock.advance(61)
    again = (await server.refresh(app, first["refresh_token"], resource=API)).json
    elsewhere = (await server.refresh(app, first["refresh_token"], resource=PHOTOS)).json

    assert again["refresh_token"] == elsewhere["refresh_token"] == given["refresh_token"]
    assert len({each["access_token"] for each in (given, again, elsewhere)}) == 3
    assert (again["scope"], again["expires_in"]) == ("read", 60)
    assert (elsewhere["scope"], elsewhere["expires_in"]) == ("read write", 60)
    reader = await server.app(introspect_any=True)
    audiences = [(await server.introspect(reader, each["access_token"]))["aud"] for each in (again, elsewhere)]
    assert audiences == [API, PHOTOS]


async def test_a_late_repetition_for_a_resource_that_was_not_granted_is_an_invalid_target(server: Server) -> None:
    app, person = await both(server), await server.person()
    first = (await server.redeem(app, await server.code(app, person, resource=API))).json
    given = (await server.refresh(app, first["refresh_token"])).json
    server.clock.advance(11 * 3600)

    elsewhere = await server.refresh(app, first["refresh_token"], resource=PHOTOS)
    right = await server.refresh(app, first["refresh_token"], resource=API)

    assert (elsewhere.status, elsewhere.json["error"]) == (400, "invalid_target")
    assert right.json["refresh_token"] == given["refresh_token"]
    assert right.json["expires_in"] == 600


async def test_a_resource_server_may_introspect_the_tokens_for_it_and_no_others(server: Server) -> None:
    app, api = await server.app(), await server.app(grant_types=("client_credentials",))
    await register(server, API, client_id=api.client_id)
    await register(server, PHOTOS)
    tokens = [
        (await server.token(app, grant_type="client_credentials", **target)).json["access_token"]
        for target in ({"resource": API}, {"resource": PHOTOS}, {})
    ]

    told = [(await server.introspect(api, token))["active"] for token in tokens]

    assert told == [True, False, False]


@pytest.mark.parametrize("token_format", ["opaque", "jwt"])
async def test_a_token_for_another_resource_is_none_for_ours(server: Server, token_format: str) -> None:
    await register(server, API, token_format=token_format, lifetime=600)
    await register(server, server.own_resource, token_format=token_format, lifetime=600)
    app = await server.app()
    statuses = {}
    for uri in (API, server.own_resource, ""):
        token = (await server.token(app, grant_type="client_credentials", resource=uri)).json["access_token"]
        reply = await server.get("/resource", headers={"Authorization": f"Bearer {token}"})
        statuses[uri] = reply.status, 'error="invalid_token"' in (reply.header("www-authenticate") or "")

    assert statuses == {API: (401, True), server.own_resource: (200, False), "": (200, False)}
