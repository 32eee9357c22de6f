"""The implicit flow (OpenID Connect Core §3.2): tokens by the browser, without a code.

OAuth 2.1 has it no longer and RFC 9700 §2.1.2 advises against it, so a server has it only where `--implicit` says so, for
clients that are registered for it. OpenID Connect demands it of providers whose clients register themselves (Core §15.2).
"""

from typing import Final

from attrs import frozen
from oauthlib.oauth2 import ImplicitGrant
from oauthlib.oauth2.rfc6749.errors import InvalidRequestError

from iam.authorization.errors import ACCESS_DENIED, AuthorizationError
from iam.authorization.request import Permission
from iam.authorization.response import FORM_POST, FRAGMENT
from iam.clients.encryption_to_client import Recipient
from iam.clients.metadata import ID_TOKENS, IMPLICIT
from iam.clock import Clock
from iam.oauth.reasons import Reason
from iam.oauth.scopes import OPENID
from iam.openid import login_facts
from iam.protocol.grants.authorization_code import (
    AuthorizationCode,
    Check,
    Checks,
    check_authentication,
    check_mode,
    check_request_object,
    check_supported,
)
from iam.protocol.request import OAuthlibRequest
from iam.records.identity import Identity
from iam.secrets import minted
from iam.settings import Settings
from iam.store.authorization_codes import Redeem
from iam.tokens.bearer_tokens import BearerTokens
from iam.tokens.response import TokenResponse

GRANT_TYPE: Final = IMPLICIT
ID_TOKEN: Final = "id_token"
RESPONSE_TYPES: Final = ID_TOKENS
MODES: Final = (FRAGMENT, FORM_POST)  # never the query: tokens would lie in logs and histories (G7)


def checks(validator: object, check_hint: Check) -> Checks:
    """oauthlib's grant, for ID tokens: a token alone is asked for nowhere in OpenID Connect (Core §3.2.2.1)."""
    ours = [
        begin,
        choose_mode,
        check_mode,
        check_request_object,
        check_supported,
        check_front_channel,
        check_authentication,
        check_hint,
    ]
    grant: Checks = ImplicitGrant(validator, pre_auth=ours, response_types=["id_token", "token"])
    return grant


def begin(request: OAuthlibRequest) -> dict[str, object]:
    """A person is asked for this grant type."""
    request.granting = GRANT_TYPE
    return {}


def choose_mode(request: OAuthlibRequest) -> dict[str, object]:
    """By the fragment, errors too, unless the client wants a form (Multiple Response Types §3)."""
    if request.response_mode in MODES:
        return {}
    wanted, request.response_mode = request.response_mode, FRAGMENT
    if wanted is not None:
        raise InvalidRequestError(f"The response_mode must be one of {', '.join(MODES)} for tokens.", request=request)
    return {}


def check_front_channel(request: OAuthlibRequest) -> dict[str, object]:
    """Who asks for an ID token in the front channel asks for an identity, and can recognise the answer (Core §3.2.2.1)."""
    if OPENID not in (request.scopes or ()):
        raise InvalidRequestError("This response_type needs the scope openid.", request=request)
    if request.parameters.get("nonce") is None:
        raise InvalidRequestError("This response_type needs a nonce.", request=request)
    return {}


@frozen
class Implicit:
    """Gives out what a person allowed, at once."""

    codes: AuthorizationCode
    response: TokenResponse
    bearer: BearerTokens
    settings: Settings
    clock: Clock

    async def answer(self, permission: Permission) -> dict[str, object]:
        """The members of the answer (OpenID Connect Core §3.2.2.5), for a code that nobody is given; raises AuthorizationError."""
        code = await self.codes.issue(permission)
        request = permission.request
        recipient = await self.response.recipient(request.client)
        if request.response_type == ID_TOKEN:
            return {"id_token": await self._id_token(permission, recipient)}
        now = self.clock.now()
        token = self.bearer.access_token(now)
        redemption = await self.codes.codes.redeem(
            Redeem(
                digest=minted.digest(code),
                day=minted.day_of(code),
                client_id=request.client.client_id,
                redirect_uri=request.redirect_uri,
                code_challenge=request.code_challenge,
                audience=request.audience,
                now=now,
                access_digest=minted.digest(token),
                access_day=minted.day_of(token),
                access_lifetime=self.settings.access_token_lifetime,
                refresh_digest=None,
                refresh_day=None,
                refresh_expires_at=now,
                client_scopes=request.client.scopes,
                resource_scopes=await self.response.targets.scopes_of(request.client),
                address=permission.address,
            )
        )
        if redemption.issued is None:
            reason = Reason("grant", "one that lives", f"{redemption.outcome}, a moment ago")
            raise AuthorizationError(ACCESS_DENIED, "What was allowed ended at the same moment.", reason)
        return await self.response.members(
            request.client, token, redemption.issued, redemption.identity, now, recipient=recipient
        )

    async def _id_token(self, permission: Permission, recipient: Recipient | None) -> str:
        """An ID token alone: with no access token to ask UserInfo with, it says all that the scopes stand for (Core §5.4)."""
        request, session = permission.request, permission.session
        told = login_facts.told(session, request.authentication.nonce, request.claims)
        identity = Identity(session.user_id, session.id, told)
        id_token = await self.response.id_tokens.issue(
            request.client, identity, self.clock.now(), scopes=request.scopes or ()
        )
        return recipient.encrypted(id_token) if recipient else id_token
