"""The details that people change in their own account, and the rules for each (OpenID Connect Core §5.1)."""

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from attrs import field, frozen

from iam.clock import Clock
from iam.database.errors import Rejected
from iam.people import names
from iam.people.people import TAKEN_USERNAME
from iam.people.profiles import UNIQUE_VIOLATION
from iam.records.actor import By
from iam.records.invalid import Invalid, complain
from iam.records.user import User
from iam.store import details as table

LONGEST_URL: Final = 2_000
LONGEST_PHONE: Final = 32
PLACE: Final = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}")  # a name in the IANA database
LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z]{4})?(-([A-Za-z]{2}|[0-9]{3}))?(-[A-Za-z0-9]{5,8})*")
PHONE: Final = re.compile(r"\+[0-9][0-9 ().-]*")  # E.164, as Core recommends
BIRTHDAY: Final = re.compile(r"(?P<year>[0-9]{4})(-(?P<rest>[0-9]{2}-[0-9]{2}))?")
NO_YEAR: Final = "0000"
LEAP: Final = "2000"
KNOWN_PLACE: Final = "Europe/London"

BAD_URL: Final = "Give an address that begins with https://."
BAD_LANGUAGE: Final = "Give a language such as en, de-AT or zh-Hant."
BAD_PLACE: Final = "Give a time zone such as Europe/Vienna."
BAD_PHONE: Final = "Give a telephone number with its country, such as +43 1 234567."
BAD_BIRTHDAY: Final = "Give a date such as 1990-12-31, or a year."

Rule = Callable[[str], str | None]


def url_complaint(text: str) -> str | None:
    """Returns what is wrong with an https address, in a sentence, or None."""
    try:
        parts = urlsplit(text)
        good = parts.scheme == "https" and bool(parts.hostname) and "@" not in parts.netloc and parts.port != 0
    except ValueError:
        good = False
    clean = text.isascii() and text.isprintable() and not set(text) & set(" \"'<>\\^`{|}")
    return None if good and clean and len(text) <= LONGEST_URL else BAD_URL


def language_complaint(text: str) -> str | None:
    """Returns what is wrong with a language tag (BCP 47), in a sentence, or None."""
    return None if LANGUAGE.fullmatch(text) else BAD_LANGUAGE


def place_complaint(text: str) -> str | None:
    """Returns what is wrong with a time zone, in a sentence, or None.

    Without a database of time zones, any name in its form will do.
    """
    good = PLACE.fullmatch(text) is not None and (zone(text) or not zone(KNOWN_PLACE))
    return None if good else BAD_PLACE


def zone(name: str) -> bool:
    """Tells whether this machine knows the time zone of this name."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


def phone_complaint(text: str) -> str | None:
    """Returns what is wrong with a telephone number, in a sentence, or None."""
    return None if PHONE.fullmatch(text) and len(text) <= LONGEST_PHONE else BAD_PHONE


def birthday_complaint(text: str) -> str | None:
    """Returns what is wrong with a birthday, in a sentence, or None; a year alone, or 0000 for no year, will do."""
    found = BIRTHDAY.fullmatch(text)
    if found is None or (found["rest"] is None and found["year"] == NO_YEAR):
        return BAD_BIRTHDAY
    year = LEAP if found["year"] == NO_YEAR else found["year"]
    try:
        date.fromisoformat(f"{year}-{found['rest'] or '01-01'}")
    except ValueError:
        return BAD_BIRTHDAY
    return None


# The claims that people may change themselves, and the rule for each.
CLAIMS: Final[Mapping[str, Rule]] = {
    "given_name": names.name_complaint,
    "family_name": names.name_complaint,
    "nickname": names.name_complaint,
    "picture": url_complaint,
    "website": url_complaint,
    "gender": names.name_complaint,
    "birthdate": birthday_complaint,
    "phone_number": phone_complaint,
    "locale": language_complaint,
    "zoneinfo": place_complaint,
}
PHONE_NUMBER: Final = "phone_number"
VERIFIED: Final = "phone_number_verified"


@frozen
class Details:
    """What a person says of themselves; `claims` has texts by the names in CLAIMS, empty ones for claims not given."""

    username: str
    name: str
    claims: Mapping[str, str] = field(factory=dict)


def of(user: User) -> Details:
    """Returns the details of this account."""
    return Details(user.username, user.name, {name: str(user.claims.get(name, "")) for name in CLAIMS})


def judge(details: Details) -> None:
    """Raises Invalid, which names the fields that cannot be used."""
    complain(
        username=names.username_complaint(details.username),
        name=names.name_complaint(details.name),
        **{name: rule(text) if (text := details.claims.get(name, "")) else None for name, rule in CLAIMS.items()},
    )


def merge(user: User, details: Details) -> dict[str, object]:
    """Returns the claims of the account with these; a telephone number that changed is not verified any more."""
    kept = {name: value for name, value in user.claims.items() if name not in CLAIMS}
    if details.claims.get(PHONE_NUMBER, "") != user.claims.get(PHONE_NUMBER, ""):
        kept.pop(VERIFIED, None)
    return kept | {name: text for name, text in details.claims.items() if text}


async def change(store: table.Details, clock: Clock, user: User, details: Details, by: By) -> bool:
    """Stores these details of the person.

    Returns False if the account changed after `user` was read. Raises Invalid.
    """
    judge(details)
    username = details.username.strip()
    try:
        return await store.change(
            user.id,
            username=username,
            username_key=names.username_key(username),
            name=details.name,
            claims=merge(user, details),
            seen=user.updated_at,
            now=clock.now(),
            by=by,
        )
    except Rejected as error:
        if error.sqlstate != UNIQUE_VIOLATION:
            raise
        raise Invalid({"username": TAKEN_USERNAME}) from None
