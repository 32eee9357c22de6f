"""An application is disabled by its owner, and enabled again: each by a page that asks first."""

from typing import Final

from attrs import frozen
from twisted.logger import Logger

from iam.administration import clients
from iam.administration.administration import Administration
from iam.browser.theme import Theme
from iam.browser.visitors import Visitors
from iam.http.answers import Answer, see_other
from iam.http.request import Request
from iam.pages.applications.owners import Owners, address, by, digest
from iam.records.client import Client
from iam.records.session import Session

log = Logger()

DISABLE: Final = "disable"
ENABLE: Final = "enable"
NOT_YOURS: Final = "An administrator has disabled this application, and so only an administrator can enable it again."


@frozen
class Switches:
    """The pages /applications/ID/disable and /applications/ID/enable; what they do is what `iam client disable` and `enable` do."""

    owners: Owners
    administration: Administration
    visitors: Visitors
    theme: Theme

    async def confirm_disable(self, request: Request, client_id: str) -> Answer:
        """Is it really to rest?"""
        return await self._confirm(request, client_id, DISABLE)

    async def disable(self, request: Request, client_id: str) -> Answer:
        """End all that it was granted, and give it nothing until it is enabled again."""
        return await self._switch(request, client_id, DISABLE)

    async def confirm_enable(self, request: Request, client_id: str) -> Answer:
        """Is it really to go on?"""
        return await self._confirm(request, client_id, ENABLE)

    async def enable(self, request: Request, client_id: str) -> Answer:
        """Let it take part again."""
        return await self._switch(request, client_id, ENABLE)

    async def _confirm(self, request: Request, client_id: str, what: str) -> Answer:
        session = await self.owners.session(request)
        client = await self.owners.own(session, client_id)
        if done(client, what):
            return see_other(address(client_id))
        await self._refuse_others(session, client, what)
        return self.owners.page(request, what, session, client)

    async def _switch(self, request: Request, client_id: str, what: str) -> Answer:
        """Disable or enable an application of this person, once they have confirmed it for the state that they saw."""
        session, sent = await self.owners.receive(request, f"{what} {client_id}")
        client = await self.owners.own(session, client_id, sent.stale)
        if done(client, what):
            return see_other(address(client_id))
        await self._refuse_others(session, client, what)
        if sent.stale:
            return self.owners.page(request, what, session, client, status=403, stale=sent.stale)
        if not self.visitors.showed(sent.fields, digest(client)):
            return self.owners.page(request, what, session, client, status=409, changed=True)
        action = clients.disable if what == DISABLE else clients.enable
        own = not session.superuser
        await self.owners.perform(action(self.administration, client_id, by(session, request), own=own))
        log.info("application {what}d: client {client_id}", what=what, client_id=client_id)
        return see_other(address(client_id))

    async def _refuse_others(self, session: Session, client: Client, what: str) -> None:
        """Refuse to enable what somebody else has disabled."""
        if what == ENABLE and not await self.owners.may_enable(session, client):
            raise self.theme.refusal(403, "This is for administrators", NOT_YOURS)


def done(client: Client, what: str) -> bool:
    """Is it so already, by another tab or somebody else?"""
    return bool(client.enabled == (what == ENABLE))
