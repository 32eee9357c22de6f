"""Whose tokens a page is about: those of the person at the browser, or those of an application of theirs."""

from typing import Final, Protocol

from attrs import frozen

from iam.administration import people, personal_tokens
from iam.administration.administration import Administration
from iam.administration.personal_tokens import Made, Wish
from iam.browser.visitors import Sent
from iam.http.request import Request
from iam.pages.account.holders import Holders
from iam.pages.applications.owners import Owners, address
from iam.pages.tokens.form import SEVERAL
from iam.records.actor import By
from iam.records.client import Client
from iam.records.personal_token import Owner
from iam.records.session import Session
from iam.secrets.minted import Kind
from iam.service import service
from iam.tokens.personal_scopes import Offer

PLACE: Final = "/account/tokens"


@frozen
class Keeper:
    """The person at the browser, and the application, if its tokens are meant; `place` is the address of the list."""

    session: Session
    client: Client | None = None

    @property
    def owner(self) -> Owner:
        """Whose tokens they are."""
        return Owner(client_id=self.client.id) if self.client else Owner(user_id=self.session.user_id)

    @property
    def place(self) -> str:
        """The address of the list of these tokens."""
        return address(self.client.id) + "/tokens" if self.client else PLACE

    @property
    def obstacle(self) -> str | None:
        """Why no tokens can be made, in a sentence, or None."""
        return personal_tokens.client_complaint(self.client) if self.client else None

    @property
    def bound_to(self) -> str:
        """What a form for a new token is bound to: the place, the person and the session."""
        return f"{self.place}\n{self.session.user_id}\n{self.session.id}"

    async def offer(self, on: Administration) -> Offer:
        """Returns what a token may have."""
        given = personal_tokens.scopes(on)
        if self.client:
            return await given.of_client(self.client)
        return await given.of_person(self.session.user_id, self.session.roles)

    async def make(self, on: Administration, wish: Wish, by: By, text: str) -> Made:
        """Makes the token with this text. Raises Invalid."""
        most = None if self.session.superuser else on.settings.limits.personal_tokens
        if self.client:
            return await personal_tokens.create_for_client(on, self.client, wish, by, text=text, most=most)
        user = await people.find(on, str(self.session.user_id))
        return await personal_tokens.create_for_person(on, user, wish, by, text=text, most=most)


class Keepers(Protocol):
    """Finds out whose tokens a request is about; each raises AnswerNow for who may not see them."""

    @property
    def kind(self) -> Kind:
        """What the tokens are."""

    async def see(self, request: Request, client_id: str, *, recent: bool = False) -> Keeper:
        """Returns who is at the page; a page that must be `recent` leads to the login first."""

    async def receive(self, request: Request, purpose: str, client_id: str, *, recent: bool) -> tuple[Keeper, Sent]:
        """Returns who sent the form, and the form, whose token is good for this purpose only."""


@service
class OfThePerson:
    """The tokens of the person at the browser."""

    holders: Holders
    kind: Kind = Kind.PERSONAL_TOKEN

    async def see(self, request: Request, client_id: str, *, recent: bool = False) -> Keeper:
        """Returns the person. Raises AnswerNow, a redirect to the login."""
        return Keeper(await (self.holders.recent if recent else self.holders.session)(request))

    async def receive(self, request: Request, purpose: str, client_id: str, *, recent: bool) -> tuple[Keeper, Sent]:
        """Returns the person and the form they sent. Raises AnswerNow, 403."""
        session, sent = await self.holders.receive(request, purpose, recent=recent, repeatable=SEVERAL)
        return Keeper(session), sent


@service
class OfAnApplication:
    """The tokens of an application, for its owner; for everybody else it does not exist."""

    owners: Owners
    kind: Kind = Kind.SERVICE_TOKEN

    async def see(self, request: Request, client_id: str, *, recent: bool = False) -> Keeper:
        """Returns the owner with the application. Raises AnswerNow, 404 for another's application."""
        session = await self.owners.session(request, recent=recent)
        return Keeper(session, await self.owners.own(session, client_id))

    async def receive(self, request: Request, purpose: str, client_id: str, *, recent: bool) -> tuple[Keeper, Sent]:
        """Returns the owner and the form they sent. Raises AnswerNow."""
        session, sent = await self.owners.receive(request, purpose, recent=recent)
        return Keeper(session, await self.owners.own(session, client_id, sent.stale)), sent
