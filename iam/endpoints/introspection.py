"""The introspection endpoint (RFC 7662), with JWTs for those who ask for them (RFC 9701)."""

from typing import Final

from iam.clients.authentication import ClientAuthentication, read_claim, refuse_unproven
from iam.http.answers import Answer, Headers, json_answer
from iam.http.parameters import authorization, form_parameters
from iam.http.request import Request
from iam.oauth.errors import InvalidRequestError
from iam.oauth.reasons import carrying
from iam.service import service
from iam.tokens.introspection import Introspection
from iam.tokens.introspection_response import MEDIA_TYPE, IntrospectionResponse, wanted

JWT: Final[Headers] = ((b"Content-Type", MEDIA_TYPE.encode()),)


@service
class IntrospectionEndpoint:
    """Describes tokens to clients that authenticate, never to public clients (RFC 7662 §2.1)."""

    authentication: ClientAuthentication
    introspection: Introspection
    response: IntrospectionResponse

    async def post(self, request: Request) -> Answer:
        """Returns the description of the token. Raises OAuth2Error and ParameterError.

        A token that is not valid, or that this client may not know about, is described as inactive and nothing more.
        """
        parameters = form_parameters(request)
        claim = read_claim(parameters, authorization(request), request.client_address, request.certificate)
        client = await self.authentication.confidential(claim)
        if client is None:
            raise refuse_unproven(await self.authentication.reason(claim))
        token = parameters.get("token")
        if token is None:
            raise carrying(InvalidRequestError("The request has no token."), client_id=client.client_id)
        signed = asks_for_jwt(request)
        described = await self.introspection.describe(token, client)
        if not signed:
            return json_answer(200, described)
        return Answer(200, (await self.response.write(client, described)).encode(), JWT)


def asks_for_jwt(request: Request) -> bool:
    """Whether the request asks for a signed answer."""
    lines = request.requestHeaders.getRawHeaders(b"accept") or ()
    return any(wanted(line.decode("latin-1")) for line in lines)
