"""A person's applications: register, show, change, renew the secret, delete."""

from functools import partial
from hmac import compare_digest
from urllib.parse import urlencode

from twisted.logger import Logger
from wtforms import Form, RadioField
from wtforms.fields.choices import SelectChoice

from iam.administration import clients, own_clients
from iam.administration.own_clients import TooMany
from iam.browser.forms import Fields, complain
from iam.browser.theme import Theme
from iam.browser.visitors import Sent, Stale, Visitors
from iam.clients import redirect_uris, uris
from iam.clients.refusals import Explanations
from iam.clients.registrants import Registrant, Registrants
from iam.clients.registration import Registration
from iam.clock import Clock
from iam.http.answers import Answer, Script, see_other
from iam.http.parameters import ParsedParameters
from iam.http.request import Request
from iam.pages.applications import kinds
from iam.pages.applications.form import (
    CONFIDENTIAL,
    PUBLIC,
    ApplicationForm,
    by_field,
    differences,
    fill,
    offer,
    parse,
)
from iam.pages.applications.owners import Owners, address, by, digest
from iam.pages.applications.pending_secret import Issuer, PendingSecret, TicketError
from iam.records.client import Client
from iam.records.invalid import Invalid
from iam.records.session import Session
from iam.service import service

log = Logger()

KEEPING = [
    SelectChoice("0", "At once: It has got into wrong hands, or nobody uses it"),
    SelectChoice("3600", "In an hour"),
    SelectChoice("86400", "In a day: Time to give the new one to the application"),
    SelectChoice("604800", "In a week"),
]


class SecretForm(Form):  # type: ignore[misc]
    """The choice of when the old secret stops working."""

    keep = RadioField("When shall the old secret stop working?", choices=KEEPING, default="0", validate_choice=False)


@service
class Applications:
    """The pages under /applications, where people see only their own applications."""

    owners: Owners
    registration: Registration
    registrants: Registrants
    issuer: Issuer
    visitors: Visitors
    theme: Theme
    clock: Clock
    site: str
    refusals: Explanations

    async def list(self, request: Request) -> Answer:
        """Shows all of this person's applications."""
        session = await self.owners.session(request)
        return self.theme.page(
            "applications.html", session=session, clients=await self.registration.clients.owned_by(session.user_id)
        )

    async def register(self, request: Request) -> Answer:
        """Shows the form for a new application, with the id and secret that it will have."""
        session = await self.owners.session(request)
        issued = self.issuer.issue(bind("register", session), self.clock.now())
        return await self._show_form(request, session, await self._offer_usual(request, session), issued)

    async def save(self, request: Request) -> Answer:
        """Registers the application. The same form saved twice registers one application."""
        session, sent = await self.owners.receive(request, "register")
        issued, stale = self._read_issued(sent, bind("register", session))
        form = ApplicationForm(Fields(sent.fields))
        if stale:
            return await self._show_form(request, session, form, issued, status=403, stale=stale)
        on, whose = self.owners.administration, (session.user_id, session.roles, by(session, request))
        try:
            await own_clients.register(on, issued.client_id, issued.secret, parse(form, None), *whose)
        except TooMany as error:
            form.form_errors.append(str(error))
            return await self._show_form(request, session, form, issued, status=403)
        except Invalid as invalid:
            complain(form, by_field(invalid.complaints))
            return await self._show_form(request, session, form, issued, status=400)
        log.info("application registered: client {client_id}", client_id=issued.client_id)
        return see_other(address(issued.client_id))

    async def show(self, request: Request, client_id: str) -> Answer:
        """Shows one application, its latest refusals, and commands to try it with."""
        session = await self.owners.session(request)
        client = await self.owners.own(session, client_id)
        refusals = await self.refusals.latest(client_id)
        redirect_uri = client.redirect_uris[0] if client.redirect_uris else None
        return self.theme.page(
            "application.html",
            session=session,
            client=client,
            refusals=refusals,
            may_enable=not client.enabled and await self.owners.may_enable(session, client),
            login=login_of(client, self.site),
            issuer=self.site,
            redirect_uri=redirect_uri,
            authorize=authorize_address(client, redirect_uri, self.site),
        )

    async def edit(self, request: Request, client_id: str) -> Answer:
        """Shows the form for an existing application."""
        session = await self.owners.session(request)
        client = await self.owners.own(session, client_id)
        return await self._show_form(request, session, fill(client), client=client)

    async def update(self, request: Request, client_id: str) -> Answer:
        """Changes an application, unless the form is stale or somebody changed the application meanwhile."""
        session, sent = await self.owners.receive(request, f"edit {client_id}")
        client = await self.owners.own(session, client_id, sent.stale)
        form = ApplicationForm(Fields(sent.fields))
        form.client_type.data = CONFIDENTIAL if client.confidential else PUBLIC
        if sent.stale:
            changed = self._changed(sent.fields, client)
            return await self._show_form(
                request, session, form, client=client, status=403, changed=changed, stale=sent.stale
            )
        try:
            on = self.owners.administration
            metadata = await own_clients.judge(on, parse(form, client), session.roles, client)
        except Invalid as invalid:
            complain(form, by_field(invalid.complaints))
            return await self._show_form(
                request, session, form, client=client, status=400, changed=self._changed(sent.fields, client)
            )
        if self._changed(sent.fields, client) and metadata != client:
            return await self._show_form(request, session, form, client=client, status=409, changed=True)
        if not await self.registration.update(client_id, metadata, by(session, request), seen=client.updated_at):
            now = await self.owners.own(session, client_id)
            return await self._show_form(request, session, form, client=now, status=409, changed=True)
        log.info("application changed: client {client_id}", client_id=client_id)
        return see_other(address(client_id))

    async def confirm_delete(self, request: Request, client_id: str) -> Answer:
        """Asks whether to delete the application, who has just logged in."""
        session = await self.owners.session(request, recent=True)
        return self.owners.page(request, "delete", session, await self.owners.own(session, client_id))

    async def delete(self, request: Request, client_id: str) -> Answer:
        """Deletes the application with everything it was granted."""
        session, sent = await self.owners.receive(request, f"delete {client_id}", recent=True)
        client = await self.owners.own(session, client_id, sent.stale)
        if sent.stale:
            return self.owners.page(request, "delete", session, client, status=403, stale=sent.stale)
        if self._changed(sent.fields, client):
            return self.owners.page(request, "delete", session, client, status=409, changed=True)
        await self.owners.perform(clients.delete(self.owners.administration, client_id, by(session, request)))
        log.info("application deleted: client {client_id}", client_id=client_id)
        return see_other("/applications")

    async def new_secret(self, request: Request, client_id: str) -> Answer:
        """Shows the new secret, which the person takes note of before saving, to who has just logged in."""
        session = await self.owners.session(request, recent=True)
        client = await self._with_secret(session, client_id)
        issued = self.issuer.issue(bind(f"secret {client_id}", session), self.clock.now())
        return self.owners.page(request, "secret", session, client, *client.secrets, form=SecretForm(), issued=issued)

    async def replace_secret(self, request: Request, client_id: str) -> Answer:
        """Makes the new secret the current one; the old one stays good for as long as the person chose."""
        purpose = f"secret {client_id}"
        session, sent = await self.owners.receive(request, purpose, recent=True)
        client = await self._with_secret(session, client_id, sent.stale)
        issued, stale = self._read_issued(sent, bind(purpose, session))
        form = SecretForm(Fields(sent.fields))
        page = partial(self.owners.page, request, "secret", session, client, *client.secrets, form=form, issued=issued)
        if stale:
            return page(status=403, stale=stale)
        if form.keep.data not in {choice.value for choice in KEEPING}:
            complain(form, {"keep": "Choose one of these."})
            return page(status=400)
        if not self.visitors.showed(sent.fields, digest(client, *client.secrets)):
            return page(status=409, changed=True)
        keep = int(form.keep.data)
        if not await self.registration.rotate_secret(client, issued.secret, by(session, request), keep=keep):
            raise self.theme.missing()
        log.info("application has a new secret: client {client_id}", client_id=client_id)
        return see_other(address(client_id))

    async def _with_secret(self, session: Session, client_id: str, stale: Stale | None = None) -> Client:
        """Returns the person's own application. Raises AnswerNow unless it has a secret."""
        client = await self.owners.own(session, client_id, stale)
        if not client.has_secret:
            raise self.theme.missing()
        return client

    def _read_issued(self, sent: Sent, bound_to: str) -> tuple[PendingSecret, Stale | None]:
        """Returns the id and secret that the form showed, and why the form is stale, if so.

        If its ticket is not good, or the form names another id or secret, new ones are returned and the form is stale.
        """
        try:
            issued = self.issuer.recognise(sent.fields.get("ticket", ""), bound_to, self.clock.now())
        except TicketError:
            return self.issuer.issue(bound_to, self.clock.now()), sent.stale or Stale.OLD
        told = (sent.fields.get("client_id", issued.client_id), sent.fields.get("client_secret", issued.secret))
        if not compare_digest(" ".join(told).encode(), f"{issued.client_id} {issued.secret}".encode()):
            return self.issuer.issue(bound_to, self.clock.now()), sent.stale or Stale.OLD
        return issued, sent.stale

    async def _offer_usual(self, request: Request, session: Session) -> ApplicationForm:
        """Returns the form of a new application, with the choices of its kind as far as the person may make them."""
        registrant = self._registrant(session)
        form = kinds.chosen(request, registrant).form()
        usual = [scope.name for scope in await self.registration.scopes.all() if registrant.may_have(scope)]
        form.scopes.data = [name for name in form.scopes.data if name in usual]
        form.grant_types.data = [name for name in form.grant_types.data if registrant.may_use(name)]
        return form

    def _registrant(self, session: Session, client: Client | None = None) -> Registrant:
        """Returns what the person may ask for; what `client` has already, it may keep."""
        registrant = self.registrants.person(session.roles)
        return registrant.keeping(client) if client else registrant

    def _changed(self, fields: ParsedParameters, client: Client) -> bool:
        """Whether somebody changed the application after the form was shown."""
        return not self.visitors.showed(fields, digest(client))

    async def _show_form(
        self,
        request: Request,
        session: Session,
        form: ApplicationForm,
        issued: PendingSecret | None = None,
        *,
        client: Client | None = None,
        status: int = 200,
        changed: bool = False,
        stale: Stale | None = None,
    ) -> Answer:
        """Shows the form to register an application, or to edit `client`, with its complaints."""
        offer(form, self._registrant(session, client), await self.registration.scopes.all())
        purpose = f"edit {client.id}" if client else "register"
        registrant = self._registrant(session)
        return self.theme.page(
            "application_form.html",
            status,
            script=Script.COPY if issued is not None else None,
            kinds=[] if client else kinds.offered(registrant),
            kind=kinds.chosen(request, registrant).name,
            session=session,
            form=form,
            stale=stale,
            issued=issued,
            client=client,
            differences=differences(form, client) if changed and client else None,
            csrf_token=self.visitors.token(request, purpose, shown=digest(client) if client else ""),
        )


def authorize_address(client: Client, redirect_uri: str | None, issuer: str) -> str:
    """Returns an authorization request with which to try the application, without PKCE."""
    query = {
        "response_type": "code",
        "client_id": client.id,
        "redirect_uri": redirect_uri,
        "scope": " ".join(client.scopes),
    }
    return f"{issuer}/authorize?{urlencode({name: value for name, value in query.items() if value})}"


def login_of(client: Client, issuer: str) -> str | None:
    """Returns the link at which people begin to log in to the application (OpenID Connect Core §4).

    None if the application has none, or it is not a good address.
    """
    uri = client.initiate_login_uri
    if uri is None or uris.complaint(uri):
        return None
    return redirect_uris.answering(uri, [("iss", issuer)], fragment=False)


def bind(purpose: str, session: Session) -> str:
    """Returns what a form's id and secret are bound to: its purpose, the person and the session."""
    return f"{purpose}\n{session.user_id}\n{session.id}"
