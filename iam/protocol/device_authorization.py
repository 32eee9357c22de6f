"""The device authorization request (RFC 8628 §3.1): validated, stored under two codes, and decided by a person."""

from collections.abc import Callable
from datetime import timedelta
from typing import Final

from attrs import frozen
from oauthlib.oauth2.rfc6749.errors import OAuth2Error

from iam.authorization.openid_parameters import PLAIN, AuthenticationRequest
from iam.authorization.request import AuthorizationRequest, Permission
from iam.clients.authentication import read_claim
from iam.oauth.errors import SENTENCES
from iam.oauth.grant_types import DEVICE_CODE
from iam.oauth.parameters import Parameters
from iam.oauth.reasons import carrying
from iam.oauth.scopes import OPENID
from iam.protocol import authorization_request, bridge
from iam.protocol.codes import GRACE, Codes
from iam.protocol.document_clients import DocumentClients
from iam.protocol.grant import Issuance
from iam.protocol.grants.device_code import DeviceChecks
from iam.protocol.request import OAuthlibRequest, make_request
from iam.protocol.token_request import Proofs
from iam.protocol.user_codes import UserCodes
from iam.protocol.validator import Validator
from iam.records.actor import person
from iam.records.client import Client
from iam.records.device_request import DeviceRequest
from iam.records.session import Session
from iam.secrets import minted
from iam.secrets.minted import Kind

KNOWN: Final = ("client_id", "scope")
Check = Callable[[OAuthlibRequest], object]

LIFETIME: Final = 600  # seconds in which a person may allow it
INTERVAL: Final = 5  # seconds from one poll to the next


@frozen
class Stored:
    """What is asked for by a device, as parameters; the grant type comes from the endpoint."""

    request: DeviceRequest

    def get(self, name: str, /) -> str | None:
        """Returns the value of a parameter, or None."""
        return {"client_id": self.request.client_id, "scope": self.request.scope or None}.get(name)

    def all(self, name: str) -> list[str]:
        """Returns every value of a parameter that may be repeated."""
        return list(self.request.resources) if name == "resource" else []

    def __contains__(self, name: object, /) -> bool:
        return isinstance(name, str) and self.get(name) is not None


@frozen
class Begun:
    """What a device gets: the secret that it polls with, and the code that a person types."""

    device_code: str
    user_code: str


@frozen(eq=False)
class DeviceAuthorization:
    """The device authorization requests of a server."""

    issuance: Issuance
    checks: DeviceChecks
    user_codes: UserCodes
    documents: DocumentClients

    async def validate(self, parameters: Parameters, proofs: Proofs, address: str | None) -> AuthorizationRequest:
        """Returns what a client asks for by a device. Raises OAuth2Error, which carries the reason."""
        request = make_request(parameters, KNOWN)
        request.address = address
        request.claim = read_claim(parameters, proofs.authorization, address, proofs.certificate)
        request.client_id = request.claim.client_id
        await self.documents.at_device(request.claim)
        return await self._validated(request, self.checks.validate_authorization_request)

    async def read(self, stored: DeviceRequest) -> AuthorizationRequest:
        """Returns what a device asked for, as far as its client may still have it. Raises AuthorizationError."""
        try:
            return await self._validated(make_request(Stored(stored), KNOWN), self.checks.validate_stored_request)
        except OAuth2Error as error:
            raise authorization_request.translate(error) from None

    async def begin(self, asked: AuthorizationRequest, address: str | None, user_agent: str | None) -> Begun:
        """Stores what a device asks for, and returns its two codes."""
        now = self.issuance.clock.now()
        end = now + timedelta(seconds=LIFETIME)
        device_code = minted.mint_until(Kind.DEVICE_CODE, end + timedelta(seconds=GRACE))
        request = DeviceRequest(
            digest=minted.digest(device_code),
            day=minted.day_of(device_code),
            client_id=asked.client.client_id,
            scope=" ".join(asked.scopes),
            resources=asked.audience,
            address=address,
            user_agent=user_agent,
            asked_at=now,
            expires_at=end,
        )
        return Begun(device_code, await self.user_codes.store(request, INTERVAL))

    async def allow(self, asked: AuthorizationRequest, stored: DeviceRequest, session: Session, address: str) -> bool:
        """Stores what this person allows the device. Returns False if it is too late, or they were logged out meanwhile."""
        return await Codes(self.issuance).approve(Permission(asked, session, address), stored)

    async def deny(self, stored: DeviceRequest, session: Session, address: str) -> bool:
        """Stores that this person does not allow it. Returns False if it is too late for that."""
        by, now = person(session.user_id, address), self.issuance.clock.now()
        return await self.issuance.store.device_codes.deny(stored.digest, str(session.user_id), now, by)

    async def _validated(self, request: OAuthlibRequest, check: Check) -> AuthorizationRequest:
        """Returns the record of a request that passes the check. Raises OAuth2Error, which carries the reason."""
        request.grant_type = request.granting = DEVICE_CODE
        request.using_default_redirect_uri = True  # there is none
        try:
            await bridge.call(check, request)
        except OAuth2Error as error:
            error.description = error.description or SENTENCES.get(error.error, "")
            raise carrying(error, client_id=request.client_id, grant_type=DEVICE_CODE) from None
        request.authentication = wished(request.client) if OPENID in (request.scopes or ()) else PLAIN
        return authorization_request.build(request)


def wished(client: Client) -> AuthenticationRequest:
    """Returns how this client wants people to be authenticated whenever it does not say (Registration §2)."""
    return AuthenticationRequest(max_age=client.default_max_age, acr_values=client.default_acr_values)


def build(
    issuance: Issuance, validator: Validator, user_codes: UserCodes, documents: DocumentClients
) -> DeviceAuthorization:
    """Returns the device authorization requests of a server with this validator."""
    return DeviceAuthorization(issuance, DeviceChecks(validator), user_codes, documents)
