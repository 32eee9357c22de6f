"""The introspection endpoint (RFC 7662)."""

from iam.clients.authentication import ClientAuthentication, read_claim, refuse_unproven
from iam.http.answers import Answer, json_answer
from iam.http.parameters import authorization, form_parameters
from iam.http.request import Request
from iam.oauth.errors import InvalidRequestError
from iam.oauth.reasons import carrying
from iam.service import service
from iam.tokens.introspection import Introspection


@service
class IntrospectionEndpoint:
    """Describes tokens to clients that authenticate, never to public clients (RFC 7662 §2.1)."""

    authentication: ClientAuthentication
    introspection: Introspection

    async def post(self, request: Request) -> Answer:
        """Returns the description of the token. Raises OAuth2Error and ParameterError.

        A token that is not valid, or that this client may not know about, is described as inactive and nothing more.
        """
        parameters = form_parameters(request)
        claim = read_claim(parameters, authorization(request), request.client_address)
        client = await self.authentication.confidential(claim)
        if client is None:
            raise refuse_unproven(await self.authentication.reason(claim))
        token = parameters.get("token")
        if token is None:
            raise carrying(InvalidRequestError("The request has no token."), client_id=client.client_id)
        return json_answer(200, await self.introspection.describe(token, client))
