"""The implicit flow (OpenID Connect Core §3.2): tokens in the authorization response, without a code.

OAuth 2.1 drops it and RFC 9700 §2.1.2 advises against it, so it is offered only with `--implicit`, to clients
registered for it. OpenID Connect requires it of providers with dynamic client registration (Core §15.2).
"""

from typing import ClassVar, Final

from attrs import frozen
from oauthlib.oauth2 import ImplicitGrant
from oauthlib.oauth2.rfc6749.errors import InvalidRequestError

from iam.authorization.errors import ACCESS_DENIED, AuthorizationError
from iam.authorization.request import Permission
from iam.authorization.response import FORM_POST, FORM_POST_JWT, FRAGMENT, FRAGMENT_JWT, JWT, QUERY_JWT
from iam.oauth.grant_types import ID_TOKENS, IMPLICIT
from iam.oauth.reasons import Reason
from iam.oauth.scopes import OPENID
from iam.protocol.authorization_checks import (
    check_authentication,
    check_mode,
    check_pushed,
    check_request_object,
    check_supported,
)
from iam.protocol.codes import Codes, PresentedCode, UnredeemedError, told
from iam.protocol.grant import Checks, Issuance
from iam.protocol.request import OAuthlibRequest
from iam.protocol.validator import Validator
from iam.records.identity import Identity
from iam.secrets import minted

ID_TOKEN: Final = "id_token"
# Never the query: tokens would end up in logs and browser histories (G7), unless they are encrypted (JARM §2.3.1).
MODES: Final = (FRAGMENT, FORM_POST, JWT, FRAGMENT_JWT, FORM_POST_JWT)


@frozen
class Implicit:
    """The grant in which a person allows access, and the client receives its tokens at once."""

    name: ClassVar = IMPLICIT
    response_types: ClassVar = ID_TOKENS

    issuance: Issuance

    def checks(self, validator: Validator) -> Checks:
        """Returns oauthlib's grant for ID tokens.

        OpenID Connect has no response_type `token` alone (Core §3.2.2.1).
        """
        ours = [
            begin,
            choose_mode,
            check_mode,
            check_request_object,
            check_pushed,
            check_supported,
            check_front_channel,
            check_unbound,
            check_authentication,
            validator.check_hint,
        ]
        grant: Checks = ImplicitGrant(validator, pre_auth=ours, response_types=["id_token", "token"])
        return grant

    async def answer(self, permission: Permission) -> dict[str, object]:
        """Issues the tokens (Core §3.2.2.5), with a code that is redeemed here and given to nobody.

        Raises AuthorizationError.
        """
        request, codes = permission.request, Codes(self.issuance)
        code = await codes.issue(permission)
        if request.response_type == ID_TOKEN:
            return {"id_token": await self._id_token(permission)}
        presented = PresentedCode(
            minted.digest(code),
            minted.day_of(code),
            request.client,
            request.redirect_uri,
            request.code_challenge,
            request.audience,
            self.issuance.clock.now(),
            permission.address,
            refreshes=False,
        )
        try:
            return await codes.redeem(presented)
        except UnredeemedError as error:
            reason = Reason("grant", "one that lives", f"{error.outcome}, a moment ago")
            raise AuthorizationError(ACCESS_DENIED, "What was allowed ended at the same moment.", reason) from None

    async def _id_token(self, permission: Permission) -> str:
        """Issues an ID token with the claims of all scopes: no access token comes with it for UserInfo (Core §5.4)."""
        request, session, response = permission.request, permission.session, self.issuance.response
        recipient = await response.recipient(request.client)
        identity = Identity(session.user_id, session.id, told(permission))
        id_token = await response.id_tokens.issue(
            request.client, identity, self.issuance.clock.now(), scopes=request.scopes
        )
        return recipient.encrypted(id_token) if recipient else id_token


def begin(request: OAuthlibRequest) -> dict[str, object]:
    """Sets the grant type that the person would allow."""
    request.granting = IMPLICIT
    return {}


def choose_mode(request: OAuthlibRequest) -> dict[str, object]:
    """Makes the fragment the default mode, for errors and JWTs too (Multiple Response Types §3, JARM §2.3.4).

    Raises InvalidRequestError for the query.
    """
    wanted = request.response_mode
    encrypted = request.client.authorization_encrypted_response_alg is not None
    if wanted in MODES or (wanted == QUERY_JWT and encrypted):
        request.response_mode = FRAGMENT_JWT if wanted == JWT else wanted
        return {}
    request.response_mode = FRAGMENT
    if wanted is not None:
        raise InvalidRequestError(f"The response_mode must be one of {', '.join(MODES)} for tokens.")
    return {}


def check_unbound(request: OAuthlibRequest) -> dict[str, object]:
    """Raises InvalidRequestError where the access token would have to be bound: a browser shows nothing (RFC 8705 §3, RFC 9449 §5)."""
    client = request.client
    bound = client.dpop_bound_access_tokens or client.tls_client_certificate_bound_access_tokens
    wanted = bound or request.pushed_key or "dpop_jkt" in request.parameters
    if wanted and request.response_type != ID_TOKEN:
        raise InvalidRequestError("Bound access tokens come from the token endpoint alone: use response_type=code.")
    return {}


def check_front_channel(request: OAuthlibRequest) -> dict[str, object]:
    """Raises InvalidRequestError unless the request has the scope openid and a nonce (Core §3.2.2.1)."""
    if OPENID not in (request.scopes or ()):
        raise InvalidRequestError("This response_type needs the scope openid.")
    if request.parameters.get("nonce") is None:
        raise InvalidRequestError("This response_type needs a nonce.")
    return {}
