"""Links to passwords that are still good, and their end before their time."""

from uuid import UUID

from iam.administration.administration import Administration
from iam.administration.losses import Losses, Section
from iam.people.links import INVITATION
from iam.records.actor import By
from iam.records.invalid import Missing
from iam.records.offered_link import OfferedLink


async def find(on: Administration, link_id: UUID) -> OfferedLink:
    """Returns the link with this id, if it is still good. Raises Missing."""
    link = await on.store.invitations.find(link_id, on.clock.now())
    if link is None:
        raise missing(link_id)
    return link


async def withdraw(on: Administration, link_id: UUID, by: By) -> OfferedLink:
    """Ends a link, and the one that was mailed with it; returns it as it was. Raises Missing."""
    link = await find(on, link_id)
    if not await on.store.invitations.withdraw(link_id, on.clock.now(), by):
        raise missing(link_id)
    return link


async def count_losses(on: Administration, link_id: UUID) -> Losses:
    """Says whose link ends, and which. Raises Missing."""
    link = await find(on, link_id)
    what = "first password" if link.kind == INVITATION.word else "new password"
    ways = ["the link that was shown when it was made"] if link.printed else []
    ways += [f"the link that was mailed to {link.mailed_to}"] if link.mailed_to else []
    section = Section(f"With these {link.username} can choose no {what} any more:", ways)
    return Losses(f"Withdraw the link of {link.username}?", [section], for_good=True)


def missing(link_id: UUID) -> Missing:
    """Returns the error for a link that is not there, or not good."""
    return Missing({"invitation": f"There is no link {link_id} that is still good."})
