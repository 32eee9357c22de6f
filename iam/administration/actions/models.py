"""What the inputs and outputs of actions are made of."""

from collections.abc import AsyncGenerator, Mapping
from datetime import UTC, datetime
from ipaddress import ip_network
from typing import Annotated, ClassVar, Final, Generic, TypeVar

from attrs import frozen
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    SkipValidation,
    WithJsonSchema,
)

JSON: Final = "application/json"
MOST: Final = 200  # items on a page
USUAL: Final = 25
LONGEST_SEARCH: Final = 256
LONGEST_CURSOR: Final = 4096
WIDEST: Final = {4: 24, 6: 48}  # bits of a network by the version of IP: to so many old addresses are cut down (H39)
NO_NETWORK: Final = "Give an address such as 192.0.2.7, or a network such as 192.0.2.0/24"
TOO_WIDE: Final = "Give a network of at least 24 bits, or of at least 48 bits of IPv6: addresses are found by these"


class Model(BaseModel):
    """An input or an output; a member that it does not have is an error. Those that are `fleeting` make no other version."""

    fleeting: ClassVar[frozenset[str]] = frozenset()
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    @property
    def answered_as(self) -> str:
        """The media type of the output that this input leads to."""
        return JSON


Item = TypeVar("Item", bound=Model)


@frozen
class Offered:
    """A note on a member: values that a form offers for it, though there may be others, and what each is called."""

    values: Mapping[str, str]


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


class Stream(Model):
    """An output that is made while it is sent, as a file of this name."""

    model_config = ConfigDict(arbitrary_types_allowed=True)
    media_types: ClassVar[tuple[str, ...]] = ()

    media_type: str
    filename: str
    parts: SkipValidation[AsyncGenerator[bytes, None]]


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


def network(text: str) -> str:
    """Returns an IP address or network as PostgreSQL reads it. Raises ValueError, also for more than WIDEST."""
    try:
        found = ip_network(text, strict=False)
    except ValueError:
        raise ValueError(NO_NETWORK) from None
    if found.prefixlen < WIDEST[found.version]:
        raise ValueError(TOO_WIDE)
    return str(found)


Network = Annotated[str, AfterValidator(network)]
Instant = Annotated[AwareDatetime, AfterValidator(in_utc)]
