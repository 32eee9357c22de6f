"""A client that signs: its key, and assertions that are good unless a test says otherwise."""

import json
import time
from typing import Any

from attrs import field, frozen
from joserfc import jws
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from iam.clients.assertions import EVERY_ALGORITHM, TYPE
from iam.secrets import minted
from tests.harness import App, Server

REGISTRY = JWSRegistry(algorithms=[*EVERY_ALGORITHM, "none", "RS384"], strict_check_header=False)
MAKERS = {
    "RS256": lambda: RSAKey.generate_key(2048, {"kid": "rsa"}),
    "PS256": lambda: RSAKey.generate_key(2048, {"kid": "pss"}),
    "ES256": lambda: ECKey.generate_key("P-256", {"kid": "ec"}),
    "ES384": lambda: ECKey.generate_key("P-384", {"kid": "ec384"}),
    "EdDSA": lambda: OKPKey.generate_key("Ed25519", {"kid": "ed"}),
    "Ed25519": lambda: OKPKey.generate_key("Ed25519", {"kid": "ed25519"}),
}
GRANT = {"grant_type": "client_credentials"}


def make(alg: str) -> Any:
    """A key pair for this algorithm."""
    return MAKERS[alg]()


def public(*keys: Any) -> dict[str, Any]:
    """The key set of these key pairs."""
    return {"keys": [key.as_dict(private=False) for key in keys]}


@frozen
class Signer:
    """What signs for a client."""

    client_id: str
    key: Any
    alg: str
    audience: Any
    now: float = field(factory=time.time)

    def claims(self, **changes: Any) -> dict[str, Any]:
        """Good claims, changed; None takes one away."""
        good = {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": self.audience,
            "exp": int(self.now) + 60,
            "iat": int(self.now),
            "jti": minted.identifier().hex,
        }
        return {name: value for name, value in {**good, **changes}.items() if value is not None}

    def header(self, **changes: Any) -> dict[str, Any]:
        """A good header, changed; None takes a member away."""
        good = {"alg": self.alg, "kid": self.key.kid}
        return {name: value for name, value in {**good, **changes}.items() if value is not None}

    def sign(self, payload: str, **header: Any) -> str:
        """A JWT with this payload."""
        return jws.serialize_compact(self.header(**header), payload, self.key, registry=REGISTRY)

    def assertion(self, header: dict[str, Any] | None = None, **claims: Any) -> str:
        """A good assertion, changed."""
        return self.sign(json.dumps(self.claims(**claims)), **(header or {}))


def form(assertion: str, **more: str) -> dict[str, str]:
    """The parameters of an assertion."""
    return {"client_assertion_type": TYPE, "client_assertion": assertion, **more}


async def asserted(server: Server, alg: str = "ES256", **metadata: Any) -> Signer:
    """A client of private_key_jwt, with what signs for it."""
    key = make(alg)
    app = await server.app(auth_method="private_key_jwt", **{"jwks": public(key), **metadata})
    return Signer(app.client_id, key, alg, server.settings.issuer)


async def sharing(server: Server, alg: str = "HS256", **metadata: Any) -> tuple[App, Signer]:
    """A client of client_secret_jwt, with what signs for it."""
    app = await server.app(auth_method="client_secret_jwt", **metadata)
    key = OctKey.import_key(str(app.secret))
    return app, Signer(app.client_id, key, alg, server.settings.issuer)
