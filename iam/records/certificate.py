"""The certificate that a client shows on its connection (RFC 8705)."""

from base64 import urlsafe_b64encode
from functools import cached_property
from hashlib import sha256

from attrs import field, frozen


@frozen(slots=False)
class Certificate:
    """A certificate whose private key the client holds, in DER, with those that it sent between it and its authority.

    Nothing is known of it but that: whether it is good for anything is for its readers to judge.
    """

    der: bytes = field(repr=False)
    chain: tuple[bytes, ...] = field(default=(), repr=False)

    @cached_property
    def digest(self) -> str:
        """The SHA-256 digest in base64url, by which tokens name it (RFC 8705 §3.1, `x5t#S256`)."""
        return urlsafe_b64encode(sha256(self.der).digest()).rstrip(b"=").decode()
