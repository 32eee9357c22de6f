"""The authorization code grant (RFC 6749 §4.1) with PKCE (RFC 7636)."""

from collections.abc import Callable
from datetime import UTC, timedelta
from typing import Protocol

from attrs import evolve, frozen
from oauthlib.oauth2 import AuthorizationCodeGrant
from oauthlib.oauth2.rfc6749.errors import (
    CustomOAuth2Error,
    InvalidGrantError,
    InvalidRequestError,
    InvalidScopeError,
    MissingRedirectURIError,
    MissingResponseTypeError,
    OAuth2Error,
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
from iam.oauth.reasons import Reason, carrying, shown
from iam.oauth.scopes import OFFLINE_ACCESS, OPENID
from iam.openid import login_facts
from iam.protocol.request import OAuthlibRequest
from iam.protocol.token_request import TokenRequest
from iam.secrets import minted
from iam.secrets.minted import Kind
from iam.settings import Settings
from iam.store.authorization_codes import AuthorizationCodes, IssueCode, Redeem
from iam.tokens.bearer_tokens import BearerTokens
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


Check = Callable[[OAuthlibRequest], object]  # an empty dict, or it raises


class Checks(Protocol):
    """oauthlib's grant for an endpoint or both: it asks the validator, and raises what is wrong with a request."""

    def validate_authorization_request(self, request: OAuthlibRequest) -> object:
        """RFC 6749 §4.1.1."""

    def validate_token_request(self, request: OAuthlibRequest) -> object:
        """RFC 6749 §3.2."""


def checks(validator: object, check_hint: Check) -> Checks:
    """oauthlib's grant with the checks that it lacks, made once client and redirect URI are known, so that errors can be sent there."""
    ours = [
        check_redirect_uri,
        check_mode,
        check_request_object,
        check_supported,
        check_response,
        check_challenge,
        check_authentication,
        check_hint,
    ]
    grant: Checks = AuthorizationCodeGrant(validator, pre_auth=ours)
    return grant


def check_redirect_uri(request: OAuthlibRequest) -> dict[str, object]:
    """OpenID Connect Core §3.1.2.1: an authentication request says where the answer goes, whatever is registered."""
    if OPENID in (request.scopes or ()) and request.using_default_redirect_uri:
        reason = Reason("redirect_uri", "one that is registered, in every request for openid", "none")
        raise carrying(MissingRedirectURIError(request=request), reason)
    return {}


def check_mode(request: OAuthlibRequest) -> dict[str, object]:
    """A way for the answer that there is (G7, G17); first, as errors take it too. No form leads to an app's own scheme."""
    mode, web = request.response_mode, redirect_uris.web(request.redirect_uri or "")
    if mode in (None, *MODES) and (mode != FORM_POST or web):
        return {}
    request.response_mode = None
    ways = ", ".join(way for way in MODES if way != FORM_POST or web)
    raise InvalidRequestError(f"The response_mode must be one of {ways}.", request=request)


def check_request_object(request: OAuthlibRequest) -> dict[str, object]:
    """Raise what is wrong with the request object, and where one is missing (RFC 9101 §6, §10.5)."""
    wrong = request.object_error
    if wrong is not None:
        raise carrying(CustomOAuth2Error(wrong.error, wrong.sentence, request=request), wrong.refusal)
    if not request.signed and request.client.require_signed_request_object:
        reason = Reason("request object", "one that the application has signed", "none")
        sentence = "This client must send signed request objects (RFC 9101)."
        raise carrying(InvalidRequestError(sentence, request=request), reason)
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
        return openid_parameters.read(request.parameters, request.client.default_max_age)
    except AuthorizationError as error:
        raise carrying(CustomOAuth2Error(error.error, error.sentence, request=request), error.reason) from None


@frozen
class AuthorizationCode:
    """Saves what a person allowed, and the tokens for it."""

    codes: AuthorizationCodes
    response: TokenResponse
    bearer: BearerTokens
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

    async def save(self, request: TokenRequest) -> dict[str, object]:
        """Redeem the code in one statement; raises InvalidGrantError for whatever is wrong with it (RFC 6749 §5.2)."""
        now, client, code = request.received, request.client, request.text("code")
        recipient = await self.response.recipient(client)
        access_token = self.bearer.access_token(now)
        refresh_token = self.bearer.refresh_token(now) if "refresh_token" in client.grant_types else None
        redemption = await self.codes.redeem(
            Redeem(
                digest=minted.digest(code),
                day=minted.day_of(code),
                client_id=client.client_id,
                redirect_uri=request.parameters.get("redirect_uri"),
                code_challenge=pkce.challenge_of(request.parameters.get("code_verifier")),
                audience=await self.response.targets.spelled(request.audience),
                now=now,
                access_digest=minted.digest(access_token),
                access_day=minted.day_of(access_token),
                access_lifetime=self.settings.access_token_lifetime,
                refresh_digest=minted.digest(refresh_token) if refresh_token else None,
                refresh_day=minted.day_of(refresh_token) if refresh_token else None,
                refresh_expires_at=self.bearer.refresh_token_end(now),
                client_scopes=client.scopes,
                resource_scopes=await self.response.targets.scopes_of(client),
                address=request.address,
            )
        )
        if redemption.issued is not None:
            terms, identity = redemption.issued, redemption.identity
            members = await self.response.members(client, access_token, terms, identity, now, recipient=recipient)
            return {**members, "refresh_token": refresh_token} if refresh_token else members
        log.info(
            "authorization code refused: {outcome}, client {client_id}, grant {grant_id}",
            outcome=redemption.outcome,
            client_id=client.client_id,
            grant_id=redemption.grant_id and str(redemption.grant_id),
        )
        raise refuse(redemption.outcome, request)


def refuse(outcome: str, request: TokenRequest) -> OAuth2Error:
    """The error for a code that was not redeemed."""
    reason = explain(outcome, request)
    if outcome == "other resource":
        return invalid_target(reason)
    if outcome == "no scope":
        return carrying(InvalidScopeError("No scope of the code is left that means something there."), reason)
    return carrying(InvalidGrantError("The authorization code is not valid for this request."), reason)


def explain(outcome: str, request: TokenRequest) -> Reason:
    """Why the code was not redeemed."""
    known = REFUSALS[outcome]
    if outcome == "wrong code_verifier":
        verifier = request.parameters.get("code_verifier")
        return evolve(known, got="none" if verifier is None else f"another one, of {len(verifier)} characters")
    if outcome == "other redirect_uri":
        presented = request.parameters.get("redirect_uri") or ""
        nearest = redirect_uri_difference.refusal(request.client.redirect_uris, presented)
        return evolve(known, got=f"as against {nearest.expected}: {nearest.got}" if nearest.got else "another one")
    if outcome == "other resource":
        return evolve(known, got=shown(" ".join(request.audience)))
    return known
