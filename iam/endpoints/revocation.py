"""The revocation endpoint (RFC 7009)."""

from attrs import frozen

from iam.clients.authentication import ClientAuthentication, read_claim
from iam.clients.refusals import Explanations
from iam.endpoints.errors import error_answer
from iam.http.answers import Answer
from iam.http.parameters import ParameterError, authorization, form_parameters
from iam.http.request import Request
from iam.oauth.errors import InvalidRequestError, OAuth2Error
from iam.oauth.reasons import carrying
from iam.tokens.revocation import Revocation


@frozen
class RevocationEndpoint:
    """Ends tokens for the client that holds them."""

    authentication: ClientAuthentication
    revocation: Revocation
    refusals: Explanations

    async def post(self, request: Request) -> Answer:
        """Revoke the token; 200 also where there was nothing to revoke (RFC 7009 §2.2)."""
        try:
            parameters = form_parameters(request)
            claim = read_claim(parameters, authorization(request), request.client_address)
            client = await self.authentication.authenticate(claim)
            token = parameters.get("token")
            if token is None:
                raise carrying(InvalidRequestError("The request has no token."), client_id=client.client_id)
            await self.revocation.revoke(token, client, request.client_address)
        except (OAuth2Error, ParameterError) as error:
            return error_answer(error, self.refusals.kept("/revoke", error, request.client_address))
        return Answer(200)
