"""Disabling and enabling of applications by their owners, each on a page that asks first."""

from typing import Final

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
from iam.service import service

log = Logger()

DISABLE: Final = "disable"
ENABLE: Final = "enable"


@service
class Switches:
    """The pages /applications/ID/disable and /applications/ID/enable.

    They do the same as `iam client disable` and `iam client enable`.
    """

    owners: Owners
    administration: Administration
    visitors: Visitors
    theme: Theme

    async def confirm_disable(self, request: Request, client_id: str) -> Answer:
        """Asks whether to disable the application."""
        return await self._confirm(request, client_id, DISABLE)

    async def disable(self, request: Request, client_id: str) -> Answer:
        """Disables the application and ends everything it was granted."""
        return await self._switch(request, client_id, DISABLE)

    async def confirm_enable(self, request: Request, client_id: str) -> Answer:
        """Asks whether to enable the application."""
        return await self._confirm(request, client_id, ENABLE)

    async def enable(self, request: Request, client_id: str) -> Answer:
        """Enables the application."""
        return await self._switch(request, client_id, ENABLE)

    async def _confirm(self, request: Request, client_id: str, what: str) -> Answer:
        session = await self.owners.session(request)
        client = await self.owners.own(session, client_id)
        if done(client, what):
            return see_other(address(client_id))
        await self._refuse_others(session, client, what)
        return self.owners.page(request, what, session, client)

    async def _switch(self, request: Request, client_id: str, what: str) -> Answer:
        """Disables or enables this person's application, if it still is as they saw it when they confirmed."""
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
        """Raises AnswerNow, 403, for enabling an application that somebody else disabled."""
        if what == ENABLE and not await self.owners.may_enable(session, client):
            raise self.theme.refusal(403, "This is for administrators", clients.NOT_THE_OWNERS)


def done(client: Client, what: str) -> bool:
    """Whether the application is in that state already, because of another tab or another person."""
    return bool(client.enabled == (what == ENABLE))
