"""The record of a validated token request, for which a grant issues tokens (RFC 6749 §3.2)."""

from datetime import datetime

from attrs import field, frozen

from iam.oauth.dpop import SentProof
from iam.oauth.parameters import Parameters
from iam.records.certificate import Certificate
from iam.records.client import Client


@frozen
class Proofs:
    """The client's proofs outside of the form.

    They are the Authorization header (RFC 6749 §2.3.1), that of a key (RFC 9449), and the connection's certificate (RFC 8705).
    """

    authorization: str | None = field(default=None, repr=False)
    dpop: SentProof | None = None
    certificate: Certificate | None = None


@frozen
class TokenRequest:
    """A token request of an authenticated or public client that is registered for the grant type.

    `scopes` are those requested, without duplicates, or, where oauthlib has validated the scopes, those granted (RFC
    6749 §3.3). `audience` are the requested resources, spelt as registered where they were looked up (RFC 8707 §2).
    `confirmation` names the key that the client has proved to hold, or its certificate.
    """

    client: Client
    parameters: Parameters = field(repr=False)
    proofs: Proofs
    address: str | None
    received: datetime
    scopes: tuple[str, ...] = ()
    audience: tuple[str, ...] = ()
    confirmation: str | None = None

    def text(self, name: str) -> str:
        """Returns a parameter that the grant's checks require. Raises LookupError if it is missing."""
        value = self.parameters.get(name)
        if value is None:
            raise LookupError(name)
        return value
