"""The world that bad requests are sent to."""

from typing import Any

import pytest
from pytest_twisted import blockon
from twisted.internet.defer import Deferred

from tests.conformance.conftest import browser, person
from tests.flows.asks import World
from tests.harness import Server

__all__ = ["browser", "person", "world"]


@pytest.fixture
def world(server: Server, admin: Any) -> World:
    async def people() -> World:
        code = ("authorization_code",)
        return World(
            server,
            admin,
            app=await server.app(),
            other=await server.app(),
            public=await server.app(auth_method="none", grant_types=(*code, "refresh_token")),
            narrow=await server.app(grant_types=code, scopes=("read",)),
            person=await server.person(),
        )

    made: World = blockon(Deferred.fromCoroutine(people()))
    return made
