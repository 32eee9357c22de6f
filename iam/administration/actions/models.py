"""What the inputs and outputs of actions are made of."""

from datetime import UTC, datetime
from typing import Annotated, Final, Generic, TypeVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, PlainSerializer, WithJsonSchema

MOST: Final = 200  # items on a page
USUAL: Final = 50
LONGEST_SEARCH: Final = 256
LONGEST_CURSOR: Final = 4096


class Model(BaseModel):
    """An input or an output; a member that it does not have is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


Item = TypeVar("Item", bound=Model)


class Page(Model, Generic[Item]):
    """A part of a list, in the order of the list; `next` is where the following part begins."""

    items: list[Item]
    next: str | None = Field(description="The value of `after` for the next page; null on the last one.")


class Listing(Model):
    """Which part of a list is wanted."""

    search: str = Field(default="", max_length=LONGEST_SEARCH, description="The first characters of what is sought.")
    after: str | None = Field(
        default=None, max_length=LONGEST_CURSOR, description="Where the page begins: `next` of another."
    )
    limit: int = Field(default=USUAL, ge=1, le=MOST, description="How many items there are on a page.")


def written(at: datetime) -> str:
    """Returns a moment in UTC as RFC 3339 writes it, in whole seconds."""
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


Moment = Annotated[
    datetime,
    PlainSerializer(written, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "format": "date-time"}, mode="serialization"),
]


def in_utc(at: datetime) -> datetime:
    """Returns a moment in UTC. Raises ValueError for one that is in no year from 1 to 9999 there."""
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise ValueError("Give a moment of the years 1 to 9999") from None


Instant = Annotated[AwareDatetime, AfterValidator(in_utc)]
