"""The client credentials grant (RFC 6749 §4.4), and client authentication (§2.3)."""

from base64 import b64encode

import pytest

from tests.harness import App, Server


async def test_http_basic_gives_the_members_of_the_tutorial_without_refresh_token(server: Server) -> None:
    app = await server.app()

    reply = await server.post("/token", {"grant_type": "client_credentials"}, headers=app.basic)

    assert reply.status == 200
    assert set(reply.json) == {"access_token", "expires_in", "token_type", "scope"}
    assert (reply.json["expires_in"], reply.json["token_type"]) == (36000, "Bearer")
    assert reply.json["scope"] == "read write"


async def test_the_secret_may_come_in_the_form(server: Server) -> None:
    reply = await server.token(await server.app(), grant_type="client_credentials", scope="read")

    assert reply.status == 200
    assert reply.json["scope"] == "read"


async def test_what_is_given_is_stored(server: Server, admin) -> None:
    await server.token(await server.app(), grant_type="client_credentials")

    admin.execute("select count(*) from access_tokens")

    assert admin.fetchone() == (1,)


@pytest.mark.parametrize("authorization", [
    "Basic", "Basic !!!", "Basic " + b64encode(b"nocolon").decode(), "Basic " + b64encode(b":").decode(),
    "Basic " + b64encode(b"\xff:\xfe").decode(), "Bearer x", "Digest x",
    "Basic " + b64encode(b"unknown:secret").decode(),
])  # fmt: skip
async def test_wrong_credentials_in_the_header_are_challenged_for_basic(server: Server, authorization: str) -> None:
    reply = await server.post("/token", {"grant_type": "client_credentials"}, headers={"Authorization": authorization})

    assert (reply.status, reply.json["error"]) == (401, "invalid_client")
    assert (reply.header("www-authenticate") or "").startswith('Basic realm="')


async def test_a_wrong_secret_is_challenged(server: Server) -> None:
    app = await server.app()

    for wrong in (App(app.client_id, "wrong"), App(app.client_id, (await server.app()).secret)):
        reply = await server.post("/token", {"grant_type": "client_credentials"}, headers=wrong.basic)
        assert (reply.status, reply.json["error"]) == (401, "invalid_client")
        assert (await server.token(wrong, grant_type="client_credentials")).json["error"] == "invalid_client"


async def test_the_stored_digest_is_no_secret(server: Server, admin) -> None:
    app = await server.app()
    admin.execute("select encode(digest, 'hex') from client_secrets")

    reply = await server.token(App(app.client_id, admin.fetchone()[0]), grant_type="client_credentials")

    assert reply.status == 401


async def test_two_ways_of_authentication_at_once_are_refused(server: Server) -> None:
    app = await server.app()

    reply = await server.post("/token", {"grant_type": "client_credentials", **app.form}, headers=app.basic)

    assert (reply.status, reply.json["error"]) == (400, "invalid_request")


async def test_the_client_id_may_be_repeated_in_the_form_if_it_is_the_same(server: Server) -> None:
    app, other = await server.app(), await server.app()
    request = {"grant_type": "client_credentials"}

    same = await server.post("/token", {**request, "client_id": app.client_id}, headers=app.basic)
    different = await server.post("/token", {**request, "client_id": other.client_id}, headers=app.basic)

    assert same.status == 200
    assert (different.status, different.json["error"]) == (401, "invalid_client")


async def test_a_secret_is_form_decoded_inside_of_basic(server: Server) -> None:
    """RFC 6749 §2.3.1: id and secret are form-encoded before they are put together."""
    app = await server.app()
    encoded = "".join(f"%{ord(character):02X}" for character in str(app.secret))
    header = "Basic " + b64encode(f"{app.client_id}:{encoded}".encode()).decode()

    reply = await server.post("/token", {"grant_type": "client_credentials"}, headers={"Authorization": header})

    assert reply.status == 200


async def test_a_public_client_cannot_act_for_itself(server: Server) -> None:
    app = await server.app(auth_method="none", grant_types=("authorization_code", "client_credentials"))

    reply = await server.token(app, grant_type="client_credentials")

    assert (reply.status, reply.json["error"]) == (401, "invalid_client")


async def test_a_client_without_the_grant_type_is_refused(server: Server) -> None:
    app = await server.app(grant_types=("authorization_code",))

    reply = await server.token(app, grant_type="client_credentials")

    assert (reply.status, reply.json["error"]) == (400, "unauthorized_client")


async def test_a_scope_that_is_not_allowed_is_left_out_and_the_answer_says_so(server: Server) -> None:
    app = await server.app(scopes=("read",))

    reply = await server.token(app, grant_type="client_credentials", scope="read write groups")
    default = await server.token(app, grant_type="client_credentials")

    assert (reply.status, reply.json["scope"]) == (200, "read")
    assert (await server.introspect(app, reply.json["access_token"]))["scope"] == "read"
    assert default.json["scope"] == "read"


@pytest.mark.parametrize("scope", ["write", "groups", "write groups"])
async def test_where_no_scope_is_left_the_request_is_refused(server: Server, scope: str) -> None:
    app = await server.app(scopes=("read",))

    reply = await server.token(app, grant_type="client_credentials", scope=scope)

    assert (reply.status, reply.json["error"]) == (400, "invalid_scope")


async def test_a_disabled_client_is_refused_and_its_tokens_are_dead(server: Server, admin) -> None:
    app, observer = await server.app(), await server.app(introspect_any=True)
    token = (await server.token(app, grant_type="client_credentials")).json["access_token"]

    admin.execute("update clients set disabled_at = now() where id = %s", (app.client_id,))
    server.store.clients.forget()

    assert (await server.token(app, grant_type="client_credentials")).json["error"] == "invalid_client"
    assert await server.introspect(observer, token) == {"active": False}


@pytest.mark.parametrize(
    ("parameters", "error"),
    [
        ({}, "invalid_request"),
        ({"grant_type": ""}, "invalid_request"),
        ({"grant_type": "password", "username": "a", "password": "b"}, "unsupported_grant_type"),
        ({"grant_type": "openid"}, "unsupported_grant_type"),
        ({"grant_type": "authorization_code"}, "invalid_request"),
        ({"grant_type": "refresh_token"}, "invalid_request"),
        ([("grant_type", "client_credentials"), ("grant_type", "client_credentials")], "invalid_request"),
        ([("grant_type", "client_credentials"), ("scope", "read"), ("scope", "write")], "invalid_request"),
        (b"grant_type=client_credentials&scope=%ff", "invalid_request"),
        (b"grant_type=client_credentials&scope=%00", "invalid_request"),
        (b"grant_type=client_credentials&scope=%zz", "invalid_request"),
        (b"\xff\xfe=1", "invalid_request"),
    ],
)
async def test_a_malformed_token_request_gets_the_rfcs_error(server: Server, parameters, error: str) -> None:
    app = await server.app()

    reply = await server.post("/token", parameters, headers=app.basic)

    assert (reply.status, reply.json["error"]) == (400, error)


async def test_parameters_in_the_query_are_refused(server: Server) -> None:
    app = await server.app()

    reply = await server.post("/token?grant_type=client_credentials", {}, headers=app.basic)

    assert (reply.status, reply.json["error"]) == (400, "invalid_request")


async def test_only_post_is_allowed(server: Server) -> None:
    for path in ("/token", "/introspect", "/revoke"):
        reply = await server.get(path)
        assert reply.status == 405
        assert "POST" in (reply.header("allow") or "")


async def test_another_content_type_is_refused(server: Server) -> None:
    app = await server.app()

    reply = await server.post(
        "/token", b'{"grant_type":"client_credentials"}', headers=app.basic | {"Content-Type": "application/json"}
    )

    assert reply.status in (400, 415)
    assert reply.json["error"] == "invalid_request"


async def test_g2_reserved_names_of_oauthlib_change_nothing(server: Server) -> None:
    app = await server.app()

    reply = await server.token(
        app, grant_type="client_credentials", user="admin", scopes="admin", client="x", extra_credentials="abc",
        claims="{}", expires_in="1", refresh_token="chosen",
    )  # fmt: skip

    assert reply.status == 200
    assert set(reply.json) == {"access_token", "expires_in", "token_type", "scope"}
    assert reply.json["expires_in"] == 36000


async def test_g48_spaces_in_a_scope_make_no_empty_scope(server: Server) -> None:
    app = await server.app()

    doubled = await server.token(app, grant_type="client_credentials", scope="read  write read")
    blank = await server.token(app, grant_type="client_credentials", scope=" ")

    assert doubled.json["scope"] == "read write"
    assert blank.json["scope"] == "read write"


@pytest.mark.parametrize("scope", ["openid", "profile openid", "offline_access"])
async def test_a_scope_about_people_is_not_for_a_client_alone(server: Server, scope: str) -> None:
    app = await server.app(scopes=("openid", "profile", "offline_access", "read"))

    refused = await server.token(app, grant_type="client_credentials", scope=scope)
    narrowed = await server.token(app, grant_type="client_credentials", scope=f"{scope} read")
    by_default = await server.token(app, grant_type="client_credentials")

    assert (refused.status, refused.json["error"]) == (400, "invalid_scope")
    assert [narrowed.json["scope"], by_default.json["scope"]] == ["read", "read"]
