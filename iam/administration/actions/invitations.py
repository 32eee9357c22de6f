"""What can be done with links to passwords that are still good: those of invitations, and those to another password."""

from typing import Final, Literal
from uuid import UUID

from pydantic import Field

from iam.administration import people, withdrawals
from iam.administration.actions.action import Action
from iam.administration.actions.models import LONGEST_CURSOR, MOST, USUAL, Model, Moment, Page
from iam.administration.actions.operator import Operator
from iam.administration.actions.paging import cut, moment_and_id
from iam.administration.actions.people import LIST as PEOPLE
from iam.administration.actions.performing import may
from iam.administration.actions.readers import HELPERS_AND_AUDITORS
from iam.administration.administration import Administration
from iam.records.offered_link import OfferedLink
from iam.records.role import Role


class OpenInvitation(Model):
    """A link by which somebody may choose a password; the link itself is shown to nobody once more."""

    id: UUID
    kind: str = Field(description="`invite`: to a first password; `reset`: to another one.")
    user_id: UUID
    username: str | None = Field(description="For whom it is; null for whoever may not see people.")
    made_by: str | None = Field(
        description="Who had it made, by username; `anybody` is who asked for it on the page; null as above."
    )
    printed: bool = Field(description="Whether a link was shown when it was made, to be handed over.")
    mailed_to: str | None = Field(description="The address that a link went to; null for whoever may not see people.")
    created_at: Moment
    expires_at: Moment

    @classmethod
    def of(cls, link: OfferedLink, operator: Operator) -> "OpenInvitation":
        """Returns what is said about this link to the operator."""
        known = may(PEOPLE, operator)
        return cls(
            id=link.id,
            kind=link.kind,
            user_id=link.user_id,
            username=link.username if known else None,
            made_by=link.made_by if known else None,
            printed=link.printed,
            mailed_to=link.mailed_to if known else None,
            created_at=link.created_at,
            expires_at=link.expires_at,
        )


class InvitationListing(Model):
    """Which links are wanted."""

    person: str | None = Field(default=None, description="Only this person's: their id or username.")
    kind: Literal["invite", "reset"] | None = Field(
        default=None, description="Only invitations, to a first password, or only resets, to another one."
    )
    after: str | None = Field(
        default=None, max_length=LONGEST_CURSOR, description="Where the page begins: `next` of another."
    )
    limit: int = Field(default=USUAL, ge=1, le=MOST, description="How many items there are on a page.")


class NamedInvitation(Model):
    """A link, by its id."""

    invitation: UUID = Field(description="The id of the link.")


class WithdrawnInvitation(Model):
    """A link that is not good any more."""

    id: UUID
    withdrawn: bool = True


async def list_invitations(on: Administration, wish: InvitationListing, operator: Operator) -> Page[OpenInvitation]:
    """Lists the links that are still good, those first that are so for longest. Raises Invalid and Missing."""
    user = await people.find(on, wish.person) if wish.person else None
    before, link_id = moment_and_id(wish.after)
    rows = await on.store.invitations.page(
        on.clock.now(), before, link_id, wish.limit + 1, user_id=user.id if user else None, kind=wish.kind
    )
    found, following = cut(rows, wish.limit, lambda link: [link.expires_at.isoformat(), str(link.id)])
    return Page[OpenInvitation](items=[OpenInvitation.of(link, operator) for link in found], next=following)


async def show(on: Administration, wish: NamedInvitation, operator: Operator) -> OpenInvitation:
    """Returns the link. Raises Missing."""
    return OpenInvitation.of(await withdrawals.find(on, wish.invitation), operator)


async def withdraw(on: Administration, wish: NamedInvitation, operator: Operator) -> WithdrawnInvitation:
    """Ends a link. Raises Missing."""
    await withdrawals.withdraw(on, wish.invitation, operator.by)
    return WithdrawnInvitation(id=wish.invitation)


async def whom(on: Administration, wish: NamedInvitation) -> UUID:
    """Returns the id of the person whose link it is. Raises Missing."""
    return (await withdrawals.find(on, wish.invitation)).user_id


LIST: Final = Action(
    "invitation.list",
    "List invitations and links to another password that are still good, without the links.",
    "GET",
    "/invitations",
    InvitationListing,
    Page[OpenInvitation],
    list_invitations,
    roles=HELPERS_AND_AUDITORS,
)
SHOW: Final = Action(
    "invitation.show",
    "Show an invitation or a link to another password, without the link.",
    "GET",
    "/invitations/{invitation}",
    NamedInvitation,
    OpenInvitation,
    show,
    roles=HELPERS_AND_AUDITORS,
)
WITHDRAW: Final = Action(
    "invitation.withdraw",
    "Withdraw an invitation or a link to another password: nobody can use it any more.",
    "DELETE",
    "/invitations/{invitation}",
    NamedInvitation,
    WithdrawnInvitation,
    withdraw,
    roles=frozenset({Role.SUPPORT}),
    person=whom,
    losses=lambda on, wish: withdrawals.count_losses(on, wish.invitation),
)

ACTIONS: Final = (LIST, SHOW, WITHDRAW)
