"""The challenges of our resources, which take tokens by the schemes Bearer and DPoP (RFC 6750 §3, RFC 9449 §7.1)."""

from typing import Final

from iam.clients.dpop_headers import ALGORITHMS
from iam.endpoints.dpop import nonce_header
from iam.http.answers import Headers
from iam.http.parameters import authorization
from iam.http.request import Request
from iam.oauth import bearer
from iam.oauth.bearer import Challenge

UNAUTHORIZED: Final = 401
ALGS: Final = {"algs": " ".join(ALGORITHMS)}
OFFER: Final = ((b"WWW-Authenticate", bearer.challenge("DPoP", ALGS).encode()),)


def headers(request: Request, challenge: Challenge) -> Headers:
    """Returns the challenge for the scheme that the request used; who used Bearer, or none, may use DPoP too."""
    nonce = nonce_header(challenge.nonce)
    if bearer.by_dpop(authorization(request)):
        return ((b"WWW-Authenticate", challenge.text("DPoP", ALGS).encode()), *nonce)
    told = (b"WWW-Authenticate", challenge.header.encode())
    return (told, *OFFER) if challenge.status == UNAUTHORIZED else (told,)
