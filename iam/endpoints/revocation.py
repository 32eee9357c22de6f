"""The revocation endpoint (RFC 7009)."""

from iam.clients.authentication import ClientAuthentication, read_claim
from iam.http.answers import Answer
from iam.http.parameters import authorization, form_parameters
from iam.http.request import Request
from iam.oauth.errors import InvalidRequestError
from iam.oauth.reasons import carrying
from iam.service import service
from iam.tokens.revocation import Revocation


@service
class RevocationEndpoint:
    """Revokes tokens of the client that authenticates."""

    authentication: ClientAuthentication
    revocation: Revocation

    async def post(self, request: Request) -> Answer:
        """Revokes the token; an unknown one gets a 200 too (RFC 7009 §2.2). Raises OAuth2Error and ParameterError."""
        parameters = form_parameters(request)
        claim = read_claim(parameters, authorization(request), request.client_address, request.certificate)
        client = await self.authentication.authenticate(claim)
        token = parameters.get("token")
        if token is None:
            raise carrying(InvalidRequestError("The request has no token."), client_id=client.client_id)
        await self.revocation.revoke(token, client, request.client_address)
        return Answer(200)
