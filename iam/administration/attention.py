"""What needs attention on a server: what is wrong, and what to do about it."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Final

from attrs import frozen

from iam.administration.disk import Room
from iam.networks import loopback
from iam.records.numbers import MOST, Numbers, Span
from iam.records.scope import DERIVED, Scope
from iam.records.signing_key import SigningKey
from iam.secrets.signing_keys import KINDS, PERIOD
from iam.settings import Settings


@frozen
class Concern:
    """Something that needs attention.

    `noun` is what mends it or tells more, among those of the actions, if any does; `key` is which one of these it is
    about, and `command` what to type where there is no page.
    """

    about: str
    sentence: str
    remedy: str
    noun: str | None = None
    key: str | None = None
    command: str | None = None


PUBLIC_HTTP: Final = Concern(
    "address",
    "The public address is http, so cookies are not Secure: passwords and tokens can be read on their way.",
    "Start the servers with an --issuer that begins with https://.",
    "settings",
)
LOCAL_HTTP: Final = Concern(
    "address",
    "The address is http, so cookies are not Secure: this server is for this machine only.",
    "For others to log in, start it with an --issuer that begins with https://.",
    "settings",
)
NO_LIMITS: Final = Concern(
    "limits",
    "Rate limits are off: whoever reaches this server may guess passwords as fast as they can.",
    "Start the servers without --no-rate-limits.",
    "settings",
)
NO_MAIL_SERVER: Final = Concern(
    "mail",
    "There is no mail server: mail is written into files of the data directory, and reaches nobody.",
    "Start the servers with --smtp and --mail-from.",
    "settings",
)
FAILING: Final = "{count} could not be delivered yet, and will be tried again."
GIVEN_UP: Final = "{count} of the last day could not be delivered, and will not be tried again."
MAIL_REMEDY: Final = "Look at what the mail server answered, and whether the servers reach it."
NO_KEY: Final = "No key of {kind} can be used."
OLD_KEY: Final = "The key of {kind} has been in use for {days} days, and no other has taken its place."
KEY_REMEDY: Final = "The servers make keys by themselves: look into their log, or rotate the keys by hand."
LOW_DISK: Final = Concern(
    "disk",
    "The disk of the data directory is almost full.",
    "Make room, or move the data directory to a larger disk; the embedded database is only read where it is full.",
)
LACKING: Final = "Tables without room for what is written tomorrow: {tables}."
LACKING_REMEDY: Final = (
    "The servers make partitions by themselves: look into their log for why they cannot. "
    "A command of `iam` on the server's machine makes them too."
)
BY_HAND: Final = (
    "The scope {name} was made by hand, and tells what is noted of each person, not their {name} on this server."
)
BY_HAND_REMEDY: Final = "To have those, delete it and make it again, so that it follows from groups and roles."
BY_HAND_COMMAND: Final = "iam scope create {name} --derived"
ENDING: Final = "{count} of applications expire within a week."
ENDING_REMEDY: Final = "Make new ones for those that are still used."


def of_settings(settings: Settings) -> Iterator[Concern]:
    """Yields what the options leave unsafe or undone."""
    if not settings.secure:
        yield LOCAL_HTTP if loopback(settings.issuer_host) else PUBLIC_HTTP
    if settings.no_rate_limits:
        yield NO_LIMITS
    if settings.smtp is None:
        yield NO_MAIL_SERVER


def of_mail(numbers: Numbers) -> Iterator[Concern]:
    """Yields which mail does not arrive."""
    if numbers.given_up:
        yield Concern("mail", GIVEN_UP.format(count=counted(numbers.given_up, "mail")), MAIL_REMEDY, "mail")
    if numbers.failing:
        yield Concern("mail", FAILING.format(count=counted(numbers.failing, "mail")), MAIL_REMEDY, "mail")


def of_keys(keys: Iterable[SigningKey], now: datetime) -> Iterator[Concern]:
    """Yields the kinds of keys without a usable one, or whose successor should have been published a day ago."""
    trusted = [key for key in keys if key.trusted(now)]
    for kind in KINDS:
        newest = max((key.active_at for key in trusted if key.alg == kind), default=None)
        if newest is None:
            yield Concern("keys", NO_KEY.format(kind=kind), KEY_REMEDY, "keys")
        elif newest + PERIOD <= now:
            sentence = OLD_KEY.format(kind=kind, days=(now - newest).days)
            yield Concern("keys", sentence, KEY_REMEDY, "keys")


def of_storage(room: Room | None, spans: Iterable[Span], settings: Settings) -> Iterator[Concern]:
    """Yields what there will be no room for."""
    if room and room.low(settings.disk_reserve):
        yield LOW_DISK
    lacking = ", ".join(span.table for span in spans if span.lacking)
    if lacking:
        yield Concern("partitions", LACKING.format(tables=lacking), LACKING_REMEDY)


def of_scopes(scopes: Mapping[str, Scope]) -> Iterator[Concern]:
    """Yields the scopes that were made by hand under the names of those that follow from groups and roles."""
    for name in DERIVED:
        if name in scopes and not scopes[name].derived:
            command = BY_HAND_COMMAND.format(name=name)
            yield Concern("scopes", BY_HAND.format(name=name), BY_HAND_REMEDY, "scopes", name, command)


def of_tokens(numbers: Numbers) -> Iterator[Concern]:
    """Yields that tokens end soon by which applications act."""
    if numbers.ending:
        yield Concern("tokens", ENDING.format(count=counted(numbers.ending, "token")), ENDING_REMEDY, "tokens")


def counted(number: int, noun: str) -> str:
    """Returns a number that is counted to MOST, with what it counts."""
    if number > MOST:
        return f"More than {MOST:,} {noun}s"
    return f"1 {noun}" if number == 1 else f"{number:,} {noun}s"
