"""Why a person cannot log in, or is held up, in sentences, and what mends it."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

from attrs import frozen

from iam.administration import people
from iam.administration.administration import Administration
from iam.records import acr
from iam.records.access import Access
from iam.records.actor import By
from iam.records.refused_login import FACTOR, PASSWORD, THROTTLED, RefusedLogin
from iam.records.role import ADMINISTERING, known
from iam.records.user import User

DISABLED: Final = "Their account is disabled: whatever they type is refused until somebody enables it."
HELD_UP: Final = (
    "Too many wrong passwords or codes came: not even a right one is tested until then. They read that there were too many "
    "attempts."
)
NO_PASSWORD: Final = "They have no password yet: invite them, so that they choose one."
WRONG: Final[Mapping[str, tuple[str, str]]] = {
    PASSWORD: (
        "A wrong password came for their account: if they do not know it any more, give them a link to a new one.",
        "{} wrong passwords came for their account: if they do not know it any more, give them a link to a new one.",
    ),
    FACTOR: (
        "A wrong code came after their password: if they have lost their second factor, reset their factors.",
        "{} wrong codes came after their password: if they have lost their second factor, reset their factors.",
    ),
}
ASKED_MORE: Final = "After their password they are asked for a second factor: reset their factors if they have lost it."
NONE_TO_PROVE: Final = (
    "Their role wants a second factor before it can be used, and they have none: they are led to add one, which is no obstacle "
    "elsewhere."
)
DELETING: Final = "Their account is about to be deleted, as they have asked: a login offers them to keep it."
UNVERIFIED: Final = (
    "Their e-mail address is not confirmed. They can log in here all the same, but an application that asks for it is told so, "
    "and may turn them away."
)
MENDED_BY: Final[Mapping[str, str]] = {PASSWORD: "person.reset_password", FACTOR: "person.reset_factors"}


@frozen
class Obstacle:
    """Something that keeps a person from logging in, or holds them up, in a sentence.

    It was so from `since` to `at`, and is so `until` a moment, as far as that is known; the last time it came from
    `address`, and `by` did it. `action` is the name of what mends it. Not `barring`: they may log in all the same.
    """

    kind: str
    sentence: str
    since: datetime | None = None
    at: datetime | None = None
    until: datetime | None = None
    address: str | None = None
    by: str | None = None
    action: str | None = None
    barring: bool = True


async def find(on: Administration, user: User) -> list[Obstacle]:
    """Returns what keeps this person from logging in, or holds them up; what bars them comes first. Raises Missing."""
    access = await on.store.accesses.of_person(user.id)
    if access is None:
        raise people.missing(user.username)
    refused = await on.store.refused_logins.of_person(user.id)
    found = [*standing(user, access), *lately(refused, access, on.clock.now()), *await of_policy(on, user, access)]
    return sorted(found, key=lambda obstacle: not obstacle.barring)


async def unthrottle(on: Administration, name: str, by: By) -> User:
    """Lets a person try again at once after too many wrong passwords or codes. Raises Missing."""
    user = await people.find(on, name)
    await on.store.refused_logins.lift(user.id, by)
    return user


def standing(user: User, access: Access) -> Iterator[Obstacle]:
    """Yields what holds until somebody changes it."""
    if access.disabled_at is not None:
        at, by = access.disabled_at, access.disabled_by
        yield Obstacle("disabled", DISABLED, action="person.enable", at=at, by=by)
    if not access.password:
        yield Obstacle("no_password", NO_PASSWORD, action="person.invite")
    if access.apps or access.passkeys:
        yield Obstacle("factor", ASKED_MORE, action="person.reset_factors", barring=False)
    if access.delete_at is not None:
        yield Obstacle("deletion", DELETING, until=access.delete_at, barring=False)
    if user.email is not None and not user.email_verified:
        yield Obstacle("unverified", UNVERIFIED, action="person.update", barring=False)


def lately(refused: Sequence[RefusedLogin], access: Access, now: datetime) -> Iterator[Obstacle]:
    """Yields what came since their last login, and what still holds them up."""
    for each in refused:
        if each.kind == THROTTLED and each.until is not None and each.until > now:
            yield came(each, HELD_UP, until=each.until, action="person.unthrottle")
        elif each.kind in WRONG and (access.last_login is None or each.at > access.last_login):
            once, often = WRONG[each.kind]
            yield came(each, once if each.count == 1 else often.format(each.count), action=MENDED_BY[each.kind])


def came(refused: RefusedLogin, sentence: str, *, action: str, until: datetime | None = None) -> Obstacle:
    """Returns what these refusals are, with when they came and from where."""
    since, at, address = refused.since, refused.at, refused.address
    return Obstacle(refused.kind, sentence, since=since, at=at, address=address, until=until, action=action)


async def of_policy(on: Administration, user: User, access: Access) -> list[Obstacle]:
    """Returns what is asked of who has a role here, if they have nothing to prove it by."""
    reachable = acr.PHISHING_RESISTANT if access.passkeys else acr.TWO_FACTORS if access.apps else acr.ONE_FACTOR
    if acr.reaches(reachable, on.settings.admin_acr):
        return []
    held = known(await on.store.roles.of_person(user.id))
    return [] if held.isdisjoint(ADMINISTERING) else [Obstacle("factor_needed", NONE_TO_PROVE, barring=False)]
