"""The applications that a person allowed to act for them: what each may do, and the end of it."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final
from urllib.parse import unquote

from attrs import frozen
from twisted.logger import Logger

from iam.browser import csrf
from iam.browser.visitors import Stale
from iam.clients import scopes
from iam.clock import Clock
from iam.http.answers import Answer, see_other
from iam.http.request import Request
from iam.pages.account.holders import Holders
from iam.records import actor
from iam.records.allowed import Allowed
from iam.records.consent import NOWHERE
from iam.records.scope import Scope
from iam.records.session import Session
from iam.service import service
from iam.store.consents import Consents
from iam.store.resources import Resources
from iam.store.scopes import Scopes

log = Logger()

PATH: Final = "/account/applications"
REMOVE: Final = "remove application"
REMOVE_ALL: Final = "remove all applications"
MINUTE: Final = timedelta(minutes=1)
JWT: Final = "jwt"


@frozen
class Shown:
    """An application as its page shows it: the scopes for no resource, those for each, and how long its tokens may linger.

    A resource that reads tokens by itself (JWTs) accepts one until it expires, `lingering` minutes at most.
    """

    application: Allowed
    scopes: Sequence[Scope]
    resources: Mapping[str, Sequence[Scope]]
    lingering: int


@service
class AllowedApplications:
    """The pages under /account/applications."""

    holders: Holders
    consents: Consents
    scopes: Scopes
    resources: Resources
    clock: Clock

    async def list(self, request: Request) -> Answer:
        """Shows all applications that this person allowed something."""
        session = await self.holders.session(request)
        allowed = await self._of(session)
        return self.holders.page(
            "allowed_applications.html", session, applications_allowed=[await self._show(each) for each in allowed]
        )

    async def confirm_remove(self, request: Request, client_id: str) -> Answer:
        """Asks whether to remove one application."""
        session = await self.holders.session(request)
        return await self._ask(request, session, await self._one(session, unquote(client_id)))

    async def remove(self, request: Request, client_id: str) -> Answer:
        """Ends what the application was allowed, with everything that it was given."""
        client_id = unquote(client_id)
        session, sent = await self.holders.receive(request, f"{REMOVE} {client_id}")
        allowed = await self._one(session, client_id)
        if sent.stale:
            return await self._ask(request, session, allowed, status=403, stale=sent.stale)
        if not self.holders.visitors.showed(sent.fields, digest([allowed])):
            return await self._ask(request, session, allowed, status=409, changed=True)
        await self._withdraw(request, session, client_id)
        return see_other(PATH)

    async def confirm_remove_all(self, request: Request) -> Answer:
        """Asks whether to remove all applications."""
        session = await self.holders.session(request)
        return self._ask_all(request, session, await self._of(session))

    async def remove_all(self, request: Request) -> Answer:
        """Ends what all applications were allowed."""
        session, sent = await self.holders.receive(request, REMOVE_ALL)
        allowed = await self._of(session)
        if sent.stale:
            return self._ask_all(request, session, allowed, status=403, stale=sent.stale)
        if not self.holders.visitors.showed(sent.fields, digest(allowed)):
            return self._ask_all(request, session, allowed, status=409, changed=True)
        await self._withdraw(request, session, None)
        return see_other(PATH)

    async def _withdraw(self, request: Request, session: Session, client_id: str | None) -> None:
        by = actor.person(session.user_id, request.client_address)
        ended = await self.consents.withdraw(session.user_id, self.clock.now(), by, client_id=client_id)
        log.info("applications removed: user {user_id}, {count}", user_id=str(session.user_id), count=len(ended))

    async def _of(self, session: Session) -> Sequence[Allowed]:
        return await self.consents.of_person(session.user_id, self.clock.now())

    async def _one(self, session: Session, client_id: str) -> Allowed:
        """Returns what this person allowed the client. Raises AnswerNow, 404, if that is nothing."""
        found = await self.consents.of_person(session.user_id, self.clock.now(), client_id)
        if not found:
            raise self.holders.theme.missing()
        return found[0]

    async def _show(self, allowed: Allowed) -> Shown:
        at = {uri: await scopes.describe(names, self.scopes) for uri, names in placed(allowed).items()}
        return Shown(allowed, at.pop(NOWHERE, ()), at, await self._lingering(allowed))

    async def _lingering(self, allowed: Allowed) -> int:
        """Returns for how many minutes a resource may accept a token without asking this server."""
        known = await self.resources.by_uri()
        reading = [known[uri].lifetime for uri in allowed.resources if uri in known and known[uri].token_format == JWT]
        return -(-timedelta(seconds=max(reading, default=0)) // MINUTE)

    async def _ask(
        self,
        request: Request,
        session: Session,
        allowed: Allowed,
        *,
        status: int = 200,
        changed: bool = False,
        stale: Stale | None = None,
    ) -> Answer:
        """Shows the page that asks whether to remove this application."""
        purpose = f"{REMOVE} {allowed.client_id}"
        return self.holders.page(
            "allowed_application_remove.html",
            session,
            status,
            shown=await self._show(allowed),
            changed=changed,
            stale=stale,
            csrf_token=self.holders.visitors.token(request, purpose, shown=digest([allowed])),
        )

    def _ask_all(
        self,
        request: Request,
        session: Session,
        allowed: Sequence[Allowed],
        *,
        status: int = 200,
        changed: bool = False,
        stale: Stale | None = None,
    ) -> Answer:
        """Shows the page that asks whether to remove all applications; leads back to the list if there are none."""
        if not allowed:
            return see_other(PATH)
        return self.holders.page(
            "allowed_applications_remove.html",
            session,
            status,
            allowed=allowed,
            changed=changed,
            stale=stale,
            csrf_token=self.holders.visitors.token(request, REMOVE_ALL, shown=digest(allowed)),
        )


def placed(allowed: Allowed) -> dict[str, Sequence[str]]:
    """Returns the allowed scopes by resource, and those of none under NOWHERE."""
    elsewhere = {name for uri, names in allowed.resources.items() if uri != NOWHERE for name in names}
    own = allowed.resources.get(NOWHERE, [name for name in allowed.scopes if name not in elsewhere])
    return {**allowed.resources, NOWHERE: own}


def digest(allowed: Sequence[Allowed]) -> str:
    """Returns the digest of what a page shows of these applications: a removal is of what was seen."""
    return csrf.digest([[each.client_id, each.client_name, each.scopes, each.resources] for each in allowed])
