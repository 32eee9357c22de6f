"""Clients that prove themselves by a secret, of which two may be good at a time (RFC 6749 §2.3.1, H25)."""

from base64 import b64encode
from typing import Any

import pytest
from joserfc.jwk import OctKey
from twisted.internet.defer import Deferred, gatherResults

from iam.records.actor import SERVER
from iam.secrets import minted
from iam.secrets.minted import Kind
from tests.assertions import GRANT, Signer, form, sharing
from tests.harness import App, Server

REFUSED = (401, "invalid_client")


async def rotate(server: Server, app: App, keep: int) -> App:
    """The client with a new secret."""
    client = await server.store.clients.read(app.client_id)
    assert client is not None
    secret = minted.mint(Kind.CLIENT_SECRET)
    assert await server.registration.rotate_secret(client, secret, keep=keep, by=SERVER)
    return App(app.client_id, secret)


async def statuses(server: Server, *apps: App) -> list[int]:
    return [(await server.token(app, **GRANT)).status for app in apps]


async def test_both_secrets_are_good_until_the_old_one_runs_out(server: Server) -> None:
    old = await server.app()
    new = await rotate(server, old, keep=3600)

    together = await statuses(server, old, new)
    server.clock.advance(3601)
    after = await statuses(server, old, new)

    assert together == [200, 200]
    assert after == [401, 200]


async def test_a_secret_runs_out_at_its_moment_though_the_client_is_in_memory(server: Server) -> None:
    old = await server.app()
    await rotate(server, old, keep=3)
    before = await statuses(server, old)

    server.clock.advance(3)

    assert before == [200]
    assert await statuses(server, old) == [401]


async def test_without_time_to_keep_it_the_old_one_is_worth_nothing(server: Server) -> None:
    old = await server.app()

    new = await rotate(server, old, keep=0)

    assert await statuses(server, old, new) == [401, 200]


async def test_the_third_secret_ends_the_first(server: Server) -> None:
    first = await server.app()
    second = await rotate(server, first, keep=3600)

    third = await rotate(server, second, keep=60)

    assert await statuses(server, first, second, third) == [401, 200, 200]


async def test_many_rotations_at_once_leave_two_secrets(server: Server, admin: Any) -> None:
    app = await server.app()

    await gatherResults([Deferred.fromCoroutine(rotate(server, app, keep=3600)) for _ in range(20)])

    admin.execute("select count(*) from client_secrets where client_id = %s", (app.client_id,))
    assert admin.fetchone() == (2,)


async def test_both_secrets_sign_until_the_old_one_runs_out(server: Server) -> None:
    app, old = await sharing(server)
    rotated = await rotate(server, app, keep=3600)
    new = Signer(app.client_id, OctKey.import_key(str(rotated.secret)), "HS256", server.settings.issuer)

    together = [(await server.post("/token", form(each.assertion(), **GRANT))).status for each in (old, new)]
    server.clock.advance(3601)
    later = [
        Signer(each.client_id, each.key, each.alg, each.audience, server.clock.seconds()).assertion()
        for each in (old, new)
    ]

    assert together == [200, 200]
    assert [(await server.post("/token", form(each, **GRANT))).status for each in later] == [401, 200]


async def test_the_secret_may_be_sent_in_either_way(server: Server) -> None:
    basic, post = await server.app(), await server.app(auth_method="client_secret_post")

    replies = [
        reply
        for app in (basic, post)
        for reply in (
            await server.post("/token", GRANT, headers=app.basic),
            await server.post("/token", {**GRANT, **app.form}),
        )
    ]

    assert [reply.status for reply in replies] == [200] * 4


async def test_id_and_secret_are_form_encoded_inside_basic(server: Server) -> None:
    app = await server.app()
    encoded = "".join(f"%{ord(character):02X}" for character in f"{app.secret}")
    header = {"Authorization": "Basic " + b64encode(f"{app.client_id}:{encoded}".encode()).decode()}

    assert (await server.post("/token", GRANT, headers=header)).status == 200


@pytest.mark.parametrize("path", ["/token", "/introspect", "/revoke"])
async def test_an_unknown_client_and_a_wrong_secret_look_the_same(server: Server, path: str) -> None:
    app = await server.app()
    wrong, unknown = (
        App(app.client_id, minted.mint(Kind.CLIENT_SECRET)),
        App("nobody", minted.mint(Kind.CLIENT_SECRET)),
    )

    replies = [await server.post(path, {**GRANT, "token": "x"}, headers=client.basic) for client in (wrong, unknown)]

    assert {(reply.status, reply.json["error"]) for reply in replies} == {REFUSED}
    assert replies[0].json["error_description"] == replies[1].json["error_description"]
    assert [reply.header("www-authenticate") for reply in replies] == ['Basic realm="iam", charset="UTF-8"'] * 2
