"""The setup link, by which whoever sees the server's terminal creates the first administrator in the browser."""

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
    """Makes and checks setup links, of which at most one is valid."""

    table: table.Setup
    clock: Clock

    async def renew(self) -> str | None:
        """Returns the secret of a new link, which replaces the one before; None if there ever was an administrator."""
        secret, now = minted.mint(Kind.SETUP), self.clock.now()
        return secret if await self.table.renew(minted.digest(secret), now + LIFETIME, now, SERVER) else None

    async def good(self, secret: str) -> bool:
        """Tells whether this is the secret of the current link, and not expired."""
        ours = minted.well_formed(secret, Kind.SETUP)
        return ours and await self.table.good(minted.digest(secret), self.clock.now())


async def setup_link(setup: table.Setup, issuer: str, clock: Clock) -> str | None:
    """Returns a new setup link, which replaces the one before; None if there ever was an administrator."""
    secret = await SetupLinks(setup, clock).renew()
    return f"{issuer}/setup?token={secret}" if secret else None
