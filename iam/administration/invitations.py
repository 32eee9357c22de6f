"""Links that administrators make: to the first password of an account, and to another one (H22)."""

from datetime import datetime

from attrs import field, frozen

from iam.administration import people
from iam.administration.administration import Administration
from iam.people import names
from iam.people.links import INVITATION, PRINTED_RESET, RESET, LinkKind, LinkMaker
from iam.records.actor import By
from iam.records.invalid import Invalid
from iam.records.user import User

DISABLED = "This person is disabled: enable them first."
HAS_PASSWORD = "This person has a password: reset it for another one."
NO_ADDRESS = "There is no e-mail address for the link to go to, and only administrators are shown it: give one, or ask one of them."
THERE = "There is a person with this name already, but not with this e-mail address: change theirs first."


@frozen
class Offer:
    """A link for a person, to be handed over once; `mailed`: another one went to their address.

    `expires_at` is the end of the link, or of the mailed one where that is the only one to be used.
    """

    user: User
    expires_at: datetime
    mailed: bool
    link: str = field(repr=False)


async def invite(on: Administration, name: str, by: By, *, email: str | None = None, by_mail: bool = False) -> Offer:
    """Returns a link by which a person chooses their first password; makes their account if there is none.

    If the account has an address, or `email` gives a new one an address, another link goes there; with `by_mail` it
    must. Raises Invalid.
    """
    user = await on.store.users.by_username(names.username_key(name)) or await people.find_by_id(on, name)
    if by_mail and not (user.email if user else email):
        raise Invalid({"email": NO_ADDRESS})
    if user is None:
        user = await people.create(on, username=name, email=email, by=by)
    elif email is not None and names.email_key(email) != names.email_key(user.email or ""):
        raise Invalid({"email": THERE})
    return await _offer(on, user, INVITATION, INVITATION, by, HAS_PASSWORD, by_mail=by_mail)


async def reset_password(on: Administration, name: str, by: By, *, by_mail: bool = False) -> Offer:
    """Returns a link by which a person chooses another password, good for a day.

    If the account has an address, another link goes there, good for an hour; with `by_mail` it must. Raises Invalid.
    """
    user = await people.find(on, name)
    if by_mail and not user.email:
        raise Invalid({"user": NO_ADDRESS})
    return await _offer(on, user, PRINTED_RESET, RESET, by, DISABLED, by_mail=by_mail)


async def _offer(
    on: Administration, user: User, printed: LinkKind, mailed: LinkKind, by: By, otherwise: str, *, by_mail: bool
) -> Offer:
    """Makes the links for a person. Raises Invalid for a person who is disabled, or cannot be helped in this way."""
    if user.disabled_at is not None:
        raise Invalid({"user": DISABLED})
    now = on.clock.now()
    maker = LinkMaker(await on.store.service.issuer() or on.settings.issuer, on.seal)
    link = maker.make(printed, now)
    mail = maker.for_mail(mailed, now, username=user.username, by_administrator=True) if user.email else None
    if not await on.store.new_passwords.offer(mailed.word, user.id, link.fresh, mail, now, by, shown=not by_mail):
        raise Invalid({"user": otherwise})
    used = mail if by_mail and mail else link
    return Offer(user, used.expires_at, mail is not None, link.address)
