"""Sign-up: an e-mail address first, and behind the link that is sent there an account (H15, H23)."""

from uuid import UUID

from attrs import frozen

from iam.database.errors import Rejected
from iam.people import names
from iam.people.links import SIGN_UP, Links
from iam.people.new_passwords import different
from iam.people.people import TAKEN_EMAIL, TAKEN_USERNAME, People
from iam.people.profiles import UNIQUE_VIOLATION
from iam.records.invalid import Invalid, complain
from iam.records.link import Link
from iam.secrets import minted
from iam.store import sign_ups as table
from iam.store.sign_ups import Newcomer


@frozen
class SignUps:
    """Mails links to addresses of people who want an account, and makes the accounts behind them."""

    table: table.SignUps
    links: Links
    people: People

    async def ask(self, email: str, next_address: str, address: str) -> None:
        """Mails a link to an account to this e-mail address, or that there is an account with it.

        Mails nothing if many mails went there. Raises Invalid, and Throttled if the network asked too often.
        """
        complain(email=names.email_complaint(email))
        email, key, now = email.strip(), names.email_key(email), self.links.clock.now()
        admitted = await self.links.requests.admit(None, key, address)
        fresh = self.links.maker.for_mail(SIGN_UP, now, address=address)
        await self.table.ask(email, key, fresh, next_address, now, address, mailed=admitted)

    async def make(
        self, link: Link, secret: str, *, username: str, name: str, password: str, again: str, address: str
    ) -> UUID | None:
        """Makes the account behind a good link, with the address that it was sent to and a password that was typed twice.

        Returns its id, or None if the link has ended meanwhile. Raises Invalid.
        """
        username, name, email = username.strip(), name.strip(), link.email or ""
        complain(
            username=names.username_complaint(username),
            name=names.name_complaint(name),
            password=await self.people.weakness(password, username, email, name),
            again=different(password, again),
        )
        hashed = await self.people.passwords.hash(password)
        keys = names.username_key(username), names.email_key(email)
        newcomer = Newcomer(minted.identifier(), username, *keys, name, hashed)
        try:
            made = await self.table.make(minted.digest(secret), newcomer, self.links.clock.now(), address)
        except Rejected as error:
            if error.sqlstate != UNIQUE_VIOLATION:
                raise
            raise await self._taken(username, email) from None
        return newcomer.user_id if made else None

    async def _taken(self, username: str, email: str) -> Invalid:
        """Returns the error that says which of the two somebody has."""
        if await self.people.users.by_email(names.email_key(email)):
            return Invalid({"email": TAKEN_EMAIL})
        return Invalid({"username": TAKEN_USERNAME})
