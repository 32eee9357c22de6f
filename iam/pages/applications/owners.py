"""Ownership of applications: who is at the browser, which form they sent, and whether the application is theirs."""

from collections.abc import Awaitable
from typing import Final
from urllib.parse import quote

from wtforms import Form

from iam.administration import clients
from iam.administration.administration import Administration
from iam.browser import csrf
from iam.browser.theme import Theme
from iam.browser.visitors import Sent, Stale, Visitors
from iam.clients import information
from iam.clients.registrants import Registrants
from iam.http.answers import Answer, Script
from iam.http.request import Request
from iam.pages.account.holders import Holders, here
from iam.pages.applications.pending_secret import PendingSecret
from iam.records import acr, actor
from iam.records.actor import By
from iam.records.client import Client, Secret
from iam.records.client_metadata import MEMBERS
from iam.records.invalid import Invalid
from iam.records.member import Who
from iam.records.session import Session
from iam.service import service

SEVERAL: Final = frozenset({"grant_types", "scopes"})
NOT_HERE: Final = "Only administrators and developers register applications here. Ask one of them for yours."


@service
class Owners:
    """People and their own applications; for everybody else an application does not exist."""

    administration: Administration
    registrants: Registrants
    holders: Holders
    visitors: Visitors
    theme: Theme

    async def session(self, request: Request, sent: Sent | None = None, *, recent: bool = False) -> Session:
        """Returns the person's session; who `sent` a form finds it again after the login.

        Raises AnswerNow: a redirect to the login if nobody is logged in, or if the login must be `recent` and is not; one
        to a factor if an administrator lacks it; 403 if only administrators and developers are admitted.
        """
        session = await (self.holders.recent if recent else self.holders.session)(request, sent)
        if not self._proved(session):
            level = self.visitors.settings.admin_acr
            raise self.visitors.lead(request, f"/login/factor?step=up&acr={level}&next={here(request)}", sent)
        return self._admit(session)

    async def receive(self, request: Request, purpose: str, *, recent: bool = False) -> tuple[Session, Sent]:
        """Returns the session of the person and the form they sent; its token is good for this purpose only.

        Raises AnswerNow as `session` does.
        """
        sent = self.visitors.receive(request, purpose, repeatable=SEVERAL)
        return await self.session(request, sent, recent=recent), sent

    async def own(self, session: Session, client_id: str, stale: Stale | None = None) -> Client:
        """Returns the person's own application. Raises AnswerNow, 404 for another's or none.

        If the form is stale, the answer says that the person logged in since.
        """
        try:
            return await clients.find_own(self.administration, client_id, session.user_id)
        except Invalid:
            raise (self.visitors.refuse_stale(stale, session) if stale else self.theme.missing()) from None

    async def may_enable(self, session: Session, client: Client) -> bool:
        """Whether this person may enable their application."""
        return await clients.may_enable(self.administration, client, session)

    async def perform(self, action: Awaitable[Client]) -> Client:
        """Returns the result of an action on an application; raises AnswerNow, 404, if it has just been deleted."""
        try:
            return await action
        except Invalid:
            raise self.theme.missing() from None

    def page(
        self,
        request: Request,
        action: str,
        session: Session,
        client: Client,
        *secrets: Secret,
        status: int = 200,
        changed: bool = False,
        stale: Stale | None = None,
        form: Form | None = None,
        issued: PendingSecret | None = None,
    ) -> Answer:
        """Returns the page that asks for confirmation of an action on an application.

        Its form is good only for the application and `secrets` as they are now.
        """
        return self.theme.page(
            f"application_{action}.html",
            status,
            script=Script.COPY if issued is not None else None,
            session=session,
            client=client,
            changed=changed,
            stale=stale,
            csrf_token=self.visitors.token(request, f"{action} {client.id}", shown=digest(client, *secrets)),
            form=form,
            issued=issued,
        )

    def _proved(self, session: Session) -> bool:
        """Whether the person has proved well enough who they are for what they may do: more is asked of administrators."""
        return not session.superuser or acr.reaches(acr.of(session.amr), self.visitors.settings.admin_acr)

    def _admit(self, session: Session) -> Session:
        if not self.registrants.admitted(session.roles):
            raise self.theme.refusal(403, "This is for administrators", NOT_HERE)
        return session


def digest(client: Client, *secrets: Secret) -> str:
    """Returns the digest of an application as a form shows it, with its secrets if the form is about them."""
    told = information.document(client)
    moments = [client.updated_at.isoformat(), client.disabled_at and client.disabled_at.isoformat()]
    own = [getattr(client, each.attribute) for each in MEMBERS if each.who_may_set is Who.OWNER]
    return csrf.digest(told, *own, moments, [str(secret.id) for secret in secrets])


def by(session: Session, request: Request) -> By:
    """Returns the actor for the audit log: this person at this address."""
    return actor.person(session.user_id, request.client_address)


def address(client_id: str) -> str:
    """Returns the address of an application's page."""
    return "/applications/" + quote(client_id, safe="")
