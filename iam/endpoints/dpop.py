"""The header fields `DPoP` and `DPoP-Nonce` (RFC 9449 §4.1, §8)."""

from typing import Final

from attrs import evolve

from iam.clients.dpop_nonces import Nonces
from iam.http.answers import Answer, Headers
from iam.http.dispatch import Handler
from iam.http.request import Request
from iam.oauth.dpop import SentProof

FIELD: Final = b"dpop"


def sent_proof(request: Request) -> SentProof | None:
    """Returns the header fields `DPoP` of a request, with what a proof must be about; None if there are none."""
    lines = request.requestHeaders.getRawHeaders(FIELD)
    if lines is None:
        return None
    return SentProof(
        [line.decode("latin-1") for line in lines], request.method.decode(), request.path.decode("latin-1")
    )


def nonce_header(nonce: str | None) -> Headers:
    """Returns the header that gives a client the nonce of its next proofs (RFC 9449 §8.2)."""
    return () if nonce is None else ((b"DPoP-Nonce", nonce.encode()),)


def giving_nonces(handler: Handler, nonces: Nonces) -> Handler:
    """Returns the handler with the nonce of next time in its answers to requests with a proof."""

    async def handle(request: Request, **path: str) -> Answer:
        answer = await handler(request, **path)
        if not request.requestHeaders.hasHeader(FIELD):
            return answer
        return evolve(answer, headers=(*answer.headers, *nonce_header(nonces.current())))

    return handle
