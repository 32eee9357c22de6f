"""What can be read about requests that were refused."""

from typing import Final

from pydantic import Field

from iam.administration import refusals
from iam.administration.actions.action import Action
from iam.administration.actions.models import Model, Moment
from iam.administration.actions.operator import Operator
from iam.administration.actions.readers import HELPERS_AND_AUDITORS
from iam.administration.administration import Administration
from iam.records.refusal import Trace


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
        )


class NamedRefusal(Model):
    """A refusal, by its id."""

    refusal: str = Field(min_length=1, description="The id on the error page or at the end of the error_uri.")


async def show(on: Administration, wish: NamedRefusal, _: Operator) -> Refusal:
    """Returns why a request was refused. Raises Invalid and Missing."""
    return Refusal.of(await refusals.find(on, wish.refusal))


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

ACTIONS: Final = (SHOW,)
