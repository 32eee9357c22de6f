"""The last enabled administrator of a server, who stays one."""

from collections.abc import Awaitable
from typing import Final, TypeVar

from iam.database.errors import Rejected
from iam.records.invalid import Invalid

CONSTRAINT: Final = "last_administrator"  # as the SQL function derive_administrators names it

T = TypeVar("T")


class LastAdministrator(Invalid):
    """The change would leave this server without an enabled administrator."""

    def __init__(self) -> None:
        super().__init__({"user": "This is the last enabled administrator: make another one first."})


async def kept(change: Awaitable[T]) -> T:
    """Returns the result of a change of roles. Raises LastAdministrator if it would take the last one away."""
    try:
        return await change
    except Rejected as error:
        if error.constraint != CONSTRAINT:
            raise
        raise LastAdministrator from None
