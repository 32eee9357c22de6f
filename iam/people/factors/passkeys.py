"""Passkeys: made, used alone or after a password, renamed and removed (H24; docs/decisions/passkeys.md)."""

import hmac
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any, ClassVar, Final
from uuid import UUID

from attrs import field, frozen
from twisted.logger import Logger

from iam.clock import Clock
from iam.people.factors import ceremonies, passkey_names
from iam.people.factors.ceremonies import Flaw, Refused, Use
from iam.people.factors.challenges import PURPOSE as CHALLENGES
from iam.people.factors.challenges import Ceremony, Challenges
from iam.people.factors.relying_party import RelyingParty, relying_party
from iam.reactor import InThread
from iam.records import acr
from iam.records.actor import By, person
from iam.records.passkey import Passkey
from iam.records.session import Session
from iam.secrets import minted
from iam.secrets.master_key import ServerKey
from iam.settings import Settings
from iam.store import passkeys as table

PURPOSE: Final = "passkey user handles"
OFFERED_AGAIN: Final = timedelta(days=30)

log = Logger()


@frozen
class Passkeys:
    """People's passkeys. `party` is None where no browser has any; `key` derives the handles of accounts; `most` is of one person.

    What browsers send is verified `in_thread`: the library for it is loaded when the first passkey comes, and takes long.
    """

    name: ClassVar = "passkey"
    label: ClassVar = "Passkey or security key"
    amr: ClassVar[tuple[str, ...]] = ("hwk", acr.VERIFIED)  # as far as one may reach
    recovers: ClassVar = False

    table: table.Passkeys
    party: RelyingParty | None
    challenges: Challenges
    clock: Clock
    key: bytes = field(repr=False)
    most: int
    in_thread: InThread

    async def held(self, user_id: UUID) -> bool:
        """Whether the person has one that is asked for after the password."""
        return self.party is not None and any(passkey.second_factor for passkey in await self.table.of(user_id))

    async def of(self, user_id: UUID) -> Sequence[Passkey]:
        """Returns the person's passkeys, oldest first."""
        return await self.table.of(user_id)

    def handle(self, user_id: UUID, passkeys: Iterable[Passkey]) -> bytes:
        """Returns the id by which authenticators know the account: that of its passkeys, or one that tells nothing."""
        known = next((passkey.user_handle for passkey in passkeys), None)
        return known or hmac.digest(self.key, user_id.bytes, "sha256")

    def creation(
        self,
        party: RelyingParty,
        session: Session,
        passkeys: Sequence[Passkey],
        bound: str,
        ceremony: Ceremony = Ceremony.CREATION,
    ) -> dict[str, Any]:
        """Returns the options to make a passkey for this person in the form with the secret `bound`."""
        challenge = self.challenges.make(ceremony, f"{bound} {session.user_id}")
        handle = self.handle(session.user_id, passkeys)
        return party.creation(challenge, handle, session.username, session.name, passkeys)

    async def add(
        self, session: Session, text: str, bound: str, by: By, ceremony: Ceremony = Ceremony.CREATION
    ) -> str | None:
        """Stores the passkey that a browser made, and returns its name; None if it is there already. Raises Refused.

        For an upgrade nobody need have touched anything (WebAuthn Level 3 §5.1.3, conditional mediation).
        """
        party = self._party()
        sent = ceremonies.read(text)
        challenge = ceremonies.answered(self.challenges, sent, ceremony, f"{bound} {session.user_id}")
        upgraded = ceremony is Ceremony.UPGRADE
        new = await self.in_thread(ceremonies.verify_new, party, sent, challenge, present=not upgraded)
        name = passkey_names.first_name(new.aaguid, new.transports)
        stored = await self.table.add(
            new,
            passkey_id=minted.identifier(),
            user_id=session.user_id,
            user_handle=self.handle(session.user_id, await self.table.of(session.user_id)),
            name=name,
            challenge=challenge.digest,
            day=challenge.last_day,
            most=self.most,
            upgraded=upgraded,
            now=self.clock.now(),
            by=by,
        )
        return name if stored else None

    def request(self, party: RelyingParty, bound: str) -> dict[str, Any]:
        """Returns the options to log in by a passkey alone; they are about nobody, and so tell nothing of accounts."""
        return party.request(self.challenges.make(Ceremony.LOGIN, bound), checked=True)

    async def authenticate(self, text: str, bound: str, address: str) -> Use:
        """Returns the use of a passkey alone, which proves its owner by two factors. Raises Refused."""
        use = await self._verify(text, Ceremony.LOGIN, bound)
        if not use.person_verified:
            raise Refused(Flaw.UNVERIFIED)
        await self._count(use, address)
        return use

    async def request_of(
        self, party: RelyingParty, user_id: UUID, bound: str, *, checked: bool = False
    ) -> dict[str, Any]:
        """Returns the options to prove a passkey of this person, whose password was right.

        `checked`: it must verify the person.
        """
        challenge = self.challenges.make(Ceremony.FACTOR, f"{bound} {user_id}")
        return party.request(challenge, await self.table.of(user_id), checked=checked)

    async def prove(self, user_id: UUID, text: str, bound: str, address: str) -> Use:
        """Returns the use of a passkey of this person. Raises Refused."""
        use = await self._verify(text, Ceremony.FACTOR, f"{bound} {user_id}")
        if use.passkey.user_id != user_id:
            raise Refused(Flaw.WRONG)
        await self._count(use, address)
        return use

    async def _verify(self, text: str, ceremony: Ceremony, bound: str) -> Use:
        """Returns the use of a passkey after everything but its counter was verified. Raises Refused."""
        party, sent = self._party(), ceremonies.read(text)
        challenge = ceremonies.answered(self.challenges, sent, ceremony, bound)
        passkey = await self.table.find(sent.id) if 0 < len(sent.id) <= ceremonies.LONGEST_ID else None
        if passkey is None:
            raise Refused(Flaw.WRONG, minted.base64url(sent.id))
        if sent.handle != passkey.user_handle and (sent.handle or ceremony is Ceremony.LOGIN):
            raise Refused(Flaw.WRONG)
        use: Use = await self.in_thread(ceremonies.verify_use, party, sent, challenge, passkey)
        if passkey.disabled:
            raise Refused(Flaw.WRONG)
        return use

    async def _count(self, use: Use, address: str) -> None:
        """Counts the use, and uses up its challenge. Raises Refused if that was used before."""
        user_id = use.passkey.user_id
        doubtful = await self.table.use(
            use.passkey.credential_id,
            sign_count=use.sign_count,
            backed_up=use.backed_up,
            challenge=use.challenge.digest,
            day=use.challenge.last_day,
            now=self.clock.now(),
            by=person(user_id, address),
        )
        if doubtful is None:
            raise Refused(Flaw.WRONG)
        if doubtful:
            log.warn("the counter of a passkey of user {user_id} went back, {peer}", user_id=str(user_id), peer=address)

    async def rename(self, passkey_id: UUID, user_id: UUID, text: str, by: By) -> bool:
        """Gives the person's passkey another name; returns False if nothing changes. Raises Invalid."""
        return await self.table.rename(passkey_id, user_id, passkey_names.chosen(text), self.clock.now(), by)

    async def remove(self, passkey_id: UUID, user_id: UUID, by: By) -> bool | None:
        """Removes the person's passkey; returns False if it is their last way in, None if there is none with this id."""
        return await self.table.remove(passkey_id, user_id, self.clock.now(), by)

    async def switch(self, passkey: Passkey, user_id: UUID, by: By, *, second_factor: bool) -> bool:
        """Lets the person's passkey be asked for after the password, or log in alone only. Returns False if nothing changes."""
        return await self.table.switch(passkey.id, user_id, self.clock.now(), by, second_factor=second_factor)

    async def offer(self, user_id: UUID) -> bool:
        """Whether to offer the person a passkey now, which is recorded, so that it is not done too often."""
        now = self.clock.now()
        return self.party is not None and await self.table.offer(user_id, now, now - OFFERED_AGAIN)

    async def wanted(self, user_id: UUID) -> bool:
        """Whether the person may be told of passkeys: they have none, and did not say that they want none."""
        return self.party is not None and await self.table.open(user_id)

    async def decline(self, user_id: UUID) -> None:
        """Records that the person wants no more offers."""
        await self.table.decline(user_id, self.clock.now())

    def _party(self) -> RelyingParty:
        if self.party is None:
            raise Refused(Flaw.WRONG)
        return self.party


def passkeys_of(
    settings: Settings, passkeys: table.Passkeys, key: ServerKey, clock: Clock, in_thread: InThread
) -> Passkeys:
    """Returns the passkeys of a server with these settings and this key."""
    challenges = Challenges(key.derive(CHALLENGES), clock)
    party, handles = relying_party(settings), key.derive(PURPOSE)
    return Passkeys(passkeys, party, challenges, clock, handles, settings.limits.passkeys, in_thread)
