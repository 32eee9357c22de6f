"""What can be read in the audit log."""

from typing import Final
from uuid import UUID

from pydantic import Field

from iam.administration import audit
from iam.administration.actions.action import Action
from iam.administration.actions.models import MOST, USUAL, Instant, Model, Moment, Page
from iam.administration.actions.operator import Operator
from iam.administration.actions.paging import cut, moment
from iam.administration.actions.readers import AUDITORS
from iam.administration.administration import Administration
from iam.records.audit import Event


class ShownEvent(Model):
    """An event: who did what."""

    id: UUID
    at: Moment
    kind: str
    actor: str
    user_id: str | None = Field(description="The id of the person it is about.")
    client_id: str | None
    address: str | None
    detail: dict[str, object]

    @classmethod
    def of(cls, event: Event) -> "ShownEvent":
        """Returns what is said about this event."""
        return cls(
            id=event.id,
            at=event.at,
            kind=event.kind,
            actor=event.actor,
            user_id=event.subject,
            client_id=event.client,
            address=event.address,
            detail=dict(event.detail),
        )


class EventListing(Model):
    """Which events are wanted."""

    since: Instant | None = Field(default=None, description="Only events from then on.")
    client: str | None = Field(default=None, description="Only events about this client.")
    user: str | None = Field(default=None, description="Only what is about this person; of a deleted one, the id.")
    kind: str | None = Field(default=None, description="Only events of this kind, such as token.revoked.")
    after: str | None = Field(default=None, description="Where the page begins: `next` of another.")
    limit: int = Field(default=USUAL, ge=1, le=MOST, description="How many items there are on a page.")


async def list_events(on: Administration, wish: EventListing, _: Operator) -> Page[ShownEvent]:
    """Lists events, the latest first. Raises Invalid and Missing."""
    user = await audit.find_subject(on, wish.user) if wish.user else None
    before, number = moment(wish.after)
    rows = await on.store.audit.page(
        before, number, wish.limit + 1, since=wish.since, client=wish.client, user=user, kind=wish.kind
    )
    found, following = cut(rows, wish.limit, lambda row: [row[1].at.isoformat(), str(row[0])])
    return Page[ShownEvent](items=[ShownEvent.of(event) for _, event in found], next=following)


LIST: Final = Action(
    "event.list",
    "List what was done, by whom and from where, the latest first.",
    "GET",
    "/audit",
    EventListing,
    Page[ShownEvent],
    list_events,
    roles=AUDITORS,
)

ACTIONS: Final = (LIST,)
