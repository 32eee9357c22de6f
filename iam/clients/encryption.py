"""Encryption of JWTs to a client's public key (OpenID Connect Core §10.2, RFC 7516)."""

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
    """A client's public key that texts can be encrypted to."""

    kid: str | None
    algs: tuple[str, ...]
    key: Public
    meant: bool  # its `use` is "enc"

    def encrypted(self, text: str, alg: str, enc: str, *, nested: bool = True) -> str:
        """Returns the compact JWE of a text.

        `nested`: the text is a signed JWT, which the header says (`cty`, RFC 7519 §5.2).
        """
        header = {"cty": jwe.NESTED} if nested else {}
        return jwe.encrypted(self.key, text, alg, enc, header if self.kid is None else {**header, "kid": self.kid})


def read(document: object) -> tuple[EncryptionKey, ...]:
    """Returns the keys of a key set that can be encrypted to, those with `use` "enc" first; raises KeySetError."""
    keys = [key for member in key_sets.members(document) if (key := encryption_key(member))]
    return tuple(sorted(keys, key=lambda key: not key.meant))


def encryption_key(member: Mapping[str, Any]) -> EncryptionKey | None:
    """Returns the key of one JWK, or None if it is of another kind or for another use.

    Raises KeySetError for a private, malformed or unusable key.
    """
    key_sets.refuse_private(member)
    algs = algorithms(member)
    if not algs:
        return None
    key = EncryptionKey(member.get("kid"), algs, key_sets.public_key(member), member.get("use") == "enc")
    refuse_useless(key)
    return key


def refuse_useless(key: EncryptionKey) -> None:
    """Raises KeySetError for a key that nothing can be encrypted to, such as a point of low order (RFC 7748 §6.1).

    If this were found only when a token is encrypted, the code or refresh token exchanged for it would already be lost.
    """
    try:
        key.encrypted("", key.algs[0], DEFAULT_ENCODING)
    except (JoseError, ValueError):
        raise KeySetError(f"Nothing can be encrypted to the key {key_sets.called(key.kid)}.") from None


def algorithms(member: Mapping[str, Any]) -> tuple[str, ...]:
    """Returns the algorithms that this JWK can be used with; none if it is for signatures or of an unknown kind."""
    kty, crv = member.get("kty"), member.get("crv")
    fitting = next((algs for kind, algs in FITTING.items() if kind in ((kty, None), (kty, crv))), ())
    operations = member.get("key_ops")
    if member.get("use", "enc") != "enc" or not may_encrypt(operations):
        return ()
    return tuple(alg for alg in fitting if member.get("alg", alg) == alg)


def may_encrypt(operations: object) -> bool:
    """Checks that `key_ops` (RFC 7517 §4.3) allow encryption, if the key has any.

    An empty list does too: a public key for ECDH has no operations of its own.
    """
    if operations is None:
        return True
    return isinstance(operations, Sequence) and (not operations or bool(OPERATIONS.intersection(map(str, operations))))


def fitting(keys: Sequence[EncryptionKey], alg: str) -> EncryptionKey | None:
    """Returns the first key that can be used with this algorithm, or None."""
    return next((key for key in keys if alg in key.algs), None)


__all__ = ["ALGORITHMS", "DEFAULT_ENCODING", "ENCODINGS", "EncryptionKey", "KeySetError", "fitting", "read"]
