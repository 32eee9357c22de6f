"""The form of access tokens: opaque, or a JWT for resources that ask for one (RFC 9068).

Both forms have a row, so that both can be revoked and have a grant. The `jti` of a JWT names its row and is no secret.
An opaque token is a secret of which the row has the digest; if it becomes a JWT, nobody is given the opaque form.
"""

from base64 import urlsafe_b64decode
from collections.abc import Awaitable, Callable, Sequence
from datetime import date, datetime
from typing import Final

from attrs import frozen

from iam.clients import fapi
from iam.clients.targets import Targets
from iam.oauth.confirmations import cnf, token_type
from iam.records.client import Client
from iam.records.token import Issued, LiveToken
from iam.secrets import minted
from iam.secrets.minted import DAY_LENGTH, Kind
from iam.secrets.signing_keys import Keys

TYPE: Final = "at+jwt"  # RFC 9068 §2.1
LASTING: Final = (Kind.PERSONAL_TOKEN, Kind.SERVICE_TOKEN)

Terms = Issued | LiveToken  # the facts of a token
More = Callable[[], Awaitable[dict[str, object]]]


@frozen
class Place:
    """The digest and the day that locate a token's row."""

    digest: bytes
    day: date


@frozen
class AccessTokenFormat:
    """Writes access tokens in their form, and locates the row of either form."""

    keys: Keys
    targets: Targets
    issuer: str | None  # None: any issuer of the service's servers

    async def members(
        self, client: Client, token: str, terms: Terms, sub: Callable[[], str], now: datetime, more: More
    ) -> dict[str, object]:
        """Returns the members of a token response about the access token (RFC 6749 §5.1); expires_in is in seconds."""
        return {
            "access_token": await self.write(client, token, terms, sub, more),
            "expires_in": max(1, round((terms.expires_at - now).total_seconds())),  # 0 would mean that it has expired
            "token_type": token_type(terms.confirmation),
            "scope": terms.scope,
        }

    async def write(self, client: Client, token: str, terms: Terms, sub: Callable[[], str], more: More) -> str:
        """Returns the token in the form that its resources want, and no weaker than the client's profile has it (FAPI 2.0).

        `sub` returns the person, or the client if it acts for itself (RFC 9068 §2.2); `more` returns further
        claims. An opaque token needs none of them.
        """
        alg = await self.targets.signing_alg(terms.audience)
        if alg is None or not terms.audience:
            return token
        claims = {
            **await more(),
            "iss": self.issuer,
            "aud": audience(terms.audience),
            "sub": sub(),
            "client_id": terms.client_id,
            "scope": terms.scope,
            "iat": int(terms.issued_at.timestamp()),
            "exp": int(terms.expires_at.timestamp()),
            "jti": jti_of(token),
            **({"cnf": cnf(terms.confirmation)} if terms.confirmation else {}),
        }
        return await self.keys.signed(fapi.strong(client, alg), TYPE, claims)

    async def place(self, token: str) -> Place | None:
        """Returns where the row of this access token is; None if it cannot be one of ours.

        Runs no query for an opaque token.
        """
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
    """Returns the `aud` claim (RFC 7519 §4.1.3): a text for one resource, a list for several."""
    return resources[0] if len(resources) == 1 else list(resources)


def refresh_place(token: str) -> Place | None:
    """Returns where the row of this refresh token is; None if it cannot be one of ours."""
    if not minted.well_formed(token, Kind.REFRESH_TOKEN):
        return None
    return Place(minted.digest(token), minted.day_of(token))


def lasting(token: str) -> bool:
    """Checks that the text has the form of a personal or service token, which have no day and so no place."""
    return any(minted.well_formed(token, kind) for kind in LASTING)


def jti_of(token: str) -> str:
    """Returns the `jti` of the JWT for an opaque token: the day and the digest that locate its row."""
    return minted.day_digits(minted.day_of(token)) + minted.base64url(minted.digest(token))


def place_from(jti: str) -> Place:
    """Returns the place that a `jti` from `jti_of` names; raises ValueError for any other text."""
    return Place(urlsafe_b64decode(jti[DAY_LENGTH:] + "="), minted.day_from(jti[:DAY_LENGTH]))
