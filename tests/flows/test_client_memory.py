"""Clients in memory: how much they take, and whose name they bear."""

import tracemalloc
from typing import Any

from iam.store.clients import weigh
from tests.harness import Server


async def test_a_client_weighs_at_least_what_it_takes(server: Server) -> None:
    app = await server.app(redirect_uris=tuple(f"https://client.example/{number}" for number in range(20)))
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        clients = [await server.store.clients.read(app.client_id) for _ in range(50)]
        taken = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()

    assert all(clients)
    assert sum(weigh(client) for client in clients if client) >= taken


async def test_an_owner_who_is_renamed_is_known_by_the_new_name(server: Server, admin: Any) -> None:
    app, person = await server.app(), await server.person()
    admin.execute("update clients set owner_id = %s where id = %s", (person.user_id, app.client_id))
    await server.hearing.up_to_now()
    before = await server.store.clients.by_id(app.client_id)

    admin.execute("update users set name = 'Grace Hopper' where id = %s", (person.user_id,))
    await server.hearing.up_to_now()
    after = await server.store.clients.by_id(app.client_id)

    assert before is not None
    assert after is not None
    assert (before.owner, after.owner) == (person.username, "Grace Hopper")
