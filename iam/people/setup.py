"""The setup: by its link the first administrator is made, in the browser, by who sees the server's terminal."""

from datetime import timedelta
from typing import Final

from attrs import frozen

from iam.clock import Clock
from iam.records.actor import SERVER
from iam.secrets import minted
from iam.secrets.minted import Kind
from iam.store import setup as table

LIFETIME: Final = timedelta(days=1)


@frozen
class SetupLinks:
    """The one link that is good, if one is."""

    table: table.Setup
    clock: Clock

    async def renew(self) -> str | None:
        """The secret of a new link, in place of the one before; None where there ever was an administrator."""
        secret, now = minted.mint(Kind.SETUP), self.clock.now()
        return secret if await self.table.renew(minted.digest(secret), now + LIFETIME, now, SERVER) else None

    async def good(self, secret: str) -> bool:
        """Is this the secret of the link, and is it still good?"""
        ours = minted.well_formed(secret, Kind.SETUP)
        return ours and await self.table.good(minted.digest(secret), self.clock.now())


async def setup_link(setup: table.Setup, issuer: str, clock: Clock) -> str | None:
    """The address of the setup, in place of the one before; None where there ever was an administrator."""
    secret = await SetupLinks(setup, clock).renew()
    return f"{issuer}/setup?token={secret}" if secret else None
