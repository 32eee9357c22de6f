"""A token request as oauthlib let it pass: what a grant gives its tokens for (RFC 6749 §3.2)."""

from datetime import datetime

from attrs import field, frozen

from iam.oauth.parameters import Parameters
from iam.records.client import Client


@frozen
class Proofs:
    """What comes beside the form and proves who asks: the Authorization header (RFC 6749 §2.3.1)."""

    authorization: str | None = field(default=None, repr=False)


@frozen
class TokenRequest:
    """The request of a client that is who it says it is, and is registered for the grant type.

    `scopes` are those that it asks for, each once, or gets where oauthlib has asked for the scopes (RFC 6749 §3.3);
    `audience` is its resources, as they are registered where they have been looked up (RFC 8707 §2).
    """

    client: Client
    parameters: Parameters = field(repr=False)
    proofs: Proofs
    address: str | None
    received: datetime
    scopes: tuple[str, ...] = ()
    audience: tuple[str, ...] = ()

    def text(self, name: str) -> str:
        """A parameter that the grant's checks found; raises LookupError."""
        value = self.parameters.get(name)
        if value is None:
            raise LookupError(name)
        return value
