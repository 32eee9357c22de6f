"""The rules of administration, on the store of the server under test."""

import pytest
from twisted.internet import reactor

from iam.administration.administration import Administration
from iam.people.passwords import Passwords
from iam.people.people import People
from tests.api.conftest import api, call
from tests.harness import Server

__all__ = ["api", "call"]  # fixtures


@pytest.fixture
def on(server: Server) -> Administration:
    """What the actions work on."""
    clock = server.clock_of_store()
    people = People(server.store.users, Passwords(reactor), clock, server.settings.issuer_host)
    seal = server.application.mails.seal
    return Administration(
        server.store, clock, server.settings, people, lambda: server.registration, lambda: server.keys, seal
    )
