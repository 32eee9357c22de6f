"""Independent clients under FAPI 2.0, used as their documentation says: oauth4webapi, openid-client, requests-oauth2client."""

from typing import Any

import pytest
from requests_oauth2client import DPoPToken, OAuth2Client, PrivateKeyJwt
from requests_oauth2client.exceptions import InvalidClient
from twisted.internet.threads import deferToThread

from iam.clients.fapi import SECURITY, SIGNED
from tests.assertions import make, public
from tests.harness import REDIRECT_URI, App, Server
from tests.interop.browser import visit
from tests.interop.conftest import Node
from tests.interop.test_node_clients import KEYS
from tests.interop.walk import Walk

SCOPES = ("openid", "profile", "read", "offline_access")
OURS = [f"{what}_signed_response_alg" for what in ("id_token", "authorization", "introspection")]


async def held(server: Server, profile: str, key: Any, **more: Any) -> App:
    """A client under a profile, which proves itself by this key."""
    return await server.app(
        auth_method="private_key_jwt",
        grant_types=("authorization_code", "refresh_token", "client_credentials"),
        scopes=SCOPES,
        jwks=public(key),
        fapi_profile=profile,
        **more,
    )


@pytest.mark.parametrize("library", ["openid-client", "oauth4webapi"])
@pytest.mark.parametrize(("profile", "alg"), [(SECURITY, "PS256"), (SIGNED, "ES256"), (SIGNED, "Ed25519")])
async def test_a_person_logs_in_under_a_profile(
    server: Server, node: Node, library: str, profile: str, alg: str
) -> None:
    """Pushed, bound to a key and, under Message Signing, signed on the way there, back and at introspection."""
    key, signed = make(alg), profile == SIGNED
    ours = dict.fromkeys(OURS, alg) if signed else {"id_token_signed_response_alg": alg}
    app, person = await held(server, profile, key, **ours), await server.person(name="Ada Lovelace")

    outcome = await Walk(node, library, server, app, person).through(
        "fapi",
        scope="openid profile read",
        auth_method="private_key_jwt",
        key=key.as_dict(private=True),
        algorithm=KEYS[alg],
        metadata=ours,
        pushed=True,
        signed=signed,
        jwt=signed,
    )

    assert outcome["tokens"]["token_type"] == outcome["fresh"]["token_type"] == "dpop"
    assert outcome["claims"]["sub"] == outcome["told"]["sub"] == str(person.user_id)
    assert outcome["fresh"]["refresh_token"] == outcome["tokens"]["refresh_token"]
    assert outcome["description"]["active"] is True
    assert outcome["description"]["cnf"] == {"jkt": outcome["jkt"]}


def requesting(server: Server, app: App, key: Any, aud: str | None) -> Any:
    """The client of requests-oauth2client, which signs for `aud`."""
    return OAuth2Client.from_discovery_endpoint(
        server.settings.issuer + "/.well-known/oauth-authorization-server",
        auth=PrivateKeyJwt(app.client_id, {**key.as_dict(private=True), "alg": "ES256"}, alg="ES256", aud=aud),
        redirect_uri=REDIRECT_URI,
        testing=True,
    )


async def test_requests_oauth2client_keeps_to_the_security_profile(server: Server) -> None:
    key = make("ES256")
    app, person = await held(server, SECURITY, key), await server.person()

    def journey() -> Any:
        client = requesting(server, app, key, server.settings.issuer)
        asked = client.authorization_request(scope="read", dpop=True)
        answer = asked.validate_callback(visit(server, person, client.pushed_authorization_request(asked).uri))
        token = client.authorization_code(answer)
        return token, client.refresh_token(token), client.client_credentials(scope="read", dpop=True)

    given = await deferToThread(journey)

    assert [type(token) for token in given] == [DPoPToken] * 3


async def test_requests_oauth2client_must_be_told_to_sign_for_the_issuer(server: Server) -> None:
    """It signs for the address that it calls where nothing else is said, which the profile excludes (§5.3.2.1 no. 8)."""
    key = make("ES256")
    app = await held(server, SECURITY, key)

    def journey() -> Any:
        with pytest.raises(InvalidClient):
            requesting(server, app, key, None).client_credentials(scope="read", dpop=True)
        return True

    assert await deferToThread(journey)
