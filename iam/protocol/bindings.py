"""What new tokens are bound to: the key of a DPoP proof (RFC 9449 §5), or the certificate of the connection (RFC 8705 §3)."""

from typing import Final

from oauthlib.oauth2.rfc6749.errors import InvalidRequestError

from iam.clients import dpop
from iam.clients.dpop import Proof
from iam.oauth import confirmations
from iam.oauth.reasons import Reason, carrying
from iam.records.certificate import Certificate
from iam.records.client import Client

UNBOUND: Final = (
    "The tokens of this client are bound: it proves a key in a header field DPoP, or is registered with "
    "tls_client_certificate_bound_access_tokens."
)
UNSHOWN: Final = "This client gets its tokens on a connection on which it shows a certificate."
REASON: Final = Reason("client certificate", "one, to which the tokens are bound", "none")


def confirmation(client: Client, certificate: Certificate | None, proof: Proof | None) -> str | None:
    """Returns the name of what the tokens are bound to, None if they are bound to nothing.

    Raises InvalidRequestError if a certificate is missing, and InvalidProofError where FAPI 2.0 has no tokens that are
    bound to nothing (Security Profile §5.3.2.1 no. 4).
    """
    found = given(client, certificate, proof)
    if found is None and client.fapi_profile is not None:
        raise dpop.invalid(UNBOUND)
    return found


def given(client: Client, certificate: Certificate | None, proof: Proof | None) -> str | None:
    """Returns the name of what the client binds its tokens to, None if it is nothing.

    A certificate binds the tokens of clients that are registered for it alone: others may show one because their proxy
    wants it, or to authenticate, and call resources that ask for none. A proof goes before it, since it is sent on purpose.
    Raises InvalidRequestError if a certificate is missing.
    """
    wanted = client.tls_client_certificate_bound_access_tokens
    if wanted and certificate is None:
        raise carrying(InvalidRequestError(UNSHOWN), REASON)
    if proof is not None:
        return proof.confirmation
    return confirmations.of_certificate(certificate.digest) if wanted and certificate is not None else None
