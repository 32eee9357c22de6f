"""Authorization codes: stores what a person allowed, and exchanges it for tokens (RFC 6749 §4.1.2)."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final
from uuid import UUID

from attrs import frozen

from iam.authorization.errors import ACCESS_DENIED, AuthorizationError
from iam.authorization.request import Permission
from iam.clients import document_identity, fapi
from iam.oauth.grant_types import REFRESH_TOKEN
from iam.oauth.reasons import Reason
from iam.oauth.scopes import OFFLINE_ACCESS, OPENID
from iam.openid import login_facts
from iam.protocol.grant import Issuance
from iam.records.client import Client
from iam.records.device_request import DeviceRequest
from iam.secrets import minted
from iam.secrets.minted import Kind
from iam.store.authorization_codes import IssueCode, Redeem

GRACE: Final = 60  # seconds after the end of a device code in which its device still gets what was allowed


@frozen
class PresentedCode:
    """A code presented at the token endpoint: its digest, its day, and the parameters sent with it.

    If `refreshes` is true, a client registered for the refresh token grant gets a refresh token. `confirmation` is the key
    that the client has proved to hold.
    """

    digest: bytes
    day: date
    client: Client
    redirect_uri: str | None
    code_challenge: str | None
    audience: Sequence[str]
    received: datetime
    address: str | None
    refreshes: bool = True
    confirmation: str | None = None


@frozen
class UnredeemedError(Exception):
    """A code was not redeemed: the store's outcome, and the grant of the code if known."""

    outcome: str
    grant_id: UUID | None


@frozen
class Codes:
    """Issues authorization codes and exchanges them for tokens."""

    issuance: Issuance

    async def issue(self, permission: Permission, *, redeemed: bool = True) -> str:
        """Stores a new code with its grant and the person's consent, and returns the code. Raises AuthorizationError.

        The grant of a request for openid without offline_access ends with the session at the latest (OpenID Connect
        Core §11), and that of a code which nobody is to redeem with the code. For a person who deselected
        offline_access the code is of a kind that gives no refresh token.
        """
        now = self.issuance.clock.now()
        end = now + timedelta(seconds=self._lifetime(permission.request.client))
        code = minted.mint_until(Kind.AUTHORIZATION_CODE if refreshes(permission) else Kind.ONLINE_CODE, end)
        issue = self._describe(permission, minted.digest(code), end.date(), now, end, lasting=redeemed)
        if not await self.issuance.store.authorization_codes.issue(issue):
            got = "the session or the consent ended, or the application was deleted, a moment ago"
            reason = Reason("session", "one that lives, an application, and the person's consent", got)
            raise AuthorizationError(ACCESS_DENIED, "The person was logged out at the same moment.", reason)
        return code

    def _lifetime(self, client: Client) -> int:
        """Returns the seconds for which a code is good; FAPI 2.0 wants no more than a minute (§5.3.2.1 no. 11)."""
        lifetime = self.issuance.settings.authorization_code_lifetime
        return lifetime if client.fapi_profile is None else min(lifetime, fapi.CODE_LIFETIME)

    async def approve(self, permission: Permission, device: DeviceRequest) -> bool:
        """Stores what this person allows a device, under its device code. Returns False if it is too late for that.

        The device gets it within GRACE seconds after the time to allow it is over at the latest.
        """
        now = self.issuance.clock.now()
        end = device.expires_at + timedelta(seconds=GRACE)
        issue = self._describe(permission, device.digest, device.day, now, end)
        return await self.issuance.store.authorization_codes.approve(issue, refreshes=refreshes(permission))

    def _describe(
        self,
        permission: Permission,
        digest: bytes,
        day: date,
        now: datetime,
        expires_at: datetime,
        *,
        lasting: bool = True,
    ) -> IssueCode:
        """Returns what is stored for a permission given `now`, under this digest, until it is redeemed."""
        request, session = permission.request, permission.session
        identified = OPENID in request.scopes
        bound = identified and OFFLINE_ACCESS not in request.scopes
        lifetime = timedelta(seconds=self.issuance.settings.refresh_token_lifetime)
        lasts_until = now + lifetime if lasting else expires_at
        return IssueCode(
            digest=digest,
            day=day,
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
            expires_at=expires_at,
            grant_expires_at=min(lasts_until, session.expires_at) if bound else lasts_until,
            address=permission.address,
            openid=told(permission) if identified else None,
            session_bound=bound,
            grant_type=request.grant_type,
            allowed=request.allowed,
            asked=permission.asked,
            declined=request.declined,
            trusted=permission.trusted,
            client_digest=document_identity.digest(request.client) if request.client.document else None,
            confirmation=request.confirmation,
        )

    async def redeem(self, presented: PresentedCode) -> dict[str, object]:
        """Redeems the code in one statement and returns the members of the token response.

        Raises UnredeemedError, or OAuth2Error.
        """
        client, now, bearer, response = (
            presented.client,
            presented.received,
            self.issuance.bearer,
            self.issuance.response,
        )
        recipient = await response.recipient(client)
        access_token = bearer.access_token(now)
        refreshes = presented.refreshes and REFRESH_TOKEN in client.grant_types
        refresh_token = bearer.refresh_token(now) if refreshes else None
        redemption = await self.issuance.store.authorization_codes.redeem(
            Redeem(
                digest=presented.digest,
                day=presented.day,
                client_id=client.client_id,
                redirect_uri=presented.redirect_uri,
                code_challenge=presented.code_challenge,
                audience=presented.audience,
                now=now,
                access_digest=minted.digest(access_token),
                access_day=minted.day_of(access_token),
                access_lifetime=bearer.access_token_lifetime,
                refresh_digest=minted.digest(refresh_token) if refresh_token else None,
                refresh_day=minted.day_of(refresh_token) if refresh_token else None,
                refresh_expires_at=bearer.refresh_token_end(now),
                client_scopes=client.scopes,
                resource_scopes=await response.targets.scopes_of(client),
                address=presented.address,
                confirmation=presented.confirmation,
                refresh_confirmation=None if client.confidential else presented.confirmation,
            )
        )
        if redemption.issued is None:
            raise UnredeemedError(redemption.outcome, redemption.grant_id)
        issued, identity = redemption.issued, redemption.identity
        members = await response.members(client, access_token, issued, identity, now, recipient=recipient)
        return {**members, "refresh_token": refresh_token} if refresh_token else members


def refreshes(permission: Permission) -> bool:
    """Returns whether the client may get a refresh token: the person did not deselect offline_access."""
    return OFFLINE_ACCESS not in permission.request.declined


def told(permission: Permission) -> dict[str, object]:
    """Returns what the ID tokens of the grant tell of the login."""
    request = permission.request
    asked = request.authentication
    return login_facts.tell(permission.session, asked.nonce, request.claims, asked.classes)
