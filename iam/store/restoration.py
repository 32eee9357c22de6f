"""What must not be believed of a database that was restored from a backup (R16)."""

from datetime import datetime
from typing import Final

from iam.store.migration import connected

# A backup knows neither what was used nor what was ended after it was made: a code or refresh token redeemed since would be
# good a second time, a token revoked since would be good again, and who logged out would be logged in.
EPOCH: Final = """
insert into epochs (name, not_before) values ('all', %(now)s)
on conflict (name) do update set not_before = greatest(epochs.not_before, excluded.not_before)
"""
LOG_OUT: Final = "delete from sessions"


def void(dsn: str, now: datetime) -> int:
    """End all that was granted before this moment, and all sessions; how many there were of these."""
    with connected(dsn) as connection, connection, connection.cursor() as cursor:
        cursor.execute(EPOCH, {"now": now})
        cursor.execute(LOG_OUT)
        return int(cursor.rowcount)
