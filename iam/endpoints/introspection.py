"""The introspection endpoint (RFC 7662)."""

from attrs import frozen
from oauthlib.oauth2.rfc6749.errors import InvalidClientError, InvalidRequestError, OAuth2Error

from iam.oauth.client_authentication import ClientAuthentication, claimed
from iam.oauth.introspection import Introspection
from iam.web.answers import Answer, json_answer
from iam.web.oauth_errors import error_answer
from iam.web.parameters import ParameterError, authorization, form_parameters
from iam.web.request import Request


@frozen
class IntrospectionEndpoint:
    """Says what a token is worth, to clients that prove themselves: never to public ones (RFC 7662 §2.1)."""

    authentication: ClientAuthentication
    introspection: Introspection

    async def post(self, request: Request) -> Answer:
        """Describe the token; one that is not good, or not this client's business, is inactive and nothing more."""
        try:
            parameters = form_parameters(request)
            client = await self.authentication.confidential(claimed(parameters, authorization(request)))
            if client is None:
                raise InvalidClientError("Client authentication failed.")
            token = parameters.get("token")
            if token is None:
                raise InvalidRequestError("The request has no token.")
        except (OAuth2Error, ParameterError) as error:
            return error_answer(error)
        return json_answer(200, await self.introspection.describe(token, client))
