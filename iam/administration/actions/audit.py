"""What can be read in the audit log and taken along, and the removal of whole months."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Final
from uuid import UUID

from pydantic import Field, PrivateAttr

from iam.administration import audit, audit_files, telling
from iam.administration.actions.action import Action
from iam.administration.actions.models import MOST, USUAL, Instant, Model, Moment, Network, Offered, Page, Stream
from iam.administration.actions.operator import Operator
from iam.administration.actions.paging import cut, moment
from iam.administration.actions.readers import AUDITORS
from iam.administration.administration import Administration
from iam.administration.audit_files import MEDIA, Format
from iam.administration.sentences import KINDS
from iam.administration.telling import Told, Word
from iam.records.audit import Month, Wanted


class ShownEvent(Model):
    """An event: who did what."""

    id: UUID
    at: Moment
    sentence: str = Field(description="What was done, in words for people; programs go by the kind.")
    kind: str
    actor: str
    user_id: str | None = Field(description="The id of the person it is about.")
    client_id: str | None
    address: str | None
    detail: dict[str, object]
    names: dict[str, str] = Field(
        description="What the `actor`, the `person`, the `client` and the `group` of the event are called, where they are there."
    )

    _told: Told = PrivateAttr()

    @classmethod
    def of(cls, told: Told) -> "ShownEvent":
        """Returns what is said about this event."""
        event = told.event
        shown = cls(
            id=event.id,
            at=event.at,
            sentence=told.sentence,
            kind=event.kind,
            actor=event.actor,
            user_id=event.subject,
            client_id=event.client,
            address=event.address,
            detail=dict(event.detail),
            names=dict(told.names),
        )
        shown._told = told
        return shown

    @property
    def words(self) -> Sequence[Word]:
        """The sentence, part by part."""
        return self._told.words


class EventFilters(Model):
    """Which events are wanted."""

    since: Instant | None = Field(default=None, description="Only events from then on.")
    until: Instant | None = Field(default=None, description="Only events before then.")
    client: str | None = Field(default=None, description="Only events about this client.")
    user: str | None = Field(default=None, description="Only what is about this person; of a deleted one, the id.")
    did: bool = Field(default=False, description="Of a person, also what they did, which takes longer to find.")
    kind: Annotated[str | None, Offered({kind: telling.label(kind) for kind in KINDS})] = Field(
        default=None, description="Only events of this kind, such as token.revoked."
    )
    actor: str | None = Field(
        default=None, description="Only what was done by this actor: command line, server, or user, client and the id."
    )
    address: Network | None = Field(
        default=None, description="Only events from this address or network; after a month they have a network alone."
    )


class EventListing(EventFilters):
    """Which events are wanted, and which part of the list."""

    after: str | None = Field(default=None, description="Where the page begins: `next` of another.")
    limit: int = Field(default=USUAL, ge=1, le=MOST, description="How many items there are on a page.")


class EventExport(EventFilters):
    """Which events are wanted, and in what file."""

    format: Format = Field(default=Format.CSV, description="CSV for spreadsheets, or a line of JSON for each event.")

    @property
    def answered_as(self) -> str:
        """The media type of the file."""
        return self.format.media_type


class EventFile(Stream):
    """What was done, to be kept elsewhere than here."""

    media_types = tuple(MEDIA.values())


class Pruning(Model):
    """The months to be removed."""

    before: date = Field(description="Remove the months that ended by this day.")


class PrunedMonth(Model):
    """A part of the audit log that is gone."""

    since: date
    until: date
    events: int

    @classmethod
    def of(cls, month: Month) -> "PrunedMonth":
        """Returns what is said about this part."""
        return cls(since=month.since, until=month.until, events=month.events)


class Pruned(Model):
    """The parts of the audit log that are gone."""

    removed: list[PrunedMonth]


async def list_events(on: Administration, wish: EventListing, _: Operator) -> Page[ShownEvent]:
    """Lists events, the latest first. Raises Invalid and Missing."""
    before, number = moment(wish.after)
    rows = await on.store.audit.page(before, number, wish.limit + 1, await wanted(on, wish))
    found, following = cut(rows, wish.limit, lambda row: [row[1].at.isoformat(), str(row[0])])
    told = await telling.tell(on, [event for _, event in found])
    return Page[ShownEvent](items=list(map(ShownEvent.of, told)), next=following)


async def export(on: Administration, wish: EventExport, operator: Operator) -> EventFile:
    """Returns a file of events. Raises Missing."""
    batches = await audit.export(on, await wanted(on, wish), operator.by)
    parts = audit_files.written(batches, wish.format)
    return EventFile(media_type=wish.format.media_type, filename=f"audit.{wish.format}", parts=parts)


async def wanted(on: Administration, wish: EventFilters) -> Wanted:
    """Returns which events are wanted. Raises Missing if nobody has that name or id."""
    told = {name: getattr(wish, name) for name in EventFilters.model_fields}
    return Wanted(**{**told, "user": await audit.find_subject(on, wish.user) if wish.user else None})


async def prune(on: Administration, wish: Pruning, operator: Operator) -> Pruned:
    """Removes months of the audit log. Raises Invalid."""
    return Pruned(removed=list(map(PrunedMonth.of, await audit.prune(on, wish.before, operator.by))))


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
EXPORT: Final = Action(
    "event.export",
    "Take along what was done, as a file, the latest first. The log keeps an event that you did.",
    "GET",
    "/audit/export",
    EventExport,
    EventFile,
    export,
    roles=AUDITORS,
)
PRUNE: Final = Action(
    "event.prune",
    "Remove whole months from the audit log, for good. The log keeps an event that they were removed.",
    "POST",
    "/audit/prune",
    Pruning,
    Pruned,
    prune,
    losses=lambda on, wish: audit.count_losses(on, wish.before),
    sensitive=True,
)

ACTIONS: Final = (LIST, EXPORT, PRUNE)
