"""The pages at which people add and remove an authenticator app."""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Final

from wtforms import Form, HiddenField, StringField

from iam.browser.addresses import leading_to, next_address
from iam.browser.forms import Fields
from iam.browser.visitors import Stale
from iam.http.answers import Answer, Headers, retry_after, see_other
from iam.http.request import Request
from iam.pages.account.holders import Holders
from iam.pages.account.recovery_codes import RecoveryCodePages
from iam.pages.factors.code import describe_wait
from iam.pages.login.beginning import Beginnings, Proof
from iam.people.factors import totp
from iam.people.factors.totp import AuthenticatorApps
from iam.records import acr, actor
from iam.records.session import Session
from iam.service import service
from iam.throttles.throttle import Throttled

PATH: Final = "/account/security/app"
SECURITY: Final = "/account/security"
ADDING: Final = "authenticator app new"
REMOVING: Final = "authenticator app remove"
WRONG: Final = "This is not the code that the app shows now. Look at the app, and type its newest code."
DOTS: Final = 5  # pixels of a dot of the square


class AppForm(Form):  # type: ignore[misc]
    """The app's secret, encrypted, and the code that shows that the app has it."""

    sealed = HiddenField()
    code = StringField("Code that the app shows")


@service
class AppPages:
    """The pages /account/security/app and below; `site` is the name under which apps keep the account."""

    holders: Holders
    apps: AuthenticatorApps
    codes: RecoveryCodePages
    beginnings: Beginnings
    site: str

    async def offer(self, request: Request) -> Answer:
        """Shows a new secret to a person who logged in lately, who reads it into their app."""
        session = await self.holders.recent(request)
        return await self._offer(request, session, AppForm(sealed=written(self.apps.propose(session.user_id))))

    async def add(self, request: Request) -> Answer:
        """Stores the app if it shows the right code, and shows recovery codes to who had no other factor."""
        session, sent = await self.holders.receive(request, ADDING, recent=True)
        form = AppForm(Fields(sent.fields))
        sealed = read(form.sealed.data or "")
        if self.apps.read(session.user_id, sealed) is None:
            return see_other(leading_to(PATH, next_address(request), request.base))
        if sent.stale:
            return await self._offer(request, session, form, 403, stale=sent.stale)
        first = not await self.holders.factors.of(session.user_id)
        try:
            added = await self.apps.confirm(session.user_id, sealed, form.code.data or "", by(session, request))
        except Throttled as error:
            form.code.errors = [describe_wait(error.retry_after)]
            return await self._offer(request, session, form, 429, retry_after(error.retry_after))
        if not added:
            form.code.errors = [WRONG]
            return await self._offer(request, session, form, 400)
        headers = await self._prove(request, session)
        if first:
            return await self.codes.show_new(request, session, headers, first=True)
        return see_other(next_address(request), headers)

    async def confirm_removal(self, request: Request) -> Answer:
        """Asks whether to remove the app."""
        session = await self.holders.recent(request)
        if await self.apps.since(session.user_id) is None:
            return see_other(SECURITY)
        return self._confirm_removal(request, session)

    async def remove(self, request: Request) -> Answer:
        """Removes the app."""
        session, sent = await self.holders.receive(request, REMOVING, recent=True)
        if sent.stale:
            return self._confirm_removal(request, session, 403, sent.stale)
        await self.apps.remove(session.user_id, by(session, request))
        return see_other(SECURITY)

    async def _prove(self, request: Request, session: Session) -> Headers:
        """Lets the session go on with the factor that was just proved, and returns its cookies."""
        amr = acr.add(session.amr, self.apps.amr)
        proof = Proof(session.user_id, session.auth_time, amr, session.remembered, until=session.expires_at)
        begun = await self.beginnings.begin(request, proof)
        return begun[1] if begun else ()

    async def _offer(
        self,
        request: Request,
        session: Session,
        form: AppForm,
        status: int = 200,
        headers: Headers = (),
        stale: Stale | None = None,
    ) -> Answer:
        """Shows the secret as a square of dots and to be typed, with the form that confirms it."""
        secret = self.apps.read(session.user_id, read(form.sealed.data)) or b""
        return self.holders.page(
            "app_new.html",
            session,
            status,
            headers,
            form=form,
            square=square(totp.address_of(secret, session.username, self.site)),
            secret=totp.spell(secret),
            replaces=await self.apps.since(session.user_id) is not None,
            action=request.base + leading_to(PATH, next_address(request), request.base),
            csrf_token=self.holders.visitors.token(request, ADDING),
            stale=stale,
        )

    def _confirm_removal(
        self, request: Request, session: Session, status: int = 200, stale: Stale | None = None
    ) -> Answer:
        token = self.holders.visitors.token(request, REMOVING)
        return self.holders.page("app_remove.html", session, status, csrf_token=token, stale=stale)


def by(session: Session, request: Request) -> actor.By:
    """Returns the actor for the audit log: this person at this address."""
    return actor.person(session.user_id, request.client_address)


def written(sealed: bytes) -> str:
    """Returns the encrypted secret as a form holds it."""
    return urlsafe_b64encode(sealed).decode()


def read(text: str) -> bytes:
    """Returns the encrypted secret of a form; nothing for a text that holds none."""
    try:
        return urlsafe_b64decode(text.encode())
    except (ValueError, binascii.Error):
        return b""


def square(text: str) -> str:
    """Returns the QR code of a text (ISO/IEC 18004) as an SVG picture in a data: address, dark on white in any mode."""
    import segno

    return segno.make_qr(text, error="m").svg_data_uri(scale=DOTS, dark="#000", light="#fff")
