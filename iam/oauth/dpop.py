"""The proof by which a client shows that it holds the private key of its tokens (RFC 9449)."""

from collections.abc import Sequence

from attrs import field, frozen


@frozen
class SentProof:
    """The `DPoP` header fields of a request, one if it is in order, and the request's method and path."""

    lines: Sequence[str] = field(repr=False)
    method: str
    path: str
