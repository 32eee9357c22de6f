"""Independent clients, used as their documentation says."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
import treq
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import ClientSecretJWT, PrivateKeyJWT
from joserfc.jwk import RSAKey
from oauthlib.oauth2 import BackendApplicationClient, DeviceClient
from requests_oauthlib import OAuth2Session as RequestsOAuth2Session
from twisted.internet.threads import deferToThread

from tests.flows.device import tv
from tests.harness import REDIRECT_URI, Server
from tests.interop.browser import connect, visit

TIMEOUT = 30


async def in_thread(function: Callable[..., Any], *arguments: Any) -> Any:
    """These clients are synchronous, and the reactor has the server to run."""
    return await deferToThread(function, *arguments)


async def test_requests_oauthlib_completes_the_code_flow_with_pkce_and_refreshes(server: Server, monkeypatch) -> None:
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    app, person = await server.app(), await server.person()

    def journey() -> tuple[dict[str, Any], dict[str, Any], int]:
        client = RequestsOAuth2Session(app.client_id, redirect_uri=REDIRECT_URI, scope=["read", "write"], pkce="S256")
        url, _ = client.authorization_url(server.url + "/authorize")
        token = client.fetch_token(
            server.url + "/token",
            authorization_response=visit(server, person, url),
            client_secret=app.secret,
            include_client_id=True,
        )
        status = client.get(server.url + "/resource").status_code
        fresh = client.refresh_token(server.url + "/token", client_id=app.client_id, client_secret=app.secret)
        return dict(token), dict(fresh), status

    token, fresh, status = await in_thread(journey)

    assert status == 200
    assert token["scope"] == ["read", "write"]
    assert fresh["access_token"] != token["access_token"]


async def test_requests_oauthlib_gets_client_credentials_by_basic(server: Server, monkeypatch) -> None:
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    app = await server.app()

    def journey() -> dict[str, Any]:
        client = RequestsOAuth2Session(client=BackendApplicationClient(client_id=app.client_id))
        return dict(client.fetch_token(server.url + "/token", client_id=app.client_id, client_secret=app.secret))

    token = await in_thread(journey)

    assert (token["token_type"], token["expires_in"]) == ("Bearer", 36000)


async def test_requests_oauthlib_gets_what_a_device_is_allowed(server: Server, monkeypatch) -> None:
    """RFC 8628, by the client of oauthlib."""
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    app, person = await tv(server), await server.person()

    def journey() -> tuple[str, dict[str, Any], int]:
        asked = requests.post(
            server.url + "/device_authorization", {"client_id": app.client_id, "scope": "read"}, timeout=TIMEOUT
        ).json()
        said = connect(server, person, asked["verification_uri_complete"])
        client = RequestsOAuth2Session(client=DeviceClient(app.client_id))
        token = client.fetch_token(
            server.url + "/token", device_code=asked["device_code"], include_client_id=True, client_id=app.client_id
        )
        return said, dict(token), client.get(server.url + "/resource").status_code

    said, token, status = await in_thread(journey)

    assert "Your device is connected" in said
    assert (token["scope"], status) == (["read"], 200)


async def test_oauthlib_as_a_client_revokes_a_token(server: Server, monkeypatch) -> None:
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    app = await server.app()
    token = (await server.token(app, grant_type="client_credentials")).json["access_token"]

    def journey() -> tuple[int, dict[str, Any], dict[str, Any]]:
        client, auth = BackendApplicationClient(client_id=app.client_id), (app.client_id, app.secret)
        before = requests.post(server.url + "/introspect", {"token": token}, auth=auth, timeout=TIMEOUT).json()
        url, headers, body = client.prepare_token_revocation_request(server.url + "/revoke", token)
        status = requests.post(url, body, headers=headers, auth=auth, timeout=TIMEOUT).status_code
        after = requests.post(server.url + "/introspect", {"token": token}, auth=auth, timeout=TIMEOUT).json()
        return status, before, after

    status, before, after = await in_thread(journey)

    assert (status, before["active"], after) == (200, True, {"active": False})


async def test_authlib_completes_code_refresh_introspection_and_revocation(server: Server) -> None:
    app, person = await server.app(), await server.person()

    def journey() -> tuple[dict[str, Any], dict[str, Any], dict[str, Any], dict[str, Any]]:
        metadata = requests.get(server.url + "/.well-known/oauth-authorization-server", timeout=TIMEOUT).json()
        client = OAuth2Session(
            app.client_id, app.secret, redirect_uri=REDIRECT_URI, scope="read", code_challenge_method="S256"
        )
        verifier = "v" * 64
        url, state = client.create_authorization_url(metadata["authorization_endpoint"], code_verifier=verifier)
        token = client.fetch_token(
            metadata["token_endpoint"],
            authorization_response=visit(server, person, url),
            code_verifier=verifier,
            state=state,
        )
        fresh = client.refresh_token(metadata["token_endpoint"], refresh_token=token["refresh_token"])
        before = client.introspect_token(metadata["introspection_endpoint"], token=fresh["access_token"]).json()
        client.revoke_token(metadata["revocation_endpoint"], token=fresh["refresh_token"])
        after = client.introspect_token(metadata["introspection_endpoint"], token=fresh["access_token"]).json()
        return dict(token), dict(fresh), before, after

    token, fresh, before, after = await in_thread(journey)

    assert token["scope"] == "read"
    assert fresh["refresh_token"] != token["refresh_token"]
    assert before["active"]
    assert after == {"active": False}


async def test_authlib_as_a_public_client_with_pkce(server: Server) -> None:
    app = await server.app(auth_method="none", grant_types=("authorization_code", "refresh_token"))
    person = await server.person()

    def journey() -> dict[str, Any]:
        client = OAuth2Session(
            app.client_id,
            redirect_uri=REDIRECT_URI,
            scope="read write",
            code_challenge_method="S256",
            token_endpoint_auth_method="none",
        )
        verifier = "w" * 43
        url, _ = client.create_authorization_url(server.url + "/authorize", code_verifier=verifier)
        answer = visit(server, person, url)
        return dict(client.fetch_token(server.url + "/token", authorization_response=answer, code_verifier=verifier))

    token = await in_thread(journey)

    assert set(token) >= {"access_token", "refresh_token"}


async def test_authlib_authenticates_with_a_private_key(server: Server) -> None:
    key = RSAKey.generate_key(2048)
    app = await server.app(auth_method="private_key_jwt", jwks={"keys": [key.as_dict(private=False)]})
    endpoint = server.url + "/token"

    def journey() -> tuple[dict[str, Any], dict[str, Any]]:
        client = OAuth2Session(app.client_id, key.as_pem(private=True), token_endpoint_auth_method="private_key_jwt")
        client.register_client_auth_method(PrivateKeyJWT(endpoint))
        token = client.fetch_token(endpoint, grant_type="client_credentials")
        return dict(token), client.introspect_token(server.url + "/introspect", token=token["access_token"]).json()

    token, described = await in_thread(journey)

    assert token["token_type"] == "Bearer"
    assert described["client_id"] == app.client_id


async def test_authlib_authenticates_with_a_jwt_by_its_secret(server: Server) -> None:
    app = await server.app(auth_method="client_secret_jwt")
    endpoint = server.url + "/token"

    def journey() -> dict[str, Any]:
        client = OAuth2Session(app.client_id, app.secret, token_endpoint_auth_method="client_secret_jwt")
        client.register_client_auth_method(ClientSecretJWT(endpoint))
        return dict(client.fetch_token(endpoint, grant_type="client_credentials"))

    assert (await in_thread(journey))["token_type"] == "Bearer"


async def test_treq_redeems_a_code_and_calls_the_resource(server: Server) -> None:
    app, person = await server.app(), await server.person()
    sent = await server.authorize(app, person, code_challenge=None, code_challenge_method=None)
    code = parse_qs(urlsplit(sent.location).query)["code"][0]

    token = await (
        await treq.post(
            server.url + "/token",
            {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT_URI},
            auth=(app.client_id, app.secret),
            agent=server.agent,
        )
    ).json()
    resource = await (
        await treq.get(
            server.url + "/resource", headers={"Authorization": f"Bearer {token['access_token']}"}, agent=server.agent
        )
    ).json()

    assert re.fullmatch(r"iam_at_[0-9A-Za-z]{46}_[0-9A-Za-z]{6}", token["access_token"])
    assert resource["username"] == person.username
