"""Pushed authorization requests (RFC 9126)."""

import hashlib
from typing import Any
from urllib.parse import urlencode

import pytest
from twisted.internet.defer import Deferred, gatherResults

from iam.authorization.pushed_requests import INTERACTION, LIFETIME, PREFIX
from iam.records.actor import SERVER
from iam.secrets import minted
from iam.secrets.minted import Kind
from tests.assertions import asserted, form
from tests.harness import REDIRECT_URI, VERIFIER, Reply, Server
from tests.pushing import Browser, asking, handle, push
from tests.request_objects import asking as signing
from tests.request_objects import encoded

ELSEWHERE = "https://elsewhere.example/callback"


def told(reply: Reply) -> tuple[int, str]:
    return reply.status, reply.json["error"]


def refused(reply: Reply) -> bool:
    """Is this the page about a handle that is not good, and nobody sent anywhere?"""
    return reply.status == 400 and not reply.location and "begin again there" in reply.text


# The endpoint


@pytest.mark.parametrize("auth_method", ["client_secret_basic", "client_secret_post", "none"])
async def test_a_client_pushes_its_request_and_gets_its_code(server: Server, auth_method: str) -> None:
    app, person = await server.app(auth_method=auth_method, grant_types=("authorization_code",)), await server.person()
    data = {**app.form, **asking()}

    pushed = await server.post("/par", data)
    browser = Browser(server, person)
    reply = await browser.decide(await browser.open(app.client_id, pushed.json["request_uri"]))

    assert (pushed.status, pushed.header("cache-control")) == (201, "no-store")
    assert pushed.json["expires_in"] == LIFETIME
    assert pushed.json["request_uri"].startswith(PREFIX)
    assert reply.location.startswith(REDIRECT_URI + "?")
    assert reply.sent_back["state"] == "pushed"
    tokens = await server.redeem(app, reply.sent_back["code"], code_verifier=VERIFIER)
    assert tokens.json["scope"] == "read"


async def test_the_client_id_need_not_be_repeated_beside_a_proof(server: Server) -> None:
    app, person = await server.app(), await server.person()

    pushed = await server.post("/par", asking(), headers=app.basic)
    page = await Browser(server, person).open(app.client_id, pushed.json["request_uri"])

    assert (pushed.status, page.status) == (201, 200)


async def test_a_client_pushes_with_a_jwt_of_its_key(server: Server) -> None:
    signer = await asserted(server)

    reply = await server.post("/par", form(signer.assertion(), **asking()))

    assert reply.status == 201


async def test_only_the_issuer_is_the_audience_of_an_assertion_here(server: Server) -> None:
    """draft-ietf-oauth-rfc7523bis §4: the token endpoint was an audience once, and stays one there alone."""
    signer = await asserted(server)
    issuer = server.settings.issuer

    replies = [
        await server.post("/par", form(signer.assertion(aud=aud), **asking()))
        for aud in (f"{issuer}/token", f"{issuer}/par", [issuer, f"{issuer}/par"], "https://elsewhere.example")
    ]

    assert {told(reply) for reply in replies} == {(401, "invalid_client")}


async def test_an_assertion_that_was_used_here_is_no_good_anywhere(server: Server) -> None:
    signer = await asserted(server)
    proof = signer.assertion()

    first = await server.post("/par", form(proof, **asking()))
    replayed = [await server.post(path, form(proof, **asking())) for path in ("/par", "/introspect")]

    assert first.status == 201
    assert {told(reply) for reply in replayed} == {(401, "invalid_client")}


async def test_an_unsigned_assertion_is_refused(server: Server) -> None:
    signer = await asserted(server)
    parts = signer.assertion().split(".")
    unsigned = ".".join(["eyJhbGciOiJub25lIn0", parts[1], ""])

    assert told(await server.post("/par", form(unsigned, **asking()))) == (401, "invalid_client")


async def test_a_client_that_cannot_prove_itself_pushes_nothing(server: Server, admin: Any) -> None:
    app = await server.app()

    replies = [
        await server.post("/par", {"client_id": app.client_id, **asking()}),
        await server.post("/par", {"client_id": app.client_id, "client_secret": "wrong", **asking()}),
        await server.post("/par", {"client_id": "unknown", **asking()}),
        await server.post("/par", asking()),
    ]

    assert {told(reply) for reply in replies} == {(401, "invalid_client")}
    admin.execute("select count(*) from pushed_requests")
    assert admin.fetchone() == (0,)


async def test_another_clients_id_beside_the_proof_is_refused(server: Server) -> None:
    app, other = await server.app(), await server.app()

    reply = await push(server, app, {"client_id": other.client_id, **asking()})

    assert told(reply) == (401, "invalid_client")


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"redirect_uri": ELSEWHERE}, "invalid_request"),
        ({"response_type": None}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": "unheard-of"}, "invalid_scope"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"response_mode": "smoke"}, "invalid_request"),
        ({"resource": "https://unknown.example"}, "invalid_target"),
        ({"request_uri": PREFIX + "another"}, "invalid_request"),
        ({"request_uri": "https://client.example/request"}, "invalid_request"),
        ({"request": "a.b.c"}, "invalid_request_object"),
        ({"registration": "{}"}, "registration_not_supported"),
    ],
    ids=str,
)
async def test_what_authorize_would_refuse_is_refused_at_once_and_not_stored(
    server: Server, admin: Any, changes: dict[str, str | None], error: str
) -> None:
    app = await server.app()

    reply = await push(server, app, **changes)

    assert told(reply) == (400, error)
    assert reply.json["error_uri"].startswith(server.settings.issuer + "/errors/")
    assert set(reply.json) == {"error", "error_description", "error_uri"}
    admin.execute("select count(*) from pushed_requests")
    assert admin.fetchone() == (0,)


async def test_a_public_client_needs_pkce(server: Server) -> None:
    app = await server.app(auth_method="none", grant_types=("authorization_code",))

    reply = await push(server, app, code_challenge=None, code_challenge_method=None)

    assert told(reply) == (400, "invalid_request")


async def test_a_client_without_the_grant_pushes_nothing(server: Server) -> None:
    app = await server.app(grant_types=("client_credentials",))

    assert told(await push(server, app)) == (400, "unauthorized_client")


async def test_other_methods_bodies_and_sizes_are_refused(server: Server) -> None:
    app = await server.app()
    proof = app.basic

    replies = [
        await server.get("/par", headers=proof),
        await server.post("/par?state=x", asking(), headers=proof),
        await server.post("/par", b"{}", headers={**proof, "Content-Type": "application/json"}),
        await server.post("/par", asking(state="x" * 20_000), headers=proof),
        await server.post("/par", asking(state="x" * 70_000), headers=proof),
        await server.post("/par", b"state=a&state=b", headers=proof),
    ]

    assert [reply.status for reply in replies] == [405, 400, 400, 400, 413, 400]


async def test_what_proves_the_client_and_the_handle_are_not_stored(server: Server, admin: Any) -> None:
    app = await server.app(auth_method="client_secret_post")
    pushed = await server.post("/par", {**app.form, **asking()})

    secret = pushed.json["request_uri"].removeprefix(PREFIX)
    admin.execute("select digest, parameters from pushed_requests")
    ((digest, parameters),) = admin.fetchall()

    assert bytes(digest) == hashlib.sha256(secret.encode()).digest()
    assert str(app.secret) not in parameters
    assert secret not in parameters


async def test_a_network_of_public_clients_that_pushes_too_much_has_to_wait(limited: Server) -> None:
    app = await limited.app(auth_method="none", grant_types=("authorization_code",))

    while (reply := await push(limited, app)).status == 201:
        pass

    assert told(reply) == (429, "temporarily_unavailable")
    assert int(reply.header("retry-after") or "0") >= 1
    assert (await push(limited, await limited.app())).status == 201


# The handle


async def test_only_the_client_id_and_the_handle_count_at_the_authorization_endpoint(server: Server) -> None:
    """RFC 9126 §4."""
    app, person = await server.app(redirect_uris=(REDIRECT_URI, ELSEWHERE)), await server.person()
    browser = Browser(server, person)

    page = await browser.open(
        app.client_id, await handle(server, app), redirect_uri=ELSEWHERE, state="outside", scope="write"
    )
    reply = await browser.decide(page)

    assert reply.location.startswith(REDIRECT_URI + "?")
    assert reply.sent_back["state"] == "pushed"
    assert (await server.redeem(app, reply.sent_back["code"])).json["scope"] == "read"


async def test_the_request_may_be_reloaded_where_it_was_opened(server: Server) -> None:
    app, person = await server.app(), await server.person()
    browser, request_uri = Browser(server, person), await handle(server, app)

    pages = [await browser.open(app.client_id, request_uri) for _ in range(3)]
    reply = await browser.decide(pages[0])

    assert [page.status for page in pages] == [200, 200, 200]
    assert "code" in reply.sent_back


async def test_who_refused_may_go_back_and_allow(server: Server) -> None:
    app, person = await server.app(), await server.person()
    browser, request_uri = Browser(server, person), await handle(server, app)
    page = await browser.open(app.client_id, request_uri)

    first, second = await browser.decide(page, "deny"), await browser.decide(page)

    assert first.sent_back["error"] == "access_denied"
    assert "code" in second.sent_back


async def test_the_request_survives_a_login_that_takes_a_while(server: Server) -> None:
    app, person = await server.app(), await server.person()
    browser, request_uri = Browser(server), await handle(server, app)
    login = await browser.open(app.client_id, request_uri)
    shown = await server.get(login.location)
    server.clock.advance(INTERACTION - 1)

    browser.person = person
    reply = await browser.decide(await browser.open(app.client_id, request_uri))

    assert login.location.startswith("/login?next=")
    assert "Test application" in shown.text
    assert "code" in reply.sent_back


async def test_a_person_takes_an_hour_at_most(server: Server) -> None:
    app, person = await server.app(), await server.person()
    browser, request_uri = Browser(server, person), await handle(server, app)
    await browser.open(app.client_id, request_uri)

    server.clock.advance(INTERACTION)

    assert refused(await browser.open(app.client_id, request_uri))


async def test_the_cookie_of_the_browser_is_protected_and_opens_nothing_else(server: Server) -> None:
    app, person = await server.app(), await server.person()
    reply = await Browser(server, person).open(app.client_id, await handle(server, app))

    (cookie,) = [line for line in reply.headers.getRawHeaders("set-cookie") if line.startswith("iam_request=")]

    assert "HttpOnly; SameSite=Lax" in cookie
    assert f"Max-Age={INTERACTION}" in cookie


async def test_a_handle_that_was_answered_is_refused_in_the_same_browser(server: Server) -> None:
    app, person = await server.app(), await server.person()
    browser, request_uri = Browser(server, person), await handle(server, app)
    page = await browser.open(app.client_id, request_uri)
    await browser.decide(page)

    assert refused(await browser.open(app.client_id, request_uri))
    assert refused(await browser.open(app.client_id, request_uri, prompt="none"))


async def test_a_page_that_was_sent_twice_gives_one_code(server: Server) -> None:
    app, person = await server.app(), await server.person()
    browser = Browser(server, person)
    page = await browser.open(app.client_id, await handle(server, app))

    replies = await gatherResults(Deferred.fromCoroutine(browser.decide(page)) for _ in range(10))

    assert sum("code=" in reply.location for reply in replies) == 1
    assert sum(bool(reply.location) for reply in replies) == 1


async def test_a_handle_is_refused_in_another_browser(server: Server) -> None:
    app, person = await server.app(), await server.person()
    request_uri = await handle(server, app)
    await Browser(server).open(app.client_id, request_uri)

    assert refused(await Browser(server, person).open(app.client_id, request_uri))
    assert refused(await Browser(server, person, minted.mint(Kind.VISITOR)).open(app.client_id, request_uri))


async def test_a_handle_is_refused_with_the_id_of_another_client_and_stays_good(server: Server) -> None:
    app, other, person = await server.app(), await server.app(), await server.person()
    request_uri = await handle(server, app)

    assert refused(await Browser(server, person).open(other.client_id, request_uri))
    assert refused(await Browser(server, person).open(None, request_uri))
    assert refused(await Browser(server, person).open("unknown", request_uri))
    assert (await Browser(server, person).open(app.client_id, request_uri)).status == 200


async def test_a_handle_is_stale_after_a_minute(server: Server) -> None:
    app, person = await server.app(), await server.person()
    request_uri = await handle(server, app)

    server.clock.advance(LIFETIME)

    assert refused(await Browser(server, person).open(app.client_id, request_uri))


@pytest.mark.parametrize(
    "forged",
    [
        minted.mint(Kind.PUSHED_REQUEST),
        minted.mint(Kind.PUSHED_REQUEST)[:-1],
        "",
        "x" * 5000,
        minted.mint(Kind.VISITOR),
    ],
    ids=["made up", "cut off", "empty", "oversized", "of another kind"],
)
async def test_a_forged_handle_is_refused(server: Server, forged: str) -> None:
    app, person = await server.app(), await server.person()

    assert refused(await Browser(server, person).open(app.client_id, PREFIX + forged, redirect_uri=REDIRECT_URI))


async def test_the_reason_is_told_to_the_clients_owner(server: Server) -> None:
    app, person = await server.app(), await server.person()
    request_uri = await handle(server, app)
    server.clock.advance(LIFETIME)

    await Browser(server, person).open(app.client_id, request_uri)
    await server.store.refusals.flush()

    (trace,) = await server.store.refusals.latest(app.client_id, server.now(), 10)
    assert (trace.error, trace.failed, trace.got) == ("invalid_request_uri", "request_uri", "one that has expired")


async def test_a_client_that_was_disabled_since_gets_nothing(server: Server, admin: Any) -> None:
    app, person = await server.app(), await server.person()
    browser, request_uri = Browser(server, person), await handle(server, app)
    admin.execute("update clients set disabled_at = now() where id = %s", (app.client_id,))
    server.store.clients.forget()

    reply = await browser.open(app.client_id, request_uri)

    assert (reply.status, reply.location) == (400, "")


async def test_of_a_hundred_browsers_at_two_servers_one_has_the_request(several_limited: tuple[Server, ...]) -> None:
    server, other, _ = several_limited
    app, person = await server.app(), await server.person()
    request_uri = await handle(server, app)

    replies = await gatherResults(
        Deferred.fromCoroutine(Browser(at, person).open(app.client_id, request_uri))
        for at in (server, other)
        for _ in range(50)
    )

    assert sum(reply.status == 200 for reply in replies) == 1
    assert sum(refused(reply) for reply in replies) == 99


async def test_what_nobody_answered_is_deleted(server: Server, admin: Any) -> None:
    app, person = await server.app(), await server.person()
    await Browser(server, person).open(app.client_id, await handle(server, app))
    await handle(server, app)
    server.clock.advance(LIFETIME + 1)

    first = await server.store.pushed_requests.sweep(server.now())
    server.clock.advance(INTERACTION)
    second = await server.store.pushed_requests.sweep(server.now())

    assert (first, second) == (1, 1)


# Clients that must push


async def test_a_client_that_must_push_is_refused_by_any_other_way(server: Server) -> None:
    app = await server.app(require_pushed_authorization_requests=True)
    person = await server.person()
    browser = Browser(server, person)

    outside = await server.authorize(app, person)
    reply = await browser.decide(await browser.open(app.client_id, await handle(server, app)))

    assert outside.sent_back["error"] == "invalid_request"
    assert "RFC 9126" in outside.sent_back["error_description"]
    assert "code" in reply.sent_back


# Request objects in pushed requests (RFC 9126 §3)


async def test_a_signed_request_is_pushed(server: Server) -> None:
    client = await signing(server, require_signed_request_object=True, require_pushed_authorization_requests=True)
    app, browser = client.app, Browser(server, client.person)

    pushed = await push(server, app, {"client_id": app.client_id, "request": client.signed()})
    server.clock.advance(LIFETIME - 1)
    page = await browser.open(app.client_id, pushed.json["request_uri"])
    server.clock.advance(300)
    reply = await browser.decide(page)

    assert reply.sent_back["state"] == "inside"
    assert "code" in reply.sent_back


async def test_a_pushed_request_object_is_of_the_client_that_pushes_it(server: Server) -> None:
    client, other = await signing(server), await signing(server)

    replies = [
        await push(server, client.app, {"client_id": client.app.client_id, "request": text})
        for text in (
            other.signed(),
            client.signed(client_id=other.app.client_id),
            client.signed(iss=other.app.client_id),
            client.signed(aud="https://elsewhere.example"),
            client.signed(request_uri=PREFIX + "x"),
            client.signed(exp=1),
        )
    ]

    assert {told(reply) for reply in replies} == {(400, "invalid_request_object")}


async def test_a_request_object_that_nobody_can_read_is_wrong_and_nothing_else(server: Server) -> None:
    """RFC 9101 §6.2: what is in it is not missing, also where no redirect URI goes without saying."""
    client = await signing(server, redirect_uris=(REDIRECT_URI, REDIRECT_URI + "/other"))
    unsigned = f"{encoded({'alg': 'none'})}.{encoded(client.claims())}."

    replies = [
        await push(server, client.app, {"client_id": client.app.client_id, "request": text})
        for text in (client.signed()[:-4] + "AAAA", unsigned, "a.b.c")
    ]

    assert {told(reply) for reply in replies} == {(400, "invalid_request_object")}
    await server.store.refusals.flush()
    traces = await server.store.refusals.latest(client.app.client_id, server.now(), 10)
    assert {trace.failed for trace in traces} == {"request object"}


async def test_an_unsigned_request_object_is_refused(server: Server) -> None:
    client = await signing(server)
    unsigned = f"{encoded({'alg': 'none'})}.{encoded(client.claims())}."

    reply = await push(server, client.app, {"client_id": client.app.client_id, "request": unsigned})

    assert told(reply) == (400, "invalid_request_object")


async def test_a_client_that_must_sign_signs_what_it_pushes(server: Server) -> None:
    app = await server.app(require_signed_request_object=True)

    assert told(await push(server, app)) == (400, "invalid_request")


async def test_the_authorization_endpoint_takes_a_handle_by_post(server: Server) -> None:
    app = await server.app()
    request_uri = await handle(server, app)

    reply = await server.post("/authorize", {"client_id": app.client_id, "request_uri": request_uri})

    assert (reply.status, reply.location) == (
        303,
        "/authorize?" + urlencode({"client_id": app.client_id, "request_uri": request_uri}),
    )


async def test_several_resources_are_pushed(server: Server) -> None:
    app, person = await server.app(), await server.person()
    resources = ("https://one.example", "https://two.example")
    for uri in resources:
        await server.store.resources.create(
            uri, scopes=(), token_format="opaque", lifetime=600, client_id=None, now=server.now(), by=SERVER
        )
    browser, said = Browser(server, person), [("client_id", app.client_id), *asking().items()]

    pushed = await push(server, app, [*said, *(("resource", uri) for uri in resources)])
    reply = await browser.decide(await browser.open(app.client_id, pushed.json["request_uri"]))

    tokens = await server.redeem(app, reply.sent_back["code"])
    assert set((await server.introspect(app, tokens.json["access_token"]))["aud"]) == set(resources)
