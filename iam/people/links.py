"""Links with a secret that are sent to people or printed for them: each is good once, and for a while (H22).

To open one shows a page and changes nothing, since mail is read by scanners; only the form behind it uses the link.
Decisions: docs/decisions/account_links.md.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from attrs import field, frozen

from iam.clock import Clock
from iam.people.link_requests import LinkRequests
from iam.records.actor import By
from iam.records.link import Changed, Link
from iam.secrets import minted
from iam.secrets.minted import Kind
from iam.store import links as table
from iam.store.links import Fresh

HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)
WEEK: Final = timedelta(days=7)


@frozen
class LinkKind:
    """A kind of link: its name in the table, the form of its secret, how long it is good, and its page."""

    word: str
    secret: Kind
    lifetime: timedelta
    path: str


RESET: Final = LinkKind("reset", Kind.PASSWORD_RESET, HOUR, "/reset/password")
PRINTED_RESET: Final = LinkKind("reset", Kind.PASSWORD_RESET, DAY, "/reset/password")
INVITATION: Final = LinkKind("invite", Kind.INVITATION, WEEK, "/invitation")
SIGN_UP: Final = LinkKind("sign_up", Kind.SIGN_UP, DAY, "/signup/account")
VERIFICATION: Final = LinkKind("verify", Kind.VERIFICATION, DAY, "/verification")
EMAIL_CHANGE: Final = LinkKind("email_change", Kind.EMAIL_CHANGE, DAY, "/email")
EMAIL_UNDO: Final = LinkKind("email_undo", Kind.EMAIL_UNDO, DAY, "/email/undo")


@frozen
class NewLink:
    """A link that is about to be stored, and the address with its secret, which nothing but the mail or the terminal gets."""

    digest: bytes
    expires_at: datetime
    address: str = field(repr=False)

    @property
    def fresh(self) -> Fresh:
        """The link as the store takes it, without a mail."""
        return Fresh(self.digest, self.expires_at, None, {})


@frozen
class LinkMaker:
    """Makes links to the pages of this server; `seal` encrypts an address for the mail that it goes into."""

    issuer: str
    seal: Callable[[str], bytes]

    def make(self, kind: LinkKind, now: datetime) -> NewLink:
        """Returns a new link of this kind, which is good from now on once it is stored."""
        secret = minted.mint(kind.secret)
        return NewLink(minted.digest(secret), now + kind.lifetime, f"{self.issuer}{kind.path}?link={secret}")

    def for_mail(self, kind: LinkKind, now: datetime, **detail: object) -> Fresh:
        """Returns a new link for the outbox; its mail says how long the link is good, and `detail`."""
        link = self.make(kind, now)
        until = link.expires_at.isoformat()
        return Fresh(link.digest, link.expires_at, self.seal(link.address), {"until": until, **detail})


class TooMany(Exception):
    """Many mails with a link went to this account lately."""


@frozen
class Links:
    """The links that were made: what each stands for; wrong ones are counted (H14)."""

    table: table.Links
    maker: LinkMaker
    requests: LinkRequests
    clock: Clock

    async def find(self, kind: LinkKind, secret: str, address: str) -> Link | None:
        """Returns the link with this secret, good or not, opened from this address; None if there is none.

        Raises Throttled if too many wrong secrets came from the address's network.
        """
        self.requests.throttle.look_up(address)
        ours = minted.well_formed(secret, kind.secret)
        link = await self.table.find(minted.digest(secret), kind.word, self.clock.now()) if ours else None
        if link is None:
            await self.requests.throttle.wrong(address)
        return link

    async def ask_verification(self, user_id: UUID, by: By) -> bool:
        """Mails the person a link that verifies their address. Returns False if there is nothing to verify.

        Raises TooMany if many mails went there, and Throttled if the network asked too often.
        """
        if not await self.requests.admit_own(user_id, by.address or ""):
            raise TooMany
        now = self.clock.now()
        fresh = self.maker.for_mail(VERIFICATION, now, address=by.address)
        return await self.table.ask_verification(user_id, fresh, now, by)

    async def confirm(self, secret: str, address: str) -> Changed | None:
        """Verifies the address that this link was sent to. Returns None if the link is not good."""
        return await self.table.confirm(minted.digest(secret), self.clock.now(), address)
