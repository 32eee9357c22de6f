"""Logs people in by a passkey alone, from the form of the login page (H24)."""

from attrs import evolve
from twisted.logger import Logger

from iam.browser import csrf
from iam.browser.addresses import next_address
from iam.browser.forms import Fields
from iam.http.answers import Answer, see_other
from iam.http.request import Request
from iam.pages.login.beginning import Beginnings, Proof
from iam.pages.login.login import PURPOSE, LoginForm, LoginPage, describe_wait
from iam.people.factors.ceremonies import Flaw, Refused, Use
from iam.people.factors.passkeys import Passkeys
from iam.service import service
from iam.throttles.throttle import Throttle, Throttled

log = Logger()


@service
class PasskeyLogin:
    """The address to which the login page sends what a browser says of a passkey."""

    passkeys: Passkeys
    page: LoginPage
    beginnings: Beginnings
    throttle: Throttle

    async def submit(self, request: Request) -> Answer:
        """Begins a session for the owner of the passkey, who needs no other factor."""
        address, received = next_address(request), self.page.visitors.clock.now()
        sent = self.page.visitors.receive(request, PURPOSE)
        form = LoginForm(Fields(sent.fields))
        if sent.stale:
            return await self.page.answer_stale(request, form, address, sent.stale)
        try:
            use = await self._authenticate(request, sent.fields.get("credential", ""), sent.fields[csrf.TOKEN_FIELD])
        except Throttled as error:
            return await self.page.put_off(
                request, form, address, 429, error.retry_after, describe_wait(error.retry_after)
            )
        except Refused as refused:
            return await self._refuse(request, form, address, refused)
        proof = Proof(use.passkey.user_id, received, use.amr, bool(form.remember.data))
        begun = await self.beginnings.begin(request, evolve(proof, mark=await self.page.mark(request, proof)))
        if begun is None:
            return await self._refuse(request, form, address, Refused(Flaw.WRONG))
        log.info("login: user {user_id}, passkey, {peer}", user_id=str(proof.user_id), peer=request.client_address)
        cookie, headers = begun
        return see_other(self.page.after_login(address, cookie), headers)

    async def _authenticate(self, request: Request, credential: str, bound: str) -> Use:
        """Returns the use of the passkey. Raises Refused, and Throttled; wrong ones count as wrong secrets do."""
        self.throttle.look_up(request.client_address)
        try:
            use = await self.passkeys.authenticate(credential, bound, request.client_address)
        except Refused as refused:
            if refused.flaw is Flaw.WRONG:
                await self.throttle.wrong(request.client_address)
            raise
        await self.page.logins.admit(use.passkey.user_id, request.client_address)
        return use

    async def _refuse(self, request: Request, form: LoginForm, address: str, refused: Refused) -> Answer:
        request.say(log, "login refused: passkey, {flaw}, {peer}", flaw=refused.flaw.name, peer=request.client_address)
        return await self.page.show_form(request, form, address, 400, refused=refused)
