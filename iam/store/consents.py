"""Consents: the scopes that a person allowed a client, and at which resources. They outlive tokens."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from iam.database.database import Database
from iam.records.actor import By
from iam.records.allowed import Allowed
from iam.records.consent import NOTHING, Consented

# The consent is newer than a grant that ended, but not than the last one: allowing writes both.
OF_PERSON: Final = """
select c.id, c.name, c.registration_digest is not null and c.registration_token_id is null,
    c.metadata ->> 'backchannel_logout_uri' is not null, k.scopes, k.resources, k.granted_at,
    greatest(k.used_at, (
        select g.created_at from grants g where g.user_id = k.user_id and g.client_id = k.client_id order by g.id desc limit 1
    )),
    (
        select g.id from grants g
        where g.user_id = k.user_id and g.client_id = k.client_id
            and g.revoked_at is null and (g.expires_at is null or g.expires_at > %(now)s)
        order by g.id desc limit 1
    ) is not null
from consents k join clients c on c.id = k.client_id
where k.user_id = %(user_id)s and (%(client_id)s::text is null or k.client_id = %(client_id)s)
order by lower(c.name), c.id
"""

# With a consent everything ends that was granted under it. Clients that identified the person in a session that goes on,
# and want to hear of logouts, hear that it is over for them (OpenID Connect Back-Channel Logout 1.0 §2.5). A client that is
# being deleted is waited for, and then it is none.
WITHDRAW: Final = """
with withdrawn as (
    delete from consents k where k.user_id = %(user_id)s and (%(client_id)s::text is null or k.client_id = %(client_id)s)
    returning k.client_id, audited('consent.withdrawn', %(now)s, %(actor)s, %(address)s,
        subject => k.user_id::text, client => k.client_id, detail => jsonb_build_object(
            'scope', array_to_string(k.scopes, ' '), 'grants_ended', (
                select count(*) from grants g
                where g.user_id = k.user_id and g.client_id = k.client_id and g.revoked_at is null)))
), ended as (
    update grants g set revoked_at = %(now)s from withdrawn w
    where g.user_id = %(user_id)s and g.client_id = w.client_id and g.revoked_at is null
), receivers as materialized (
    select c.id from clients c join withdrawn w on w.client_id = c.id
    where c.disabled_at is null and c.metadata ->> 'backchannel_logout_uri' is not null
    for key share of c
), notices as (
    insert into logout_notices (id, client_id, user_id, session_id, created_at)
    select gen_random_uuid(), r.id, %(user_id)s, s.id, %(now)s
    from receivers r cross join sessions s
    where s.user_id = %(user_id)s and s.expires_at > %(now)s and exists (
        select from grants g where g.session_id = s.id and g.client_id = r.id and g.openid is not null
    )
    returning pg_notify('iam_changed', 'logout_notices')
)
select client_id from withdrawn
"""


class Consents:
    """The table of consents; a row is written together with the code it was given for (authorization_codes)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def given(self, user_id: UUID, client_id: str) -> Consented:
        """Returns what this person has allowed this client so far; NOTHING if that is none."""
        rows = await self._database.query(
            "select scopes, resources, unasked, client_digest from consents where user_id = %s and client_id = %s",
            (user_id, client_id),
        )
        return from_row(rows[0]) if rows else NOTHING

    async def of_person(self, user_id: UUID, now: datetime, client_id: str | None = None) -> list[Allowed]:
        """Returns what this person has allowed, by the names of the clients: all of them, or this one."""
        rows = await self._database.query(OF_PERSON, {"user_id": user_id, "client_id": client_id, "now": now})
        return [Allowed(*row) for row in rows]

    async def withdraw(self, user_id: UUID, now: datetime, by: By, *, client_id: str | None = None) -> list[str]:
        """Ends what this person has allowed this client, or all clients, with every code and token under it.

        Returns the ids of the clients that were allowed something until now.
        """
        told = {"user_id": user_id, "client_id": client_id, "now": now, **by.columns}
        return [row[0] for row in await self._database.query(WITHDRAW, told)]


def from_row(row: Sequence[Any]) -> Consented:
    """Builds what was allowed from a row."""
    scopes, resources, unasked, digest = row
    return Consented(frozenset(scopes), resources, unasked, digest and bytes(digest))
