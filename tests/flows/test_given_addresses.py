"""Redirect URIs that an administrator gave a client stay, whoever changes it afterwards."""

from typing import Any

import pytest

from iam.clients.registration import in_order
from iam.records.actor import SERVER
from iam.records.client import Client
from iam.records.client_metadata import Metadata
from tests.harness import Server
from tests.pages.conftest import visitor_of
from tests.registering import registered

CALLBACK = "https://photos.example/auth/login"
OF_APP = "app.immich:///oauth-callback"
SINGLE = "cursor://cb"
AT_HOME = "http://192.168.2.50:2283/cb"


def given(client: Client, *uris: str, http: bool = False) -> Metadata:
    """The client with these addresses besides its own, as the command line gives them."""
    return in_order(
        Metadata(
            client.name,
            client.auth_method,
            client.grant_types,
            (CALLBACK, *uris),
            client.scopes,
            require_pkce=True,
            allow_http_redirects=http,
        )
    )


@pytest.mark.parametrize(("uri", "http"), [(OF_APP, False), (SINGLE, False), (AT_HOME, True)])
async def test_its_owner_changes_the_name_of_a_client_with_unusual_addresses(
    server: Server, uri: str, http: bool
) -> None:
    owner = await server.person()
    visitor = visitor_of(server, owner)
    app = await visitor.register()
    client = await server.store.clients.read(app.client_id)
    assert client is not None
    await server.registration.update(app.client_id, given(client, uri, http=http), SERVER)

    form = await visitor.form(f"/applications/{app.client_id}/edit")
    reply = await visitor.send(form, name="Pictures")
    kept = await server.store.clients.read(app.client_id)

    assert reply.status == 303, reply.text
    assert kept is not None
    assert (kept.name, kept.redirect_uris, kept.require_pkce) == ("Pictures", (CALLBACK, uri), True)


@pytest.mark.parametrize(("uri", "http"), [(OF_APP, False), (SINGLE, False), (AT_HOME, True)])
async def test_a_client_that_sends_back_what_it_was_given_keeps_it(server: Server, uri: str, http: bool) -> None:
    """RFC 7592 §2.2."""
    client = await registered(server)
    before = await server.store.clients.read(client.app.client_id)
    assert before is not None
    await server.registration.update(before.id, given(before, uri, http=http), SERVER)

    again = await client.update((await client.read()).json)

    assert again.status == 200, again.text
    assert again.json["redirect_uris"] == [CALLBACK, uri]
    assert "left_out" not in again.json


@pytest.mark.parametrize("more", ["http://192.168.2.51/cb", "vscode://cb", "app.other:/cb"])
async def test_a_client_adds_none_to_those_that_it_was_given(server: Server, more: str) -> None:
    client = await registered(server)
    before = await server.store.clients.read(client.app.client_id)
    assert before is not None
    await server.registration.update(before.id, given(before, AT_HOME, OF_APP, http=True), SERVER)
    document: dict[str, Any] = (await client.read()).json

    again = await client.update({**document, "redirect_uris": [*document["redirect_uris"], more]})

    assert again.status == 200, again.text
    assert again.json["redirect_uris"] == [CALLBACK, AT_HOME, OF_APP]
    assert again.json["left_out"].keys() == {"redirect_uris"}


async def test_a_public_client_that_becomes_confidential_keeps_no_address_for_public_ones_alone(server: Server) -> None:
    client = await registered(server, redirect_uris=[CALLBACK, OF_APP], token_endpoint_auth_method="none")
    document: dict[str, Any] = (await client.read()).json

    again = await client.update({**document, "token_endpoint_auth_method": "client_secret_basic"})

    assert again.json["redirect_uris"] == [CALLBACK]
