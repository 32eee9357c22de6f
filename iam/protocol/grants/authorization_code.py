"""The authorization code grant (RFC 6749 §4.1) with PKCE (RFC 7636)."""

from typing import ClassVar, Final

from attrs import evolve, frozen
from oauthlib.oauth2 import AuthorizationCodeGrant
from oauthlib.oauth2.rfc6749.errors import InvalidGrantError, InvalidScopeError, OAuth2Error
from twisted.logger import Logger

from iam.authorization import pkce
from iam.authorization.request import Permission
from iam.clients import redirect_uri_difference
from iam.clients.targets import invalid_target
from iam.oauth.grant_types import AUTHORIZATION_CODE, CODE, NONE
from iam.oauth.reasons import Reason, carrying, shown
from iam.protocol.authorization_checks import (
    check_authentication,
    check_challenge,
    check_key,
    check_mode,
    check_pushed,
    check_redirect_uri,
    check_request_object,
    check_response,
    check_supported,
)
from iam.protocol.codes import Codes, PresentedCode, UnredeemedError
from iam.protocol.grant import Checks, Issuance
from iam.protocol.token_request import TokenRequest
from iam.protocol.validator import Validator
from iam.secrets import minted
from iam.secrets.minted import Kind

# The reason for each outcome of the store: the check that failed, what it expects, and what came.
REFUSALS: Final = {
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
    "other key": Reason(
        "DPoP proof", "one of the key that the authorization request named by dpop_jkt", "another or none"
    ),
    "grant ended": Reason("grant", "one that lives", "grant ended: revoked, or its person or consent is gone"),
    "other resource": Reason("resource", "resources of the authorization request"),
    "no scope": Reason(
        "scope", "scopes that the application may still ask for, and that mean something to the resource", "none"
    ),
}

log = Logger()


@frozen
class AuthorizationCode:
    """The grant in which a person allows access, and the client redeems the code that it receives."""

    name: ClassVar = AUTHORIZATION_CODE
    response_types: ClassVar = (CODE, NONE)
    parameters: ClassVar = ("code", "code_verifier", "redirect_uri")

    issuance: Issuance

    def checks(self, validator: Validator) -> Checks:
        """Returns oauthlib's grant with the checks that it lacks."""
        ours = [
            check_redirect_uri,
            check_mode,
            check_request_object,
            check_pushed,
            check_supported,
            check_response,
            check_challenge,
            check_key,
            check_authentication,
            validator.check_hint,
        ]
        grant: Checks = AuthorizationCodeGrant(validator, pre_auth=ours)
        return grant

    async def answer(self, permission: Permission) -> dict[str, object]:
        """Issues the code (RFC 6749 §4.1.2), which nobody gets for the response type none. Raises AuthorizationError."""
        told = permission.request.response_type == CODE
        code = await Codes(self.issuance).issue(permission, redeemed=told)
        return {"code": code} if told else {}

    async def save(self, request: TokenRequest) -> dict[str, object]:
        """Redeems the code.

        Raises InvalidGrantError (RFC 6749 §5.2), InvalidScopeError if no scope is left, and invalid_target for a
        resource that the authorization request did not name.
        """
        code = request.text("code")
        presented = PresentedCode(
            minted.digest(code),
            minted.day_of(code),
            request.client,
            request.parameters.get("redirect_uri"),
            pkce.challenge_of(request.parameters.get("code_verifier")),
            await self.issuance.response.targets.normalize(request.audience),
            request.received,
            request.address,
            refreshes=not code.startswith(Kind.ONLINE_CODE.prefix),
            confirmation=request.confirmation,
        )
        try:
            return await Codes(self.issuance).redeem(presented)
        except UnredeemedError as error:
            log.info(
                "authorization code refused: {outcome}, client {client_id}, grant {grant_id}",
                outcome=error.outcome,
                client_id=request.client.client_id,
                grant_id=error.grant_id and str(error.grant_id),
            )
            raise refuse(error.outcome, request) from None


def refuse(outcome: str, request: TokenRequest) -> OAuth2Error:
    """Returns the error for a code that was not redeemed."""
    reason = explain(outcome, request)
    if outcome == "other resource":
        return invalid_target(reason)
    if outcome == "no scope":
        return carrying(InvalidScopeError("No scope of the code is left that means something there."), reason)
    return carrying(InvalidGrantError("The authorization code is not valid for this request."), reason)


def explain(outcome: str, request: TokenRequest) -> Reason:
    """Returns the reason for this outcome, with details of what the client presented."""
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
