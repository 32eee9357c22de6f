"""The accounts logged in in one browser: the active session and the others, each with its own secret."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from attrs import field, frozen

from iam.browser import cookies
from iam.http.answers import Headers
from iam.records.session import RecognisedSession, Session
from iam.secrets import minted
from iam.settings import Settings


@frozen
class Account:
    """A session of this browser, the secret that the browser sent for it, and the one it is to keep from now on."""

    secret: str = field(repr=False)
    session: Session
    kept: str = field(repr=False)

    def age(self, now: datetime) -> int | None:
        """Returns the seconds that the browser keeps the secret; None until it closes."""
        return max(0, int((self.session.expires_at - now).total_seconds())) if self.session.remembered else None


def account_of(secret: str, found: RecognisedSession) -> Account | None:
    """Returns the account of this secret; None if no session was found for it."""
    if found.session is None or found.cookie is None:
        return None
    return Account(secret, found.session, found.cookie)


@frozen
class Accounts:
    """The active account, if any, and the others, the last used first."""

    active: Account | None = None
    others: tuple[Account, ...] = ()

    def __iter__(self) -> Iterator[Account]:
        if self.active:
            yield self.active
        yield from self.others

    def find(self, session_id: str | None) -> Account | None:
        """Returns the account whose session has this id, or None."""
        return next((account for account in self if str(account.session.id) == session_id), None)

    def with_session(self, session: Session) -> Account:
        """Returns the account of a session, which must be one of this browser."""
        return next(account for account in self if account.session.id == session.id)

    def of(self, user_id: object) -> tuple[Account, ...]:
        """Returns the accounts of one person: one at most, unless somebody tampered with the cookies."""
        return tuple(account for account in self if account.session.user_id == user_id)

    def beside(self, user_id: object) -> tuple[Account, ...]:
        """Returns the accounts of all other people, which are the others once this person is active."""
        return tuple(account for account in self if account.session.user_id != user_id)

    def choose(self, account: Account) -> "Accounts":
        """Returns the accounts with this one active; the one active before becomes the first of the others."""
        return Accounts(account, tuple(other for other in self if other != account))

    def without(self, account: Account) -> "Accounts":
        """Returns the accounts without this one; if it was active, no other one becomes active."""
        active = None if account == self.active else self.active
        return Accounts(active, tuple(other for other in self.others if other != account))

    def headers(self, settings: Settings, now: datetime) -> Headers:
        """Returns the headers that set both cookies."""
        active = self.active
        first = (
            cookies.set_session(settings, active.kept, active.age(now))
            if active
            else cookies.set_session(settings, "", 0)
        )
        return first, others_header(settings, self.others, now)


def others_header(settings: Settings, others: tuple[Account, ...], now: datetime) -> tuple[bytes, bytes]:
    """Returns the header that sets the cookie with the other sessions.

    The cookie outlives the browser only if all of these sessions may.
    """
    ages = [age for account in others if (age := account.age(now)) is not None]
    age = 0 if not others else max(ages) if len(ages) == len(others) else None
    return cookies.set_others(settings, [account.kept for account in others], age)


def keep_newest(secrets: Iterable[str]) -> list[str]:
    """Returns the latest secret of each session's series, in the order of the series."""
    latest: dict[str, str] = {}
    for secret in secrets:
        series = minted.series(secret)
        latest[series] = max(latest.get(series, secret), secret, key=lambda step: (len(step), step))
    return list(latest.values())
