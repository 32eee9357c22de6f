"""Independent clients, used as their documentation says."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
import treq
from authlib.integrations.requests_client import OAuth2Session
from oauthlib.oauth2 import BackendApplicationClient
from requests_oauthlib import OAuth2Session as RequestsOAuth2Session
from twisted.internet.threads import deferToThread

from tests.harness import REDIRECT_URI, Person, Server, action, fields

TIMEOUT = 10


def consent(server: Server, person: Person, url: str) -> str:
    """What a person does in a browser: open the address, allow; the address the browser is sent to."""
    browser = requests.Session()
    browser.headers.update(person.headers)
    page = browser.get(url, allow_redirects=False, timeout=TIMEOUT)
    form = {**fields(page.text), "decision": "allow"}
    origin = {"Origin": server.settings.issuer}
    answer = browser.post(server.url + action(page.text), form, headers=origin, allow_redirects=False, timeout=TIMEOUT)
    return answer.headers["Location"]


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
            authorization_response=consent(server, person, url),
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
            authorization_response=consent(server, person, url),
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
        answer = consent(server, person, url)
        return dict(client.fetch_token(server.url + "/token", authorization_response=answer, code_verifier=verifier))

    token = await in_thread(journey)

    assert set(token) >= {"access_token", "refresh_token"}


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
