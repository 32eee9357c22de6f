"""Every refusal has an id, under which the makers of the application, and nobody else, read why."""

import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from twisted.internet.defer import Deferred, gatherResults
from twisted.logger import formatEvent, globalLogPublisher

from iam.clients import redirect_uri_difference
from iam.protocol import bridge
from iam.records.actor import SERVER
from iam.records.refusal import Trace
from iam.secrets import minted
from iam.secrets.minted import Kind
from iam.store.refusals import MOST, MOST_OF_ADDRESS, MOST_OF_CLIENT
from tests.harness import REDIRECT_URI, VERIFIER, App, Reply, Server, made_up

ERROR_URI = re.compile(r"http://localhost:\d+(?:/[a-z]+)?/errors/[0-9A-Za-z]{12}")


async def trace_of(server: Server, reply: Reply | str) -> Trace:
    """The reason behind an answer, or behind an error_uri."""
    error_uri = reply if isinstance(reply, str) else reply.json["error_uri"]
    assert ERROR_URI.fullmatch(error_uri)
    await server.store.refusals.flush()
    trace = await server.store.refusals.find(error_uri.rpartition("/")[2], server.now())
    assert trace is not None
    return trace


@pytest.fixture
async def app(server: Server) -> App:
    return await server.app()


# What is said


async def test_a_wrong_secret_is_told_from_another_applications(server: Server) -> None:
    app, other = await server.app(), await server.app()
    told = {}

    for name, secret in {
        "wrong": made_up(Kind.CLIENT_SECRET),
        "of another application": other.secret,
        "not one of this server's: cut off, or another text": str(app.secret)[:-1],
    }.items():
        trace = await trace_of(server, await server.token(evolve(app, secret=secret), grant_type="client_credentials"))
        told[name] = (trace.got, trace.failed, trace.error, trace.client_id, trace.grant_type, trace.endpoint)

    for name, (got, *others) in told.items():
        assert got == name
        assert others == ["client secret", "invalid_client", app.client_id, "client_credentials", "/token"]


@pytest.mark.parametrize(
    ("change", "slip"),
    [
        (lambda text: text + "\n", "it ends in a blank"),
        (lambda text: " " + text, "it begins with a blank"),
        (lambda text: f"\t{text} ", "it begins and ends with a blank"),
        (lambda text: f'"{text}"', "it stands in quotation marks"),
        (lambda text: f"'{text}'\n", "it ends in a blank, and it stands in quotation marks"),
        (lambda text: text + "%0A", "it is percent-encoded once too often, and it ends in a blank"),
        (lambda text: text.swapcase(), "it differs in case from that of an application"),
        (lambda text: text[:-1], ""),
    ],
)
async def test_a_wrong_id_is_told_from_a_wrong_secret_with_what_is_odd_about_it(
    server: Server, change: Callable[[str], str], slip: str
) -> None:
    app = await server.app()

    trace = await trace_of(
        server, await server.token(evolve(app, client_id=change(app.client_id)), grant_type="client_credentials")
    )

    assert (trace.failed, trace.got) == ("client id", "no application has it" + (f"; {slip}" if slip else ""))


@pytest.mark.parametrize(
    ("change", "slip"),
    [
        (lambda text: text + "\n", "it ends in a blank"),
        (lambda text: f'"{text}"', "it stands in quotation marks"),
    ],
)
async def test_the_right_secret_with_something_around_it_is_told(
    server: Server, change: Callable[[str], str], slip: str
) -> None:
    app = await server.app()

    reply = await server.token(evolve(app, secret=change(str(app.secret))), grant_type="client_credentials")
    as_id = await server.token(evolve(app, secret=app.client_id), grant_type="client_credentials")

    trace = await trace_of(server, reply)
    assert (trace.failed, trace.got) == ("client secret", f"the application's, but {slip}")
    assert reply.json["error_description"] == "Client authentication failed."
    assert (await trace_of(server, as_id)).got == "the application's id"


async def test_a_disabled_client_and_a_public_one_with_a_secret_are_called_so(server: Server) -> None:
    app = await server.app()
    public = evolve(await server.app(auth_method="none", grant_types=("authorization_code",)), secret=app.secret)
    with_secret = await trace_of(server, await server.redeem(public, "x"))
    await server.store.clients.set_disabled(app.client_id, server.now(), SERVER, disabled=True)

    disabled = await trace_of(server, await server.token(app, grant_type="client_credentials"))

    assert (with_secret.failed, with_secret.expected) == (
        "client authentication",
        "no secret: the application is public",
    )
    assert (disabled.failed, disabled.got, disabled.client_id) == ("client", "disabled", app.client_id)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda uri: uri + "\n", "the registered one, but it ends in a blank"),
        (lambda uri: uri.upper(), "one that differs in case"),
    ],
)
def test_a_redirect_uri_with_a_slip_is_told_by_the_slip(change: Callable[[str], str], told: str) -> None:
    assert redirect_uri_difference.refusal((REDIRECT_URI,), change(REDIRECT_URI)).got.startswith(told)


async def test_a_secret_that_has_expired_is_called_so(server: Server, admin: Any) -> None:
    app = await server.app()
    admin.execute("update client_secrets set expires_at = now() - interval '1 hour'")
    server.store.clients.forget()

    trace = await trace_of(server, await server.token(app, grant_type="client_credentials"))

    assert (trace.failed, trace.got) == ("client secret", "expired")


async def test_a_client_that_does_not_exist_leaves_no_name(server: Server) -> None:
    ghost = App(minted.mint(Kind.CLIENT_SECRET), made_up(Kind.CLIENT_SECRET))

    trace = await trace_of(server, await server.token(ghost, grant_type="client_credentials"))

    assert trace.client_id is None


async def test_a_wrong_redirect_uri_is_shown_beside_the_nearest(server: Server) -> None:
    app = await server.app(redirect_uris=(REDIRECT_URI, "https://other.example/"))
    person = await server.person()

    page = await server.authorize(app, person, redirect_uri=REDIRECT_URI + "/?code=secret")

    assert page.status == 400
    found = re.search(r'href="([^"]+/errors/\w+)"', page.text)
    assert found is not None
    trace = await trace_of(server, found[1])
    assert (trace.failed, trace.expected, trace.client_id) == ("redirect_uri", REDIRECT_URI, app.client_id)
    assert trace.got == "path /callback/; a query, where none is registered"


async def test_the_client_reads_the_id_in_the_redirect(server: Server) -> None:
    app, person = await server.app(), await server.person()

    sent = (await server.authorize(app, person, scope="admin")).sent_back

    trace = await trace_of(server, sent["error_uri"])
    assert (sent["error"], trace.failed, trace.got) == ("invalid_scope", "scope", "unknown here: admin")
    assert trace.expected == "scopes that the application may ask for: read write"


async def test_a_person_who_refuses_is_a_reason_too(server: Server) -> None:
    app, person = await server.app(), await server.person()

    sent = (await server.authorize(app, person, "deny")).sent_back

    assert (await trace_of(server, sent["error_uri"])).failed == "consent"


async def test_what_is_wrong_with_a_code_is_said(server: Server) -> None:
    app, person, other = await server.app(), await server.person(), await server.app()
    code = await server.code(app, person)

    replies = {
        "code_verifier": await server.redeem(app, code, code_verifier="A" * 43),
        "redirect_uri": await server.redeem(app, code, redirect_uri=REDIRECT_URI + "x"),
        "code": await server.redeem(other, code),
    }
    traces = {name: await trace_of(server, reply) for name, reply in replies.items()}

    assert {name: trace.failed for name, trace in traces.items()} == {name: name for name in replies}
    assert traces["code_verifier"].got == "another one, of 43 characters"
    assert traces["redirect_uri"].got == f"as against {REDIRECT_URI}: path /callbackx"
    assert traces["code"].got == "one of another application"


async def test_a_code_or_a_refresh_token_that_comes_again_is_said(server: Server) -> None:
    app, person = await server.app(), await server.person()
    code = await server.code(app, person)
    refresh_token = (await server.redeem(app, code)).json["refresh_token"]
    follower = (await server.refresh(app, refresh_token)).json["refresh_token"]
    await server.refresh(app, follower)

    reused = await trace_of(server, await server.refresh(app, refresh_token))
    replayed = await trace_of(server, await server.redeem(app, code))

    assert reused.failed == "refresh token reused"
    assert (replayed.failed, replayed.expected) == ("code", "a code that was not used")


async def test_a_repetition_that_comes_too_late_is_said_and_is_not_called_theft(server: Server) -> None:
    app = await server.app(auth_method="none", grant_types=("authorization_code", "refresh_token"))
    tokens = await server.tokens(app, await server.person())
    await server.refresh(app, tokens["refresh_token"])
    server.clock.advance(server.settings.refresh_token_retry_window + 1)

    late = await trace_of(server, await server.refresh(app, tokens["refresh_token"]))

    assert late.failed == "refresh token"
    assert (
        late.expected
        == "one that was not used, or one whose answer was lost a short while ago (refresh-token-retry-window)"
    )
    assert late.got == "one that was used longer ago, whose successor never was: what it stands for lives on"


@pytest.mark.parametrize(
    ("spoil", "got"),
    [
        ("revoke", "revoked"),
        ("wait", "expired"),
        ("disable", "given out here, but what it was granted by or for has ended"),
    ],
)
async def test_a_resource_tells_what_became_of_a_token(server: Server, admin: Any, spoil: str, got: str) -> None:
    app = await server.app()
    token = (await server.token(app, grant_type="client_credentials")).json["access_token"]
    if spoil == "revoke":
        await server.post("/revoke", {**app.form, "token": token})
    elif spoil == "wait":
        server.clock.advance(server.settings.access_token_lifetime + 1)
    else:
        admin.execute("update clients set disabled_at = now()")

    reply = await server.get("/resource", headers={"Authorization": f"Bearer {token}"})

    assert f'error_uri="{reply.json["error_uri"]}"' in (reply.header("www-authenticate") or "")
    trace = await trace_of(server, reply)
    assert (trace.error, trace.failed, trace.got) == ("invalid_token", "access token", got)
    assert trace.client_id == app.client_id


async def test_who_brings_no_token_is_told_no_more(server: Server) -> None:
    reply = await server.get("/resource")

    assert reply.json == {"error": "unauthorized"}


@pytest.mark.parametrize(
    ("path", "data", "headers"),
    [
        ("/token", {}, {}),
        ("/token", {"grant_type": "password"}, {}),
        ("/token", b"a=b&a=c", {}),
        ("/token", b"{}", {"Content-Type": "application/json"}),
        ("/introspect", {}, {}),
        ("/introspect", {"token": "x"}, {"Authorization": "Basic x"}),
        ("/revoke", {"client_id": "nobody", "token": "x"}, {}),
        ("/o/token/", {}, {}),
    ],
)
async def test_every_refusal_has_a_reason(server: Server, path: str, data: Any, headers: dict[str, str]) -> None:
    reply = await server.post(path, data, headers=headers)

    assert reply.status in (400, 401, 415)
    trace = await trace_of(server, reply)
    assert (trace.error, trace.address) == (reply.json["error"], "127.0.0.1")
    assert trace.failed
    assert trace.expected


# Who reads it


async def owned(server: Server) -> tuple[Any, App, str]:
    """Somebody's application, and the path of a refusal of it."""
    owner, app = await server.person(), await server.app()
    await server.store.database.query("update clients set owner_id = %s where id = %s", (owner.user_id, app.client_id))
    server.store.clients.forget()
    reply = await server.token(evolve(app, secret=made_up(Kind.CLIENT_SECRET)), grant_type="client_credentials")
    await server.store.refusals.flush()
    return owner, app, reply.json["error_uri"].removeprefix(server.settings.issuer)


async def test_the_owner_and_administrators_read_why_and_others_find_nothing(server: Server) -> None:
    owner, app, path = await owned(server)
    root, other = await server.person(superuser=True), await server.person()

    pages = [await server.get(path, headers=person.headers) for person in (owner, root, other)]
    unknown = await server.get("/errors/" + "0" * 12, headers=owner.headers)

    assert [page.status for page in pages] == [200, 200, 404]
    assert unknown.status == 404
    assert unknown.text.replace(owner.username, "") == pages[2].text.replace(other.username, "")
    for page in pages[:2]:
        assert "client secret" in page.text
        assert app.client_id in page.text


@pytest.mark.parametrize("identifier", ["0" * 12, "0" * 11, "x' or 1=1", "%00", "é"])
async def test_without_a_login_every_id_is_the_same_page(server: Server, identifier: str) -> None:
    _, app, path = await owned(server)

    page = await server.get(path)
    other = await server.get(f"/errors/{identifier}".replace("é", "%C3%A9").replace(" ", "%20"))

    assert "/login?next=" in page.text
    assert app.client_id not in page.text
    assert other.status in (200, 400)
    if other.status == 200:
        assert re.sub('errors%2F[^"]*', "", other.text) == re.sub('errors%2F[^"]*', "", page.text)


async def test_the_application_lists_its_latest_refusals(server: Server) -> None:
    owner, app, path = await owned(server)

    page = await server.get(f"/applications/{app.client_id}", headers=owner.headers)

    assert f'href="{path}"' in page.text


async def test_after_a_day_it_is_gone(server: Server) -> None:
    owner, _, path = await owned(server)
    now = server.now()
    rows = [await server.store.refusals.find(path[-12:], now)]

    server.clock.advance(86_401)
    rows.append(await server.store.refusals.find(path[-12:], server.now()))

    assert [row is not None for row in rows] == [True, False]
    assert owner is not None


# How much of it


async def test_a_flood_is_no_flood_of_rows(server: Server, admin: Any) -> None:
    app = await server.app()
    await server.store.refusals.flush()
    before = server.store.refusals.dropped

    asked = [server.token(evolve(app, secret="x"), grant_type="client_credentials") for _ in range(MOST_OF_CLIENT + 5)]
    async with server.store.refusals._lock:  # however long they take, it is before one flush
        replies = await gatherResults(map(Deferred.fromCoroutine, asked))
    await server.store.refusals.flush()

    assert all(reply.json["error_uri"] for reply in replies)
    admin.execute("select count(*) from refusals where client_id = %s", (app.client_id,))
    assert admin.fetchone() == (MOST_OF_CLIENT,)
    assert server.store.refusals.dropped == before + 5


async def test_nor_one_under_many_names_or_from_many_addresses(server: Server) -> None:
    refusals = server.store.refusals
    await refusals.flush()
    trace = Trace("x" * 12, server.now(), "/token", "invalid_client", "x", "", "", None, None, "192.0.2.1")

    names = [refusals.add(evolve(trace, client_id=str(n))) for n in range(100)]
    addresses = [refusals.add(evolve(trace, id=f"{n:012}", address=str(n))) for n in range(2 * MOST)]
    await refusals.flush()

    assert sum(names) == MOST_OF_ADDRESS
    assert sum(addresses) == MOST - MOST_OF_ADDRESS
    assert refusals.add(trace)
    await refusals.flush()


async def test_a_refusal_costs_the_request_no_statement(server: Server) -> None:
    app = await server.app()
    await server.quiet()
    await server.token(app, grant_type="client_credentials")  # the client and the scopes are in memory from now on
    before = server.store.database.statistics.statements

    await server.token(evolve(app, secret=made_up(Kind.CLIENT_SECRET)), grant_type="client_credentials")

    assert server.store.database.statistics.statements == before


# What is never said

CANARIES = [
    *(made_up(kind) for kind in Kind),
    VERIFIER,
    "A" * 64,
    "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl",
]
secret = st.sampled_from(CANARIES)
spoiled = secret | st.builds(lambda text, n: text[: len(text) - n], secret, st.integers(0, 6))
name = st.sampled_from(
    [
        "grant_type",
        "client_id",
        "client_secret",
        "code",
        "code_verifier",
        "refresh_token",
        "token",
        "scope",
        "redirect_uri",
        "resource",
        "state",
        "response_type",
        "code_challenge",
        "code_challenge_method",
        "response_mode",
        "request",
    ]
)
usual = st.sampled_from(
    ["authorization_code", "client_credentials", "refresh_token", "code", "read", "S256", REDIRECT_URI, "APP"]
)
wrapped = st.builds(
    "{}{}".format, st.sampled_from(["", REDIRECT_URI + "/", REDIRECT_URI + "?code=", "https://a:", "read "]), spoiled
)
forms = st.dictionaries(name, usual | spoiled | wrapped, max_size=8)
paths = st.sampled_from(["/token", "/introspect", "/revoke", "/authorize", "/resource"])
headers = st.none() | st.builds("{} {}".format, st.sampled_from(["Bearer", "Basic", "DPoP"]), spoiled)


@pytest.fixture
def logged() -> Iterator[list[str]]:
    """What is logged meanwhile, at every level."""
    lines: list[str] = []

    def observer(event: Any) -> None:
        lines.append(f"{formatEvent(event)} {event}")

    globalLogPublisher.addObserver(observer)
    yield lines
    globalLogPublisher.removeObserver(observer)


async def test_h30_no_secret_of_a_request_is_kept_or_logged(server: Server, admin: Any, logged: list[str]) -> None:
    app = await server.app()

    @hypothesis_settings(max_examples=150, deadline=None)
    @given(paths, forms, headers)
    def every(path: str, form: dict[str, str], authorization: str | None) -> None:
        sent = {key: app.client_id if value == "APP" else value for key, value in form.items()}
        method, query = ("POST", "") if path in ("/token", "/introspect", "/revoke") else ("GET", "?" + urlencode(sent))
        asked = {"headers": {"Authorization": authorization} if authorization else {}}

        bridge.wait(Deferred.fromCoroutine(server.request(method, path + query, data=None if query else sent, **asked)))
        bridge.wait(Deferred.fromCoroutine(server.store.refusals.flush()))

    await bridge.call(every)

    admin.execute("select count(*), string_agg(r::text, ' ') from refusals r")
    count, kept = admin.fetchone()
    for canary in CANARIES:
        assert canary[7:40] not in kept + "\n".join(logged)
    assert count > 20
    assert logged
