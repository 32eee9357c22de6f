"""The header of a DPoP proof, with the public key that it proves to hold (RFC 9449 §4.2).

It is the same in all proofs of a key, so what was found out about it is kept.
"""

from functools import lru_cache
from typing import Final

from attrs import frozen
from joserfc.util import urlsafe_b64decode

from iam import strict_json
from iam.clients import key_sets
from iam.clients.key_sets import KeySetError, Public, VerificationKey
from iam.secrets.signing_keys import FOREIGN

TYPE: Final = "dpop+jwt"
ALGORITHMS: Final = key_sets.ALGORITHMS  # asymmetric ones alone
KEPT: Final = 1024  # headers
# Names of other keys, extensions, and compression; a proof names its key by `jwk` alone.
FORBIDDEN: Final = (FOREIGN | {"b64", "zip"}) - {"jwk"}


class ProofError(ValueError):
    """A proof is not valid; the message is a sentence that says why."""


@frozen
class ProofHeader:
    """The algorithm and key of a proof, and the thumbprint of the key (RFC 7638)."""

    alg: str
    key: Public
    thumbprint: str


@lru_cache(maxsize=KEPT)
def read(segment: str) -> ProofHeader:
    """Returns the header in the first segment of a compact JWS. Raises ProofError."""
    header = document(segment)
    if header.get("typ") != TYPE:
        raise ProofError(f"The typ of a DPoP proof is {TYPE}.")
    alg, jwk = header.get("alg"), header.get("jwk")
    if alg not in ALGORITHMS:
        raise ProofError(f"A DPoP proof is signed with one of {', '.join(ALGORITHMS)}.")
    if FORBIDDEN & header.keys():
        raise ProofError("A DPoP proof names its key by jwk alone, and needs no extensions.")
    if not isinstance(jwk, dict):
        raise ProofError("A DPoP proof holds its public key as jwk.")
    key = public_key(jwk)
    if key is None or alg not in key.algs:
        raise ProofError("The jwk of the DPoP proof is no key for its alg.")
    return ProofHeader(alg, key.key, key.key.thumbprint())


def public_key(jwk: dict[str, object]) -> VerificationKey | None:
    """Returns the key of a JWK, None for one of another kind. Raises ProofError for a private, weak or malformed one."""
    try:
        return key_sets.verification_key(jwk)
    except KeySetError:  # whose sentence may hold the kid
        raise ProofError("The jwk of the DPoP proof is private, weak or malformed.") from None


def document(segment: str) -> dict[str, object]:
    """Returns the JSON object in a segment of a compact JWS. Raises ProofError."""
    try:
        parsed = strict_json.parse(urlsafe_b64decode(segment.encode()))
    except ValueError:
        raise ProofError("The DPoP proof is no signed JWT.") from None
    if not isinstance(parsed, dict):
        raise ProofError("The DPoP proof is no signed JWT.")
    return parsed
