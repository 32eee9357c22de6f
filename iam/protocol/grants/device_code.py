"""The device authorization grant (RFC 8628): a person allows on one device what another one, without a browser, asks for."""

from typing import ClassVar, Final

from attrs import frozen
from oauthlib.oauth2 import DeviceCodeGrant
from oauthlib.oauth2.rfc6749.errors import (
    CustomOAuth2Error,
    InvalidClientIdError,
    InvalidGrantError,
    InvalidRequestError,
    InvalidScopeError,
    OAuth2Error,
)

from iam.clients import dpop
from iam.clients.dpop import Proof
from iam.clients.targets import invalid_target
from iam.oauth.grant_types import DEVICE_CODE
from iam.oauth.reasons import Reason, carrying, shown
from iam.protocol.codes import Codes, PresentedCode, UnredeemedError
from iam.protocol.grant import Checks, Issuance
from iam.protocol.request import OAuthlibRequest
from iam.protocol.token_request import TokenRequest
from iam.protocol.validator import Validator
from iam.secrets import minted
from iam.secrets.minted import Kind
from iam.store.device_codes import Poll, PollDevice

WAITING: Final = {
    "pending": ("authorization_pending", "Nobody has decided yet: ask again after the interval."),
    "early": ("slow_down", "This came too early: wait five seconds longer between requests from now on."),
    "denied": ("access_denied", "The person does not allow it."),
    "expired": ("expired_token", "The device code has expired: ask for a new one."),
}

# The reason for each outcome of the store: the check that failed, what it expects, and what came.
REFUSALS: Final = {
    "unknown": Reason("device code", "a code that was given out", "one that was not, or expired long ago"),
    "other client": Reason("device code", "a code of this application", "one of another application"),
    "used": Reason("device code", "a code that was not used", "one that was: what it stands for is ended"),
    "superseded": Reason("device code", "a code that was not used", "one that another request redeemed a moment ago"),
    "expired": Reason("device code", "a code within its lifetime", "one that has expired"),
    "grant ended": Reason("grant", "one that lives", "grant ended: revoked, or its person or consent is gone"),
    "other resource": Reason("resource", "resources of the device authorization request"),
    "no scope": Reason(
        "scope", "scopes that the application may still ask for, and that mean something to the resource", "none"
    ),
}


class DeviceChecks(DeviceCodeGrant):  # type: ignore[misc]
    """oauthlib's grant: the scopes are checked when a device asks for them, the rest when its code is redeemed (G35, G36)."""

    def validate_authorization_request(self, request: OAuthlibRequest) -> None:
        """Validates a device authorization request (RFC 8628 §3.1). Raises OAuth2Error."""
        self.validate_client_authentication(request)
        self.validate_grant_type(request)
        super().validate_scopes(request)

    def validate_stored_request(self, request: OAuthlibRequest) -> None:
        """Validates a stored one as it is now, when a person is to decide about it. Raises OAuth2Error."""
        if not self.request_validator.validate_client_id(request.client_id, request):
            raise InvalidClientIdError
        self.validate_grant_type(request)
        super().validate_scopes(request)

    def validate_device_code(self, request: OAuthlibRequest) -> None:
        """Checks that there is a code of ours, whole (RFC 8628 §3.4). Raises InvalidRequestError, InvalidGrantError."""
        code = request.device_code
        if code is None:
            raise InvalidRequestError("Missing device_code parameter.")
        if not minted.well_formed(code, Kind.DEVICE_CODE):
            reason = Reason("device code", "a code of this server, whole", f"a text of {len(code)} characters")
            raise carrying(InvalidGrantError(), reason)

    def validate_scopes(self, request: OAuthlibRequest) -> None:
        """Leaves the scopes of a token request alone: its person has decided upon them."""


@frozen
class DeviceCode:
    """The grant in which a person allows it elsewhere, and the client asks again and again whether they have."""

    name: ClassVar = DEVICE_CODE
    parameters: ClassVar = ("device_code",)

    issuance: Issuance

    def checks(self, validator: Validator) -> Checks:
        """Returns oauthlib's grant, without what it would do twice."""
        grant: Checks = DeviceChecks(validator)
        return grant

    async def save(self, request: TokenRequest) -> dict[str, object]:
        """Redeems the code if it is allowed, in one statement; asking whether it is takes another one.

        Raises the errors of RFC 8628 §3.5, InvalidGrantError and InvalidScopeError, and invalid_target for a resource that
        the device did not ask for.
        """
        return await self._redeem(request, await self._poll(request))

    async def save_bound(self, request: TokenRequest, proof: Proof) -> dict[str, object]:
        """Does the same, and uses up the proof between the two statements: who only asks uses none up.

        Raises InvalidProofError besides, if the proof was used before.
        """
        poll = await self._poll(request)
        if not await self.issuance.store.replays.claim(proof.digest, proof.last_day):
            raise dpop.invalid(dpop.USED)
        return await self._redeem(request, poll)

    async def _redeem(self, request: TokenRequest, poll: Poll) -> dict[str, object]:
        """Returns the members of the response to a code that is allowed. Raises OAuth2Error."""
        code = request.text("device_code")
        presented = PresentedCode(
            minted.digest(code),
            minted.day_of(code),
            request.client,
            None,
            None,
            await self.issuance.response.targets.normalize(request.audience),
            request.received,
            request.address,
            refreshes=poll.refreshes,
            confirmation=request.confirmation,
        )
        try:
            return await Codes(self.issuance).redeem(presented)
        except UnredeemedError as error:
            raise refuse(error.outcome, request) from None

    async def _poll(self, request: TokenRequest) -> Poll:
        """Returns what became of the code, which is allowed. Raises CustomOAuth2Error and InvalidGrantError."""
        code = request.text("device_code")
        asking = PollDevice(minted.digest(code), request.client.client_id, request.received)
        poll = await self.issuance.store.device_codes.poll(asking)
        if poll.outcome in WAITING:
            raise CustomOAuth2Error(*WAITING[poll.outcome])
        if poll.outcome != "allowed":
            raise refuse(poll.outcome, request)
        return poll


def refuse(outcome: str, request: TokenRequest) -> OAuth2Error:
    """Returns the error for a code that is not redeemed."""
    reason = REFUSALS[outcome]
    if outcome == "other resource":
        return invalid_target(Reason(reason.check, reason.expected, shown(" ".join(request.audience))))
    if outcome == "no scope":
        return carrying(InvalidScopeError("No scope of the code is left that means something there."), reason)
    return carrying(InvalidGrantError("The device code is not valid for this request."), reason)
