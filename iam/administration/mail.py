"""Mail of the outbox: what waits, hurried or discarded."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from iam.administration.administration import Administration
from iam.administration.losses import Losses, Section
from iam.records.actor import By
from iam.records.invalid import Invalid, Missing
from iam.records.posted_mail import WAITING, PostedMail

# What a person gets by each template of templates/mail.
CONTENTS: Final[Mapping[str, str]] = {
    "reset": "the link to another password",
    "invite": "the invitation, with the link to a first password",
    "verify": "the link that confirms their e-mail address",
    "sign_up": "the link with which they begin their account",
    "sign_up_known": "the notice that somebody tried to make another account with their address",
    "password_changed": "the notice that their password was changed",
    "email_changed": "the notice that their e-mail address was changed, with the link that undoes it",
    "new_device": "the notice of a login from a device that was not known",
    "factor_added": "the notice that a second factor was added",
    "factor_removed": "the notice that a second factor was removed",
    "factor_switched": "the notice that a second factor is asked for, or is not any more",
    "factors_reset": "the notice that their second factors were removed",
    "recovery_code_used": "the notice that a recovery code was used",
    "personal_token_made": "the notice that an access token was made",
    "account_deletion": "the notice that their account is about to be deleted",
    "sessions_ended": "the notice that they were logged out",
    "test": "the test whether mail arrives",
}
OVER: Final = "This mail does not wait any more: it was delivered or given up. For another link, make one anew."
NO_ADDRESS: Final = "A test goes to your own e-mail address, once it is confirmed: see to that at your account."
BEING_SENT: Final = "This mail is being sent at this moment: look again in two minutes."


async def find(on: Administration, mail_id: UUID) -> PostedMail:
    """Returns the mail with this id. Raises Missing."""
    mail = await on.store.posted_mails.find(mail_id, on.clock.now())
    if mail is None:
        raise Missing({"mail": f"There is no mail {mail_id}: it goes seven days after it was delivered or given up."})
    return mail


async def retry(on: Administration, mail_id: UUID, by: By) -> PostedMail:
    """Has a mail that waits sent now. Raises Missing, and Invalid for one that does not wait."""
    if not await on.store.posted_mails.retry(mail_id, on.clock.now(), by):
        refuse(await find(on, mail_id))
    return await find(on, mail_id)


async def discard(on: Administration, mail_id: UUID, by: By) -> PostedMail:
    """Deletes a mail that waits; returns it. Raises Missing, and Invalid for one that does not wait."""
    mail = await find(on, mail_id)
    if not await on.store.posted_mails.discard(mail_id, on.clock.now(), by):
        refuse(await find(on, mail_id))
    return mail


async def test(on: Administration, user_id: UUID | None, by: By) -> str:
    """Mails a person that mail arrives; returns their address. Raises Invalid if they have no confirmed one."""
    address = await on.store.posted_mails.test(user_id, on.clock.now(), by) if user_id else None
    if address is None:
        raise Invalid({"mail": NO_ADDRESS})
    return address


async def count_losses(on: Administration, mail_id: UUID) -> Losses:
    """Says what the person will not get. Raises Missing, and Invalid for a mail that does not wait."""
    mail = await find(on, mail_id)
    if mail.state != WAITING or mail.under_way:
        refuse(mail)
    lost = Section(f"{mail.username or mail.recipient} will not get:", [CONTENTS.get(mail.template, mail.template)])
    return Losses(f"Discard the mail {mail.template} to {mail.recipient}?", [lost], for_good=True)


def refuse(mail: PostedMail) -> None:
    """Raises Invalid with the reason why nothing can be done with this mail."""
    raise Invalid({"mail": BEING_SENT if mail.under_way else OVER})
