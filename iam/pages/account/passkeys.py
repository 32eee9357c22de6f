"""The pages at which people make, rename and remove passkeys, and say what each is asked for."""

import json
from collections.abc import Sequence
from typing import Final

from wtforms import Form, StringField

from iam.browser import csrf, forms
from iam.browser.addresses import leading_to, next_address
from iam.browser.forms import Fields
from iam.browser.visitors import Stale
from iam.http.answers import Answer, AnswerNow, Script, see_other
from iam.http.request import Request
from iam.pages.account.holders import Holders
from iam.pages.account.recovery_codes import RecoveryCodePages
from iam.people.factors.ceremonies import Refused
from iam.people.factors.passkeys import Passkeys
from iam.people.factors.relying_party import RelyingParty
from iam.records import actor
from iam.records.invalid import Invalid
from iam.records.passkey import Passkey
from iam.records.session import Session
from iam.service import service

PATH: Final = "/account/security/passkeys"
NEW: Final = f"{PATH}/new"

MAKING: Final = "passkey new"
RENAMING: Final = "passkey rename"
REMOVING: Final = "passkey remove"
SWITCHING: Final = "passkey use"

# What a passkey is asked for, as the form says it: also after the password, or alone only.
SECOND: Final = "second"
USES: Final = (SECOND, "alone")

THERE_ALREADY: Final = "This passkey is there already, or you have as many as an account can have."
LAST: Final = (
    "This passkey stays: you have no password, and no other passkey that works without one. Add another one first."
)

NOT_ALONE: Final = "This passkey cannot log you in by itself, so it is good after your password only."


class NameForm(Form):  # type: ignore[misc]
    """The name of a passkey."""

    name = StringField("Name")


@service
class PasskeyPages:
    """The pages below PATH: all passkeys of a person, a new one, and one of them."""

    holders: Holders
    passkeys: Passkeys
    codes: RecoveryCodePages

    async def list(self, request: Request) -> Answer:
        """Shows the person's passkeys, and lets their keepers know which are accepted."""
        session = await self.holders.session(request)
        party, theirs = self._party(), await self.passkeys.of(session.user_id)
        signals = json.dumps(self._signals(party, session, theirs))
        return self.holders.page("passkeys.html", session, script=Script.PLAIN, passkeys=theirs, signals=signals)

    async def offer(self, request: Request) -> Answer:
        """Shows how to make one to a person who logged in lately."""
        return await self._offer(request, await self.holders.recent(request))

    async def make(self, request: Request) -> Answer:
        """Stores the passkey that the browser made, and shows recovery codes to who had no other factor."""
        session, sent = await self.holders.receive(request, MAKING, recent=True)
        if sent.stale:
            return await self._offer(request, session, 403, stale=sent.stale)
        told, bound = sent.fields.get("credential", ""), sent.fields.get(csrf.TOKEN_FIELD, "")
        by, first = actor.person(session.user_id, request.client_address), not await self._asked(session)
        try:
            added = await self.passkeys.add(session, told, bound, by)
        except Refused as refused:
            return await self._offer(request, session, 400, problem=refused.flaw.value)
        if not added:
            return await self._offer(request, session, 400, problem=THERE_ALREADY)
        return await self.codes.show_new(request, session, first=True) if first else see_other(next_address(request))

    async def edit(self, request: Request, passkey_id: str) -> Answer:
        """Shows one passkey to its owner, who logged in lately, to be renamed or removed."""
        session = await self.holders.recent(request)
        passkey = await self._find(session, passkey_id)
        return self._edit(request, session, passkey, NameForm(name=passkey.name))

    async def rename(self, request: Request, passkey_id: str) -> Answer:
        """Gives a passkey another name."""
        session, sent = await self.holders.receive(request, f"{RENAMING} {passkey_id}", recent=True)
        passkey, form = await self._find(session, passkey_id), NameForm(Fields(sent.fields))
        if sent.stale:
            return self._edit(request, session, passkey, form, 403, stale=sent.stale)
        by = actor.person(session.user_id, request.client_address)
        try:
            await self.passkeys.rename(passkey.id, session.user_id, form.name.data or "", by)
        except Invalid as invalid:
            forms.complain(form, invalid.complaints)
            return self._edit(request, session, passkey, form, 400)
        return see_other(PATH)

    async def remove(self, request: Request, passkey_id: str) -> Answer:
        """Removes a passkey, unless it is the person's last way in."""
        session, sent = await self.holders.receive(request, f"{REMOVING} {passkey_id}", recent=True)
        passkey = await self._find(session, passkey_id)
        form = NameForm(name=passkey.name)
        if sent.stale:
            return self._edit(request, session, passkey, form, 403, stale=sent.stale)
        by = actor.person(session.user_id, request.client_address)
        if await self.passkeys.remove(passkey.id, session.user_id, by) is False:
            return self._edit(request, session, passkey, form, 409, problem=LAST)
        return see_other(PATH)

    async def switch(self, request: Request, passkey_id: str) -> Answer:
        """Lets a passkey be asked for after the password, or not; shows recovery codes to who had no other factor."""
        session, sent = await self.holders.receive(request, f"{SWITCHING} {passkey_id}", recent=True)
        passkey = await self._find(session, passkey_id)
        if sent.stale:
            return self._edit(request, session, passkey, NameForm(name=passkey.name), 403, stale=sent.stale)
        by, first = actor.person(session.user_id, request.client_address), not await self._asked(session)
        use = sent.fields.get("use")
        if use not in USES:
            raise AnswerNow(self.holders.theme.error_of(400))
        second = use == SECOND
        if not second and passkey.discoverable is False:
            return self._edit(request, session, passkey, NameForm(name=passkey.name), 409, problem=NOT_ALONE)
        switched = await self.passkeys.switch(passkey, session.user_id, by, second_factor=second)
        if switched and second and first:
            return await self.codes.show_new(request, session, first=True)
        return see_other(PATH)

    async def _asked(self, session: Session) -> bool:
        """Whether the person is asked for another factor after the password."""
        return bool(await self.holders.factors.of(session.user_id))

    def _party(self) -> RelyingParty:
        """Returns the relying party. Raises AnswerNow, 404, where no browser has passkeys."""
        if self.passkeys.party is None:
            raise self.holders.theme.missing()
        return self.passkeys.party

    async def _find(self, session: Session, passkey_id: str) -> Passkey:
        """Returns the person's passkey with this id. Raises AnswerNow, 404, if they have none."""
        theirs = {str(passkey.id): passkey for passkey in await self.passkeys.of(session.user_id)}
        if passkey_id not in theirs:
            raise self.holders.theme.missing()
        return theirs[passkey_id]

    async def _offer(
        self,
        request: Request,
        session: Session,
        status: int = 200,
        *,
        problem: str | None = None,
        stale: Stale | None = None,
    ) -> Answer:
        """Shows how to make a passkey, with the options for the browser, and what was wrong, if anything."""
        party, token = self._party(), self.holders.visitors.token(request, MAKING)
        options = self.passkeys.creation(party, session, await self.passkeys.of(session.user_id), token)
        return self.holders.page(
            "passkey_new.html",
            session,
            status,
            script=Script.MAKE_PASSKEY,
            host=party.id,
            action=request.base + leading_to(NEW, onward(request), request.base),
            options=json.dumps(options),
            problem=problem,
            stale=stale,
            csrf_token=token,
        )

    def _edit(
        self,
        request: Request,
        session: Session,
        passkey: Passkey,
        form: NameForm,
        status: int = 200,
        *,
        problem: str | None = None,
        stale: Stale | None = None,
    ) -> Answer:
        """Shows one passkey, with the forms to rename and to remove it, and what was wrong, if anything."""
        token = self.holders.visitors.token
        return self.holders.page(
            "passkey.html",
            session,
            status,
            passkey=passkey,
            form=form,
            problem=problem,
            stale=stale,
            renaming=token(request, f"{RENAMING} {passkey.id}"),
            removing=token(request, f"{REMOVING} {passkey.id}"),
            switching=token(request, f"{SWITCHING} {passkey.id}"),
        )

    def _signals(self, party: RelyingParty, session: Session, theirs: Sequence[Passkey]) -> dict[str, object]:
        """Returns what the browser tells the keepers of the person's passkeys, by the name of the signal."""
        handle = self.passkeys.handle(session.user_id, theirs)
        return party.signals(handle, session.username, session.name, theirs)


def onward(request: Request) -> str:
    """Returns the address to go on to once a passkey was made: the `next` of the query, or the list."""
    address = next_address(request)
    return PATH if address == "/" else address
