"""A person's data: to take along, and to have deleted, with a week to change one's mind."""

import json
from datetime import datetime, timedelta
from typing import Final

from twisted.logger import Logger

from iam.administration import exports
from iam.administration.administration import Administration
from iam.browser import csrf
from iam.browser.addresses import next_address
from iam.browser.visitors import Stale
from iam.http.answers import Answer, json_text, see_other
from iam.http.request import Request
from iam.pages.account.holders import Holders
from iam.records import actor
from iam.records.client import Client
from iam.records.session import Session
from iam.service import service

log = Logger()

PATH: Final = "/account/data"
EXPORT: Final = "export data"
DELETE: Final = "delete account"
KEEP: Final = "keep account"
PAUSE: Final = timedelta(days=7)  # in which a person may change their mind
ATTACHED: Final = ((b"Content-Disposition", b'attachment; filename="account.json"'),)


@service
class DataPages:
    """The pages under /account/data."""

    holders: Holders
    administration: Administration

    async def show(self, request: Request) -> Answer:
        """Says what can be done, and when the account is deleted, if so."""
        session = await self.holders.session(request)
        return self.holders.page(
            "data.html",
            session,
            delete_at=await self._planned(session),
            keep_token=self.holders.visitors.token(request, KEEP),
        )

    async def confirm_export(self, request: Request) -> Answer:
        """Shows the button that downloads the data, to a person who has just logged in."""
        return self._offer(request, await self.holders.recent(request))

    async def export(self, request: Request) -> Answer:
        """Sends all that is known of the person, as a file."""
        session, sent = await self.holders.receive(request, EXPORT, recent=True)
        if sent.stale:
            return self._offer(request, session, 403, sent.stale)
        by = actor.person(session.user_id, request.client_address)
        document = await exports.export(self.administration, self.holders.factors, session.user_id, by)
        if document is None:
            raise self.holders.theme.missing()
        return json_text(200, json.dumps(document, indent=2, ensure_ascii=False), ATTACHED)

    async def confirm_delete(self, request: Request) -> Answer:
        """Asks whether to delete the account, a person who has just logged in."""
        return await self._ask(request, await self.holders.recent(request))

    async def delete(self, request: Request) -> Answer:
        """Plans the deletion, and ends the other sessions and all that the person granted."""
        session, sent = await self.holders.receive(request, DELETE, recent=True)
        if sent.stale:
            return await self._ask(request, session, status=403, stale=sent.stale)
        if not self.holders.visitors.showed(sent.fields, digest(session, await self._owned(session))):
            return await self._ask(request, session, status=409, changed=True)
        store, now = self.administration.store, self.administration.clock.now()
        by = actor.person(session.user_id, request.client_address)
        if await store.deletions.plan(session.user_id, session.id, now + PAUSE, now, by):
            log.info("deletion planned: user {user_id}", user_id=str(session.user_id))
            return see_other(PATH)
        return await self._ask(request, session)

    async def ask_to_keep(self, request: Request) -> Answer:
        """Asks a person who has logged in meanwhile whether to keep the account; leads on if no deletion is planned."""
        session = await self.holders.session(request)
        delete_at = await self._planned(session)
        return self._show_kept(request, session, delete_at) if delete_at else see_other(next_address(request))

    async def keep(self, request: Request) -> Answer:
        """Keeps the account, and leads on."""
        session, sent = await self.holders.receive(request, KEEP)
        delete_at = await self._planned(session)
        if sent.stale and delete_at:
            return self._show_kept(request, session, delete_at, 403, sent.stale)
        by = actor.person(session.user_id, request.client_address)
        if not sent.stale and await self.administration.store.deletions.cancel(
            session.user_id, self.administration.clock.now(), by
        ):
            log.info("deletion cancelled: user {user_id}", user_id=str(session.user_id))
        return see_other(next_address(request))

    async def _planned(self, session: Session) -> datetime | None:
        return await self.administration.store.deletions.planned(session.user_id)

    async def _owned(self, session: Session) -> list[Client]:
        return await self.administration.store.clients.owned_by(session.user_id)

    def _offer(self, request: Request, session: Session, status: int = 200, stale: Stale | None = None) -> Answer:
        token = self.holders.visitors.token(request, EXPORT)
        return self.holders.page("data_export.html", session, status, stale=stale, csrf_token=token)

    def _show_kept(
        self, request: Request, session: Session, delete_at: datetime, status: int = 200, stale: Stale | None = None
    ) -> Answer:
        """Shows the page that asks whether to keep the account."""
        return self.holders.page(
            "data_keep.html",
            session,
            status,
            delete_at=delete_at,
            stale=stale,
            next=request.base + next_address(request),
            csrf_token=self.holders.visitors.token(request, KEEP),
        )

    async def _ask(
        self,
        request: Request,
        session: Session,
        *,
        status: int = 200,
        changed: bool = False,
        stale: Stale | None = None,
    ) -> Answer:
        """Shows the page that asks whether to delete the account, or says why it cannot be."""
        if await self._planned(session):
            return see_other(PATH)
        store, owned = self.administration.store, await self._owned(session)
        last = await store.users.last_administrator(session.user_id)
        return self.holders.page(
            "data_delete.html",
            session,
            status,
            delete_at=self.administration.clock.now() + PAUSE,
            last=last,
            owned=owned,
            changed=changed,
            stale=stale,
            csrf_token=self.holders.visitors.token(request, DELETE, shown=digest(session, owned)),
        )


def digest(session: Session, owned: list[Client]) -> str:
    """Returns the digest of what the page says: whose account, and which applications lose their owner."""
    return csrf.digest(str(session.user_id), session.username, sorted([each.id, each.name] for each in owned))
