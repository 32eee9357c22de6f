"""Personal tokens (`iam_pt_…`) and service tokens (`iam_st_…`): what they are good for, who may know of them, and how they end."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from twisted.internet.defer import Deferred, DeferredList

from iam.administration import personal_tokens
from iam.administration.personal_tokens import Made, Wish
from iam.records.actor import SERVER
from iam.secrets.minted import Kind
from tests.harness import App, Person, Reply, Server, made_up
from tests.waiting import until


async def personal_token(
    server: Server, person: Person, *, name: str = "backup", scope: str = "read", resource: Sequence[str] = ()
) -> Made:
    """A token that this person made for themselves, good for a day."""
    user = await server.store.users.by_id(person.user_id)
    assert user
    wish = Wish(name, scope.split(), resource, server.now() + timedelta(days=1))
    return await personal_tokens.create_for_person(server.application.administration, user, wish, SERVER)


async def service_token(server: Server, app: App, *, scope: str = "read", resource: Sequence[str] = ()) -> Made:
    """A token of this application, good for a day."""
    client = await server.store.clients.read(app.client_id)
    assert client
    wish = Wish("cron", scope.split(), resource, server.now() + timedelta(days=1))
    return await personal_tokens.create_for_client(server.application.administration, client, wish, SERVER)


async def used(server: Server, token: str) -> Reply:
    return await server.get("/resource", headers={"Authorization": f"Bearer {token}"})


async def test_a_personal_token_says_at_a_resource_whose_it_is(server: Server) -> None:
    person = await server.person()
    made = await personal_token(server, person)

    reply = await used(server, made.text)

    assert reply.status == 200
    assert reply.json == {
        "scope": "read",
        "sub": str(person.user_id),
        "username": person.username,
        "iss": server.settings.issuer,
        "iat": int(server.now().timestamp()),
        "exp": int(made.token.expires_at.timestamp()),
    }


async def test_a_service_token_says_at_a_resource_whose_it_is(server: Server) -> None:
    app = await server.app()
    made = await service_token(server, app)

    reply = await used(server, made.text)

    assert reply.status == 200
    assert (reply.json["client_id"], reply.json["sub"]) == (app.client_id, app.client_id)
    assert "username" not in reply.json


async def test_a_resource_server_may_introspect_the_personal_tokens_that_are_for_it(server: Server) -> None:
    api, other = await server.app(), await server.app()
    await resource(server, "https://api.example.org", client_id=api.client_id)
    person = await server.person()
    made = await personal_token(server, person, resource=["https://api.example.org"])

    told = await server.introspect(api, made.text)

    assert told["active"] is True
    assert (told["aud"], told["token_type"], told["sub"]) == ("https://api.example.org", "Bearer", str(person.user_id))
    assert "client_id" not in told
    assert await server.introspect(other, made.text) == {"active": False}


async def test_a_client_may_introspect_its_own_service_tokens_and_no_others(server: Server) -> None:
    app, other = await server.app(), await server.app()
    made = await service_token(server, app)

    assert (await server.introspect(app, made.text))["client_id"] == app.client_id
    assert await server.introspect(other, made.text) == {"active": False}


@pytest.mark.parametrize("kind", [Kind.PERSONAL_TOKEN, Kind.SERVICE_TOKEN])
async def test_a_token_that_was_never_made_is_good_nowhere(server: Server, kind: Kind) -> None:
    app = await server.app(introspect_any=True)

    assert await server.introspect(app, made_up(kind)) == {"active": False}
    assert (await used(server, made_up(kind))).status == 401


async def test_only_the_digest_is_stored(server: Server, admin: Any) -> None:
    made = await personal_token(server, await server.person())

    admin.execute("select t::text || g::text from personal_tokens t join grants g on g.id = t.grant_id")
    ((row,),) = admin.fetchall()

    assert made.text[7:] not in row
    assert made.token.digest.hex() in row


async def test_user_info_tells_nothing_for_a_personal_token(server: Server) -> None:
    made = await personal_token(server, await server.person())

    good = await server.get("/userinfo", headers={"Authorization": f"Bearer {made.text}"})
    bad = await server.get("/userinfo", headers={"Authorization": f"Bearer {made_up(Kind.PERSONAL_TOKEN)}"})

    assert (good.status, bad.status) == (403, 401)
    assert 'error="insufficient_scope"' in (good.header("www-authenticate") or "")


async def test_any_client_that_has_a_personal_token_may_revoke_it(server: Server) -> None:
    made, finder = await personal_token(server, await server.person()), await server.app()

    reply = await server.post("/revoke", {"token": made.text, **finder.form})

    assert reply.status == 200
    assert (await used(server, made.text)).status == 401


async def test_a_service_token_is_revoked_by_its_own_client_alone(server: Server) -> None:
    app, other = await server.app(), await server.app()
    made = await service_token(server, app)

    refused = await server.post("/revoke", {"token": made.text, **other.form})
    still = await used(server, made.text)
    revoked = await server.post("/revoke", {"token": made.text, **app.form})

    assert (refused.status, refused.json["error"]) == (400, "unauthorized_client")
    assert (still.status, revoked.status) == (200, 200)
    assert (await used(server, made.text)).status == 401


async def test_it_expires_by_the_clock(server: Server) -> None:
    made = await personal_token(server, await server.person())

    server.clock.advance(86399)
    before = await used(server, made.text)
    server.clock.advance(1)

    assert before.status == 200
    assert (await used(server, made.text)).status == 401


async def test_its_last_use_is_known_by_the_hour(server: Server, admin: Any) -> None:
    made = await personal_token(server, await server.person())
    hour = server.now().replace(minute=0, second=0, microsecond=0)

    def last_use() -> Any:
        admin.execute("select used_at, xmin::text from personal_tokens")
        return admin.fetchone()

    await used(server, made.text)
    await until(lambda: last_use()[0] == hour)
    written = last_use()
    await used(server, made.text)
    server.clock.advance(3600)
    await used(server, made.text)
    await until(lambda: last_use()[0] == hour + timedelta(hours=1))

    assert last_use() != written


async def test_within_an_hour_one_use_is_written_by_all_servers_together(server: Server, admin: Any) -> None:
    made = await personal_token(server, await server.person())
    hour = server.now().replace(minute=0, second=0, microsecond=0)
    admin.execute("update personal_tokens set used_at = %s returning xmin::text", (hour,))
    (written,) = admin.fetchone()

    for _ in range(3):
        assert (await used(server, made.text)).status == 200
    server.store.personal_tokens.uses.note(made.token.id, None)  # as a server that has read the row before
    await until(lambda: not server.store.personal_tokens.uses.busy)

    admin.execute("select xmin::text from personal_tokens")
    assert admin.fetchone() == (written,)


async def test_a_token_loses_scopes_that_its_person_may_not_give_any_more(server: Server, admin: Any) -> None:
    await server.store.scopes.create("ops", "Run things", server.now(), by=SERVER, restricted=True)
    person = await server.person(superuser=True)
    made = await personal_token(server, person, scope="read ops")

    before = (await used(server, made.text)).json["scope"]
    admin.execute("update users set superuser = false")

    assert before == "read ops"
    assert (await used(server, made.text)).json["scope"] == "read"


async def test_a_scope_of_the_same_name_is_another_one(server: Server) -> None:
    await server.store.scopes.create("archive", "Read the archive", server.now(), by=SERVER)
    made = await personal_token(server, await server.person(), scope="read archive")

    await server.store.scopes.delete("archive", server.now(), by=SERVER)
    await server.store.scopes.create("archive", "Empty the archive", server.now(), by=SERVER)

    assert (await used(server, made.text)).json["scope"] == "read"


async def test_a_resource_of_the_same_name_is_another_one(server: Server) -> None:
    uri = server.own_resource
    await resource(server, uri)
    made = await personal_token(server, await server.person(), resource=[uri])

    before = await used(server, made.text)
    await server.store.resources.delete(uri, server.now(), by=SERVER)
    await resource(server, uri)

    assert before.status == 200
    assert (await used(server, made.text)).status == 401


@pytest.mark.parametrize("revoked", [True, False], ids=["revoked", "expired"])
async def test_nothing_is_kept_of_a_token_that_ended(server: Server, admin: Any, revoked: bool) -> None:
    made = await personal_token(server, await server.person())
    if revoked:
        await server.store.personal_tokens.revoke(made.token.id, made.token.owner, server.now(), by=SERVER)
    server.clock.advance(2 * 86400)

    swept = await server.store.partitions.sweep(server.now())

    admin.execute("select count(*) from personal_tokens")
    assert (swept, admin.fetchone()) == (1, (0,))


@pytest.mark.parametrize(
    "names", [["backup"] * 10, [f"backup {n}" for n in range(10)]], ids=["one name", "the last place"]
)
async def test_of_tokens_that_are_made_at_once_one_gets_the_name_and_the_place(
    server: Server, admin: Any, names: list[str]
) -> None:
    person = await server.person()
    user = await server.store.users.by_id(person.user_id)
    assert user
    on, end = server.application.administration, server.now() + timedelta(days=1)
    asked = [
        Deferred.fromCoroutine(
            personal_tokens.create_for_person(on, user, Wish(name, ["read"], (), end), SERVER, most=1)
        )
        for name in names
    ]

    made = [done for done, _ in await DeferredList(asked, consumeErrors=True)]

    admin.execute("select count(*) from personal_tokens t join grants g on g.id = t.grant_id")
    assert (made.count(True), admin.fetchone()) == (1, (1,))


async def resource(server: Server, uri: str, client_id: str | None = None) -> None:
    """A resource that recognises every scope."""
    await server.store.resources.create(
        uri, scopes=(), token_format="opaque", lifetime=3600, client_id=client_id, now=server.now(), by=SERVER
    )
