"""Browsers in which a person does not want to be asked for another factor for a month."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from iam.clock import Clock
from iam.people.devices import Devices
from iam.records.actor import By
from iam.records.remembered_browser import RememberedBrowser
from iam.secrets import minted
from iam.service import service
from iam.store.remembered_browsers import RememberedBrowserTable

LIFETIME: Final = timedelta(days=30)


@service
class RememberedBrowsers:
    """The browsers, recognised by the marks in their device cookies, of which the table has digests."""

    table: RememberedBrowserTable
    devices: Devices
    clock: Clock

    async def mark(self, user_id: UUID, marks: Sequence[str]) -> str | None:
        """Returns the person's mark among those of a browser if it is remembered for them; None if it is not."""
        now = self.clock.now()
        mark = self.devices.find(user_id, marks, now)
        return mark if mark and await self.table.known(user_id, minted.digest(mark), now) else None

    async def remember(self, user_id: UUID, since: datetime, user_agent: str | None, by: By) -> str:
        """Remembers a browser for LIFETIME, and returns the mark that it has to keep.

        `since` is when the person proved who they are: a password that is set later forgets the browser.
        """
        now = self.clock.now()
        mark = self.devices.remember(user_id, now)
        await self.table.remember(
            digest=minted.digest(mark),
            browser_id=minted.identifier(),
            user_id=user_id,
            user_agent=user_agent,
            since=since,
            until=now + LIFETIME,
            now=now,
            by=by,
        )
        return mark

    async def of(self, user_id: UUID) -> list[RememberedBrowser]:
        """Returns the person's browsers, the newest first."""
        return await self.table.of_person(user_id, self.clock.now())

    async def forget(self, user_id: UUID, browser_id: UUID, by: By) -> bool:
        """Forgets a browser of the person. Returns False if they have none with this id."""
        return await self.table.forget(user_id, browser_id, self.clock.now(), by)
