"""The person and the relying party of the conformance suite."""

from typing import Any

import pytest
from pytest_twisted import blockon
from twisted.internet.defer import Deferred

from iam.records.actor import SERVER
from iam.secrets import minted
from tests.conformance.browser import Browser
from tests.conformance.relying_party import RelyingParty
from tests.harness import Server
from tests.pages.conftest import password_hash

NAME = "buffy"
SCOPES = ("openid", "profile", "email", "address", "phone", "offline_access")
CLAIMS = {
    "given_name": "Buffy",
    "family_name": "Summers",
    "middle_name": "Anne",
    "nickname": "Buff",
    "profile": "https://people.example.org/buffy",
    "picture": "https://people.example.org/buffy.png",
    "website": "https://buffy.example.org",
    "gender": "female",
    "birthdate": "1981-01-19",
    "zoneinfo": "America/Los_Angeles",
    "locale": "en-US",
    "phone_number": "+1 425 555 1212",
    "phone_number_verified": True,
    "address": {"street_address": "1630 Revello Drive", "locality": "Sunnydale", "region": "CA", "country": "USA"},
}


@pytest.fixture
def person(server: Server) -> Any:
    """The id of somebody who can log in, and of whom everything is known."""
    user_id = minted.identifier()
    account = server.store.users.create(
        user_id=user_id,
        username=NAME,
        username_key=NAME,
        email="buffy@example.org",
        email_key="buffy@example.org",
        email_verified=True,
        name="Buffy Anne Summers",
        password_hash=password_hash(),
        claims=CLAIMS,
        superuser=False,
        now=server.now(),
        by=SERVER,
    )
    blockon(Deferred.fromCoroutine(account))
    return user_id


@pytest.fixture
def browser(server: Server, person: Any) -> Browser:
    """That person's browser, without any cookie yet."""
    return Browser(server, NAME)


async def party(server: Server, browser: Browser, response_mode: str | None = None, **metadata: Any) -> RelyingParty:
    """A relying party that is registered beforehand."""
    auth_method = metadata.setdefault("auth_method", "client_secret_basic")
    app = await server.app(**{"scopes": SCOPES, **metadata})
    return RelyingParty(server, app, browser, response_mode, auth_method=auth_method)
