"""The pages of personal and service tokens: the list, a new one, which is shown once, and the end of one."""

from typing import Final
from uuid import UUID

from twisted.logger import Logger

from iam.administration import personal_tokens
from iam.administration.administration import Administration
from iam.browser import csrf
from iam.browser.forms import Fields, complain
from iam.browser.theme import Theme
from iam.browser.visitors import Sent, Stale, Visitors
from iam.http.answers import Answer, Script, see_other
from iam.http.request import Request
from iam.pages.account.holders import SECTIONS
from iam.pages.applications.pending_secret import Issuer, PendingSecret, TicketError
from iam.pages.tokens.form import TokenForm, by_field, sentences, show, wish
from iam.pages.tokens.keepers import PLACE, Keeper, Keepers
from iam.records import actor
from iam.records.invalid import Invalid
from iam.records.personal_token import PersonalToken
from iam.service import service
from iam.tokens.personal_scopes import Offer

log = Logger()

OF_THE_PERSON: Final = "section.html"
OF_AN_APPLICATION: Final = "token_application.html"


@service
class TokenPages:
    """The pages under /account/tokens or /applications/ID/tokens, where people see only their own."""

    keepers: Keepers
    administration: Administration
    issuer: Issuer
    visitors: Visitors
    theme: Theme

    async def list(self, request: Request, client_id: str = "") -> Answer:
        """Shows the tokens."""
        keeper = await self.keepers.see(request, client_id)
        tokens = await personal_tokens.list_all(self.administration, keeper.owner)
        known = dict(await self.administration.store.scopes.by_name())
        rows = [(token, sentences(token.scope, known)) for token in tokens]
        return self._page("token_list.html", keeper, rows=rows)

    async def new(self, request: Request, client_id: str = "") -> Answer:
        """Shows the form for a new token, to who has just logged in."""
        keeper = await self.keepers.see(request, client_id, recent=True)
        if keeper.obstacle:
            return see_other(keeper.place)
        return await self._show_form(request, keeper, TokenForm(), self._issue(keeper))

    async def make(self, request: Request, client_id: str = "") -> Answer:
        """Makes the token and shows it, once. The same form sent twice makes one token."""
        keeper, sent = await self.keepers.receive(request, making(client_id), client_id, recent=True)
        issued, stale = self._read_issued(sent, keeper)
        form = TokenForm(Fields(sent.fields))
        if stale:
            return await self._show_form(request, keeper, form, issued, 403, stale=stale)
        offer = await keeper.offer(self.administration)
        if not self.visitors.showed(sent.fields, digest(offer)):
            return await self._show_form(request, keeper, form, issued, 409, changed=True)
        by = actor.person(keeper.session.user_id, request.client_address)
        try:
            asked = wish(form, self.administration.clock.now())
            made = await keeper.make(self.administration, asked, by, issued.secret)
        except Invalid as invalid:
            complain(form, by_field(invalid.complaints.items()))
            used_up = personal_tokens.MADE in invalid.complaints
            return await self._show_form(request, keeper, form, self._issue(keeper) if used_up else issued, 400)
        log.info("token made: {place}", place=keeper.place)
        return self._page("token_made.html", keeper, script=Script.COPY, token=made.token, text=made.text)

    async def confirm_remove(self, request: Request, token_id: str, client_id: str = "") -> Answer:
        """Asks whether to remove a token."""
        keeper = await self.keepers.see(request, client_id)
        return self._show_remove(request, keeper, await self._own(keeper, token_id))

    async def remove(self, request: Request, token_id: str, client_id: str = "") -> Answer:
        """Ends a token, at once and everywhere."""
        keeper, sent = await self.keepers.receive(request, removing(token_id), client_id, recent=False)
        token = await self._own(keeper, token_id, sent.stale)
        if sent.stale:
            return self._show_remove(request, keeper, token, 403, sent.stale)
        by = actor.person(keeper.session.user_id, request.client_address)
        await personal_tokens.revoke(self.administration, token, by)
        log.info("token removed: {place}", place=keeper.place)
        return see_other(keeper.place)

    async def _own(self, keeper: Keeper, text: str, stale: Stale | None = None) -> PersonalToken:
        """Returns this owner's token with this id. Raises AnswerNow, 404 for another's or none."""
        try:
            return await personal_tokens.find(self.administration, UUID(text), keeper.owner)
        except (Invalid, ValueError):
            raise (self.visitors.refuse_stale(stale, keeper.session) if stale else self.theme.missing()) from None

    def _issue(self, keeper: Keeper) -> PendingSecret:
        return self.issuer.issue(keeper.bound_to, self.administration.clock.now())

    def _read_issued(self, sent: Sent, keeper: Keeper) -> tuple[PendingSecret, Stale | None]:
        """Returns the token that the form makes, and why the form is stale, if so."""
        try:
            ticket, now = sent.fields.get("ticket", ""), self.administration.clock.now()
            return self.issuer.recognise(ticket, keeper.bound_to, now), sent.stale
        except TicketError:
            return self._issue(keeper), sent.stale or Stale.OLD

    async def _show_form(
        self,
        request: Request,
        keeper: Keeper,
        form: TokenForm,
        issued: PendingSecret,
        status: int = 200,
        *,
        changed: bool = False,
        stale: Stale | None = None,
    ) -> Answer:
        """Shows the form with its complaints, good for what it offers now."""
        offer = await keeper.offer(self.administration)
        show(form, offer)
        purpose = making(keeper.client.id if keeper.client else "")
        token = self.visitors.token(request, purpose, shown=digest(offer))
        return self._page(
            "token_form.html",
            keeper,
            status,
            form=form,
            ticket=issued.ticket,
            changed=changed,
            stale=stale,
            csrf_token=token,
        )

    def _show_remove(
        self, request: Request, keeper: Keeper, token: PersonalToken, status: int = 200, stale: Stale | None = None
    ) -> Answer:
        csrf_token = self.visitors.token(request, removing(str(token.id)))
        return self._page("token_remove.html", keeper, status, token=token, stale=stale, csrf_token=csrf_token)

    def _page(
        self, name: str, keeper: Keeper, status: int = 200, *, script: Script | None = None, **context: object
    ) -> Answer:
        """Returns a page of the account or of the application."""
        return self.theme.page(
            name,
            status,
            script=script,
            layout=OF_AN_APPLICATION if keeper.client else OF_THE_PERSON,
            session=keeper.session,
            sections=SECTIONS,
            here=PLACE,
            client=keeper.client,
            place=keeper.place,
            obstacle=keeper.obstacle,
            **context,  # type: ignore[arg-type]
        )


def making(client_id: str) -> str:
    """Returns the purpose of the form for a new token of this application or, without one, of the person."""
    return f"token {client_id}"


def removing(token_id: str) -> str:
    """Returns the purpose of the form that removes this token."""
    return f"untoken {token_id}"


def digest(offer: Offer) -> str:
    """Returns the digest of what the form offers."""
    scopes = [[scope.name, scope.description] for scope in offer.scopes]
    return csrf.digest(scopes, [target.uri for target in offer.resources])
