"""What can be read about requests that were refused."""

from typing import Final
from uuid import UUID

from pydantic import Field

from iam.administration import people, refusals
from iam.administration.actions.action import Action
from iam.administration.actions.models import MOST, USUAL, Instant, Model, Moment, Page
from iam.administration.actions.operator import Operator
from iam.administration.actions.paging import cut, moment_and_text
from iam.administration.actions.person import WHO
from iam.administration.actions.readers import HELPERS_AND_AUDITORS
from iam.administration.administration import Administration
from iam.clients.refusals import identifier_of
from iam.records.refusal import Trace
from iam.store.refusals import Wanted


class Refusal(Model):
    """Why a request was refused."""

    id: str
    at: Moment
    endpoint: str
    error: str
    failed: str = Field(description="What was checked.")
    expected: str
    got: str
    presented: str | None
    client_id: str | None
    grant_type: str | None
    address: str | None
    user_id: UUID | None = Field(description="Who was logged in, or whom it was about.")

    @classmethod
    def of(cls, trace: Trace) -> "Refusal":
        """Returns what is said about this refusal."""
        return cls(
            id=trace.id,
            at=trace.at,
            endpoint=trace.endpoint,
            error=trace.error,
            failed=trace.failed,
            expected=trace.expected,
            got=trace.got,
            presented=trace.presented or None,
            client_id=trace.client_id,
            grant_type=trace.grant_type,
            address=trace.address,
            user_id=trace.user_id,
        )


class RefusalListing(Model):
    """Which refusals of the last day are wanted."""

    id: str | None = Field(
        default=None, description="Only the one with this id: it stands on the error page, and ends the error_uri."
    )
    client: str | None = Field(default=None, description="Only those of this client.")
    person: str | None = Field(default=None, description=f"Only those of who was logged in. {WHO}")
    endpoint: str | None = Field(default=None, description="Only those of this endpoint, such as /authorize.")
    error: str | None = Field(default=None, description="Only those with this error, such as invalid_scope.")
    since: Instant | None = Field(default=None, description="Only those after this moment.")
    after: str | None = Field(default=None, description="Where the page begins: `next` of another.")
    limit: int = Field(default=USUAL, ge=1, le=MOST, description="How many items there are on a page.")


class NamedRefusal(Model):
    """A refusal, by its id."""

    refusal: str = Field(min_length=1, description="The id on the error page or at the end of the error_uri.")


async def list_refusals(on: Administration, wish: RefusalListing, _: Operator) -> Page[Refusal]:
    """Lists the refusals of the last day, the latest first. Raises Invalid and Missing."""
    person = await people.find(on, wish.person) if wish.person else None
    identifier = identifier_of(wish.id) if wish.id else None
    wanted = Wanted(wish.client, person.id if person else None, wish.endpoint, wish.error, wish.since, identifier)
    rows = await refusals.list_page(on, wanted, moment_and_text(wish.after), wish.limit + 1)
    found, following = cut(rows, wish.limit, lambda trace: [trace.at.isoformat(), trace.id])
    return Page[Refusal](items=list(map(Refusal.of, found)), next=following)


async def owns(on: Administration, wish: RefusalListing, operator: Operator) -> bool:
    """Whether the refusals wanted are those of the operator's own application."""
    from iam.administration.actions import applications  # slow to import: `iam explain` needs no application
    from iam.administration.actions.application import NamedApplication

    return wish.client is not None and await applications.owns(on, NamedApplication(application=wish.client), operator)


async def show(on: Administration, wish: NamedRefusal, _: Operator) -> Refusal:
    """Returns why a request was refused. Raises Invalid and Missing."""
    return Refusal.of(await refusals.find(on, wish.refusal))


LIST: Final = Action(
    "refusal.list",
    "List the requests of the last day that were refused, the latest first; owners get those of their application.",
    "GET",
    "/refusals",
    RefusalListing,
    Page[Refusal],
    list_refusals,
    roles=HELPERS_AND_AUDITORS,
    owns=owns,
)
SHOW: Final = Action(
    "refusal.show",
    "Say why a request was refused.",
    "GET",
    "/refusals/{refusal}",
    NamedRefusal,
    Refusal,
    show,
    roles=HELPERS_AND_AUDITORS,
)

ACTIONS: Final = (LIST, SHOW)
