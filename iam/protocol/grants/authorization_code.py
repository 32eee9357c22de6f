"""The authorization code grant (RFC 6749 §4.1) with PKCE (RFC 7636)."""

from datetime import UTC, timedelta
from typing import Any

from attrs import evolve, frozen
from oauthlib.oauth2 import AuthorizationCodeGrant as OAuthlibAuthorizationCodeGrant
from oauthlib.oauth2.rfc6749.errors import (
    CustomOAuth2Error,
    InvalidGrantError,
    InvalidRequestError,
    InvalidScopeError,
    MissingRedirectURIError,
    MissingResponseTypeError,
    UnsupportedResponseTypeError,
)
from twisted.logger import Logger

from iam.authorization import openid_parameters, pkce
from iam.authorization.errors import ACCESS_DENIED, AuthorizationError
from iam.authorization.openid_parameters import PLAIN, AuthenticationRequest
from iam.authorization.request import Permission
from iam.authorization.response import FORM_POST, MODES
from iam.clients import redirect_uri_difference, redirect_uris
from iam.clients.targets import invalid_target
from iam.clock import Clock
from iam.oauth.reasons import Reason, shown
from iam.oauth.scopes import OFFLINE_ACCESS, OPENID
from iam.openid import login_facts
from iam.protocol.request import OAuthlibRequest
from iam.secrets import minted
from iam.secrets.minted import Kind
from iam.settings import Settings
from iam.store.authorization_codes import AuthorizationCodes, IssueCode, Redeem
from iam.tokens.response import TokenResponse

GRANT_TYPE = "authorization_code"
RESPONSE_TYPES = ("code",)

# Parameters of other specifications that change what is asked for: to ignore them would be to answer another question (G18).
UNSUPPORTED = {
    "registration": "registration_not_supported",
    "authorization_details": "invalid_authorization_details",  # RFC 9396 §5: we know no type
}

# What the store says of a code, as the check that failed, what would have passed it, and what came.
REFUSALS = {
    "unknown": Reason("code", "a code that was given out", "one that was not, or expired long ago"),
    "other client": Reason("code", "a code of this application", "one of another application"),
    "used": Reason("code", "a code that was not used", "one that was redeemed before: what it stands for is ended"),
    "superseded": Reason("code", "a code that was not used", "one that a later request redeemed: this one came late"),
    "expired": Reason("code", "a code within its lifetime", "one that has expired"),
    "other redirect_uri": Reason("redirect_uri", "that of the authorization request"),
    "no redirect_uri": Reason("redirect_uri", "that of the authorization request, which had no code_challenge", "none"),
    "wrong code_verifier": Reason(
        "code_verifier", "the one whose S256 challenge the authorization request had, if any"
    ),
    "grant ended": Reason("grant", "one that lives", "grant ended: revoked, or its person or consent is gone"),
    "other resource": Reason("resource", "resources of the authorization request"),
    "no scope": Reason(
        "scope", "scopes that the application may still ask for, and that mean something to the resource", "none"
    ),
}

log = Logger()


class AuthorizationCodeGrant(OAuthlibAuthorizationCodeGrant):  # type: ignore[misc]
    """oauthlib's grant with the checks that it lacks, made once client and redirect URI are known, so that errors can be sent there."""

    def __init__(self, request_validator: Any) -> None:
        checks = [
            check_redirect_uri,
            check_mode,
            check_request_object,
            check_supported,
            check_response,
            check_challenge,
            check_authentication,
            self.check_hint,
        ]
        super().__init__(request_validator, pre_auth=checks)

    def check_hint(self, request: OAuthlibRequest) -> dict[str, object]:
        """An id_token_hint that is no ID token of this client says nothing about who is meant (OpenID Connect Core §3.1.2.1)."""
        asked = OPENID in (request.scopes or ()) and request.id_token_hint is not None
        if asked and not self.request_validator.validate_id_token_hint(request.id_token_hint, request):
            raise InvalidRequestError("The id_token_hint must be an ID token of this client.", request=request)
        return {}


def check_redirect_uri(request: OAuthlibRequest) -> dict[str, object]:
    """OpenID Connect Core §3.1.2.1: an authentication request says where the answer goes, whatever is registered."""
    if OPENID in (request.scopes or ()) and request.using_default_redirect_uri:
        request.refusal = Reason("redirect_uri", "one that is registered, in every request for openid", "none")
        raise MissingRedirectURIError(request=request)
    return {}


def check_mode(request: OAuthlibRequest) -> dict[str, object]:
    """A way for the answer that there is (G7, G17); first, as errors take it too. No form leads to an app's own scheme."""
    mode, web = request.response_mode, redirect_uris.web(request.redirect_uri)
    if mode in (None, *MODES) and (mode != FORM_POST or web):
        return {}
    request.response_mode = None
    ways = ", ".join(way for way in MODES if way != FORM_POST or web)
    raise InvalidRequestError(f"The response_mode must be one of {ways}.", request=request)


def check_request_object(request: OAuthlibRequest) -> dict[str, object]:
    """Raise what is wrong with the request object, and where one is missing (RFC 9101 §6, §10.5)."""
    wrong = request.object_error
    if wrong is not None:
        request.refusal = wrong.refusal
        raise CustomOAuth2Error(wrong.error, wrong.sentence, request=request)
    if not request.signed and request.client.openid.require_signed_request_object:
        request.refusal = Reason("request object", "one that the application has signed", "none")
        raise InvalidRequestError("This client must send signed request objects (RFC 9101).", request=request)
    return {}


def check_supported(request: OAuthlibRequest) -> dict[str, object]:
    """Refuse what would be ignored otherwise (OpenID Connect Core §6, RFC 9396 §5)."""
    if request.unsupported:
        raise CustomOAuth2Error(
            UNSUPPORTED[request.unsupported], f"The parameter {request.unsupported} is not supported.", request=request
        )
    return {}


def check_response(request: OAuthlibRequest) -> dict[str, object]:
    """Only `code` (G13)."""
    if request.response_type is None:
        raise MissingResponseTypeError(request=request)
    if request.response_type not in RESPONSE_TYPES:
        raise UnsupportedResponseTypeError("Only response_type=code is supported.", request=request)
    return {}


def check_challenge(request: OAuthlibRequest) -> dict[str, object]:
    """S256 or nothing, and a challenge that can be one (G5, G49)."""
    if request.code_challenge is None:
        if request.code_challenge_method is not None:
            raise InvalidRequestError("A code_challenge_method needs a code_challenge.", request=request)
        return {}
    if request.code_challenge_method not in pkce.METHODS:
        raise InvalidRequestError("The code_challenge_method must be S256.", request=request)
    if not pkce.well_formed(request.code_challenge):
        raise InvalidRequestError("The code_challenge must be 43 characters of base64url.", request=request)
    return {}


def check_authentication(request: OAuthlibRequest) -> dict[str, object]:
    """Read what OpenID Connect adds; without the scope openid it means nothing, and is not looked at (RFC 6749 §3.1)."""
    request.authentication = authentication(request) if OPENID in (request.scopes or ()) else PLAIN
    request.claims = request.authentication.claims.names
    return {}


def authentication(request: OAuthlibRequest) -> AuthenticationRequest:
    """How the person is to be authenticated and asked (OpenID Connect Core §3.1.2.1)."""
    try:
        return openid_parameters.read(request.parameters, request.client.openid.default_max_age)
    except AuthorizationError as error:
        request.refusal = error.refusal
        raise CustomOAuth2Error(error.error, error.sentence, request=request) from None


@frozen
class AuthorizationCode:
    """Saves what a person allowed, and the tokens for it."""

    codes: AuthorizationCodes
    response: TokenResponse
    settings: Settings
    clock: Clock

    async def answer(self, permission: Permission) -> dict[str, object]:
        """The members of the answer (RFC 6749 §4.1.2)."""
        return {"code": await self.issue(permission)}

    async def issue(self, permission: Permission) -> str:
        """A code, stored with the person's consent and a grant; raises AuthorizationError.

        Who asks for an identity without offline_access is served as long as the person is logged in (Core §11).
        """
        now = self.clock.now()
        end = now + timedelta(seconds=self.settings.authorization_code_lifetime)
        request, session = permission.request, permission.session
        identified = OPENID in request.scopes
        bound = identified and OFFLINE_ACCESS not in request.scopes
        lasts_until = now + timedelta(seconds=self.settings.refresh_token_lifetime)
        code = minted.mint_until(Kind.AUTHORIZATION_CODE, end)
        issued = await self.codes.issue(
            IssueCode(
                digest=minted.digest(code),
                day=end.date(),
                grant_id=minted.identifier(),
                user_id=session.user_id,
                client_id=request.client.client_id,
                session_id=session.id,
                session_day=session.expires_at.astimezone(UTC).date(),
                scope=request.scopes,
                consented=request.consented,
                resources=request.audience,
                redirect_uri=request.redirect_uri,
                redirect_uri_sent=request.redirect_uri_sent,
                code_challenge=request.code_challenge,
                now=now,
                expires_at=end,
                grant_expires_at=min(lasts_until, session.expires_at) if bound else lasts_until,
                address=permission.address,
                openid=login_facts.told(session, request.authentication.nonce, request.claims) if identified else None,
                session_bound=bound,
                grant_type=request.grant_type,
                allowed=request.allowed,
                asked=permission.asked,
            )
        )
        if not issued:
            got = "the session or the consent ended, or the application was deleted, a moment ago"
            reason = Reason("session", "one that lives, an application, and the person's consent", got)
            raise AuthorizationError(ACCESS_DENIED, "The person was logged out at the same moment.", reason)
        return code

    async def save(self, token: dict[str, Any], request: OAuthlibRequest) -> None:
        """Redeem the code in one statement; raises InvalidGrantError for whatever is wrong with it (RFC 6749 §5.2)."""
        now = request.received
        recipient = await self.response.recipient(request.client)
        refresh_token = token.get("refresh_token")
        redemption = await self.codes.redeem(
            Redeem(
                digest=minted.digest(request.code),
                day=minted.day_of(request.code),
                client_id=request.client.client_id,
                redirect_uri=request.presented_redirect_uri,
                code_challenge=pkce.challenge_of(request.code_verifier),
                audience=await self.response.targets.spelled(request.audience),
                now=now,
                access_digest=minted.digest(token["access_token"]),
                access_day=minted.day_of(token["access_token"]),
                access_lifetime=self.settings.access_token_lifetime,
                refresh_digest=refresh_token and minted.digest(refresh_token),
                refresh_day=refresh_token and minted.day_of(refresh_token),
                refresh_expires_at=now + timedelta(seconds=self.settings.refresh_token_idle),
                client_scopes=request.client.scopes,
                resource_scopes=await self.response.targets.scopes_of(request.client),
                address=request.address,
            )
        )
        if redemption.issued is not None:
            members = self.response.members(
                request.client,
                token["access_token"],
                redemption.issued,
                redemption.identity,
                now,
                recipient=recipient,
            )
            token.update(await members)
            return
        log.info(
            "authorization code refused: {outcome}, client {client_id}, grant {grant_id}",
            outcome=redemption.outcome,
            client_id=request.client.client_id,
            grant_id=redemption.grant_id and str(redemption.grant_id),
        )
        request.refusal = refusal(redemption.outcome, request)
        if redemption.outcome == "other resource":
            raise invalid_target(request)
        if redemption.outcome == "no scope":
            raise InvalidScopeError("No scope of the code is left that means something there.", request=request)
        raise InvalidGrantError("The authorization code is not valid for this request.", request=request)


def refusal(outcome: str, request: OAuthlibRequest) -> Reason:
    """Why the code was not redeemed."""
    known = REFUSALS[outcome]
    if outcome == "wrong code_verifier":
        verifier = request.code_verifier
        return evolve(known, got="none" if verifier is None else f"another one, of {len(verifier)} characters")
    if outcome == "other redirect_uri":
        nearest = redirect_uri_difference.refusal(request.client.redirect_uris, request.presented_redirect_uri)
        return evolve(known, got=f"as against {nearest.expected}: {nearest.got}" if nearest.got else "another one")
    if outcome == "other resource":
        return evolve(known, got=shown(" ".join(request.audience)))
    return known
