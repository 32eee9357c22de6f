"""How much an application is used, in numbers of which none takes long to count."""

from datetime import datetime
from typing import Final

from iam.database.database import Database
from iam.records.numbers import MOST, Uses

OF_CLIENT: Final = """
select (select count(*) from (select from consents k where k.client_id = %(client_id)s limit %(most)s) p),
    (select count(*) from (
        select from grants g where g.client_id = %(client_id)s and g.user_id is not null and g.revoked_at is null
            and (g.expires_at is null or g.expires_at > %(now)s) limit %(most)s
    ) l),
    (select count(*) from (select from personal_tokens t where t.client_id = %(client_id)s limit %(most)s) o),
    (select u.day from client_uses u where u.client_id = %(client_id)s)
"""


class ApplicationUses:
    """Counts over several tables, for one client at a time."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of_client(self, client_id: str, now: datetime) -> Uses:
        """Returns how much this client is used; a number beyond MOST is MOST + 1."""
        rows = await self._database.query(OF_CLIENT, {"client_id": client_id, "now": now, "most": MOST + 1})
        return Uses(client_id, *rows[0])
