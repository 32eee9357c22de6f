"""The change of one's own e-mail address: it counts once a link was used that went there, and can be undone (H23)."""

from collections.abc import Awaitable
from typing import Final

from attrs import frozen

from iam.database.errors import Rejected
from iam.people import names
from iam.people.links import EMAIL_CHANGE, EMAIL_UNDO, Links, TooMany
from iam.people.profiles import UNIQUE_VIOLATION
from iam.records.actor import By
from iam.records.invalid import complain
from iam.records.link import Changed
from iam.records.session import Session
from iam.secrets import minted
from iam.store import email_changes as table

MISSING: Final = "Give an e-mail address such as alice@example.org."


@frozen
class EmailChanges:
    """Mails the links to new addresses, and uses them."""

    table: table.EmailChanges
    links: Links

    async def ask(self, session: Session, email: str, by: By) -> None:
        """Mails a link to the new address; to one that somebody has nothing is mailed, which the person is not told.

        Raises Invalid, TooMany if many mails went to this account, and Throttled if the network asked too often.
        """
        email = email.strip()
        complain(email=names.email_complaint(email) if email else MISSING)
        if not await self.links.requests.admit_own(session.user_id, by.address or ""):
            raise TooMany
        now = self.links.clock.now()
        fresh = self.links.maker.for_mail(EMAIL_CHANGE, now, username=session.username)
        await self.table.ask(session.user_id, email, names.email_key(email), fresh, now, by)

    async def change(self, secret: str, address: str) -> Changed | None:
        """Makes the address that this link was sent to the person's; None if the link is not good."""
        now = self.links.clock.now()
        undo = self.links.maker.for_mail(EMAIL_UNDO, now)
        return await unless_taken(self.table.change(minted.digest(secret), undo, now, address))

    async def undo(self, secret: str, address: str) -> Changed | None:
        """Brings the address before back; None if the link is not good."""
        return await unless_taken(self.table.undo(minted.digest(secret), self.links.clock.now(), address))


async def unless_taken(change: Awaitable[Changed | None]) -> Changed | None:
    """Returns what the change gives; None if somebody else has the address by now."""
    try:
        return await change
    except Rejected as error:
        if error.sqlstate != UNIQUE_VIOLATION:
            raise
        return None
