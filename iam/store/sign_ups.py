"""Accounts that people make themselves: the link to their address, and the account behind it."""

from datetime import datetime
from typing import Final
from uuid import UUID

from attrs import frozen

from iam.database.database import Database
from iam.records.actor import written
from iam.store.links import Fresh

# The same rows are written whether there is an account with this address or not, and a mail goes to it either way, so that
# neither the answer nor the time tells (H15): the link that nobody gets is good for nothing.
ASK: Final = """
with known as materialized (
    select id, email from users where email_key = %(email_key)s
)
insert into links (digest, kind, user_id, email, data, created_at, expires_at)
select %(digest)s, 'sign_up', k.id, coalesce(k.email, %(email)s), jsonb_build_object('next', %(next)s::text), %(now)s, %(expires_at)s
from (select) one left join known k on true
returning audited('user.sign_up_asked', %(now)s, 'anybody', %(address)s, subject => user_id::text),
    mailed(case when user_id is null then 'sign_up' else 'sign_up_known' end, case when %(mailed)s then email end, user_id,
        %(now)s, %(detail)s, case when user_id is null then %(sealed)s::bytea end)
"""

# If the name or the address is taken meanwhile, the statement fails as a whole, and the link is still good.
MAKE: Final = """
with used as (
    update links l set used_at = %(now)s
    where l.digest = %(digest)s and l.kind = 'sign_up' and link_trouble(l, null, %(now)s) is null
    returning l.email
), created as (
    insert into users (id, username, username_key, email, email_key, email_verified, name, password_hash, created_at, updated_at)
    select %(id)s, %(username)s, %(username_key)s, k.email, %(email_key)s, true, %(name)s, %(password_hash)s, %(now)s, %(now)s
    from used k
    returning id, audited('user.signed_up', %(now)s, 'user ' || id, %(address)s, subject => id::text)
)
select id from created
"""


@frozen
class Newcomer:
    """A person who makes an account; the keys are the canonical forms of iam.people.names."""

    user_id: UUID
    username: str
    username_key: str
    email_key: str
    name: str
    password_hash: str


class SignUps:
    """The links by which people make accounts, and the accounts that they make."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def ask(
        self, email: str, email_key: str, fresh: Fresh, next_address: str, now: datetime, address: str, *, mailed: bool
    ) -> None:
        """Stores a link to an account with this address and mails it there; if there is one, a mail says that instead.

        Unless `mailed`, there is no mail.
        """
        told = {
            "email": email,
            "email_key": email_key,
            "next": next_address,
            "now": now,
            "address": written(address),
            "mailed": mailed,
            **fresh.columns,
        }
        await self._database.query(ASK, told)

    async def make(self, digest: bytes, newcomer: Newcomer, now: datetime, address: str) -> bool:
        """Uses a link: makes the account, with the address that the link was sent to.

        Returns False if the link is not good. Raises Rejected (23505) if the username or the address is taken; the link
        is good then as before.
        """
        told = {
            "digest": digest,
            "id": newcomer.user_id,
            "username": newcomer.username,
            "username_key": newcomer.username_key,
            "email_key": newcomer.email_key,
            "name": newcomer.name,
            "password_hash": newcomer.password_hash,
            "now": now,
            "address": written(address),
        }
        return bool(await self._database.query(MAKE, told))
