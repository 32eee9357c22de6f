"""A client under FAPI 2.0 as the conformance suite plays it: it pushes what it asks, and proves its keys at each step."""

import json
import math
import secrets
from typing import Any
from urllib.parse import urlencode

from attrs import define, evolve, field
from joserfc import jwt
from joserfc.jwk import KeySet

from iam.clients.fapi import SECURITY, SIGNED
from tests.assertions import Signer, form, make, public
from tests.conformance.browser import Browser, answer
from tests.conformance.relying_party import SKEW
from tests.dpop import Holder
from tests.harness import CHALLENGE, REDIRECT_URI, VERIFIER, Reply, Server
from tests.request_objects import TYPE

ALGORITHMS = ["PS256", "ES256", "EdDSA", "Ed25519"]  # Security Profile §5.4.1
SCOPES = ("openid", "profile", "email", "address", "phone", "offline_access", "read")
MISSING = None


@define
class FAPIClient:
    """A client with a key to sign, another for its tokens, and the browser that it sends to the server."""

    server: Server
    browser: Browser
    signer: Signer
    holder: Holder
    signing: bool = False
    requested: dict[str, Any] = field(factory=dict)

    @property
    def client_id(self) -> str:
        return self.signer.client_id

    @property
    def issuer(self) -> str:
        return self.server.settings.issuer

    def assertion(self, header: dict[str, Any] | None = None, **claims: Any) -> dict[str, str]:
        """The client's proof, changed."""
        signer = evolve(self.signer, now=self.server.clock.seconds())
        return form(signer.assertion(header, **claims))

    def asked(self, **changes: Any) -> dict[str, Any]:
        """What a good request asks, changed; None takes a parameter away."""
        good = {
            "response_type": "code",
            "redirect_uri": REDIRECT_URI,
            "scope": "openid read",
            "state": secrets.token_urlsafe(8),
            "nonce": secrets.token_urlsafe(8),
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
            "response_mode": "jwt" if self.signing else None,
        }
        self.requested = {name: value for name, value in {**good, **changes}.items() if value is not None}
        return self.requested

    def signed(self, header: dict[str, Any] | None = None, signer: Signer | None = None, **changes: Any) -> str:
        """The same as a request object (Message Signing §5.3)."""
        now = int(self.server.clock.seconds())
        good = {"iss": self.client_id, "aud": self.issuer, "client_id": self.client_id, "nbf": now, "exp": now + 300}
        claims = {**good, **self.asked(), **changes}
        text = json.dumps({name: value for name, value in claims.items() if value is not None})
        return (signer or self.signer).sign(text, **{"typ": TYPE, **(header or {})})

    async def push(self, data: Any = None, *, proof: str | None = None, by: Any = None, **changes: Any) -> Reply:
        """What the server says to a pushed request; `by` is what proves the client, `data` all the rest."""
        if data is None:
            data = {"request": self.signed(**changes)} if self.signing else self.asked(**changes)
        headers = {} if proof is None else {"DPoP": proof}
        return await self.server.post("/par", {**(by or self.assertion()), **data}, headers=headers)

    async def handle(self, **changes: Any) -> str:
        """The handle of a request."""
        reply = await self.push(**changes)
        assert reply.status == 201, reply.text
        assert reply.json["expires_in"] < 600  # §5.3.2.2 no. 12
        return str(reply.json["request_uri"])

    async def visit(self, request_uri: str, **outside: str) -> Reply:
        """Where the browser ends that brings this handle, after the person has logged in and allowed it."""
        told = {"client_id": self.client_id, "request_uri": request_uri, **outside}
        return await self.browser.open("/authorize?" + urlencode(told))

    async def told(self, reply: Reply) -> dict[str, Any]:
        """What the client is told, from an answer of this issuer to this very request (§5.3.2.2 no. 7, JARM §2.1)."""
        members: dict[str, Any] = answer(reply)
        if self.signing:
            assert set(members) == {"response"}, (reply.status, members)
            members = await self.verified(members["response"])
            assert members.pop("exp") > self.server.clock.seconds()
            assert members.pop("aud") == self.client_id
        assert members.pop("iss") == self.issuer, (reply.status, reply.text)
        assert members.pop("state", MISSING) == self.requested.get("state")
        return members

    async def code(self, **changes: Any) -> str:
        """A code for a request, changed."""
        members = await self.told(await self.visit(await self.handle(**changes)))
        assert set(members) == {"code"}, members
        return str(members["code"])

    async def token(self, proof: Any = ..., by: Any = None, **parameters: str) -> Reply:
        """What the token endpoint says to a good request, changed; without a `proof` if that is None."""
        sent = self.holder.proof() if proof is ... else proof
        headers = {} if sent is None else {"DPoP": sent}
        return await self.server.post("/token", {**(by or self.assertion()), **parameters}, headers=headers)

    async def redeemed(self, code: str, proof: Any = ..., by: Any = None, **changes: str | None) -> Reply:
        """The same for a code."""
        good = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": REDIRECT_URI,
            "code_verifier": VERIFIER,
        }
        told = {name: value for name, value in {**good, **changes}.items() if value is not None}
        return await self.token(proof, by, **told)

    async def refreshed(self, refresh_token: str, proof: Any = ..., by: Any = None) -> Reply:
        return await self.token(proof, by, grant_type="refresh_token", refresh_token=refresh_token)

    async def log_in(self, **changes: Any) -> Any:
        """The tokens of the whole flow, with the claims of the checked ID token."""
        reply = await self.redeemed(await self.code(**changes))
        assert (reply.status, reply.json["token_type"]) == (200, "DPoP"), reply.text
        claims = await self.verified(reply.json["id_token"])
        assert claims.get("nonce") == self.requested.get("nonce")
        return {**reply.json, "claims": claims}

    async def verified(self, text: str) -> dict[str, Any]:
        """The claims of a JWT for this client, signed by an algorithm of the profile."""
        keys = KeySet.import_key_set((await self.server.get("/jwks")).json)
        claims: dict[str, Any] = jwt.decode(text, keys, algorithms=ALGORITHMS).claims
        assert (claims["iss"], claims["aud"]) == (self.issuer, self.client_id)
        assert claims.get("exp", math.inf) > self.server.clock.seconds() - SKEW
        return claims


async def registered(
    server: Server, browser: Browser, profile: str | None = SECURITY, alg: str = "ES256", **more: Any
) -> FAPIClient:
    """A client under a profile."""
    key = make(alg)
    metadata = {"scopes": SCOPES, "jwks": public(key), "fapi_profile": profile, **more}
    app = await server.app(auth_method="private_key_jwt", **metadata)
    signer = Signer(app.client_id, key, alg, server.settings.issuer)
    return FAPIClient(server, browser, signer, Holder(server), signing=profile == SIGNED)


def refused(reply: Reply, *errors: str) -> bool:
    """Whether the client itself is refused with one of these errors, and nobody is sent anywhere."""
    return (
        400 <= reply.status < 500
        and reply.header("content-type") == "application/json"
        and reply.json["error"] in errors
    )


def shown(reply: Reply) -> bool:
    """Whether the person is shown an error, and nobody is sent anywhere."""
    return reply.status == 400 and not reply.location
