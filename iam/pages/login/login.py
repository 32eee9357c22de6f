"""The login page: a password begins a session (H15, H17, H18)."""

import json
from collections.abc import Awaitable, Callable
from datetime import datetime

from attrs import evolve
from twisted.logger import Logger
from wtforms import BooleanField, Form, HiddenField, PasswordField, StringField

from iam.browser import cookies
from iam.browser.addresses import leading_to, next_address
from iam.browser.forms import Fields
from iam.browser.theme import Theme
from iam.browser.visitors import Stale, Visitors
from iam.clients.client_card import Introduction
from iam.http.answers import Answer, Script, retry_after, see_other
from iam.http.parameters import ParameterError, query_parameters
from iam.http.request import Request
from iam.networks import network
from iam.pages.account import passkey_offer
from iam.pages.login.beginning import Beginnings, Proof
from iam.people import names
from iam.people.factors.browsers import RememberedBrowsers
from iam.people.factors.ceremonies import Refused
from iam.people.factors.factors import Factors
from iam.people.factors.passkeys import Passkeys
from iam.people.logins import Logins
from iam.records.session import Session
from iam.records.user import Login
from iam.service import service
from iam.settings import Settings
from iam.throttles.pace import Pace
from iam.throttles.throttle import Throttled
from iam.throttles.turns import Busy

log = Logger()

PURPOSE = "login"
MANY = 120  # seconds, from which on waits are told in minutes
BUSY = "Many people are logging in at this moment. Try again in a few seconds."
WRONG = "Wrong username or password."


class LoginForm(Form):  # type: ignore[misc]
    """The name and password of a person, whether to remember them, and whether the browser makes passkeys by itself."""

    login = StringField("Username or e-mail address")
    password = PasswordField("Password")
    remember = BooleanField("Keep me logged in on this device")
    upgrade = HiddenField()


@service
class LoginPage:
    """The login page.

    `introduce` returns the client that an address leads to, if it is an authorization request; `after_login` adds a
    mark of the login that began the session with this cookie to that address.
    """

    logins: Logins
    factors: Factors
    passkeys: Passkeys
    browsers: RememberedBrowsers
    beginnings: Beginnings
    visitors: Visitors
    theme: Theme
    settings: Settings
    introduce: Callable[[str], Awaitable[Introduction | None]]
    after_login: Callable[[str, str], str]
    pace: Pace

    async def show(self, request: Request) -> Answer:
        """Shows the form.

        People who are logged in go on at once, unless the form is for another account or they have to log in again.
        """
        address = next_address(request)
        if not (another(request) or again(request) or changed(request) or spent(request)):
            accounts = await self.visitors.accounts(request)
            if accounts.active:
                return see_other(address)
            if accounts.others:
                return see_other(leading_to("/accounts", address, request.base))
        return await self.show_form(request, LoginForm(login=read_parameter(request, "login_hint")), address)

    async def submit(self, request: Request) -> Answer:
        """Checks the password and begins a session, or asks for another factor if the person has one."""
        address = next_address(request)
        sent = self.visitors.receive(request, PURPOSE)
        form = LoginForm(Fields(sent.fields))
        if sent.stale:
            return await self.answer_stale(request, form, address, sent.stale)
        received = self.visitors.clock.now()
        try:
            known = await self._authenticate(request, form)
        except Throttled as error:
            return await self.put_off(request, form, address, 429, error.retry_after, describe_wait(error.retry_after))
        except Busy as error:
            request.unanswered = str(error)
            return await self.put_off(request, form, address, 503, error.retry_after, BUSY)
        answer = await self._go_on(request, form, known, received, address) if known else None
        if answer is None:
            request.say(log, "login refused: {peer}", peer=request.client_address)
            form.password.errors = [WRONG]
            return await self.show_form(request, form, address, 400)
        return answer

    async def _go_on(
        self, request: Request, form: LoginForm, known: Login, received: datetime, address: str
    ) -> Answer | None:
        """Leads to another factor, or begins the session and leads on; None if the person is disabled.

        A browser that is able to make a passkey by itself is led by the page that lets it.
        """
        proof = Proof(known.user_id, received, remembered=bool(form.remember.data))
        asked = known.asked_more and await self.factors.of(proof.user_id)
        mark = await self.mark(request, proof) if asked else None
        if asked and (mark is None or again(request)):
            postponed = await self.beginnings.postpone(request, proof)
            return see_other(leading_to("/login/factor", address, request.base), postponed) if postponed else None
        begun = await self.beginnings.begin(request, evolve(proof, mark=mark))
        if begun is None:
            return None
        log.info("login: user {user_id}, {peer}", user_id=str(proof.user_id), peer=request.client_address)
        cookie, headers = begun
        onward = self.after_login(address, cookie)
        if form.upgrade.data and await self.passkeys.offer(proof.user_id):
            onward = leading_to(passkey_offer.PATH, onward, request.base) + passkey_offer.AFTER_LOGIN
        return see_other(onward, headers)

    async def mark(self, request: Request, proof: Proof) -> str | None:
        """Returns the mark of this browser if the person wants to be asked for no other factor here; else None."""
        return await self.browsers.mark(proof.user_id, cookies.read_devices(request, self.settings))

    async def _authenticate(self, request: Request, form: LoginForm) -> Login | None:
        """Returns the person with this name and password, or None. Raises Throttled and Busy."""
        return await self.logins.authenticate(
            form.login.data or "",
            form.password.data or "",
            address=request.client_address,
            devices=cookies.read_devices(request, self.settings),
        )

    async def put_off(
        self, request: Request, form: LoginForm, address: str, status: int, wait: int, sentence: str
    ) -> Answer:
        """Shows the form again with what was typed, and says when and why to send it again (RFC 6585 §4).

        Answers to one network go out one after another, which slows down a flood.
        """
        await self.pace.keep(network(request.client_address))
        form.password.errors = [sentence]
        answer = await self.show_form(request, form, address, status)
        return evolve(answer, headers=(*answer.headers, *retry_after(wait)))

    async def answer_stale(self, request: Request, form: LoginForm, address: str, stale: Stale) -> Answer:
        """Lets the person go on who has logged in here since, if the form names nobody else.

        Otherwise shows the form again, which is good then.
        """
        active = (await self.visitors.accounts(request)).active
        if active and (not form.login.data or called(active.session, form.login.data)):
            return see_other(address)
        return await self.show_form(request, form, address, 403, stale=stale, person=active.session if active else None)

    async def show_form(
        self,
        request: Request,
        form: LoginForm,
        address: str,
        status: int = 200,
        *,
        stale: Stale | None = None,
        person: Session | None = None,
        refused: Refused | None = None,
    ) -> Answer:
        """Shows the page; `person` is who is logged in, if the form was stale, and `refused` says why a passkey was."""
        token, headers = self.visitors.welcome(request, PURPOSE)
        client, party = await self.introduce(address), self.passkeys.party
        return self.theme.page(
            "login.html",
            status,
            headers,
            leaving=True,
            image_source=client.image_source if client and not client.stranger else None,
            client=client,
            form=form,
            stale=stale,
            person=person,
            next=request.base + address,
            another=another(request),
            again=again(request),
            changed=changed(request),
            spent=spent(request),
            kept=read_parameter(request, "typed") == "kept",
            csrf_token=token,
            script=Script.USE_PASSKEY if party else None,
            host=party and party.id,
            options=party and json.dumps(self.passkeys.request(party, token)),
            refused=refused,
            signals=party and refused and json.dumps(party.unknown(refused.unknown)),
        )


def describe_wait(wait: int) -> str:
    """Returns the sentence about too many attempts, with the wait in seconds or, from MANY on, in minutes."""
    span = f"{wait} seconds" if wait < MANY else f"{-(-wait // 60)} minutes"
    return f"There were too many attempts to log in. Wait {span}, then try again."


def called(session: Session, typed: str) -> bool:
    """Whether the typed name is the username or e-mail address of the person of the session."""
    key = names.login_key(typed)
    return key == names.username_key(session.username) or (
        session.email is not None and key == names.email_key(session.email)
    )


def another(request: Request) -> bool:
    """Whether the form is for an account besides those that are logged in."""
    return read_parameter(request, "account") == "new"


def again(request: Request) -> bool:
    """Whether a person who is logged in must log in again (OpenID Connect Core §3.1.2.1, prompt and max_age)."""
    return read_parameter(request, "login") == "again"


def changed(request: Request) -> str | None:
    """Returns what the person has just done by a link, which does not log in (H22): "done" for a new password, "first".

    None if it is neither.
    """
    did = read_parameter(request, "reset")
    return did if did in ("done", "first") else None


def spent(request: Request) -> bool:
    """Whether so many wrong codes came after the password that the login has to begin anew."""
    return read_parameter(request, "codes") == "spent"


def reset_done(address: str, base: str, *, first: bool = False) -> str:
    """Returns the login page that says that the password is set, and leads to `address`, written without `base`."""
    return leading_to("/login", address, base) + ("&reset=first" if first else "&reset=done")


def read_parameter(request: Request, name: str) -> str | None:
    """Returns a parameter of the query, such as login_hint (OpenID Connect Core §3.1.2.1), or None."""
    try:
        return query_parameters(request).get(name)
    except ParameterError:
        return None
