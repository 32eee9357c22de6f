"""Pages of lists, by the key of the last item of the page before (keyset paging)."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from typing import Final, TypeVar
from uuid import UUID

from iam import strict_json
from iam.administration.actions.models import Listing, in_utc
from iam.records.invalid import Invalid

NO_CURSOR: Final = "Take `after` from `next` of the page before, as it is."

Row = TypeVar("Row")


def cursor(keys: Sequence[str]) -> str:
    """Returns the text that stands for the place behind the item with these keys."""
    return urlsafe_b64encode(json.dumps(keys, separators=(",", ":")).encode()).rstrip(b"=").decode()


def place(after: str | None, width: int = 1) -> list[str] | None:
    """Returns the keys, `width` of them, that a cursor stands for; None for the beginning. Raises Invalid."""
    if after is None:
        return None
    try:
        keys = strict_json.parse(urlsafe_b64decode(after.encode("ascii") + b"=" * (-len(after) % 4)))
    except ValueError:
        raise Invalid({"after": NO_CURSOR}) from None
    if not isinstance(keys, list) or len(keys) != width or not all(map(usable, keys)):
        raise Invalid({"after": NO_CURSOR})
    return keys


def identifier(after: str | None) -> UUID:
    """Returns the id that a cursor stands for, behind which the page begins; the least of all for the beginning.

    Raises Invalid.
    """
    keys = place(after)
    try:
        return UUID(keys[0]) if keys else UUID(int=0)
    except ValueError:
        raise Invalid({"after": NO_CURSOR}) from None


def moment(after: str | None) -> tuple[datetime | None, int]:
    """Returns the moment and the number that a cursor stands for, in front of which the page begins. Raises Invalid."""
    keys = place(after, 2)
    if keys is None:
        return None, 0
    try:
        at, number = in_utc(datetime.fromisoformat(keys[0])), int(keys[1])
    except ValueError:
        raise Invalid({"after": NO_CURSOR}) from None
    if not 0 <= number < 1 << 63:
        raise Invalid({"after": NO_CURSOR})
    return at, number


def moment_and_text(after: str | None) -> tuple[datetime | None, str]:
    """Returns the moment and the id that a cursor stands for, in front of which the page begins. Raises Invalid."""
    keys = place(after, 2)
    if keys is None:
        return None, ""
    try:
        return in_utc(datetime.fromisoformat(keys[0])), keys[1]
    except ValueError:
        raise Invalid({"after": NO_CURSOR}) from None


def moment_and_id(after: str | None) -> tuple[datetime | None, UUID]:
    """Returns the same, of ids that are UUIDs. Raises Invalid."""
    before, text = moment_and_text(after)
    try:
        return before, UUID(text) if text or before else UUID(int=0)
    except ValueError:
        raise Invalid({"after": NO_CURSOR}) from None


def day_and_text(after: str | None) -> tuple[date | None, str]:
    """Returns the day, if there is one, and the id that a cursor stands for, behind which the page begins. Raises Invalid."""
    keys = place(after, 2) or ["", ""]
    try:
        return date.fromisoformat(keys[0]) if keys[0] else None, keys[1]
    except ValueError:
        raise Invalid({"after": NO_CURSOR}) from None


def is_uuid(text: str) -> bool:
    """Whether the text is a UUID."""
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def usable(key: object) -> bool:
    """Whether PostgreSQL can compare with this key."""
    return isinstance(key, str) and "\0" not in key and not any("\ud800" <= letter <= "\udfff" for letter in key)


def cut(rows: Sequence[Row], limit: int, keys: Callable[[Row], Sequence[str]]) -> tuple[Sequence[Row], str | None]:
    """Returns the first `limit` rows, and the cursor behind them if there are more."""
    if len(rows) <= limit:
        return rows, None
    return rows[:limit], cursor(keys(rows[limit - 1]))


def part(rows: Iterable[Row], wish: Listing, key: Callable[[Row], str]) -> tuple[Sequence[Row], str | None]:
    """Returns the page of a list that is small enough to be known as a whole, in the order of `key`, and its cursor.

    Raises Invalid.
    """
    after = place(wish.after)
    found = sorted((row for row in rows if key(row).startswith(wish.search)), key=key)
    following = [row for row in found if after is None or key(row) > after[0]]
    return cut(following, wish.limit, lambda row: [key(row)])
