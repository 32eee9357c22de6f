"""Clients' public keys that texts are encrypted to: which are good (RFC 7516, RFC 7748)."""

from base64 import urlsafe_b64encode
from typing import Any

import pytest
from joserfc.jwk import RSAKey

from iam.clients.encryption import KeySetError, read

PRIME = 2**255 - 19
LOW_ORDER = (0, 1, PRIME - 1, PRIME, PRIME + 1)  # RFC 7748 §6.1: whatever is multiplied with these is zero


def base64url(octets: bytes) -> str:
    return urlsafe_b64encode(octets).rstrip(b"=").decode()


def even() -> dict[str, Any]:
    """An RSA key whose number is no product of two odd primes."""
    key: dict[str, Any] = dict(RSAKey.generate_key(2048).as_dict(private=False))
    return {**key, "n": base64url((1 << 2047).to_bytes(256, "big"))}


@pytest.mark.parametrize(
    "member",
    [
        *({"kty": "OKP", "crv": "X25519", "x": base64url(point.to_bytes(32, "little"))} for point in LOW_ORDER),
        even(),
    ],
    ids=lambda member: member["kty"],
)
def test_a_key_that_nothing_can_be_encrypted_to_is_refused(member: dict[str, Any]) -> None:
    with pytest.raises(KeySetError) as error:
        read({"keys": [member]})

    assert "Nothing can be encrypted" in str(error.value)
