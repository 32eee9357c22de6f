"""Clients register themselves (RFC 7591 §3, OpenID Connect Registration §3)."""

from collections import Counter
from datetime import timedelta
from html import unescape
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import pytest
from twisted.internet.defer import Deferred, gatherResults

from iam.records.actor import SERVER
from iam.secrets import minted
from iam.secrets.minted import Kind
from tests.assertions import make, public
from tests.harness import REDIRECT_URI, Server, made_up
from tests.registering import METADATA, initial_access_token, register, registered

OPENID = {"openid", "profile", "email", "address", "phone", "offline_access"}


# -- what a client is told --


async def test_a_client_registers_with_an_initial_access_token_and_logs_somebody_in(server: Server) -> None:
    client, person = await registered(server), await server.person()

    tokens = await server.tokens(client.app, person, scope="openid profile")

    assert "id_token" in tokens


async def test_the_answer_is_everything_that_the_client_is_registered_with(server: Server) -> None:
    token = await initial_access_token(server)

    reply = await register(server, token)

    said = reply.json
    assert reply.status == 201
    assert reply.header("cache-control") == "no-store"
    assert minted.well_formed(said.pop("client_secret"), Kind.CLIENT_SECRET)
    assert minted.well_formed(said.pop("registration_access_token"), Kind.REGISTRATION_ACCESS_TOKEN)
    assert said.pop("registration_client_uri") == f"{server.settings.issuer}/register/{said['client_id']}"
    assert abs(said.pop("client_id_issued_at") - server.now().timestamp()) < 60
    assert len(said.pop("client_id")) == 22
    assert set(said.pop("scope").split(" ")) == OPENID
    assert said == {
        "client_secret_expires_at": 0,
        "client_name": "Shop",
        "redirect_uris": [REDIRECT_URI],
        "post_logout_redirect_uris": [],
        "grant_types": ["authorization_code"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "client_secret_basic",
        "application_type": "web",
        "subject_type": "public",
        "id_token_signed_response_alg": "RS256",
        "authorization_signed_response_alg": "RS256",
        "introspection_signed_response_alg": "RS256",
        "require_signed_request_object": False,
        "require_pushed_authorization_requests": False,
        "dpop_bound_access_tokens": False,
        "tls_client_certificate_bound_access_tokens": False,
        "require_auth_time": False,
        "backchannel_logout_session_required": False,
        "frontchannel_logout_session_required": False,
    }


async def test_every_member_that_is_understood_is_kept_and_said(server: Server) -> None:
    members = {
        "client_name": "Shop",
        "redirect_uris": [REDIRECT_URI, "https://client.example/more"],
        "post_logout_redirect_uris": ["https://client.example/"],
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "scope": "openid email",
        "token_endpoint_auth_method": "private_key_jwt",
        "token_endpoint_auth_signing_alg": "ES256",
        "jwks": public(make("ES256")),
        "application_type": "web",
        "contacts": ["ops@client.example"],
        "client_uri": "https://client.example/about",
        "logo_uri": "https://client.example/logo.png",
        "policy_uri": "https://client.example/policy",
        "tos_uri": "https://client.example/tos",
        "software_id": "shop",
        "software_version": "2.0",
        "subject_type": "pairwise",
        "id_token_signed_response_alg": "ES256",
        "userinfo_signed_response_alg": "EdDSA",
        "default_max_age": 3600,
        "require_auth_time": True,
        "default_acr_values": ["1"],
        "initiate_login_uri": "https://client.example/login",
        "backchannel_logout_uri": "https://client.example/backchannel",
        "backchannel_logout_session_required": True,
        "frontchannel_logout_uri": "https://client.example/frontchannel",
        "frontchannel_logout_session_required": True,
    }

    client = await registered(server, **members)
    kept = await server.store.clients.read(client.app.client_id)

    assert client.document.items() >= members.items()
    assert kept is not None
    assert kept.sector == "client.example"
    assert (kept.owner_id, kept.registered_itself) == (None, True)


@pytest.mark.parametrize("auth_method", ["none", "private_key_jwt"])
async def test_a_client_without_secret_is_told_none(server: Server, auth_method: str) -> None:
    keys = {"jwks": public(make("ES256"))} if auth_method == "private_key_jwt" else {}

    client = await registered(server, token_endpoint_auth_method=auth_method, **keys)

    assert not {"client_secret", "client_secret_expires_at"} & client.document.keys()


async def test_secrets_are_kept_as_digests(server: Server, admin: Any) -> None:
    """H25."""
    token = await initial_access_token(server)
    client = (await register(server, token)).json

    dump = ""
    for table in ("clients", "client_secrets", "registration_tokens"):
        admin.execute(f"select to_jsonb({table})::text from {table}")
        dump += "".join(row[0] for row in admin.fetchall())

    for secret in (token, client["client_secret"], client["registration_access_token"]):
        assert secret not in dump
        assert minted.digest(secret).hex() in dump


async def test_a_client_without_name_is_called_by_where_it_leads(server: Server) -> None:
    token = await initial_access_token(server)

    reply = await register(server, token, {"redirect_uris": [REDIRECT_URI]})

    assert reply.json["client_name"] == "client.example"


async def test_what_is_not_understood_is_ignored(server: Server) -> None:
    """RFC 7591 §2, and §2.2 for names in other languages."""
    odd = {
        "client_name#ja": "店",
        "favourite_colour": ["blue", {"or": None}],
        "tos_uri#fr": 7,
        "sector": "evil.example",
    }

    client = await registered(server, **odd)

    assert not odd.keys() & client.document.keys()


@pytest.mark.parametrize("auth_method", ["client_secret_basic", "client_secret_post", "none"])
async def test_a_client_that_does_not_sign_to_prove_itself_is_kept_without_an_algorithm_for_that(
    server: Server, auth_method: str
) -> None:
    """OpenID Connect Registration §2: the member is about two methods; idpyoidc sends it with every one."""
    client = await registered(server, token_endpoint_auth_method=auth_method, token_endpoint_auth_signing_alg="RS256")

    updated = await client.update(token_endpoint_auth_method=auth_method, token_endpoint_auth_signing_alg="ES256")

    assert updated.status == 200
    assert "token_endpoint_auth_signing_alg" not in {**client.document, **updated.json}


@pytest.mark.parametrize("nothing", [None, ""])
async def test_what_is_empty_is_not_there(server: Server, nothing: Any) -> None:
    client = await registered(server, tos_uri=nothing, jwks=None, grant_types=None, subject_type=nothing)

    assert "tos_uri" not in client.document
    assert client.document["grant_types"] == ["authorization_code"]
    assert client.document["subject_type"] == "public"


async def test_a_registration_is_an_event(server: Server) -> None:
    client = await registered(server)

    (event,) = await server.store.audit.events(client=client.app.client_id)

    assert event.kind == "client.created"
    assert event.actor.startswith("registration token ")
    assert event.address == "127.0.0.1"


# -- what is refused --


@pytest.mark.parametrize(
    ("members", "error", "words"),
    [
        ({"redirect_uris": "https://client.example/"}, "invalid_redirect_uri", "redirect_uris"),
        ({"redirect_uris": []}, "invalid_redirect_uri", "at least one"),
        ({"redirect_uris": [7]}, "invalid_redirect_uri", "redirect_uris"),
        ({"redirect_uris": ["http://client.example/cb"]}, "invalid_redirect_uri", "https://"),
        ({"redirect_uris": [REDIRECT_URI + "?code=x"]}, "invalid_redirect_uri", "code"),
        ({"redirect_uris": [REDIRECT_URI + "?iss=x"]}, "invalid_redirect_uri", "iss"),
        ({"redirect_uris": [REDIRECT_URI + "#state="]}, "invalid_redirect_uri", "fragment"),
        ({"redirect_uris": ["javascript:alert(1)"]}, "invalid_redirect_uri", "https://"),
        ({"redirect_uris": ["com.example.app:/cb"]}, "invalid_redirect_uri", "public clients"),
        ({"redirect_uris": ["cursor://cb"], "token_endpoint_auth_method": "none"}, "invalid_redirect_uri", "https://"),
        ({"redirect_uris": [REDIRECT_URI, "javascript:alert(1)"]}, "invalid_redirect_uri", "javascript"),
        ({"redirect_uris": [REDIRECT_URI, "https://a@b/"]}, "invalid_redirect_uri", "user name"),
        ({"redirect_uris": [REDIRECT_URI, "com.example.app://a@b/"]}, "invalid_redirect_uri", "user name"),
        ({"redirect_uris": [REDIRECT_URI, "https://client.example/../cb"]}, "invalid_redirect_uri", "path"),
        ({"redirect_uris": [f"https://client.example/{n}" for n in range(51)]}, "invalid_redirect_uri", "at most"),
        ({"response_types": ["token"]}, "invalid_client_metadata", "response_types"),
        ({"response_types": ["code"], "grant_types": []}, "invalid_client_metadata", "response_types"),
        ({"grant_types": ["implicit"]}, "invalid_client_metadata", "grant_types"),
        ({"grant_types": ["password"]}, "invalid_client_metadata", "Choose among authorization_code"),
        ({"grant_types": ["refresh_token"]}, "invalid_client_metadata", "authorization code"),
        (
            {"grant_types": ["client_credentials"], "token_endpoint_auth_method": "none"},
            "invalid_client_metadata",
            "need a secret",
        ),
        ({"grant_types": ["client_credentials"]}, "invalid_client_metadata", "not about people"),
        ({"client_name": 7}, "invalid_client_metadata", "client_name"),
        ({"client_name": "a\nb"}, "invalid_client_metadata", "client_name"),
        ({"scope": ["openid"]}, "invalid_client_metadata", "scope"),
        ({"scope": "read"}, "invalid_client_metadata", "openid, phone"),
        ({"scope": "admin"}, "invalid_client_metadata", "openid, phone"),
        (
            {"token_endpoint_auth_signing_alg": "none", "token_endpoint_auth_method": "client_secret_jwt"},
            "invalid_client_metadata",
            "HS256",
        ),
        ({"token_endpoint_auth_method": "private_key_jwt"}, "invalid_client_metadata", "jwks"),
        ({"jwks": [1]}, "invalid_client_metadata", "jwks"),
        ({"jwks": {"keys": [{"kty": "oct", "k": "AAAA"}]}}, "invalid_client_metadata", "private key"),
        ({"jwks": public(make("ES256")), "jwks_uri": "https://a.example/"}, "invalid_client_metadata", "not both"),
        ({"default_max_age": "3600"}, "invalid_client_metadata", "default_max_age"),
        ({"default_max_age": 3600.0}, "invalid_client_metadata", "default_max_age"),
        ({"default_max_age": True}, "invalid_client_metadata", "default_max_age"),
        ({"require_auth_time": "true"}, "invalid_client_metadata", "require_auth_time"),
        ({"contacts": "ops@client.example"}, "invalid_client_metadata", "contacts"),
        ({"tos_uri": "javascript:alert(1)"}, "invalid_client_metadata", "tos_uri"),
        ({"id_token_signed_response_alg": "none"}, "invalid_client_metadata", "id_token_signed_response_alg"),
        (
            {"subject_type": "pairwise", "redirect_uris": [REDIRECT_URI, "https://b.example/"]},
            "invalid_client_metadata",
            "sector_identifier_uri",
        ),
        ({"subject_type": "ephemeral"}, "invalid_client_metadata", "subject_type"),
        ({"userinfo_signed_response_alg": "HS256"}, "invalid_client_metadata", "userinfo_signed_response_alg"),
        ({"id_token_encrypted_response_alg": "RSA1_5"}, "invalid_client_metadata", "id_token_encrypted_response_alg"),
        ({"backchannel_logout_uri": "x"}, "invalid_client_metadata", "backchannel_logout_uri"),
        ({"software_statement": 7}, "invalid_client_metadata", "software_statement"),
    ],
)
async def test_what_cannot_be_registered_is_refused_by_its_member(
    server: Server, members: dict[str, Any], error: str, words: str
) -> None:
    token = await initial_access_token(server, uses=1)

    refused = await register(server, token, **members)
    afterwards = await register(server, token)

    assert (refused.status, refused.json["error"]) == (400, error)
    assert words in refused.json["error_description"]
    assert refused.json["error_description"].isascii()
    assert afterwards.status == 201  # nothing was used up


@pytest.mark.parametrize("public", [True, False])
@pytest.mark.parametrize(
    "uri",
    [
        *(
            "javascript:alert(1)",
            "JaVaScript:alert(1)",
            "data:text/html,x",
            "vbscript:x",
            "file:///etc/passwd",
            "blob:x",
        ),
        *(REDIRECT_URI + "?code=x", REDIRECT_URI + "?a=b&state=x", REDIRECT_URI + "?iss=x", REDIRECT_URI + "#state="),
    ],
)
async def test_no_redirect_uri_is_a_script_or_an_answer(server: Server, uri: str, public: bool) -> None:
    told = {"token_endpoint_auth_method": "none", "application_type": "native"} if public else {}

    reply = await register(server, await initial_access_token(server), redirect_uris=[uri], **told)

    assert (reply.status, reply.json["error"]) == (400, "invalid_redirect_uri")


@pytest.mark.parametrize("name", ["<svg onload=alert(1)>", "{{7*7}}", "'\"><script>alert(1)</script>"])
async def test_a_name_is_text_where_people_read_it(server: Server, name: str) -> None:
    client, person = await registered(server, client_name=name), await server.person()
    query = {
        "response_type": "code",
        "client_id": client.app.client_id,
        "redirect_uri": REDIRECT_URI,
        "scope": "openid",
    }

    page = (await server.get("/authorize?" + urlencode(query), headers=person.headers)).text

    assert name in unescape(page)
    assert "<svg" not in page
    assert "<script" not in page


async def test_initial_access_tokens_that_come_and_go_are_events(server: Server) -> None:
    await initial_access_token(server)
    (known,) = await server.store.registrations.page("", UUID(int=0), 2)

    await server.store.registrations.revoke_token(known.id, server.now(), by=SERVER)
    events = await server.store.audit.events()

    assert [event.kind for event in events] == ["registration_token.created", "registration_token.revoked"]
    assert {event.detail["registration_token"] for event in events} == {str(known.id)}


async def test_a_refusal_can_be_read_about(server: Server) -> None:
    token = await initial_access_token(server)
    await server.store.refusals.flush()  # those of other tests, of which only so many are kept in a second

    refused = await register(server, token, tos_uri="javascript:alert(1)")
    await server.store.refusals.flush()
    trace = await server.store.refusals.find(refused.json["error_uri"].rpartition("/")[2], server.now())

    assert trace is not None
    assert (trace.endpoint, trace.error, trace.failed) == ("/register", "invalid_client_metadata", "tos_uri")


async def test_scopes_are_those_that_the_initial_access_token_allows(server: Server) -> None:
    token = await initial_access_token(server, scopes=("read",))

    allowed = await register(server, token, scope="openid read")
    more = await register(server, token, scope="openid read write")
    by_default = await register(server, token)

    assert [reply.status for reply in (allowed, more, by_default)] == [201] * 3
    assert allowed.json["scope"] == more.json["scope"] == "openid read"
    assert "write" in more.json["left_out"]["scope"]
    assert set(by_default.json["scope"].split(" ")) == OPENID | {"read"}


async def test_scopes_are_those_that_the_server_allows(configured: Any) -> None:
    server = configured(registration_scope=("write",))

    client = await registered(server, scope="write", grant_types=["client_credentials"], redirect_uris=[])
    tokens = await server.token(client.app, grant_type="client_credentials")

    assert tokens.json["scope"] == "write"
    assert client.document["response_types"] == []


# -- who may --


@pytest.mark.parametrize(
    "token",
    [None, made_up(Kind.INITIAL_ACCESS_TOKEN), made_up(Kind.REGISTRATION_ACCESS_TOKEN), "x"],
    ids=["none", "unknown", "of another kind", "malformed"],
)
async def test_without_a_good_initial_access_token_nobody_registers(server: Server, token: str | None) -> None:
    reply = await register(server, token)

    assert reply.status == 401
    assert (reply.header("www-authenticate") or "").startswith('Bearer realm="iam"')
    assert reply.json["error"] == ("unauthorized" if token is None else "invalid_token")


async def test_a_registration_access_token_registers_nobody(server: Server) -> None:
    client = await registered(server)

    assert (await register(server, client.token)).status == 401


async def test_an_initial_access_token_is_good_for_as_many_clients_as_it_says(server: Server) -> None:
    token = await initial_access_token(server, uses=2)

    statuses = [(await register(server, token)).status for _ in range(3)]

    assert statuses == [201, 201, 401]


async def test_an_initial_access_token_runs_out(server: Server) -> None:
    token = await initial_access_token(server, expires_at=server.now() + timedelta(seconds=60))

    before = await register(server, token)
    server.clock.advance(61)
    after = await register(server, token)

    assert (before.status, after.status) == (201, 401)


async def test_an_initial_access_token_that_is_revoked_registers_nobody(server: Server) -> None:
    token = await initial_access_token(server)
    client = (await register(server, token)).json
    (known,) = await server.store.registrations.page("", UUID(int=0), 2)

    await server.store.registrations.revoke_token(known.id, server.now(), by=SERVER)

    assert (await register(server, token)).status == 401
    assert await server.store.clients.read(client["client_id"]) is not None


async def test_of_twenty_registrations_at_once_with_a_token_for_one_one_wins(server: Server, configured: Any) -> None:
    other = configured()
    token = await initial_access_token(server, uses=1)

    replies = await gatherResults(
        [Deferred.fromCoroutine(register(at, token)) for at in (server, other) for _ in range(10)]
    )

    assert Counter(reply.status for reply in replies) == {201: 1, 401: 19}
    assert len(await server.store.clients.all()) == 1


async def test_where_registration_is_closed_nobody_registers(configured: Any) -> None:
    server = configured(registration="closed")
    token = await initial_access_token(server)

    reply = await register(server, token)
    metadata = (await server.get("/.well-known/openid-configuration")).json

    assert (reply.status, reply.json["error"]) == (403, "access_denied")
    assert "registration_endpoint" not in metadata
    assert await server.store.clients.all() == []


async def test_where_registration_is_open_nobody_needs_a_token(configured: Any) -> None:
    server = configured(registration="open")

    reply = await register(server, None)
    (event,) = await server.store.audit.events(kind="client.created")

    assert (reply.status, event.actor) == (201, "anybody")


async def test_where_registration_is_open_a_token_that_is_brought_must_be_good(configured: Any) -> None:
    server = configured(registration="open")

    assert (await register(server, made_up(Kind.INITIAL_ACCESS_TOKEN))).status == 401


async def test_h14_a_network_tries_so_often_a_day_as_the_option_says(configured: Any) -> None:
    server = configured(registration="open", registration_quota=20, no_rate_limits=False)
    token = await initial_access_token(server)

    replies = await gatherResults([Deferred.fromCoroutine(register(server, None)) for _ in range(25)])
    refused = next(reply for reply in replies if reply.status == 429)
    with_token = await register(server, token)
    server.clock.advance(int(refused.header("retry-after") or ""))
    next_day = await register(server, None)

    assert Counter(reply.status for reply in replies) == {201: 20, 429: 5}
    assert refused.json["error"] == "temporarily_unavailable"
    assert (with_token.status, next_day.status) == (201, 201)
    assert len(await server.store.clients.all()) == 22


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ({"redirect_uris": ["cursor://a/cb", "http://localhost:3000/cb", "http://127.0.0.1:3000/cb"]}, slice(1, None)),
        ({"redirect_uris": [REDIRECT_URI, "http://client.example/cb", "com.example.app:/cb"]}, slice(0, 1)),
        (
            {
                "redirect_uris": [REDIRECT_URI, "com.example.app:/cb", "cursor:/cb"],
                "token_endpoint_auth_method": "none",
            },
            slice(0, 2),
        ),
    ],
)
async def test_redirect_uris_that_do_not_fit_are_left_out_where_others_remain(
    server: Server, told: dict[str, Any], kept: slice
) -> None:
    token = await initial_access_token(server)

    reply = await register(
        server, token, **told, post_logout_redirect_uris=["cursor:/out", "https://client.example/out"]
    )

    assert reply.status == 201
    assert reply.json["redirect_uris"] == told["redirect_uris"][kept]
    assert reply.json["post_logout_redirect_uris"] == ["https://client.example/out"]


async def test_refused_attempts_count_like_others(configured: Any) -> None:
    server = configured(registration="open", registration_quota=3, no_rate_limits=False)

    bodies: list[Any] = [{"redirect_uris": ["javascript:alert(1)"]}, b"{", METADATA, METADATA]
    replies = [await register(server, None, body) for body in bodies]

    assert [reply.status for reply in replies] == [400, 400, 201, 429]


async def test_there_are_so_many_clients_of_strangers_as_the_limit_says(configured: Any) -> None:
    server = configured(registration="open", limit=("registered-clients=3",))
    token = await initial_access_token(server)

    replies = await gatherResults([Deferred.fromCoroutine(register(server, None)) for _ in range(6)])
    refused = next(reply for reply in replies if reply.status == 429)
    with_token = await register(server, token)

    assert Counter(reply.status for reply in replies) == {201: 3, 429: 3}
    assert int(refused.header("retry-after") or "") > 0
    assert "initial access token" in refused.json["error_description"]
    assert with_token.status == 201


async def test_no_page_of_another_origin_may_register_or_read(server: Server) -> None:
    client = await registered(server)

    for method, url in (("OPTIONS", "/register"), ("GET", client.uri)):
        reply = await server.request(method, url, headers={"Origin": "https://client.example"})
        assert reply.header("access-control-allow-origin") is None


async def test_the_metadata_name_the_endpoint(server: Server) -> None:
    metadata = (await server.get("/.well-known/openid-configuration")).json

    assert metadata["registration_endpoint"] == server.settings.issuer + "/register"


async def test_what_is_wrong_below_register_is_said_in_json(server: Server) -> None:
    reply = await server.request("PATCH", "/register/x")

    assert (reply.status, reply.header("content-type")) == (405, "application/json")
