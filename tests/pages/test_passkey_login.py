"""Logging in by a passkey: alone, and after the password (H24)."""

import json
import re
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from attrs import evolve, frozen
from pytest_twisted import blockon
from twisted.internet import reactor
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.threads import deferToThread

from iam.people.factors.challenges import LIFETIME
from iam.records.actor import SERVER
from iam.secrets import minted
from iam.server.site import build_site
from tests.authenticators import Authenticator, octets
from tests.harness import Reply, Server
from tests.pages.accounts import acting
from tests.pages.conftest import PASSWORD, Visitor, asking, make_account
from tests.pages.factors import add_app, amr_of, follow, with_password
from tests.pages.form import form_of
from tests.pages.passkeys import NEW, PATH, made_by, options_of, session_of, signals_of

WRONG = "That passkey was not accepted."


@pytest.fixture
def two(server: Server, running: Server) -> Iterator[tuple[Server, Server]]:
    """Two servers of one issuer."""
    port = reactor.listenTCP(0, build_site(running.application), interface="127.0.0.1")
    yield server, evolve(server, url=f"http://localhost:{port.getHost().port}{server.settings.path}")
    blockon(port.stopListening())


@frozen
class Holder:
    """Somebody with a password and a passkey."""

    user_id: Any
    device: Authenticator


async def holder(server: Server, username: str = "ada", **options: Any) -> Holder:
    user_id = await make_account(server, username)
    device = Authenticator(server.settings.origin, **options)
    await made_by(server, user_id, device)
    return Holder(user_id, device)


async def log_in(visitor: Visitor, device: Authenticator, path: str = "/login", **client: Any) -> Reply:
    """Log in by a passkey alone."""
    return await send(visitor, await visitor.get(path), device, **client)


async def send(
    visitor: Visitor, page: Reply, device: Authenticator, fields: dict[str, str] | None = None, **client: Any
) -> Reply:
    form = form_of(page.text)
    form.action = form.action.replace("/login?", "/login/passkey?")
    return await visitor.send(form, credential=device.use(options_of(page), **client), **(fields or {}))


async def test_what_a_browser_sends_is_verified_in_a_thread(server: Server) -> None:
    used: list[int] = []

    async def in_thread(function: Callable[..., object], *given: object, **named: object) -> object:
        def noting() -> object:
            used.append(threading.get_ident())
            return function(*given, **named)

        return await deferToThread(noting)

    passkeys = evolve(server.application.passkeys, in_thread=in_thread)
    assert passkeys.party is not None
    device, user_id = Authenticator(server.settings.origin), await make_account(server, "ada")
    session = (await server.application.sessions.find(await session_of(server, user_id))).session
    assert session is not None
    created = device.make(passkeys.creation(passkeys.party, session, (), "form"))
    asked = passkeys.request(passkeys.party, "form")

    assert await passkeys.add(session, created, "form", SERVER)
    use = await passkeys.authenticate(device.use(asked), "form", "127.0.0.1")

    assert use.passkey.user_id == user_id
    assert len(used) == 2
    assert threading.get_ident() not in used


async def test_a_passkey_alone_begins_a_session_of_two_factors(server: Server, visitor: Visitor, admin: Any) -> None:
    ada = await holder(server)

    reply = await log_in(visitor, ada.device, "/login?next=/applications")

    assert (reply.status, reply.location) == (303, "/applications")
    assert await acting(visitor) == "ada"
    assert amr_of(admin) == {"ada": ["hwk", "user", "mfa"]}
    assert visitor.devices


async def test_one_that_is_synchronised_is_no_hardware(server: Server, visitor: Visitor, admin: Any) -> None:
    await log_in(visitor, (await holder(server, synchronised=True)).device)

    assert amr_of(admin) == {"ada": ["swk", "user", "mfa"]}


async def test_a_passkey_is_enough_for_who_has_an_app_too(server: Server, visitor: Visitor) -> None:
    ada = await holder(server)
    await add_app(server, ada.user_id)

    assert (await log_in(visitor, ada.device)).location == "/"
    assert await acting(visitor) == "ada"


async def test_a_login_that_is_to_be_remembered_outlives_the_browser(server: Server, visitor: Visitor) -> None:
    ada = await holder(server)

    reply = await send(visitor, await visitor.get("/login"), ada.device, {"remember": "y"})

    assert f"Max-Age={server.settings.session_remembered}" in (reply.header("set-cookie") or "")


async def test_the_login_counts_for_the_request_that_asked_for_it(server: Server, visitor: Visitor) -> None:
    ada, app = await holder(server), await server.app(scopes=("openid",))
    await log_in(visitor, ada.device)
    asked = await visitor.get(asking(app, scope="openid", prompt="login"))

    reply = await log_in(visitor, ada.device, asked.location)
    page = await follow(visitor, reply)

    assert "iam_interaction=" in reply.location
    assert (page.status, "Test application" in page.text) == (200, True), page.text


async def test_the_start_of_a_login_is_about_nobody(server: Server, visitor: Visitor) -> None:
    await holder(server)

    options = options_of(await visitor.get("/login?login_hint=ada"))

    assert options["allowCredentials"] == []
    assert options["userVerification"] == "required"
    assert set(options) == {"rpId", "challenge", "allowCredentials", "userVerification", "timeout"}


async def test_h24_one_that_checked_nobody_does_not_do_alone(server: Server, visitor: Visitor) -> None:
    ada = await holder(server, verifies=False)

    reply = await log_in(visitor, ada.device)

    assert reply.status == 400
    assert "it does not do alone" in reply.text
    assert await acting(visitor) is None


LIES = {
    "origin": {"origin": "https://evil.example"},
    "origin of another port": {"origin": "http://localhost:1"},
    "origin that begins like ours": {"origin": "http://localhost.evil.example"},
    "frame of another origin": {"crossOrigin": True},
    "ceremony": {"type": "webauthn.create"},
    "challenge of nobody": {"challenge": "c29tZXRoaW5nIGVsc2U"},
}


@pytest.mark.parametrize("client", LIES.values(), ids=LIES)
async def test_h24_what_is_said_to_another_origin_or_challenge_is_refused(
    server: Server, visitor: Visitor, client: dict[str, Any]
) -> None:
    ada = await holder(server)

    reply = await log_in(visitor, ada.device, **client)

    assert reply.status == 400
    assert WRONG in reply.text
    assert await acting(visitor) is None


async def test_h24_a_passkey_of_another_host_is_refused(server: Server, visitor: Visitor) -> None:
    ada = await holder(server)
    ada.device.rp_id = "evil.example"

    assert (await log_in(visitor, ada.device)).status == 400


async def test_a_signature_of_another_key_is_refused(server: Server, visitor: Visitor) -> None:
    ada, other = await holder(server), Authenticator(server.settings.origin)
    ada.device.key = other.key

    assert (await log_in(visitor, ada.device)).status == 400


async def test_a_handle_of_somebody_else_is_refused(server: Server, visitor: Visitor) -> None:
    ada, eve = await holder(server), await holder(server, "eve")
    ada.device.handle = eve.device.handle
    stolen = await log_in(visitor, ada.device)
    ada.device.handle = None
    without = await log_in(visitor, ada.device)

    assert (stolen.status, without.status) == (400, 400)


async def test_a_passkey_that_has_changed_its_nature_is_refused(server: Server, visitor: Visitor) -> None:
    ada = await holder(server)
    ada.device.synchronised = True

    assert (await log_in(visitor, ada.device)).status == 400


async def test_h24_an_answer_is_good_once(server: Server, visitor: Visitor) -> None:
    ada, page = await holder(server), await visitor.get("/login")
    form, credential = form_of(page.text), ada.device.use(options_of(page))
    form.action = "/login/passkey?next=%2F"
    cookie = visitor.cookie
    first = await visitor.send(form, credential=credential)

    again = await Visitor(server, cookie).send(form, credential=credential)

    assert (first.status, again.status) == (303, 400)


async def test_h24_of_many_answers_at_once_on_two_servers_one_is_good(two: tuple[Server, ...]) -> None:
    first, second = two
    ada, visitor = await holder(first), Visitor(first)
    page = await visitor.get("/login")
    form, credential = form_of(page.text), ada.device.use(options_of(page))
    form.action = "/login/passkey?next=%2F"
    visitors = [Visitor(server, visitor.cookie) for _ in range(10) for server in (first, second)]

    replies = await gatherResults([Deferred.fromCoroutine(one.send(form, credential=credential)) for one in visitors])

    assert sorted(reply.status for reply in replies) == [303, *[400] * 19]


async def test_an_answer_is_good_in_the_browser_that_was_asked(server: Server, visitor: Visitor) -> None:
    ada, page = await holder(server), await visitor.get("/login")
    thief = Visitor(server)
    form = await thief.form("/login")
    form.action = "/login/passkey?next=%2F"

    reply = await thief.send(form, credential=ada.device.use(options_of(page)))

    assert reply.status == 400


async def test_a_challenge_of_another_purpose_is_refused(server: Server) -> None:
    ada = await holder(server)
    visitor = await with_password(server)
    page = await follow(visitor, await visitor.get("/login/factor"))
    fresh = await visitor.get("/login?login=again")
    form = form_of(fresh.text)
    form.action = "/login/passkey?next=%2F"

    reply = await visitor.send(form, credential=ada.device.use(options_of(page)))

    assert reply.status == 400


async def test_who_waits_too_long_is_asked_again(server: Server, visitor: Visitor) -> None:
    ada, page = await holder(server), await visitor.get("/login")
    server.clock.advance(LIFETIME / timedelta(seconds=1) + 1)

    late = await send(visitor, page, ada.device)
    again = await send(visitor, late, ada.device)

    assert (late.status, again.status) == (400, 303)
    assert "That took too long." in late.text


async def test_a_counter_that_goes_back_is_written_down_and_shown(server: Server, visitor: Visitor) -> None:
    ada = await holder(server)
    clone = ada.device.clone()
    await log_in(visitor, ada.device)

    reply = await log_in(Visitor(server), clone)
    page = await visitor.get(PATH)

    assert reply.status == 303
    rows = await server.store.database.query("select subject from audit_events where kind = 'passkey.doubted'")
    assert (str(ada.user_id),) in rows
    assert "There may be a copy of this passkey" in page.text


async def test_passkeys_without_a_counter_raise_no_doubts(server: Server, visitor: Visitor) -> None:
    ada = await holder(server, counts=False)
    await log_in(visitor, ada.device)
    await log_in(Visitor(server), ada.device)

    assert "There may be a copy" not in (await visitor.get(PATH)).text
    assert "Last used on" in (await visitor.get(PATH)).text


async def test_who_is_disabled_gets_no_session_and_keeps_the_passkey(server: Server, visitor: Visitor) -> None:
    ada = await holder(server)
    await server.store.users.disable(ada.user_id, server.now(), by=SERVER)

    reply = await log_in(visitor, ada.device)

    assert reply.status == 400
    assert WRONG in reply.text
    assert signals_of(reply) == {}


async def test_a_passkey_that_is_gone_is_offered_no_more(server: Server, visitor: Visitor) -> None:
    ada = await holder(server)
    (passkey,) = await server.application.passkeys.of(ada.user_id)
    await server.application.passkeys.remove(passkey.id, ada.user_id, SERVER)

    reply = await log_in(visitor, ada.device)

    assert WRONG in reply.text
    told = signals_of(reply)["signalUnknownCredential"]
    assert (told["rpId"], octets(told["credentialId"])) == ("localhost", ada.device.id)


async def test_after_the_password_a_person_is_asked_for_a_passkey(server: Server, admin: Any) -> None:
    ada = await holder(server)
    visitor = await with_password(server)
    page = await follow(visitor, await visitor.get("/login/factor"))
    options = options_of(page)

    nobody = await acting(visitor)
    reply = await visitor.send(form_of(page.text), credential=ada.device.use(options))

    assert nobody is None
    assert [octets(one["id"]) for one in options["allowCredentials"]] == [ada.device.id]
    assert options["userVerification"] == "preferred"
    assert reply.location == "/"
    assert amr_of(admin) == {"ada": ["pwd", "hwk", "user", "mfa"]}


async def test_a_key_that_checks_nobody_is_a_second_factor(server: Server, admin: Any) -> None:
    ada = await holder(server, verifies=False)
    visitor = await with_password(server)
    page = await follow(visitor, await visitor.get("/login/factor"))
    ada.device.handle = None  # as of one that is not discoverable

    await visitor.send(form_of(page.text), credential=ada.device.use(options_of(page)))

    assert await acting(visitor) == "ada"
    assert amr_of(admin) == {"ada": ["pwd", "hwk", "mfa"]}


async def test_the_passkey_of_somebody_else_is_no_second_factor(server: Server) -> None:
    await holder(server)
    eve = await holder(server, "eve")
    visitor = await with_password(server)
    page = await follow(visitor, await visitor.get("/login/factor"))

    reply = await visitor.send(form_of(page.text), credential=eve.device.use(options_of(page)))

    assert reply.status == 400
    assert await acting(visitor) is None


async def test_h24_a_second_factor_is_answered_once(server: Server) -> None:
    ada = await holder(server)
    visitor, other = await with_password(server), await with_password(server)
    page = await follow(visitor, await visitor.get("/login/factor"))
    form, credential = form_of(page.text), ada.device.use(options_of(page))
    first = await visitor.send(form, credential=credential)

    again = await other.send(form, credential=credential)

    assert (first.status, again.status) == (303, 403)


async def test_h24_of_many_answers_after_the_password_at_once_on_two_servers_one_is_good(
    two: tuple[Server, ...], admin: Any
) -> None:
    first, second = two
    ada, visitor = await holder(first), await with_password(first)
    page = await follow(visitor, await visitor.get("/login/factor"))
    form, credential = form_of(page.text), ada.device.use(options_of(page))
    visitors = [Visitor(server, visitor.cookie, login=visitor.login) for _ in range(10) for server in (first, second)]

    replies = await gatherResults([Deferred.fromCoroutine(one.send(form, credential=credential)) for one in visitors])

    assert [reply.location for reply in replies].count("/") == 1
    assert {reply.location for reply in replies if reply.status != 400} <= {"/", "/login?next=%2F"}  # the login is over
    admin.execute("select count(*) from sessions")
    assert admin.fetchone() == (1,)


async def test_h24_of_many_passkeys_that_answer_one_challenge_at_once_one_is_added(two: tuple[Server, ...]) -> None:
    first, second = two
    ada = Visitor(first, await session_of(first, await make_account(first, "ada")))
    page = await ada.get(NEW)
    made = [Authenticator(first.settings.origin).make(options_of(page)) for _ in range(20)]
    visitors = [Visitor(server, ada.cookie) for _ in range(10) for server in (first, second)]

    replies = await gatherResults(
        [
            Deferred.fromCoroutine(visitor.send(form_of(page.text), credential=credential))
            for visitor, credential in zip(visitors, made, strict=True)
        ]
    )

    assert sorted(reply.status for reply in replies) == [200, *[400] * 19]


async def test_where_the_host_is_an_address_there_are_none(server: Server) -> None:
    from iam.people.factors.relying_party import relying_party
    from iam.settings import Settings

    def offered(issuer: str) -> bool:
        return relying_party(Settings(issuer=issuer)) is not None

    assert [
        offered(f"https://{host}") for host in ("login.example.org", "login.example.org/o", "192.0.2.1", "[::1]")
    ] == [
        True,
        True,
        False,
        False,
    ]
    assert [offered(f"http://{host}") for host in ("localhost:8000", "a.localhost", "login.example.org")] == [
        True,
        True,
        False,
    ]


async def test_only_who_has_a_passkey_is_asked_for_one(server: Server) -> None:
    await make_account(server, "ada")

    assert await acting(await with_password(server)) == "ada"


async def test_a_passkey_does_for_a_login_again_before_another_is_made(server: Server, visitor: Visitor) -> None:
    ada = await holder(server)
    await log_in(visitor, ada.device)
    server.clock.advance(601)
    asked = await visitor.get(NEW)

    reply = await log_in(visitor, ada.device, asked.location)

    assert (await visitor.get(reply.location)).status == 200


async def test_garbage_is_refused(server: Server, visitor: Visitor) -> None:
    form = await visitor.form("/login")
    form.action = "/login/passkey?next=%2F"

    for sent in (
        "",
        "{}",
        "[]",
        json.dumps({"rawId": minted.base64url(b"x" * 2000), "response": {"clientDataJSON": "e30"}}),
    ):
        assert (await visitor.send(form, credential=sent)).status == 400


DEMAND = json.dumps({"id_token": {"acr": {"essential": True, "value": "phr"}}})


async def stepping_up(server: Server, **options: Any) -> tuple[Visitor, Holder, Reply]:
    """Somebody who logged in by a password, before they had a passkey that an application demands now."""
    user_id = await make_account(server, "ada")
    visitor, device = await with_password(server), Authenticator(server.settings.origin, **options)
    await made_by(server, user_id, device)
    shop = await server.app(scopes=("openid",))
    page = await follow(visitor, await visitor.get(asking(shop, scope="openid", claims=DEMAND)))
    return visitor, Holder(user_id, device), page


async def test_a_demand_for_phr_leads_to_the_passkey_and_back(server: Server, admin: Any) -> None:
    visitor, ada, page = await stepping_up(server)

    reply = await visitor.send(form_of(page.text), credential=ada.device.use(options_of(page)))
    consent = await follow(visitor, reply)

    assert options_of(page)["userVerification"] == "required"
    assert "Test application" in consent.text
    assert amr_of(admin) == {"ada": ["pwd", "hwk", "user", "mfa"]}


async def test_a_key_that_checks_nobody_does_not_meet_it(server: Server) -> None:
    visitor, ada, page = await stepping_up(server, verifies=False)

    reply = await visitor.send(form_of(page.text), credential=ada.device.use(options_of(page)))

    assert reply.status == 400
    assert "Use another passkey." in reply.text


async def test_who_has_no_passkey_is_led_to_make_one_and_back(server: Server) -> None:
    user_id = await make_account(server, "ada")
    visitor = Visitor(server, await session_of(server, user_id, ("pwd",)))
    shop = await server.app(scopes=("openid",))
    needed = await follow(visitor, await visitor.get(asking(shop, scope="openid", claims=DEMAND)))
    found = re.search(rf'href="({NEW}[^"]*)"', needed.text)
    assert found
    page = await visitor.get(unescape(found[1]))
    device = Authenticator(server.settings.origin)

    made = await visitor.send(form_of(page.text), credential=device.make(options_of(page)))
    onward = re.search(r'class="button" href="([^"]*)"', made.text)
    assert onward
    factor = await follow(visitor, await visitor.get(unescape(onward[1])))
    reply = await visitor.send(form_of(factor.text), credential=device.use(options_of(factor)))

    assert "Test application" in (await follow(visitor, reply)).text


async def test_a_browser_is_remembered_by_a_passkey_and_stays_so_when_one_logs_in_alone(server: Server) -> None:
    ada = await holder(server)
    visitor = await with_password(server)
    page = await follow(visitor, await visitor.get("/login/factor"))
    await visitor.send(form_of(page.text), credential=ada.device.use(options_of(page)), remember="y")
    visitor.cookie = None
    await log_in(visitor, ada.device)
    visitor.cookie = None

    reply = await visitor.send(await visitor.form("/login"), login="ada", password=PASSWORD)

    assert reply.location == "/"
    assert await acting(visitor) == "ada"
