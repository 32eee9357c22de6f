"""A holder of a key, and DPoP proofs that are good unless a test says otherwise (RFC 9449 §4.2)."""

import json
from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Any

from attrs import field, frozen
from joserfc import jws

from iam.secrets import minted
from tests.assertions import REGISTRY, make
from tests.harness import Reply, Server

ABSENT = object()


@frozen
class Holder:
    """Who holds a private key, and makes proofs of it for a server."""

    server: Server
    alg: str = "ES256"
    key: Any = field(default=None)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "key", self.key or make(self.alg))

    @property
    def jkt(self) -> str:
        """The thumbprint of the key (RFC 7638)."""
        return str(self.key.thumbprint())

    def header(self, **changes: Any) -> dict[str, Any]:
        """A good header, changed; None takes a member away."""
        jwk = {name: value for name, value in self.key.as_dict(private=False).items() if name != "kid"}
        good = {"typ": "dpop+jwt", "alg": self.alg, "jwk": jwk}
        return {name: value for name, value in {**good, **changes}.items() if value is not None}

    def claims(self, method: str, path: str, token: str | None = None, **changes: Any) -> dict[str, Any]:
        """Good claims, changed; None takes one away."""
        origin = self.server.settings.issuer.removesuffix(self.server.settings.path)
        good = {
            "jti": minted.identifier().hex,
            "htm": method,
            "htu": origin + self.server.below(path),
            "iat": int(self.server.clock.seconds()),
            "nonce": self.server.nonce,
            "ath": token and digest(token),
        }
        return {name: value for name, value in {**good, **changes}.items() if value is not None}

    def proof(
        self,
        method: str = "POST",
        path: str = "/token",
        token: str | None = None,
        header: dict[str, Any] | None = None,
        **claims: Any,
    ) -> str:
        """A good proof, changed."""
        text = json.dumps(self.claims(method, path, token, **claims))
        return jws.serialize_compact(self.header(**(header or {})), text, self.key, registry=REGISTRY)

    def sent(self, token: str, path: str = "/resource", method: str = "GET", **changes: Any) -> dict[str, str]:
        """The headers of a request with a bound token."""
        return {"Authorization": f"DPoP {token}", "DPoP": self.proof(method, path, token, **changes)}

    async def call(self, token: str, path: str = "/resource", **changes: Any) -> Reply:
        """The answer of a resource to a bound token with a proof."""
        return await self.server.get(path, headers=self.sent(token, path, **changes))


def digest(token: str) -> str:
    """The `ath` of a token."""
    return urlsafe_b64encode(sha256(token.encode()).digest()).rstrip(b"=").decode()
