"""What only a client can read: JWTs encrypted to its public key (OpenID Connect Core §10.2, RFC 7516)."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from attrs import frozen
from joserfc.errors import JoseError

from iam.clients import key_sets
from iam.clients.key_sets import KeySetError, Public
from iam.secrets import jwe

ALGORITHMS: Final = jwe.ALGORITHMS  # the `alg` values that clients may choose
ENCODINGS: Final = jwe.ENCODINGS  # the `enc` values
DEFAULT_ENCODING: Final = jwe.DEFAULT_ENCODING

FITTING: Final[Mapping[tuple[str, str | None], tuple[str, ...]]] = {
    ("RSA", None): jwe.RSA_ALGORITHMS,
    ("EC", "P-256"): jwe.EC_ALGORITHMS,
    ("EC", "P-384"): jwe.EC_ALGORITHMS,
    ("EC", "P-521"): jwe.EC_ALGORITHMS,
    ("OKP", "X25519"): jwe.EC_ALGORITHMS,  # RFC 8037 §3.2
}
OPERATIONS: Final = frozenset({"encrypt", "wrapKey", "deriveKey", "deriveBits"})


@frozen
class EncryptionKey:
    """A public key that texts for a client are encrypted to."""

    kid: str | None
    algs: tuple[str, ...]
    key: Public
    meant: bool  # for encryption, as its `use` says

    def encrypted(self, text: str, alg: str, enc: str, *, nested: bool = True) -> str:
        """The compact JWE of a text; of a signed JWT, its header says so (RFC 7519 §5.2)."""
        header = {"cty": jwe.NESTED} if nested else {}
        return jwe.encrypted(self.key, text, alg, enc, header if self.kid is None else {**header, "kid": self.kid})


def read(document: object) -> tuple[EncryptionKey, ...]:
    """The keys of a key set that texts may be encrypted to, those that say so first. Raises KeySetError."""
    keys = [key for member in key_sets.members(document) if (key := encryption_key(member))]
    return tuple(sorted(keys, key=lambda key: not key.meant))


def encryption_key(member: Mapping[str, Any]) -> EncryptionKey | None:
    """The key of one JWK, or None for one of another kind or use. Raises KeySetError for one that must not be there."""
    key_sets.refuse_private(member)
    algs = algorithms(member)
    if not algs:
        return None
    key = EncryptionKey(member.get("kid"), algs, key_sets.public_key(member), member.get("use") == "enc")
    refuse_useless(key)
    return key


def refuse_useless(key: EncryptionKey) -> None:
    """Raise KeySetError for a key that nothing can be encrypted to, such as a point of low order (RFC 7748 §6.1).

    Found out when a token is to be encrypted, that would cost the code or refresh token it is given for.
    """
    try:
        key.encrypted("", key.algs[0], DEFAULT_ENCODING)
    except (JoseError, ValueError):
        raise KeySetError(f"Nothing can be encrypted to the key {key_sets.called(key.kid)}.") from None


def algorithms(member: Mapping[str, Any]) -> tuple[str, ...]:
    """The algorithms that this JWK is good for: none if it is for signatures, or of a kind that we do not know."""
    kty, crv = member.get("kty"), member.get("crv")
    fitting = next((algs for kind, algs in FITTING.items() if kind in ((kty, None), (kty, crv))), ())
    operations = member.get("key_ops")
    if member.get("use", "enc") != "enc" or not may_encrypt(operations):
        return ()
    return tuple(alg for alg in fitting if member.get("alg", alg) == alg)


def may_encrypt(operations: object) -> bool:
    """Do the key's operations (RFC 7517 §4.3) allow it? A public key for ECDH has none of its own."""
    if operations is None:
        return True
    return isinstance(operations, Sequence) and (not operations or bool(OPERATIONS.intersection(map(str, operations))))


def fitting(keys: Sequence[EncryptionKey], alg: str) -> EncryptionKey | None:
    """The key that texts are encrypted to by this algorithm."""
    return next((key for key in keys if alg in key.algs), None)


__all__ = ["ALGORITHMS", "DEFAULT_ENCODING", "ENCODINGS", "EncryptionKey", "KeySetError", "fitting", "read"]
