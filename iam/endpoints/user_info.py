"""The UserInfo endpoint (OpenID Connect Core §5.3)."""

from attrs import frozen

from iam.http.answers import Answer, Headers, json_answer
from iam.http.parameters import ParameterError, authorization, form_parameters
from iam.http.request import Request
from iam.oauth import bearer
from iam.oauth.reasons import Reason
from iam.tokens.user_info import UserInformation
from iam.tokens.user_info_response import UserInfoResponse

PATH = "/userinfo"
JWT: Headers = ((b"Content-Type", b"application/jwt"),)


@frozen
class UserInfoEndpoint:
    """Tells the bearer of an access token who it is about."""

    information: UserInformation
    response: UserInfoResponse

    async def get(self, request: Request) -> Answer:
        """The claims; the token in the Authorization header."""
        return await self._answered(request, in_body=False)

    async def post(self, request: Request) -> Answer:
        """The same; the token may also be in the form (RFC 6750 §2.2), never in both places."""
        return await self._answered(request, in_body=bool(request.body))

    async def _answered(self, request: Request, *, in_body: bool) -> Answer:
        described = await self.information.describe(presented(request, in_body=in_body))
        text = await self.response.write(described.client, described.claims)
        return json_answer(200, described.claims) if text is None else Answer(200, text.encode(), JWT)


def presented(request: Request, *, in_body: bool) -> str:
    """The token that came with the request; raises Challenge."""
    header = authorization(request)
    try:
        token = form_parameters(request).get("access_token") if in_body else None
    except ParameterError as error:
        raise malformed(str(error), "a body that cannot be read") from None
    if token is None:
        return bearer.token_of(header)
    if header is not None:
        raise malformed("Send the access token once: in the Authorization header, or in the form.", "two")
    return bearer.token_of(f"Bearer {token}")


def malformed(sentence: str, got: str) -> bearer.Challenge:
    """The request is not one that this endpoint can answer (RFC 6750 §3.1)."""
    return bearer.Challenge(
        400,
        {"error": "invalid_request", "error_description": sentence},
        Reason("access token", "one, in the Authorization header or in the form", got),
    )
