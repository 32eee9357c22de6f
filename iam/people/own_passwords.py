"""The change of one's own password, which keeps the session at the browser under another cookie (H17)."""

from datetime import UTC

from attrs import frozen

from iam.clock import Clock
from iam.people.new_passwords import different
from iam.people.people import People
from iam.records.actor import By
from iam.records.invalid import complain
from iam.records.session import Session
from iam.secrets import minted
from iam.secrets.minted import Kind
from iam.store import own_passwords as table


@frozen
class Ending:
    """What ends with a password: the person's other sessions, what applications have, the tokens they made themselves."""

    sessions: bool = True
    applications: bool = True
    tokens: bool = False


Typed = tuple[str, str]  # a new password, and once more


@frozen
class OwnPasswords:
    """Passwords, as the people change them who have them."""

    table: table.OwnPasswords
    people: People
    clock: Clock

    async def change(self, session: Session, typed: Typed, ending: Ending, device: str, by: By) -> str | None:
        """Sets a new password, typed twice, and returns the cookie with which the session goes on.

        Returns None if the session has ended meanwhile. Raises Invalid, and Busy.
        """
        password, again = typed
        complain(
            password=await self.people.weakness(password, session.username, session.email, session.name),
            again=different(password, again),
        )
        hashed = await self.people.passwords.hash(password)
        cookie = minted.mint_until(Kind.SESSION, session.expires_at.astimezone(UTC))
        change = table.Change(
            user_id=session.user_id,
            session_id=session.id,
            day=minted.day_of(cookie),
            digest=minted.digest(cookie),
            password_hash=hashed,
            end_sessions=ending.sessions,
            end_applications=ending.applications,
            end_tokens=ending.tokens,
            now=self.clock.now(),
            device=device,
        )
        return cookie if await self.table.change(change, by) else None
