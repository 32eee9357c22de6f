"""What an access token looks like: opaque to all but us, or a JWT for resources that ask for one (RFC 9068).

Both have their row, so that either can be revoked and is asked for its grant. A JWT names its row in `jti`, which is no
secret; an opaque token is the secret whose digest the row has, and one that became a JWT was never given to anybody.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from datetime import date, datetime
from typing import Final

from attrs import frozen

from iam.clients.targets import Targets
from iam.records.token import Issued, LiveToken
from iam.secrets import minted
from iam.secrets.minted import DAY_LENGTH, Kind
from iam.secrets.signing_keys import Keys

TYPE: Final = "at+jwt"  # RFC 9068 §2.1

Terms = Issued | LiveToken  # what a token was given on


@frozen
class Place:
    """Where the row of a token is."""

    digest: bytes
    day: date


@frozen
class AccessTokenFormat:
    """Gives access tokens their form, and finds the row of either form."""

    keys: Keys
    targets: Targets
    issuer: str | None  # None: that of any of the service's servers

    async def members(self, token: str, terms: Terms, sub: str, now: datetime) -> dict[str, object]:
        """What an answer says of the token (RFC 6749 §5.1)."""
        return {
            "access_token": await self.write(token, terms, sub),
            "expires_in": max(1, round((terms.expires_at - now).total_seconds())),  # 0 would say that it has expired
            "token_type": "Bearer",
            "scope": terms.scope,
        }

    async def write(self, token: str, terms: Terms, sub: str) -> str:
        """The token as its resources want it; `sub` is the person, or the client that acts for itself (RFC 9068 §2.2)."""
        alg = await self.targets.signing_alg(terms.audience)
        if alg is None or not terms.audience:
            return token
        claims = {
            "iss": self.issuer,
            "aud": audience(terms.audience),
            "sub": sub,
            "client_id": terms.client_id,
            "scope": terms.scope,
            "iat": int(terms.issued_at.timestamp()),
            "exp": int(terms.expires_at.timestamp()),
            "jti": jti_of(token),
        }
        return await self.keys.signed(alg, TYPE, claims)

    async def place(self, token: str) -> Place | None:
        """Where the row of this access token is; None for what cannot be one of ours. No query for an opaque one."""
        if minted.well_formed(token, Kind.ACCESS_TOKEN):
            return Place(minted.digest(token), minted.day_of(token))
        claims = await self.keys.verified(token, TYPE) if token.startswith("ey") else None
        if claims is None or self.issuer not in (None, claims.get("iss")):
            return None
        try:
            return place_from(str(claims.get("jti")))
        except ValueError:  # signed by us, but not as an access token is
            return None


def audience(resources: Sequence[str]) -> str | list[str]:
    """The `aud` of RFC 7519 §4.1.3."""
    return resources[0] if len(resources) == 1 else list(resources)


def refresh_place(token: str) -> Place | None:
    """Where the row of this refresh token is; None for what cannot be one of ours."""
    if not minted.well_formed(token, Kind.REFRESH_TOKEN):
        return None
    return Place(minted.digest(token), minted.day_of(token))


def jti_of(token: str) -> str:
    """The name of an opaque token's row: its day and its digest."""
    digest = urlsafe_b64encode(minted.digest(token)).rstrip(b"=").decode()
    return minted.day_digits(minted.day_of(token)) + digest


def place_from(jti: str) -> Place:
    """The row with the name that `jti_of` made."""
    return Place(urlsafe_b64decode(jti[DAY_LENGTH:] + "="), minted.day_from(jti[:DAY_LENGTH]))
