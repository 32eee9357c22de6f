"""The token endpoint (RFC 6749 §3.2)."""

from attrs import frozen
from oauthlib.oauth2.rfc6749.errors import OAuth2Error

from iam.oauth.refusals import Refusals
from iam.oauth.server import Server
from iam.web.answers import Answer, json_text
from iam.web.oauth_errors import error_answer
from iam.web.parameters import ParameterError, authorization, form_parameters
from iam.web.request import Request


@frozen
class TokenEndpoint:
    """Gives tokens for codes, for refresh tokens, and to clients for themselves."""

    server: Server
    refusals: Refusals

    async def post(self, request: Request) -> Answer:
        """Answer a token request."""
        try:
            response = await self.server.token(form_parameters(request), authorization(request), request.client_address)
        except (OAuth2Error, ParameterError) as error:
            return error_answer(error, self.refusals.kept("/token", error, request.client_address))
        if response.left_out is not None:
            self.refusals.noted("/token", response.left_out, request.client_address)
        return json_text(response.status, response.body)
