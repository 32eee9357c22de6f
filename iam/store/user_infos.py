"""The look-up of UserInfo: the person that an access token is about, in one statement (OpenID Connect Core §5.3)."""

from datetime import date, datetime
from typing import Final

from iam.database.database import Database
from iam.database.inputs import fit
from iam.records.user import User, UserInfo
from iam.store.access_tokens import FindToken

FIND: Final = fit(
    FindToken,
    """
select i.n, g.client_id, t.scope, t.audience, g.openid, t.confirmation, u.id, u.username, u.email, u.email_verified, u.name, u.claims,
    u.superuser, u.created_at, u.updated_at, u.disabled_at
from {input}
join access_tokens t on t.digest = i.digest and t.day = i.day and t.revoked_at is null and t.expires_at > i.now
join lateral may_live(t.grant_id, i.now, t.issued_at, t.audience, null) g on true
join users u on u.id = g.user_id
""",
)


class UserInfos:
    """Access tokens with the people who granted them."""

    def __init__(self, database: Database) -> None:
        self._find = database.statement("user_infos_find", FindToken, FIND, shared=True)

    async def find(self, digest: bytes, day: date, now: datetime) -> UserInfo | None:
        """Returns the person of the access token with this digest, or None.

        Token and grant must be valid, and the grant a person's.
        """
        row = await self._find(FindToken(digest, day, now))
        if row is None:
            return None
        client_id, scope, audience, told, confirmation, *user = row
        return UserInfo(client_id, scope, audience, told, User(*user), confirmation)
