"""A client that signs its authorization requests, and requests that are good unless a test says otherwise."""

import json
from base64 import urlsafe_b64encode
from typing import Any
from urllib.parse import urlencode

from attrs import frozen
from joserfc import jwe, jws
from joserfc.jwk import JWKRegistry, OctKey
from joserfc.jws import JWSRegistry

from iam.authorization.objects import ALGORITHMS as SIGNING
from iam.clients.encryption import ALGORITHMS, ENCODINGS
from tests.assertions import make, public
from tests.harness import CHALLENGE, REDIRECT_URI, App, Person, Reply, Server, action, fields

REGISTRY = JWSRegistry(algorithms=[*SIGNING, "none", "RS384"], strict_check_header=False)
TYPE = "oauth-authz-req+jwt"


def without(members: dict[str, Any]) -> dict[str, Any]:
    """What is not None."""
    return {name: value for name, value in members.items() if value is not None}


def encoded(document: Any) -> str:
    """A part of a JWT."""
    text = document if isinstance(document, bytes) else json.dumps(document).encode()
    return urlsafe_b64encode(text).rstrip(b"=").decode()


@frozen
class Asking:
    """A client, its key, and the person who is asked."""

    server: Server
    app: App
    person: Person
    key: Any
    alg: str = "ES256"

    def claims(self, **changes: Any) -> dict[str, Any]:
        """A good request, changed; None takes a claim away."""
        now = int(self.server.clock.seconds())
        good = {
            "iss": self.app.client_id,
            "aud": self.server.settings.issuer,
            "exp": now + 300,
            "iat": now,
            "client_id": self.app.client_id,
            "response_type": "code",
            "redirect_uri": REDIRECT_URI,
            "scope": "read",
            "state": "inside",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        }
        return without({**good, **changes})

    def signed(self, header: dict[str, Any] | None = None, **claims: Any) -> str:
        """A good request object, changed."""
        return self.sign(json.dumps(self.claims(**claims)), **(header or {}))

    def sign(self, payload: str, **header: Any) -> str:
        """This payload, signed."""
        good = {"alg": self.alg, "kid": self.key.kid, "typ": TYPE}
        return jws.serialize_compact(without({**good, **header}), payload, self.key, registry=REGISTRY)

    async def encrypted(self, text: str, alg: str, enc: str, **header: Any) -> str:
        """The text, encrypted to the server's key for this algorithm."""
        keys = (await self.server.get("/jwks")).json["keys"]
        kty = "RSA" if alg.startswith("RSA") else "EC"
        member, *_ = [key for key in keys if key["use"] == "enc" and key["kty"] == kty]
        key = JWKRegistry.import_key(member)
        head = without({"alg": alg, "enc": enc, "cty": TYPE, "kid": member["kid"], **header})
        return jwe.encrypt_compact(head, text, key, algorithms=[*ALGORITHMS, *ENCODINGS, "DEF"])

    def address(self, request: str | None, **outside: str | None) -> str:
        """Where the browser is sent with it."""
        query = {"client_id": self.app.client_id, "response_type": "code", "request": request, **outside}
        return "/authorize?" + urlencode(without(query))

    async def sent(self, request: str | None, **outside: str | None) -> Reply:
        """What the server says when the browser comes with this request object."""
        return await self.server.get(self.address(request, **outside), headers=self.person.headers)

    async def allowed(self, request: str, **outside: str | None) -> Reply:
        """The person allows it."""
        return await self.decided(await self.sent(request, **outside))

    async def decided(self, page: Reply) -> Reply:
        """The person allows what the page asks."""
        assert page.status == 200, page.text
        form = {**fields(page.text), "decision": "allow"}
        headers = {**self.person.headers, "Origin": self.server.settings.origin}
        return await self.server.post(action(page.text), form, headers=headers)


async def asking(
    server: Server, alg: str = "ES256", *, openid: dict[str, Any] | None = None, **metadata: Any
) -> Asking:
    """A client that signs with this algorithm."""
    if alg.startswith("HS"):
        app = await server.app(auth_method="client_secret_jwt", **(openid or {}), **metadata)
        key = OctKey.import_key(str(app.secret))
    else:
        key = make(alg)
        metadata = {"jwks": public(key), **metadata}
        app = await server.app(**(openid or {}), **metadata)
    return Asking(server, app, await server.person(), key, alg)
