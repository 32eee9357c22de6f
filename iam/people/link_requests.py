"""Limits on mails with a link: how often a network may ask for one, and how many go to one account or address (H14).

What is not sent is not told, for the answer would tell whether there is such an account.
"""

import hmac
from hashlib import sha256
from typing import Final
from uuid import UUID

from iam.service import service
from iam.throttles.throttle import Throttle, Throttled

LINK: Final = "link"


@service
class LinkRequests:
    """Counts requests for mails with a link; `key` is 32 bytes that no database has."""

    throttle: Throttle
    key: bytes

    async def admit(self, user_id: UUID | None, typed: str, address: str) -> bool:
        """Returns whether a mail may be sent now to this account or, if there is none, to what was typed.

        Raises Throttled if the network asked too often.
        """
        return await self._admit(str(user_id) if user_id else self._digest(typed), address)

    async def admit_own(self, user_id: UUID, address: str) -> bool:
        """Returns whether a mail may be sent that the person asked for while logged in; strangers cannot use these up.

        Raises Throttled if the network asked too often.
        """
        return await self._admit(f"own {user_id}", address)

    async def _admit(self, account: str, address: str) -> bool:
        await self.throttle.take(LINK, self.throttle.of_network(address, LINK), address)
        try:
            await self.throttle.take(LINK, [self.throttle.bucket("link account", account)], address)
        except Throttled:
            return False
        return True

    def _digest(self, typed: str) -> str:
        """Returns a keyed digest of what was typed, which is never stored itself."""
        return hmac.digest(self.key, typed.encode("utf-8", "surrogatepass"), sha256).hex()
