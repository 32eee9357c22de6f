"""Verification of JWTs that clients sign, by their registered keys and secrets, never by what the JWT names (H28)."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from joserfc.jws import JWSRegistry

from iam import strict_json
from iam.clients import key_sets
from iam.clients.keys import ClientKeys
from iam.clients.secrets import ClientSecrets
from iam.clock import Clock
from iam.records.client import Client
from iam.secrets.signing_keys import FOREIGN
from iam.service import service

HMAC: Final = ("HS256", "HS384", "HS512")
ALGORITHMS: Final = (*key_sets.ALGORITHMS, *HMAC)
# RFC 7515 §4: unknown header parameters are ignored.
REGISTRY: Final = JWSRegistry(algorithms=list(ALGORITHMS), strict_check_header=False)
SKEW: Final = 10  # seconds that a client's clock may be ahead of ours (FAPI 2.0 Security Profile §5.3.2.1 no. 13)

Claims = Mapping[str, Any]


@service
class ClientSignatures:
    """Verifies what clients have signed."""

    secrets: ClientSecrets
    keys: ClientKeys
    clock: Clock

    async def claims(self, client: Client, text: str, header: Mapping[str, Any]) -> Claims | None:
        """Returns the claims of a JWT if a key or secret of the client verifies it, else None; raises FetchError.

        Secrets are only used with HMAC algorithms, and public keys only with those of their kind.
        """
        alg, kid = header["alg"], header.get("kid")
        if alg in HMAC:
            return verified(text, alg, map(OctKey.import_key, self.secrets.readable(client, self.clock.now())))
        async for keys in self.keys.of(client):
            claims = verified(text, alg, (each.key for each in keys if each.may_have_signed(alg, kid)))
            if claims is not None:
                return claims
        return None


def verified(text: str, alg: str, keys: Iterable[Any]) -> Claims | None:
    """Returns the claims if one of these keys verifies the JWT, else None."""
    for key in keys:
        try:
            return claims_of(jws.deserialize_compact(text, key, algorithms=[alg], registry=REGISTRY).payload)
        except (JoseError, ValueError):
            continue
    return None


def claims_of(payload: bytes) -> Claims | None:
    """Returns the claims in a JWT's payload; None if it is no JSON object or repeats a member (RFC 7519 §4)."""
    try:
        claims = strict_json.parse(payload)
    except strict_json.NotJSON:
        return None
    return claims if isinstance(claims, dict) else None


def names_keys(header: Mapping[str, Any]) -> bool:
    """Checks whether a header names keys or extensions of its own."""
    return bool(FOREIGN & header.keys()) or "b64" in header


def moments_of(claims: Claims) -> dict[str, float] | None:
    """Returns those of exp, nbf and iat that are there; None if one is not a number (RFC 7519 §2, NumericDate)."""
    moments = {name: claims[name] for name in ("exp", "nbf", "iat") if name in claims}
    if any(isinstance(moment, bool) or not isinstance(moment, int | float) for moment in moments.values()):
        return None
    return moments
