"""Forgotten passwords and invitations: a link leads to a new password, and to nothing else (H22)."""

from attrs import frozen

from iam.people import names
from iam.people.links import INVITATION, RESET, LinkKind, Links
from iam.people.people import People
from iam.records.invalid import complain
from iam.records.link import Changed, Link
from iam.records.user import User
from iam.secrets import minted
from iam.store import new_passwords as table

DIFFERENT = "The two passwords differ: type the same one twice."
GONE = "This link is not good any more."


@frozen
class NewPasswords:
    """Mails links to people who forgot their password, and sets the passwords behind links."""

    table: table.NewPasswords
    links: Links
    people: People

    async def ask(self, login: str, next_address: str, address: str) -> None:
        """Mails a link to the person with this username or e-mail address.

        Does as much, but mails nothing, if there is none, or if they have no address, are disabled, or were sent many
        mails. Raises Throttled if the network asked too often.
        """
        key, now = names.login_key(login), self.links.clock.now()
        known = await self.people.users.login(key)
        user_id = known.user_id if known else None
        admitted = await self.links.requests.admit(user_id, key or login, address)
        fresh = self.links.maker.for_mail(RESET, now, address=address)
        await self.table.ask(user_id if admitted else None, fresh, next_address, now, address)

    async def reset(self, link: Link, secret: str, password: str, again: str, address: str) -> Changed | None:
        """Sets the password, typed twice, by a good link; sessions, grants and tokens of the account end, other factors stay.

        Returns None if the link has ended meanwhile. Raises Invalid.
        """
        person = owner(link)
        complain(
            password=await self.people.weakness(password, person.username, person.email, person.name),
            again=different(password, again),
        )
        return await self._use(RESET, secret, password, address)

    async def accept(
        self, link: Link, secret: str, name: str, password: str, again: str, address: str
    ) -> Changed | None:
        """Sets the first password, typed twice, and the name, of the account of a good invitation.

        Returns None if the invitation has ended meanwhile. Raises Invalid.
        """
        person, name = owner(link), name.strip()
        complain(
            name=names.name_complaint(name),
            password=await self.people.weakness(password, person.username, person.email, name),
            again=different(password, again),
        )
        return await self._use(INVITATION, secret, password, address, name)

    async def _use(
        self, kind: LinkKind, secret: str, password: str, address: str, name: str | None = None
    ) -> Changed | None:
        """Hashes the password, and stores it if the link still is good."""
        hashed = await self.people.passwords.hash(password)
        now, digest = self.links.clock.now(), minted.digest(secret)
        return await self.table.use(kind.word, digest, hashed, now, address, name=name)


def different(password: str, again: str) -> str | None:
    """Returns what is wrong with a password that was typed a second time, in a sentence, or None."""
    return None if password == again else DIFFERENT


def owner(link: Link) -> User:
    """Returns the person whose account the link is about. Raises ValueError if there is none: the link is not good."""
    if link.person is None:
        raise ValueError(GONE)
    return link.person
