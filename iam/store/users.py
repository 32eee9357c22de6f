"""Users: the people who log in."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from iam.database.database import Database
from iam.records.actor import By
from iam.records.user import Login, User
from iam.store.administrators import LastAdministrator
from iam.store.keyset import beyond

COLUMNS: Final = """
select id, username, email, email_verified, name, claims, superuser, created_at, updated_at, disabled_at from users
"""
BY_ID: Final = COLUMNS + "where id = %(id)s"
BY_USERNAME: Final = COLUMNS + "where username_key = %(username_key)s"
BY_EMAIL: Final = COLUMNS + "where email_key = %(email_key)s"
ALL: Final = COLUMNS + "order by created_at, id"
# Keys are compared by their bytes, so that what begins with a text is one range of an index.
PAGE: Final = (
    COLUMNS
    + """
where username_key collate "C" > %(after)s and username_key collate "C" >= %(prefix)s
    and username_key collate "C" < %(beyond)s
order by username_key collate "C" limit %(limit)s
"""
)
PAGE_BY_EMAIL: Final = (
    COLUMNS
    + """
where email_key collate "C" > %(after)s and email_key collate "C" >= %(prefix)s and email_key collate "C" < %(beyond)s
order by email_key collate "C" limit %(limit)s
"""
)

# Whether somebody can log in to the account, were it enabled.
OPENED: Final = """
select exists (
    select from users u where u.id = %(id)s
        and (u.password_hash is not null or exists (select from passkeys p where p.user_id = u.id))
)
"""

# With the password it is read whether another factor may be asked for, since most people have none.
LOGIN = """
select u.id, u.password_hash, exists (select from totp_secrets t where t.user_id = u.id)
    or exists (select from passkeys p where p.user_id = u.id and not p.upgraded)
from users u
where (username_key = %(login_key)s or email_key = %(login_key)s) and disabled_at is null
"""

# The setup link is locked from here on, so that of two uses at once the second one finds it used. A trigger closes it
# when an administrator is made.
CREATE = """
with held as materialized (
    select from setup s
    where %(setup)s::bytea is not null and s.digest = %(setup)s and s.closed_at is null and s.expires_at > %(now)s
    for update
), created as (
    insert into users (id, username, username_key, email, email_key, email_verified, name, password_hash, claims, superuser,
        created_at, updated_at)
    select %(id)s, %(username)s, %(username_key)s, %(email)s, %(email_key)s, %(email_verified)s, %(name)s, %(password_hash)s,
        %(claims)s, %(superuser)s, %(now)s, %(now)s
    where %(setup)s::bytea is null or exists (select from held)
    on conflict do nothing
    returning id, audited('user.created', %(now)s, %(actor)s, %(address)s, subject => id::text,
        detail => jsonb_build_object('superuser', superuser))
)
select id from created
"""

# The audit log gets the names of the members that changed, but not their values, which are personal. If nothing
# changes, nothing is written. (The last enabled administrator stays one.)
UPDATE = """
with before as materialized (
    select * from users where id = %(id)s
), changed as (
    update users u set email = %(email)s, email_key = %(email_key)s, email_verified = %(email_verified)s, name = %(name)s,
        claims = %(claims)s, superuser = coalesce(%(superuser)s, u.superuser), updated_at = %(now)s
    from before b
    where u.id = b.id
        and (u.email, u.email_verified, u.name, u.claims, u.superuser) is distinct from (%(email)s::text,
            %(email_verified)s::boolean, %(name)s::text, %(claims)s::jsonb, coalesce(%(superuser)s, u.superuser))
        and (not u.superuser or u.disabled_at is not null or coalesce(%(superuser)s, true) or other_administrator(u.id))
    returning audited('user.changed', %(now)s, %(actor)s, %(address)s, subject => u.id::text,
        detail => jsonb_strip_nulls(jsonb_build_object('changed', array_remove(array[
            case when u.email is distinct from b.email then 'email' end,
            case when u.email_verified <> b.email_verified then 'email_verified' end,
            case when u.name <> b.name then 'name' end,
            case when u.claims <> b.claims then 'claims' end,
            case when u.superuser <> b.superuser then 'superuser' end
        ], null), 'superuser', case when u.superuser <> b.superuser then u.superuser end))),
        case when u.email_key is distinct from b.email_key then mailed('email_changed', b.email, u.id, %(now)s,
            jsonb_strip_nulls(jsonb_build_object('by_administrator', true, 'new_email', u.email))) end
)
select id from before b
where exists (select from changed) or not b.superuser or b.disabled_at is not null or coalesce(%(superuser)s, true)
"""

# A new password ends the sessions that the old one opened (H17), and all that the person granted, unless that is kept:
# what applications have and what tokens of their own they made may be kept each without the other.
SET_PASSWORD = """
with changed as (
    update users set password_hash = %(password_hash)s, updated_at = %(now)s,
        logins_not_before = greatest(logins_not_before, %(now)s),
        not_before = case when %(keep_grants)s or %(keep_tokens)s then not_before else greatest(not_before, %(now)s) end,
        applications_not_before = case
            when %(keep_tokens)s and not %(keep_grants)s then greatest(applications_not_before, %(now)s) else applications_not_before
        end,
        tokens_not_before = case
            when %(keep_grants)s and not %(keep_tokens)s then greatest(tokens_not_before, %(now)s) else tokens_not_before
        end
    where id = %(id)s
    returning id, audited('user.password_changed', %(now)s, %(actor)s, %(address)s, subject => id::text,
        detail => jsonb_strip_nulls(jsonb_build_object(
            'sessions_ended', (select count(*) from sessions s where s.user_id = users.id),
            'grants_kept', nullif(%(keep_grants)s, false),
            'tokens_kept', nullif(%(keep_tokens)s, false)))),
        mailed('password_changed', email, id, %(now)s, jsonb_build_object('by_administrator', true))
), ended as (
    delete from sessions s using changed c where s.user_id = c.id returning moment(%(now)s)
)
select id from users where id = %(id)s
"""

# The same password, hashed with newer parameters (H16); nothing happens if it was changed meanwhile.
REHASH = "update users set password_hash = %(new)s where id = %(id)s and password_hash = %(old)s"

# A kind is a hash without its salt and its digest, which are the long parts; argon2's parameters begin with m.
KINDS_OF_HASHES = r"""
select regexp_replace(password_hash, '\$(?!m=)[^$]{12,}', '', 'g') as kind, min(password_hash)
from users where not starts_with(password_hash, %(beginning)s) and disabled_at is null
group by kind order by count(*) desc, kind limit %(most)s
"""

# A disabled person loses sessions and grants for good: the epochs move in the same statement. They move again when the
# person is enabled, to cover what was under way when they were disabled, unless the grants were kept.
DISABLE = """
with changed as (
    update users set disabled_at = coalesce(disabled_at, %(now)s), updated_at = %(now)s,
        logins_not_before = greatest(logins_not_before, %(now)s),
        not_before = case when %(keep_grants)s then not_before else greatest(not_before, %(now)s) end
    where id = %(id)s and (disabled_at is null or not %(keep_grants)s and not_before < disabled_at)
        and (not superuser or disabled_at is not null or other_administrator(id))
    returning id, audited('user.disabled', %(now)s, %(actor)s, %(address)s, subject => id::text,
        detail => jsonb_strip_nulls(jsonb_build_object(
            'sessions_ended', (select count(*) from sessions s where s.user_id = users.id),
            'grants_kept', nullif(%(keep_grants)s, false))))
), ended as (
    delete from sessions s using changed c where s.user_id = c.id returning moment(%(now)s)
)
select u.id from users u where u.id = %(id)s and (u.disabled_at is not null or exists (select from changed))
"""
ENABLE = """
with changed as (
    update users set disabled_at = null, updated_at = %(now)s,
        logins_not_before = greatest(logins_not_before, %(now)s),
        not_before = case when not_before >= disabled_at then greatest(not_before, %(now)s) else not_before end
    where id = %(id)s and disabled_at is not null
    returning audited('user.enabled', %(now)s, %(actor)s, %(address)s, subject => id::text)
)
select id from users where id = %(id)s
"""

DELETE = """
with going as materialized (
    select id from users where id = %(id)s and (not superuser or disabled_at is not null or other_administrator(id)) for update
), ended as (
    update grants g set revoked_at = %(now)s from going where g.user_id = going.id and g.revoked_at is null returning g.id
), deleted as (
    delete from users u using going where u.id = going.id
    returning u.id, moment(%(now)s), audited('user.deleted', %(now)s, %(actor)s, %(address)s, subject => u.id::text,
        detail => jsonb_build_object('grants_ended', (select count(*) from ended)))
)
select id from deleted
"""


class Users:
    """The table of users.

    Keys (`username_key`, `email_key`, `login_key`) are the canonical forms of iam.people.names.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def by_id(self, user_id: UUID) -> User | None:
        """Returns the person with this id, or None."""
        rows = await self._database.query(BY_ID, {"id": user_id})
        return User(*rows[0]) if rows else None

    async def by_username(self, username_key: str) -> User | None:
        """Returns the person with this canonical username, or None."""
        rows = await self._database.query(BY_USERNAME, {"username_key": username_key})
        return User(*rows[0]) if rows else None

    async def by_email(self, email_key: str) -> User | None:
        """Returns the person with this canonical e-mail address, or None."""
        rows = await self._database.query(BY_EMAIL, {"email_key": email_key})
        return User(*rows[0]) if rows else None

    async def all(self) -> list[User]:
        """Returns everybody, oldest first."""
        return [User(*row) for row in await self._database.query(ALL)]

    async def page(self, prefix: str, after: str, limit: int, *, by_email: bool = False) -> list[User]:
        """Returns people in the order of their usernames, or of their addresses if `by_email`; `limit` at most.

        These are the people whose canonical username or address begins with `prefix`, and comes behind `after`.
        """
        told = {"prefix": prefix, "after": after, "beyond": beyond(prefix), "limit": limit}
        return [User(*row) for row in await self._database.query(PAGE_BY_EMAIL if by_email else PAGE, told)]

    async def opened(self, user_id: UUID) -> bool:
        """Returns whether this person has a password or a passkey."""
        ((found,),) = await self._database.query(OPENED, {"id": user_id})
        return bool(found)

    async def login(self, login_key: str) -> Login | None:
        """Returns what a login needs of the enabled person with this username or e-mail address, or None."""
        rows = await self._database.query(LOGIN, {"login_key": login_key})
        return Login(*rows[0]) if rows else None

    async def create(
        self,
        *,
        user_id: UUID,
        username: str,
        username_key: str,
        email: str | None,
        email_key: str | None,
        email_verified: bool,
        name: str,
        password_hash: str | None,
        claims: Mapping[str, object],
        superuser: bool,
        now: datetime,
        setup: bytes | None = None,
        by: By,
    ) -> bool:
        """Adds a person.

        Returns False if username or e-mail address are taken, or if the setup link with the digest `setup` is not
        valid.
        """
        rows = await self._database.query(
            CREATE,
            {
                "id": user_id,
                "username": username,
                "username_key": username_key,
                "email": email,
                "email_key": email_key,
                "email_verified": email_verified,
                "name": name,
                "password_hash": password_hash,
                "claims": json.dumps(claims),
                "superuser": superuser,
                "now": now,
                "setup": setup,
                **by.columns,
            },
        )
        return bool(rows)

    async def update(
        self,
        user_id: UUID,
        *,
        email: str | None,
        email_key: str | None,
        email_verified: bool,
        name: str,
        claims: Mapping[str, object],
        now: datetime,
        superuser: bool | None = None,
        by: By,
    ) -> bool:
        """Replaces the data of an account and, unless `superuser` is None, whether the person is an administrator.

        Returns False if there is no such person. Raises Rejected (23505) if the e-mail address is taken, and
        LastAdministrator.
        """
        rows = await self._database.query(
            UPDATE,
            {
                "id": user_id,
                "email": email,
                "email_key": email_key,
                "email_verified": email_verified,
                "name": name,
                "claims": json.dumps(claims),
                "superuser": superuser,
                "now": now,
                **by.columns,
            },
        )
        return bool(rows) or await self._none(user_id)

    async def set_password(
        self,
        user_id: UUID,
        password_hash: str,
        now: datetime,
        by: By,
        *,
        keep_grants: bool = False,
        keep_tokens: bool | None = None,
    ) -> bool:
        """Replaces the password and ends every session and, without `keep_grants`, all that applications were granted.

        The person's own tokens end without `keep_tokens`, which is as `keep_grants` if it is None. Returns False if
        there is no such person.
        """
        told = {
            "id": user_id,
            "password_hash": password_hash,
            "now": now,
            "keep_grants": keep_grants,
            "keep_tokens": keep_grants if keep_tokens is None else keep_tokens,
            **by.columns,
        }
        return bool(await self._database.query(SET_PASSWORD, told))

    async def kinds_of_hashes(self, beginning: str, most: int) -> dict[str, str]:
        """Returns kinds of password hashes of enabled people, that do not begin so: a hash of each, by algorithm and parameters.

        Of more than `most`, those that most people have.
        """
        rows = await self._database.query(KINDS_OF_HASHES, {"beginning": beginning, "most": most})
        return dict(rows)

    async def rehash(self, user_id: UUID, old: str, new: str) -> None:
        """Stores a newer hash of the same password, unless the password was changed meanwhile."""
        await self._database.query(REHASH, {"id": user_id, "old": old, "new": new})

    async def disable(self, user_id: UUID, now: datetime, by: By, *, keep_grants: bool = False) -> bool:
        """Locks a person out: no login, no session, no valid grant. Returns False if there is no such person.

        To enable them again revives only grants that were kept (`keep_grants`), which are suspended meanwhile. Raises
        LastAdministrator.
        """
        told = {"id": user_id, "now": now, "keep_grants": keep_grants, **by.columns}
        return bool(await self._database.query(DISABLE, told)) or await self._none(user_id)

    async def enable(self, user_id: UUID, now: datetime, by: By) -> bool:
        """Lets a person in again. Returns False if there is no such person."""
        return bool(await self._database.query(ENABLE, {"id": user_id, "now": now, **by.columns}))

    async def delete(self, user_id: UUID, now: datetime, by: By) -> bool:
        """Deletes a person and ends all they granted. Returns False if there is no such person.

        Raises LastAdministrator.
        """
        rows = await self._database.query(DELETE, {"id": user_id, "now": now, **by.columns})
        return bool(rows) or await self._none(user_id)

    async def last_administrator(self, user_id: UUID) -> bool:
        """Returns whether this person is the only enabled administrator."""
        rows = await self._database.query(
            """
            select not other_administrator(id) from users
            where id = %(id)s and superuser and disabled_at is null
            """,
            {"id": user_id},
        )
        return bool(rows and rows[0][0])

    async def superuser_exists(self) -> bool:
        """Returns whether there is an enabled administrator."""
        rows = await self._database.query("select exists (select from users where superuser and disabled_at is null)")
        return bool(rows[0][0])

    async def _none(self, user_id: UUID) -> bool:
        """Returns False if there is no such person; otherwise raises LastAdministrator, the only other reason."""
        if await self.by_id(user_id) is None:
            return False
        raise LastAdministrator
