"""The API of the server under test, and who calls it."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from attrs import frozen
from pytest_twisted import blockon
from twisted.internet.defer import Deferred

from iam.administration import personal_tokens
from iam.administration.personal_tokens import Wish
from iam.records.actor import SERVER
from iam.records.scope import ADMINISTRATIVE
from iam.server.own_resources import register_api
from iam.store.roles import Holder
from tests.harness import App, Person, Reply, Server

PATH = "/api/v1"


@frozen
class Caller:
    """Somebody who calls the API with an access token."""

    server: Server
    token: str | None

    async def __call__(self, method: str, path: str, json: Any = None, **headers: str) -> Reply:
        import json as library

        sent = {name.replace("_", "-"): text for name, text in headers.items()}
        if json is not None:
            sent = {"Content-Type": "application/json", **sent}
        if self.token is not None:
            sent = {"Authorization": f"Bearer {self.token}", **sent}
        data = json if json is None or isinstance(json, bytes) else library.dumps(json).encode()
        return await self.server.request(method, PATH + path, data=data, headers=sent)


@frozen
class Api:
    """The API, and those who may call it."""

    server: Server
    person: Person  # an administrator

    @property
    def uri(self) -> str:
        return self.server.settings.issuer + PATH

    async def personal(self, person: Person, *scopes: str) -> Caller:
        """With a token that this person made for themselves, for all that they may give it by default."""
        user = await self.server.store.users.by_id(person.user_id)
        assert user
        wish = Wish("tests", scopes or sorted(ADMINISTRATIVE), [self.uri], self.server.now() + timedelta(days=1))
        made = await personal_tokens.create_for_person(self.server.application.administration, user, wish, SERVER)
        return Caller(self.server, made.text)

    async def logged_in(self, person: Person, *scopes: str) -> Caller:
        """With a token that an application got by a login of this person."""
        asked = scopes or sorted(ADMINISTRATIVE)
        app = await self.server.app(scopes=asked)
        tokens = await self.server.tokens(app, person, resource=self.uri, scope=" ".join(asked))
        return Caller(self.server, tokens["access_token"])

    async def with_role(self, role: str) -> Person:
        """A person with this role, and of this name."""
        person = await self.server.person(role)
        await self.server.store.roles.grant(role, None, Holder(user_id=person.user_id), self.server.now(), SERVER)
        return person

    async def client(self, app: App, scopes: Sequence[str]) -> Caller:
        """With a token by client credentials."""
        sent = {"grant_type": "client_credentials", "resource": self.uri, "scope": " ".join(scopes)}
        reply = await self.server.token(app, **sent)
        assert reply.status == 200, reply.text
        return Caller(self.server, reply.json["access_token"])


@pytest.fixture
def api(server: Server) -> Api:
    async def made() -> Api:
        await register_api(server.store, server.settings, server.clock_of_store())
        return Api(server, await server.person(superuser=True))

    found: Api = blockon(Deferred.fromCoroutine(made()))
    return found


@pytest.fixture
def call(api: Api) -> Caller:
    """An administrator who may do everything."""
    found: Caller = blockon(Deferred.fromCoroutine(api.logged_in(api.person)))
    return found
