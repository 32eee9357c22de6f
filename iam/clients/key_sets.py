"""Clients' public keys (RFC 7517): which are accepted, and which may verify a signature."""

from base64 import urlsafe_b64decode
from collections.abc import Mapping, Sequence
from typing import Any, Final

from attrs import frozen
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

# The algorithms that a key may be used with follow from its type and curve, never from the signed text (H28).
FITTING: Final[Mapping[tuple[str, str | None], tuple[str, ...]]] = {
    ("RSA", None): ("RS256", "PS256"),
    ("EC", "P-256"): ("ES256",),
    ("EC", "P-384"): ("ES384",),
    ("OKP", "Ed25519"): ("EdDSA", "Ed25519"),  # two names of one algorithm (RFC 9864)
}
ALGORITHMS: Final = tuple(alg for algs in FITTING.values() for alg in algs)
MEMBERS: Final = ("kty", "crv", "x", "y", "n", "e")  # the members of a public key
PRIVATE: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
MOST: Final = 16  # keys of one client
SHORTEST, LONGEST = 2048, 8192  # bits of an RSA key
LONGEST_EXPONENT: Final = 32  # bits
LONGEST_KID: Final = 256  # characters

Public = ECKey | OKPKey | RSAKey
KINDS: Final[Mapping[str, type[Any]]] = {"RSA": RSAKey, "EC": ECKey, "OKP": OKPKey}


class KeySetError(ValueError):
    """A key set is invalid; the message is a sentence that says why."""


@frozen
class VerificationKey:
    """A public key that verifies signatures."""

    kid: str | None
    algs: tuple[str, ...]
    key: Public

    def may_have_signed(self, alg: str, kid: str | None) -> bool:
        """Checks that the key fits a signature with this algorithm and key id.

        A key or a signature without a key id fits every other.
        """
        return alg in self.algs and (kid is None or self.kid is None or kid == self.kid)


def read(document: object) -> tuple[VerificationKey, ...]:
    """Returns the keys of a key set that verify signatures; keys of unknown kinds are skipped (RFC 7517 §5).

    Raises KeySetError if there is none, or if the key set is invalid.
    """
    keys = tuple(key for member in members(document) if (key := verification_key(member)))
    if not keys:
        raise KeySetError(f"The key set has no public key for signatures with {', '.join(ALGORITHMS)}.")
    return keys


def members(document: object) -> Sequence[Mapping[str, Any]]:
    """Returns the JWKs of a key set, unchecked; raises KeySetError if it is no key set or has more than 16 keys."""
    given = document.get("keys") if isinstance(document, Mapping) else None
    if not isinstance(given, Sequence) or not all(isinstance(member, Mapping) for member in given):
        raise KeySetError('A key set is {"keys": [...]} with a JSON object for each key.')
    if len(given) > MOST:
        raise KeySetError(f"A key set has at most {MOST} keys.")
    return given


def verification_key(member: Mapping[str, Any]) -> VerificationKey | None:
    """Returns the key of one JWK, or None if it is of another kind or for another use.

    Raises KeySetError for a private, weak or malformed key.
    """
    refuse_private(member)
    algs = algorithms(member)
    return VerificationKey(member.get("kid"), algs, public_key(member)) if algs else None


def refuse_private(member: Mapping[str, Any]) -> None:
    """Raises KeySetError for a private or secret key, and for a kid that is not a text of at most 256 characters."""
    kid = member.get("kid")
    if member.get("kty") == "oct" or PRIVATE & member.keys():
        raise KeySetError("The key set holds a secret or private key: give only its public half.")
    if kid is not None and not (isinstance(kid, str) and len(kid) <= LONGEST_KID):
        raise KeySetError("A key's kid is not a text, or too long.")


def called(kid: str | None) -> str:
    """Returns the key's kid for messages, with ? for characters that a terminal might act on."""
    return "".join(each if each.isprintable() else "?" for each in kid or "without kid")


def public_key(member: Mapping[str, Any]) -> Public:
    """Returns the public key of a JWK; raises KeySetError if it is malformed or a weak RSA key."""
    kty = member.get("kty")
    try:
        if kty == "RSA":
            refuse_weak(bits(member["n"]), bits(member["e"]))
        key: Public = KINDS[str(kty)].import_key({name: member[name] for name in MEMBERS if name in member})
    except (JoseError, ValueError, TypeError, KeyError) as error:
        if isinstance(error, KeySetError):
            raise
        raise KeySetError(f"The {kty} key {called(member.get('kid'))} is not valid.") from None
    return key


def algorithms(member: Mapping[str, Any]) -> tuple[str, ...]:
    """Returns the algorithms that this JWK can be used with; none if it is for encryption or of an unknown kind."""
    kty, crv = member.get("kty"), member.get("crv")
    fitting = next((algs for kind, algs in FITTING.items() if kind in ((kty, None), (kty, crv))), ())
    operations = member.get("key_ops", ["verify"])
    if member.get("use", "sig") != "sig" or not isinstance(operations, Sequence) or "verify" not in operations:
        return ()
    return tuple(alg for alg in fitting if member.get("alg", alg) == alg)


def bits(text: str) -> int:
    """Returns the length in bits of a number in a JWK (RFC 7518 §2, Base64urlUInt)."""
    return int.from_bytes(urlsafe_b64decode(text + "==")).bit_length()


def refuse_weak(modulus: int, exponent: int) -> None:
    """Raises KeySetError for an RSA key that is too short to be safe, or so long that it costs too much time."""
    if not SHORTEST <= modulus <= LONGEST:
        raise KeySetError(f"An RSA key must have {SHORTEST} to {LONGEST} bits; this one has {modulus}.")
    if exponent > LONGEST_EXPONENT:
        raise KeySetError("An RSA key has an exponent that is far too long; 65537 is customary.")
