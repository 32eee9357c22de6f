"""Refusals: why a request was refused, found by the id in its error_uri."""

from datetime import datetime

from iam.administration.administration import Administration
from iam.clients.refusals import IDENTIFIER, identifier_of
from iam.records.invalid import Invalid, Missing
from iam.records.refusal import Trace
from iam.store.refusals import Wanted


async def list_page(on: Administration, wanted: Wanted, before: tuple[datetime | None, str], limit: int) -> list[Trace]:
    """Returns the refusals of the last day that are wanted, in front of this place, the latest first."""
    return await on.store.refusals.page(wanted, on.clock.now(), limit, *before)


async def find(on: Administration, text: str) -> Trace:
    """Returns the refusal with this id or error_uri. Raises Invalid if there is none, or if the id is malformed."""
    identifier = identifier_of(text)
    if not IDENTIFIER.fullmatch(identifier):
        raise Invalid({"id": "An id has 12 letters and digits, and is the end of an error_uri."})
    trace = await on.store.refusals.find(identifier, on.clock.now())
    if trace is None:
        sentence = (
            f"There is no refusal {identifier}: it is kept for a day, and not kept where there are too many at once."
        )
        raise Missing({"id": sentence})
    return trace
