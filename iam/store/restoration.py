"""What must not be believed of a database that was restored from a backup (R16)."""

from datetime import datetime
from typing import Final

from iam.store.migration import connected

# A backup knows neither what was used nor what was ended after it was made: a code or refresh token redeemed since would be
# good a second time, a token revoked since would be good again, and who logged out would be logged in. One statement each,
# which ask no clock whose hand another server may have held otherwise.
VOID: Final = {
    "authorization codes": "delete from authorization_codes",
    "refresh tokens": "update refresh_tokens set expires_at = issued_at where expires_at > issued_at",
    "access tokens": "update access_tokens set revoked_at = %(now)s where revoked_at is null",
    "sessions": "delete from sessions",
}


def void(dsn: str, now: datetime) -> dict[str, int]:
    """End all that may have been used or ended since the backup; how many there were of each."""
    with connected(dsn) as connection, connection, connection.cursor() as cursor:
        ended = {}
        for name, sql in VOID.items():
            cursor.execute(sql, {"now": now})
            ended[name] = cursor.rowcount
        return ended
