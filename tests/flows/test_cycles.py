"""Reference counts free what a request made, also one of a flood: it leaves no cycles, so that garbage collection may come late."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.flows.test_statement_counts import OPERATIONS, prepared
from tests.harness import App, Server

REQUESTS = 50


@contextmanager
def caught() -> Iterator[list[str]]:
    """The types of our objects that only garbage collection frees."""
    types: list[str] = []
    gc.collect()
    gc.disable()
    try:
        yield types
        gc.set_debug(gc.DEBUG_SAVEALL)
        gc.collect()
        types.extend(f"{type(each).__module__}.{type(each).__name__}" for each in gc.garbage)
        types[:] = sorted({name for name in types if name.startswith("iam.")})
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()


@pytest.mark.parametrize("operation", OPERATIONS)
async def test_a_request_leaves_no_cycles(server: Server, operation: str) -> None:
    many = await prepared(server, operation, REQUESTS)

    with caught() as types:
        _, replies = await many.send()

    assert {reply.status for reply in replies} == {200}
    assert types == []


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/token", {"grant_type": "client_credentials"}),
        ("/introspect", {"token": "nonsense"}),
        ("/revoke", {"token": "nonsense"}),
    ],
)
async def test_nor_does_one_with_a_wrong_secret(server: Server, path: str, form: dict[str, str]) -> None:
    app = App((await server.app()).client_id, "a wrong secret")

    with caught() as types:
        replies = [await server.post(path, form, headers=app.basic) for _ in range(REQUESTS)]

    assert {reply.status for reply in replies} == {401}
    assert types == []
