"""A relying party as the conformance suite of the OpenID Foundation plays it; PyJWT, which we do not sign with, checks its ID tokens."""

import secrets
from typing import Any
from urllib.parse import urlencode

import jwt
from attrs import define, evolve, field, frozen
from authlib.oidc.core.util import create_half_hash

from tests.assertions import Signer, form
from tests.conformance.browser import Browser, answer
from tests.harness import REDIRECT_URI, App, Reply, Server

ALGORITHMS = ["RS256", "ES256", "PS256", "EdDSA"]
SKEW = 300  # seconds, as the suite has it


@frozen
class Login:
    """What came of a login: the token answer, and the checked ID token."""

    tokens: Any
    header: dict[str, Any]
    claims: dict[str, Any]

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": "Bearer " + self.tokens["access_token"]}


@define
class RelyingParty:
    """A client, and the browser that it sends to the server."""

    server: Server
    app: App
    browser: Browser
    response_mode: str | None = None
    redirect_uri: str = REDIRECT_URI
    auth_method: str = "client_secret_basic"
    signer: Signer | None = None
    requested: dict[str, str] = field(factory=dict)

    def address(self, **parameters: str | None) -> str:
        """Where the browser is sent; None leaves a parameter out."""
        asked: dict[str, str | None] = {
            "client_id": self.app.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": "openid",
            "state": secrets.token_urlsafe(8),
            "nonce": secrets.token_urlsafe(8),
            "response_type": "code",
            "response_mode": self.response_mode,
            **parameters,
        }
        self.requested = {name: value for name, value in asked.items() if value is not None}
        return "/authorize?" + urlencode(self.requested)

    async def ask(self, **parameters: str | None) -> Reply:
        """Send the browser to the authorization endpoint."""
        return await self.browser.open(self.address(**parameters))

    async def authorized(self, **parameters: str | None) -> str:
        """The code, from an answer to this very request."""
        reply = await self.ask(**parameters)
        told = answer(reply)
        assert set(told) == {"code", "state", "iss"}, (reply.status, told)
        assert (told["state"], told["iss"]) == (self.requested["state"], self.server.settings.issuer)
        return told["code"]

    async def token(self, **parameters: str) -> Reply:
        """A token request, authenticated as the client is registered."""
        if self.signer is not None:
            signer = evolve(self.signer, now=self.server.clock.seconds())
            return await self.server.post("/token", form(signer.assertion(), **parameters))
        if self.auth_method == "client_secret_basic":
            return await self.server.post("/token", parameters, headers=self.app.basic)
        return await self.server.post("/token", {**self.app.form, **parameters})

    async def redeemed(self, code: str, **parameters: str) -> Reply:
        return await self.token(
            grant_type="authorization_code", code=code, redirect_uri=self.redirect_uri, **parameters
        )

    async def log_in(self, **parameters: str | None) -> Login:
        """The whole code flow (OpenID Connect Core §3.1)."""
        return await self.finish(await self.authorized(**parameters))

    async def finish(self, code: str, **parameters: str) -> Login:
        """Redeem the code, and check what it is good for."""
        reply = await self.redeemed(code, **parameters)
        assert reply.status == 200, reply.text
        assert reply.json["token_type"] == "Bearer"
        found = await self.checked(reply.json)
        assert found.claims.get("nonce") == self.requested.get("nonce")
        return found

    async def checked(self, tokens: Any) -> Login:
        """The ID token after the checks of Core §3.1.3.7."""
        id_token = tokens["id_token"]
        header = jwt.get_unverified_header(id_token)
        keys = jwt.PyJWKSet.from_dict((await self.server.get("/jwks")).json)
        claims = jwt.decode(
            id_token,
            keys[header["kid"]],
            algorithms=ALGORITHMS,
            audience=self.app.client_id,
            issuer=self.server.settings.issuer,
            leeway=SKEW,
            options={"require": ["iss", "sub", "aud", "exp", "iat"]},
        )
        assert claims.get("azp") in (None, self.app.client_id)
        assert claims["at_hash"] == create_half_hash(tokens["access_token"], header["alg"]).decode()
        return Login(tokens, header, claims)

    async def refreshed(self, refresh_token: str, **parameters: str) -> Reply:
        return await self.token(grant_type="refresh_token", refresh_token=refresh_token, **parameters)
