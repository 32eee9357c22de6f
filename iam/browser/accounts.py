"""Who is logged in in one browser: the session that acts, and others, each proven by a secret of its own."""

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
    """A session, the secret by which this browser proves it, and the one by which it is to do so from now on."""

    secret: str = field(repr=False)
    session: Session
    kept: str = field(repr=False)

    def age(self, now: datetime) -> int | None:
        """Seconds that the browser keeps the secret; None until it closes."""
        return max(0, int((self.session.expires_at - now).total_seconds())) if self.session.remembered else None


def account_of(secret: str, found: RecognisedSession) -> Account | None:
    """The account that this secret proves, if it is good."""
    if found.session is None or found.cookie is None:
        return None
    return Account(secret, found.session, found.cookie)


@frozen
class Accounts:
    """The account that acts, if any, and the others, the one used last first."""

    active: Account | None = None
    others: tuple[Account, ...] = ()

    def __iter__(self) -> Iterator[Account]:
        if self.active:
            yield self.active
        yield from self.others

    def find(self, session_id: str | None) -> Account | None:
        """The account whose session has this id."""
        return next((account for account in self if str(account.session.id) == session_id), None)

    def with_session(self, session: Session) -> Account:
        """The account of a session of this browser."""
        return next(account for account in self if account.session.id == session.id)

    def of(self, user_id: object) -> tuple[Account, ...]:
        """Those of one person, of which there is more than one only where somebody meddled with the cookies."""
        return tuple(account for account in self if account.session.user_id == user_id)

    def beside(self, user_id: object) -> tuple[Account, ...]:
        """Those that become or stay the others when this person acts."""
        return tuple(account for account in self if account.session.user_id != user_id)

    def choose(self, account: Account) -> "Accounts":
        """This one acts from now on, and who did steps back among the others."""
        return Accounts(account, tuple(other for other in self if other != account))

    def without(self, account: Account) -> "Accounts":
        """This one is gone; nobody takes its place by themselves."""
        active = None if account == self.active else self.active
        return Accounts(active, tuple(other for other in self.others if other != account))

    def headers(self, settings: Settings, now: datetime) -> Headers:
        """What sets both cookies."""
        active = self.active
        first = (
            cookies.set_session(settings, active.kept, active.age(now))
            if active
            else cookies.set_session(settings, "", 0)
        )
        return first, others_header(settings, self.others, now)


def others_header(settings: Settings, others: tuple[Account, ...], now: datetime) -> tuple[bytes, bytes]:
    """What sets the cookie with the others, which outlives the browser only where each of them may."""
    ages = [age for account in others if (age := account.age(now)) is not None]
    age = 0 if not others else max(ages) if len(ages) == len(others) else None
    return cookies.set_others(settings, [account.kept for account in others], age)


def keep_newest(secrets: Iterable[str]) -> list[str]:
    """One of each series, in their order: where a browser has several steps of one, the latest is its cookie."""
    latest: dict[str, str] = {}
    for secret in secrets:
        series = minted.series(secret)
        latest[series] = max(latest.get(series, secret), secret, key=lambda step: (len(step), step))
    return list(latest.values())
