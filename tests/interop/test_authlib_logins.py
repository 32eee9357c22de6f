"""Authlib as a relying party: its OpenID Connect client, as its integrations for web frameworks use it."""

from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
import requests
from authlib.common.urls import add_params_to_uri
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.base_client.sync_app import BaseApp, OAuth2Mixin
from authlib.integrations.base_client.sync_openid import OpenIDMixin
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from joserfc.errors import InvalidClaimError
from twisted.internet.threads import deferToThread

from tests.assertions import make, public
from tests.flows.device import DEVICE, tv
from tests.harness import REDIRECT_URI, App, Person, Server
from tests.interop.browser import connect, visit

LOGIN = ("openid", "profile", "email", "offline_access")


class RelyingParty(OAuth2Mixin, OpenIDMixin, BaseApp):
    """What Authlib's framework integrations are made of, without a framework."""

    client_cls = OAuth2Session

    def log_in(self, server: Server, person: Person, pushed: bool = False, **asked: str) -> tuple[Any, Any]:
        """The tokens, and what the checked ID token says."""
        began = self.create_authorization_url(REDIRECT_URI, **asked)
        if pushed:
            began["url"] = self.push(began["url"])
        answer = {
            name: values[0] for name, values in parse_qs(urlsplit(visit(server, person, began["url"])).query).items()
        }
        assert answer["state"] == began["state"]
        tokens = self.fetch_access_token(REDIRECT_URI, code=answer["code"], code_verifier=began["code_verifier"])
        return tokens, self.parse_id_token(tokens, nonce=began["nonce"])

    def push(self, url: str) -> str:
        """The address that stands for a request that is pushed instead (RFC 9126)."""
        metadata = self.load_server_metadata()
        with self._get_oauth_client(**metadata) as session:
            answer = session.post(
                metadata["pushed_authorization_request_endpoint"],
                data=dict(parse_qsl(urlsplit(url).query)),
                auth=session.client_auth(session.token_endpoint_auth_method),
                withhold_token=True,
            )
        handle = {"client_id": self.client_id, "request_uri": answer.json()["request_uri"]}
        return add_params_to_uri(metadata["authorization_endpoint"], handle.items())


def relying_party(server: Server, app: App, scope: str = "openid", **settings: Any) -> RelyingParty:
    return RelyingParty(
        None,
        client_id=app.client_id,
        client_secret=app.secret,
        server_metadata_url=server.url + "/.well-known/openid-configuration",
        **{"client_kwargs": {"scope": scope, "code_challenge_method": "S256"}, **settings},
    )


@pytest.mark.parametrize("alg", ["RS256", "ES256", "PS256", "EdDSA"])
async def test_authlib_checks_the_id_token_and_asks_userinfo(server: Server, alg: str) -> None:
    """Its checks are those of OpenID Connect Core §3.1.3.7, at_hash and nonce included."""
    app = await server.app(scopes=LOGIN, id_token_signed_response_alg=alg)
    person = await server.person("ada", name="Ada Lovelace", email="ada@example.org")
    party = relying_party(server, app, "openid profile email")

    tokens, claims = await deferToThread(party.log_in, server, person)
    told = await deferToThread(lambda: party.userinfo(token=tokens))

    assert claims["sub"] == told["sub"] == str(person.user_id)
    assert "at_hash" in claims
    assert (told["name"], told["preferred_username"], told["email"]) == ("Ada Lovelace", "ada", "ada@example.org")
    assert told["email_verified"] is True


async def test_authlib_refreshes_and_checks_the_new_id_token(server: Server) -> None:
    app, person = await server.app(scopes=LOGIN), await server.person()
    party = relying_party(server, app, "openid offline_access")
    tokens, claims = await deferToThread(party.log_in, server, person)

    def refreshed() -> Any:
        with OAuth2Session(app.client_id, app.secret) as session:
            fresh = session.refresh_token(party.server_metadata["token_endpoint"], tokens["refresh_token"])
        return party.parse_id_token(fresh, nonce=None)

    fresh = await deferToThread(refreshed)

    assert (fresh["sub"], fresh["auth_time"]) == (claims["sub"], claims["auth_time"])


@pytest.mark.parametrize("auth_method", ["client_secret_basic", "client_secret_post", "none"])
async def test_authlib_logs_in_as_a_client_of_each_kind(server: Server, auth_method: str) -> None:
    app = await server.app(scopes=LOGIN, auth_method=auth_method, grant_types=("authorization_code", "refresh_token"))
    person = await server.person()
    settings = {
        "scope": "openid",
        "code_challenge_method": "S256",
        "token_endpoint_auth_method": auth_method,
    }

    _, claims = await deferToThread(relying_party(server, app, client_kwargs=settings).log_in, server, person)

    assert claims["sub"] == str(person.user_id)


async def test_authlib_logs_in_with_a_private_key(server: Server) -> None:
    key = make("RS256")
    app = await server.app(scopes=LOGIN, auth_method="private_key_jwt", jwks=public(key))
    person = await server.person()
    party = relying_party(
        server,
        App(app.client_id, key.as_pem(private=True).decode()),
        client_kwargs={
            "scope": "openid",
            "code_challenge_method": "S256",
            "token_endpoint_auth_method": "private_key_jwt",
        },
        client_auth_methods=[PrivateKeyJWT(server.url + "/token")],
    )

    _, claims = await deferToThread(party.log_in, server, person)

    assert claims["aud"] == app.client_id


async def test_authlib_finds_that_an_id_token_belongs_to_another_login(server: Server) -> None:
    app, person = await server.app(scopes=LOGIN), await server.person()
    party = relying_party(server, app)
    tokens, _ = await deferToThread(party.log_in, server, person)

    with pytest.raises(InvalidClaimError):
        await deferToThread(lambda: party.parse_id_token(tokens, nonce="of another login"))


async def test_authlib_logs_its_person_out(server: Server) -> None:
    """OpenID Connect RP-Initiated Logout §2."""
    afterwards = "https://client.example/left"
    app, person = await server.app(scopes=LOGIN, post_logout_redirect_uris=(afterwards,)), await server.person()
    party = relying_party(server, app)
    tokens, _ = await deferToThread(party.log_in, server, person)

    leaving = await deferToThread(lambda: party.create_logout_url(afterwards, tokens["id_token"]))
    left = await deferToThread(visit, server, person, leaving["url"])

    assert left == f"{afterwards}?state={leaving['state']}"
    assert (await server.refresh(app, tokens["refresh_token"])).json["error"] == "invalid_grant"


@pytest.mark.parametrize("auth_method", ["client_secret_basic", "private_key_jwt"])
async def test_authlib_pushes_its_request_by_the_session_of_its_client(server: Server, auth_method: str) -> None:
    """RFC 9126: it has no method for it, and its client authentication serves there too."""
    key = make("RS256")
    app = await server.app(
        scopes=LOGIN, auth_method=auth_method, jwks=public(key), require_pushed_authorization_requests=True
    )
    person = await server.person()
    settings = {"scope": "openid", "code_challenge_method": "S256", "token_endpoint_auth_method": auth_method}
    secret = key.as_pem(private=True).decode() if auth_method == "private_key_jwt" else app.secret
    party = relying_party(
        server,
        App(app.client_id, secret),
        client_kwargs=settings,
        client_auth_methods=[PrivateKeyJWT(server.settings.issuer)],
    )

    _, claims = await deferToThread(party.log_in, server, person, pushed=True)

    assert claims["sub"] == str(person.user_id)


@pytest.mark.parametrize("auth_method", ["client_secret_post", "none"])
async def test_authlib_lets_a_device_in(server: Server, auth_method: str) -> None:
    """RFC 8628, as far as it has it for clients: the grant type."""
    app, person = await tv(server, auth_method), await server.person()

    def journey() -> Any:
        metadata = requests.get(server.url + "/.well-known/openid-configuration", timeout=30).json()
        session = OAuth2Session(app.client_id, app.secret, token_endpoint_auth_method=auth_method)
        asking = session.post(
            metadata["device_authorization_endpoint"],
            data={"scope": "openid offline_access"},
            auth=session.client_auth(auth_method),
            withhold_token=True,
        ).json()
        redemption = {"grant_type": DEVICE, "device_code": asking["device_code"]}
        with pytest.raises(OAuthError, match="authorization_pending"):
            session.fetch_token(metadata["token_endpoint"], **redemption)
        connect(server, person, asking["verification_uri_complete"])
        token = dict(session.fetch_token(metadata["token_endpoint"], **redemption))
        return token, session.refresh_token(metadata["token_endpoint"], token["refresh_token"])

    token, fresh = await deferToThread(journey)

    assert "id_token" in token
    assert fresh["refresh_token"] != token["refresh_token"]
