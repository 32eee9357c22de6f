"""The introspection endpoint (RFC 7662), with JWTs for those who ask for them (RFC 9701)."""

from typing import Final

from iam.clients import fapi
from iam.clients.authentication import ClientAuthentication, read_claim, refuse_unproven
from iam.http.answers import Answer, Headers, json_answer
from iam.http.parameters import authorization, form_parameters
from iam.http.request import Request
from iam.oauth.errors import InvalidRequestError
from iam.oauth.reasons import Reason, carrying
from iam.records.client import Client
from iam.service import service
from iam.tokens.introspection import Introspection
from iam.tokens.introspection_response import MEDIA_TYPE, IntrospectionResponse, wanted

JWT: Final[Headers] = ((b"Content-Type", MEDIA_TYPE.encode()),)
UNSIGNED: Final = f"This client must ask for a signed answer: Accept: {MEDIA_TYPE} (RFC 9701)."


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
        signed = asks_for_jwt(request, client)
        described = await self.introspection.describe(token, client)
        if not signed:
            return json_answer(200, described)
        return Answer(200, (await self.response.write(client, described)).encode(), JWT)


def asks_for_jwt(request: Request, client: Client) -> bool:
    """Whether the client asks for a signed answer. Raises InvalidRequestError if it must and does not (FAPI 2.0)."""
    lines = request.requestHeaders.getRawHeaders(b"accept") or ()
    asked = any(wanted(line.decode("latin-1")) for line in lines)
    if not asked and fapi.signs(client):
        reason = Reason("Accept", MEDIA_TYPE, "another type, or none", client_id=client.id)
        raise carrying(InvalidRequestError(UNSIGNED), reason)
    return asked
