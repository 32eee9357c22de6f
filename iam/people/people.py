"""Creates accounts and sets passwords."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from attrs import frozen

from iam.clock import Clock
from iam.people import claims as rule
from iam.people import names, stored_hashes
from iam.people.passwords import Passwords
from iam.records.actor import By
from iam.records.invalid import Invalid, complain
from iam.secrets import minted
from iam.store.users import Users

TAKEN_USERNAME: Final = "Somebody has this username: choose another one."
TAKEN_EMAIL: Final = "Somebody has this e-mail address: use another one, or log in with it."
NOT_FIRST: Final = "This link is not good any more: make an administrator with the command iam createsuperuser."


@frozen
class People:
    """The accounts of this server; `site` is its name, which a good password does not contain."""

    users: Users
    passwords: Passwords
    clock: Clock
    site: str

    async def create(
        self,
        *,
        username: str,
        password: str | None,
        password_hash: str | None = None,
        email: str | None = None,
        name: str = "",
        email_verified: bool = False,
        claims: Mapping[str, object] | None = None,
        superuser: bool = False,
        setup: bytes | None = None,
        by: By,
    ) -> UUID:
        """Creates an account and returns its id. Raises Invalid, which names the fields that cannot be used.

        Nobody can log in to an account without a password. `password_hash` is that of another program, in place of a
        password. `setup` is the digest of a setup link, which must still be valid.
        """
        username, name = username.strip(), name.strip()
        email = None if email is None else email.strip()
        complain(
            username=names.username_complaint(username),
            email=None if email is None else names.email_complaint(email),
            name=names.name_complaint(name),
            claims=rule.complaint(claims or {}),
            password=None if password is None else await self.weakness(password, username, email, name),
            password_hash=None if password_hash is None else stored_hashes.complaint(password_hash),
        )
        user_id = minted.identifier()
        created = await self.users.create(
            user_id=user_id,
            username=username,
            username_key=names.username_key(username),
            email=email,
            email_key=names.email_key(email) if email else None,
            email_verified=email_verified and email is not None,
            name=name,
            password_hash=password_hash if password is None else await self.passwords.hash(password),
            claims=claims or {},
            superuser=superuser,
            now=self.clock.now(),
            setup=setup,
            by=by,
        )
        if not created:
            raise await self._explain(username, email)
        return user_id

    async def create_superuser(
        self, *, username: str, email: str, password: str, setup: bytes | None = None, by: By
    ) -> UUID:
        """Creates an administrator's account and returns its id. Raises Invalid."""
        return await self.create(username=username, email=email, password=password, superuser=True, setup=setup, by=by)

    async def set_password(self, user_id: UUID, password: str, *, keep_grants: bool = False, by: By) -> bool:
        """Sets a person's password and ends their sessions and, unless kept, their grants.

        Returns False if there is no such person. Raises Invalid.
        """
        user = await self.users.by_id(user_id)
        if user is None:
            return False
        complain(password=await self.weakness(password, user.username, user.email, user.name))
        hashed = await self.passwords.hash(password)
        return await self.users.set_password(user_id, hashed, self.clock.now(), by, keep_grants=keep_grants)

    async def weakness(self, password: str, *about: str | None) -> str | None:
        """Returns what to change about a new password of a person with these names, in a sentence, or None."""
        return await self.passwords.complaint(password, self.site, *(text for text in about if text))

    async def _explain(self, username: str, email: str | None) -> Invalid:
        """Returns the error that says why the account could not be created."""
        if await self.users.by_username(names.username_key(username)):
            return Invalid({"username": TAKEN_USERNAME})
        if email and await self.users.by_email(names.email_key(email)):
            return Invalid({"email": TAKEN_EMAIL})
        return Invalid({"username": NOT_FIRST})
