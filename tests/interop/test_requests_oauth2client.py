"""requests-oauth2client (https://github.com/guillp/requests_oauth2client), used as its documentation says; it knows no JARM."""

from typing import Any

import pytest
import requests
from requests_oauth2client import (
    AuthorizationPending,
    DeviceAuthorizationPollingJob,
    DPoPToken,
    OAuth2Client,
    OAuth2ClientCredentialsAuth,
)
from twisted.internet.threads import deferToThread

from tests.flows.device import tv
from tests.harness import REDIRECT_URI, App, Server
from tests.interop.browser import connect, visit


def client_of(server: Server, app: App) -> Any:
    """The client, as its library finds the server."""
    return OAuth2Client.from_discovery_endpoint(
        server.settings.issuer + "/.well-known/oauth-authorization-server",
        client_id=app.client_id,
        client_secret=app.secret,
        redirect_uri=REDIRECT_URI,
        device_authorization_endpoint=server.url + "/device_authorization",  # which it does not read where it looks
        testing=True,
    )


async def test_it_calls_a_resource_for_itself_with_bound_tokens(server: Server) -> None:
    app = await server.app(dpop_bound_access_tokens=True)

    def journey() -> Any:
        auth = OAuth2ClientCredentialsAuth(client_of(server, app), scope="read", dpop=True)
        replies = [requests.get(server.url + "/resource", auth=auth, timeout=30) for _ in range(2)]
        return auth.token, [reply.status_code for reply in replies]

    token, statuses = await deferToThread(journey)

    assert isinstance(token, DPoPToken)
    assert statuses == [200, 200]
    assert (await server.introspect(await server.app(introspect_any=True), token.access_token))["cnf"]


async def test_it_redeems_a_code_of_its_key_and_refreshes(server: Server) -> None:
    app, person = await server.app(), await server.person()

    def journey() -> Any:
        client = client_of(server, app)
        asked = client.authorization_request(scope="read", dpop=True)
        answer = asked.validate_callback(visit(server, person, asked.uri))
        token = client.authorization_code(answer)
        return token, client.refresh_token(token), requests.get(server.url + "/resource", auth=token, timeout=30)

    token, fresh, reply = await deferToThread(journey)

    assert isinstance(token, DPoPToken)
    assert isinstance(fresh, DPoPToken)
    assert reply.status_code == 200


@pytest.mark.parametrize("bound", [False, True])
async def test_it_pushes_its_request(server: Server, bound: bool) -> None:
    """RFC 9126, and RFC 9449 §10.1."""
    app = await server.app(require_pushed_authorization_requests=True)
    person = await server.person()

    def journey() -> Any:
        client = client_of(server, app)
        asked = client.authorization_request(scope="read", dpop=bound)
        answer = asked.validate_callback(visit(server, person, client.pushed_authorization_request(asked).uri))
        token = client.authorization_code(answer)
        return token, client.refresh_token(token), requests.get(server.url + "/resource", auth=token, timeout=30)

    token, fresh, reply = await deferToThread(journey)

    assert isinstance(token, DPoPToken) is isinstance(fresh, DPoPToken) is bound
    assert reply.status_code == 200


@pytest.mark.parametrize("auth_method", ["none", "client_secret_basic"])
@pytest.mark.parametrize("bound", [False, True])
async def test_it_lets_a_device_in(server: Server, auth_method: str, bound: bool) -> None:
    """RFC 8628; a public client refreshes with the key of the device."""
    app, person = await tv(server, auth_method), await server.person()

    def journey() -> Any:
        client = client_of(server, app)
        asking = client.authorize_device(scope="read offline_access")
        with pytest.raises(AuthorizationPending):
            client.device_code(asking)
        connect(server, person, asking.verification_uri_complete)
        token = DeviceAuthorizationPollingJob(client, asking, interval=0.01, dpop=bound)()
        return token, client.refresh_token(token), requests.get(server.url + "/resource", auth=token, timeout=30)

    token, fresh, reply = await deferToThread(journey)

    assert isinstance(token, DPoPToken) is isinstance(fresh, DPoPToken) is bound
    assert reply.status_code == 200
