"""The UserInfo endpoint (OpenID Connect Core §5.3)."""

from iam.endpoints.dpop import sent_proof
from iam.http.answers import Answer, Headers, json_answer
from iam.http.parameters import ParameterError, authorization, form_parameters
from iam.http.request import Request
from iam.oauth import bearer
from iam.oauth.bearer import Presented
from iam.oauth.reasons import Reason
from iam.service import service
from iam.tokens.user_info import UserInformation
from iam.tokens.user_info_response import UserInfoResponse

PATH = "/userinfo"
JWT: Headers = ((b"Content-Type", b"application/jwt"),)


@service
class UserInfoEndpoint:
    """Returns the claims about the person for whom an access token was issued."""

    information: UserInformation
    response: UserInfoResponse

    async def get(self, request: Request) -> Answer:
        """Returns the claims; the token is in the Authorization header. Raises Challenge and OAuth2Error."""
        return await self._answered(request, in_body=False)

    async def post(self, request: Request) -> Answer:
        """Returns the claims; the token is in the header or the form (RFC 6750 §2.2). Raises like `get`."""
        return await self._answered(request, in_body=bool(request.body))

    async def _answered(self, request: Request, *, in_body: bool) -> Answer:
        sent, token = sent_proof(request), presented(request, in_body=in_body)
        described = await self.information.describe(token, sent, request.certificate)
        text = await self.response.write(described.client, described.claims)
        return json_answer(200, described.claims) if text is None else Answer(200, text.encode(), JWT)


def presented(request: Request, *, in_body: bool) -> Presented:
    """Returns the access token in the request. Raises Challenge, for two tokens too."""
    header = authorization(request)
    try:
        token = form_parameters(request).get("access_token") if in_body else None
    except ParameterError as error:
        raise malformed(str(error), "a body that cannot be read") from None
    if token is None:
        return bearer.presented(header)
    if header is not None:
        raise malformed("Send the access token once: in the Authorization header, or in the form.", "two")
    return bearer.presented(f"Bearer {token}")


def malformed(sentence: str, got: str) -> bearer.Challenge:
    """Returns the challenge for a request without exactly one token; `got` says in the reason what came."""
    return bearer.invalid_request(
        sentence, Reason("access token", "one, in the Authorization header or in the form", got)
    )
