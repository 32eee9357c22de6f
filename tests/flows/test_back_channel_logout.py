"""Relying parties are told of the ends of sessions (OpenID Connect Back-Channel Logout 1.0)."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import pytest_twisted
from twisted.internet.defer import gatherResults

from iam.operations.back_channel_logout import BackChannelLogout
from iam.records.actor import SERVER
from tests.harness import App, Person, Server, free_port
from tests.pages.conftest import PASSWORD, Visitor, make_account, visitor_of
from tests.pages.test_login import login_form_for
from tests.receivers import Receiver, stopped, verified
from tests.waiting import settled, until

EVENT = "http://schemas.openid.net/event/backchannel-logout"
DAY = 86400


@pytest_twisted.async_yield_fixture
async def back_channel(server: Server) -> AsyncIterator[BackChannelLogout]:
    """What the service runs besides the site."""
    sender = server.application.back_channel
    sender.start()
    yield sender
    await sender.stop()


@pytest_twisted.async_yield_fixture
async def receive() -> AsyncIterator[Callable[[], Receiver]]:
    """Opens receivers, which are closed afterwards."""
    opened: list[Receiver] = []

    def open_one() -> Receiver:
        opened.append(Receiver().open())
        return opened[-1]

    yield open_one
    await gatherResults(stopped(opened))


@pytest.fixture
def receiver(receive: Any) -> Receiver:
    found: Receiver = receive()
    return found


async def relying_party(server: Server, uri: str | None, **openid: Any) -> App:
    return await server.app(scopes=("openid", "read", "offline_access"), backchannel_logout_uri=uri, **openid)


async def log_out(server: Server, person: Person) -> None:
    visitor = visitor_of(server, person)
    await visitor.send(await visitor.form("/logout"))


def waiting(admin: Any) -> list[Any]:
    admin.execute("select client_id, attempts from logout_notices order by 1")
    return list(admin.fetchall())


def notices(admin: Any) -> Callable[[], bool]:
    return lambda: not waiting(admin)


def idle(back_channel: BackChannelLogout) -> Callable[[], bool]:
    """Has all that was told been answered, and what came of it written?"""
    return lambda: not back_channel._under_way


# What is told


async def test_a_logout_is_told_with_a_token_of_the_specification(
    server: Server, back_channel: Any, receiver: Receiver, admin: Any
) -> None:
    app, person = await relying_party(server, receiver.uri), await server.person()
    tokens = await server.tokens(app, person, scope="openid read", nonce="n")
    identity = (await verified(server, tokens["id_token"])).claims

    await log_out(server, person)

    (token,) = await receiver.heard(1)
    found = await verified(server, token)
    now = server.now().timestamp()
    assert found.header["typ"] == "logout+jwt"
    assert found.header["alg"] == "RS256"
    assert found.claims.keys() == {"iss", "sub", "aud", "iat", "exp", "jti", "events", "sid"}
    assert found.claims["iss"] == server.settings.issuer
    assert found.claims["aud"] == app.client_id
    assert (found.claims["sub"], found.claims["sid"]) == (identity["sub"], identity["sid"])
    assert found.claims["events"] == {EVENT: {}}
    assert now - 10 <= found.claims["iat"] <= now
    assert found.claims["exp"] - found.claims["iat"] == 120
    await until(notices(admin))


async def test_it_comes_as_a_form_without_anything_else(server: Server, back_channel: Any, receiver: Receiver) -> None:
    app, person = await relying_party(server, receiver.uri), await server.person()
    await server.tokens(app, person, scope="openid")

    await log_out(server, person)

    await receiver.heard(1)
    headers, body = receiver.posts[0]
    assert headers[b"Content-Type"] == [b"application/x-www-form-urlencoded"]
    assert body.startswith(b"logout_token=ey")
    assert b"Authorization" not in headers
    assert b"Cookie" not in headers


@pytest.mark.parametrize("alg", ["ES256", "EdDSA", "PS256"])
async def test_it_is_signed_by_the_clients_algorithm(
    server: Server, back_channel: Any, receiver: Receiver, alg: str
) -> None:
    app = await relying_party(server, receiver.uri, id_token_signed_response_alg=alg)
    person = await server.person()
    await server.tokens(app, person, scope="openid")

    await log_out(server, person)

    (token,) = await receiver.heard(1)
    assert (await verified(server, token, (alg,))).header["alg"] == alg


async def test_a_pairwise_client_knows_the_person_by_its_own_name(
    server: Server, back_channel: Any, receiver: Receiver
) -> None:
    app = await relying_party(server, receiver.uri, subject_type="pairwise")
    person = await server.person()
    identity = (await verified(server, (await server.tokens(app, person, scope="openid"))["id_token"])).claims

    await log_out(server, person)

    (token,) = await receiver.heard(1)
    claims = (await verified(server, token)).claims
    assert claims["sub"] == identity["sub"] != str(person.user_id)


# Who is told


async def test_each_client_of_the_session_is_told_once_and_nobody_else(
    server: Server, back_channel: Any, receive: Any, admin: Any
) -> None:
    receivers = [receive() for _ in range(4)]
    twice, other, without, stranger = [await relying_party(server, each.uri) for each in receivers]
    person, somebody = await server.person(), await server.person()
    for _ in range(2):
        await server.tokens(twice, person, scope="openid")
    await server.tokens(other, person, scope="openid offline_access", prompt="consent")
    await server.tokens(without, person, scope="read")
    await server.tokens(stranger, somebody, scope="openid")

    await log_out(server, person)

    await until(lambda: bool(receivers[0].posts and receivers[1].posts) and not waiting(admin))
    assert [len(each.posts) for each in receivers] == [1, 1, 0, 0]


async def test_who_gave_its_token_back_is_told_nevertheless(
    server: Server, back_channel: Any, receiver: Receiver
) -> None:
    app, person = await relying_party(server, receiver.uri), await server.person()
    tokens = await server.tokens(app, person, scope="openid")
    await server.post("/revoke", {**app.form, "token": tokens["refresh_token"]})
    await server.store.partitions.sweep(server.now())

    await log_out(server, person)

    assert len(await receiver.heard(1)) == 1


async def ended_by(server: Server, person: Person, how: str, admin: Any) -> None:
    users, now = server.store.users, server.now()
    if how == "iam session revoke":
        admin.execute("select id from sessions where user_id = %s", (str(person.user_id),))
        await server.store.sessions.revoke(admin.fetchone()[0], now, by=SERVER)
    elif how == "a new password":
        await users.set_password(person.user_id, "hash", now, by=SERVER)
    elif how == "disabling":
        await users.disable(person.user_id, now, by=SERVER)
    else:
        await users.delete(person.user_id, now, by=SERVER)


@pytest.mark.parametrize("how", ["iam session revoke", "a new password", "disabling", "deleting"])
async def test_however_a_session_ends_it_is_told_and_what_is_bound_to_it_ends(
    server: Server, back_channel: Any, receiver: Receiver, admin: Any, how: str
) -> None:
    app, person = await relying_party(server, receiver.uri), await server.person()
    tokens = await server.tokens(app, person, scope="openid")

    await ended_by(server, person, how, admin)

    (token,) = await receiver.heard(1)
    assert (await verified(server, token)).claims["sub"] == str(person.user_id)
    assert (await server.refresh(app, tokens["refresh_token"])).json["error"] == "invalid_grant"


async def test_who_logs_in_again_keeps_the_session_and_nobody_is_told(
    server: Server, back_channel: Any, receiver: Receiver, admin: Any
) -> None:
    app = await relying_party(server, receiver.uri)
    user_id = await make_account(server, "ada")
    visitor = Visitor(server)
    await visitor.send(await visitor.form("/login"), login="ada", password=PASSWORD)
    person = Person(user_id, "ada", str(visitor.cookie))
    first = await server.tokens(app, person, scope="openid")

    form = await login_form_for(server, visitor.cookie, await Visitor(server).form("/login"))
    await visitor.send(form, login="ada", password=PASSWORD)
    again = await server.tokens(app, Person(user_id, "ada", str(visitor.cookie)), scope="openid")

    await settled()
    sids = {(await verified(server, each["id_token"])).claims["sid"] for each in (first, again)}
    assert len(sids) == 1
    assert receiver.posts == []
    assert waiting(admin) == []
    assert (await server.refresh(app, first["refresh_token"])).status == 200


async def test_a_session_that_has_expired_is_no_news(server: Server, receiver: Receiver, admin: Any) -> None:
    app, person = await relying_party(server, receiver.uri), await server.person()
    await server.tokens(app, person, scope="openid")
    admin.execute("update sessions set expires_at = now()")

    admin.execute("delete from sessions")

    assert waiting(admin) == []


async def test_a_partition_that_is_dropped_ends_no_session(server: Server, receiver: Receiver, admin: Any) -> None:
    app, person = await relying_party(server, receiver.uri), await server.person()
    await server.tokens(app, person, scope="openid")
    admin.execute("begin")
    admin.execute("select distinct tableoid::regclass::text from sessions")
    admin.execute("drop table " + admin.fetchone()[0])
    found = waiting(admin)
    admin.execute("select count(*) from grants where revoked_at is not null")
    revoked = admin.fetchone()
    admin.execute("rollback")

    assert (found, revoked) == ([], (0,))


# Who does not hear


async def test_a_client_that_refuses_is_told_again_with_another_token(
    server: Server, back_channel: BackChannelLogout, receiver: Receiver, admin: Any
) -> None:
    app, person = await relying_party(server, receiver.uri), await server.person()
    await server.tokens(app, person, scope="openid")
    receiver.status = 400
    await log_out(server, person)
    await receiver.heard(1)
    await until(idle(back_channel))
    receiver.status = 204
    server.clock.advance(6)

    back_channel.look()

    tokens = await receiver.heard(2)
    await until(notices(admin))
    first, second = [(await verified(server, token)).claims for token in tokens]
    assert first["jti"] != second["jti"]
    assert second["iat"] > first["iat"]
    assert first["sid"] == second["sid"]


def failed(admin: Any) -> int:
    admin.execute("select coalesce(sum(failures), 0) from logout_receivers")
    return int(admin.fetchone()[0])


async def test_the_pauses_double_up_to_an_hour(server: Server, admin: Any) -> None:
    admin.execute("select array_agg(extract(epoch from logout_pause(n))::int order by n) from generate_series(1, 12) n")

    (pauses,) = admin.fetchone()

    assert pauses == [5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600]


async def test_after_a_day_it_is_given_up_with_a_word_in_the_audit_log(
    server: Server, back_channel: BackChannelLogout, receiver: Receiver, admin: Any
) -> None:
    app, person = await relying_party(server, receiver.uri), await server.person()
    await server.tokens(app, person, scope="openid")
    receiver.status = 500
    await log_out(server, person)
    await receiver.heard(1)
    await until(idle(back_channel))
    server.clock.advance(DAY + 1)

    back_channel.look()

    await until(notices(admin))
    (event,) = await server.store.audit.events(kind="logout.not_delivered")
    assert (event.actor, event.client, event.subject) == ("server", app.client_id, str(person.user_id))


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_h35_a_redirect_is_followed_nowhere_and_is_no_success(
    server: Server, back_channel: Any, receive: Any, admin: Any, status: int
) -> None:
    receiver, elsewhere = receive(), receive()
    receiver.status, receiver.headers = status, {"Location": elsewhere.uri}
    app, person = await relying_party(server, receiver.uri), await server.person()
    await server.tokens(app, person, scope="openid")

    await log_out(server, person)

    await receiver.heard(1)
    await settled()
    assert waiting(admin) == [(app.client_id, 1)]
    assert elsewhere.posts == []


@pytest.mark.parametrize("uri", ["http://10.0.0.1/back", "https://10.0.0.1/", "http://[::1]:1/", "https://localhost./"])
async def test_h35_an_address_that_is_not_everybodys_is_not_asked(
    server: Server, back_channel: Any, admin: Any, uri: str
) -> None:
    app, person = await relying_party(server, uri), await server.person()
    await server.tokens(app, person, scope="openid")

    await log_out(server, person)

    await until(lambda: failed(admin) == 1)
    assert waiting(admin) == [(app.client_id, 1)]


async def test_one_that_is_silent_holds_up_nobody_but_itself(
    server: Server, back_channel: BackChannelLogout, receive: Any, admin: Any
) -> None:
    silent, good = receive(), receive()
    silent.silent = True
    dead = [await relying_party(server, silent.uri) for _ in range(5)]
    dead.append(await relying_party(server, f"http://127.0.0.1:{free_port()}/"))
    app = await relying_party(server, good.uri)
    people = [await server.person() for _ in range(6)]
    for person in people:
        for each in (*dead, app):
            await server.tokens(each, person, scope="openid")

    for person in people:
        await log_out(server, person)

    await until(lambda: len(good.posts) == len(people), 4.5)  # before the silent one is given up
    assert len(silent.posts) <= 5 * 4


async def test_who_was_out_of_reach_is_asked_once_and_when_it_hears_it_hears_all(
    server: Server, back_channel: BackChannelLogout, receiver: Receiver, admin: Any
) -> None:
    app, people = await relying_party(server, receiver.uri), [await server.person() for _ in range(6)]
    for person in people:
        await server.tokens(app, person, scope="openid")
    receiver.status = 503
    await log_out(server, people[0])
    await receiver.heard(1)
    await until(idle(back_channel))
    for person in people[1:]:
        await log_out(server, person)
    await settled()
    meanwhile = len(receiver.posts)
    receiver.status = 200
    server.clock.advance(6)

    back_channel.look()

    await until(notices(admin))
    assert meanwhile == 1
    assert len(receiver.posts) == 1 + 6
    assert failed(admin) == 0


async def test_a_client_that_is_gone_or_wants_it_no_more_is_not_told(
    server: Server, receiver: Receiver, back_channel: BackChannelLogout, admin: Any
) -> None:
    app, person = await relying_party(server, receiver.uri), await server.person()
    await server.tokens(app, person, scope="openid")
    receiver.status = 503
    await log_out(server, person)
    await receiver.heard(1)
    await until(idle(back_channel))
    await server.store.clients.delete(app.client_id, server.now(), by=SERVER)

    gone = waiting(admin)

    assert gone == []


async def test_without_anybody_to_tell_a_logout_writes_nothing(server: Server, admin: Any) -> None:
    app, person = await relying_party(server, None), await server.person()
    await server.tokens(app, person, scope="openid")

    await log_out(server, person)

    assert waiting(admin) == []
