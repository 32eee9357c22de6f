"""What is said about applications to who administers them, and by them: the members of client metadata (RFC 7591 §2)."""

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, ClassVar, Final

from pydantic import Field, SecretStr, create_model

from iam.administration.actions.models import Listing, Model, Moment
from iam.clients import information
from iam.clients.metadata import NAMES
from iam.records.client import Client
from iam.records.client_metadata import MEMBERS
from iam.records.invalid import Invalid, Missing
from iam.records.member import Member, Who

# `scope` is a text, as in RFC 7591; the other members are as they are stored.
SHOWN: Final = tuple(each for each in MEMBERS if each.who_may_set is not Who.NOBODY)
WRITTEN: Final = information.ranked(SHOWN)
SETTABLE: Final = tuple(each for each in SHOWN if each.name not in ("scope", "client_name"))
# What only administrators say of a client: what stands not on the form of an application.
RESERVED: Final = frozenset(each.name for each in SHOWN if each.form_label is None)
METHOD: Final = "token_endpoint_auth_method"
SCOPE: Final = "What it may ask for, with spaces between."


class ApplicationBase(Model):
    """A client that gets tokens here, without its metadata."""

    client_id: str
    client_name: str
    scope: str = Field(description=SCOPE)
    response_types: list[str]
    registered_itself: bool
    left_out: dict[str, str] = Field(
        default_factory=dict, description="What it asked for and did not get, and the reasons."
    )
    owner: str | None
    created_at: Moment
    updated_at: Moment
    disabled_at: Moment | None
    groups: list[str] = Field(description="For whose members alone it is; none: it is for everybody.")
    last_used: date | None = Field(description="The day of its last use, about; null: never.")
    unused: bool = Field(description="Whether it was used never, or not for the days of unused-client-days.")

    fleeting: ClassVar[frozenset[str]] = frozenset({"last_used", "unused"})


class ApplicationTerms(Model):
    """What may be said of a client besides its metadata."""

    scope: str | None = Field(default=None, description=SCOPE)


class NamedApplication(Model):
    """A client, by its id."""

    application: str = Field(min_length=1, description="The client's id.")


class Transfer(NamedApplication):
    """The person who has a client from now on."""

    owner: str | None = Field(default=None, description="Their id or username; left out: nobody has it.")


class SwitchedApplication(NamedApplication):
    """A client, or all whose documents are at its host."""

    host: bool = Field(
        default=False, description="Every application that is a document of its host too, and those to come."
    )


class NewApplicationBase(ApplicationTerms):
    """A client to be registered."""

    client_name: str = Field(description="The name that people read.")
    client_id: str | None = Field(default=None, description="Its id; made at random if left out.")
    client_secret: SecretStr | None = Field(default=None, description="Its secret; made at random if left out.")
    owner: str | None = Field(default=None, description="The person who has it: their id or username.")


class ApplicationChangeBase(NamedApplication, ApplicationTerms):
    """The changes to a client; what is not named stays, null resets."""

    client_name: str | None = Field(default=None, description="The name that people read.")


def fields(members: tuple[Member, ...]) -> dict[str, object]:
    """Returns the fields of a model for these members, all of which may be left out."""
    return {each.name: (each.type | None, Field(default=None, description=each.help)) for each in members}


if TYPE_CHECKING:
    Application = ApplicationBase
    NewApplication = NewApplicationBase
    ApplicationChange = ApplicationChangeBase
else:
    Application = create_model("Application", __base__=ApplicationBase, **fields(SETTABLE))
    NewApplication = create_model("NewApplication", __base__=NewApplicationBase, **fields(SETTABLE))
    ApplicationChange = create_model("ApplicationChange", __base__=ApplicationChangeBase, **fields(SETTABLE))


class ApplicationSecret(Model):
    """A client, and its new secret, shown this once; null for one without secrets, or whose secret is known."""

    client_id: str
    client_secret: str | None
    application: Application
    warnings: list[str] = Field(description="What is dangerous about it.")


class ApplicationListing(Listing):
    """Which applications are wanted, by the beginning of their names; what is not named is not asked about."""

    owner: str | None = Field(default=None, description="Only those of this person: their id or username.")
    registered_itself: bool | None = Field(default=None, description="Only those that registered themselves, or not.")
    disabled: bool | None = Field(default=None, description="Only those that are disabled, or not.")
    unused: bool = Field(default=False, description="Only those that nobody has used, ever or for long.")


class Rotation(NamedApplication):
    """A new secret."""

    keep: int = Field(default=0, ge=0, description="Seconds that the old one still works.")


class DeletedApplication(Model):
    """A client that is gone."""

    client_id: str
    client_name: str
    deleted: bool = True


def shown(client: Client, groups: list[str], last_used: date | None, unused_since: date) -> Application:
    """Returns what is said about this client, its groups and its last use; with one before `unused_since` it is unused."""
    return Application(
        client_id=client.id,
        **information.document(client, WRITTEN),
        registered_itself=client.registered_itself,
        left_out=dict(client.left_out),
        owner=client.owner,
        created_at=client.created_at,
        updated_at=client.updated_at,
        disabled_at=client.disabled_at,
        groups=groups,
        last_used=last_used,
        unused=last_used is None or last_used < unused_since,
    )


def said(wish: ApplicationTerms) -> Mapping[str, object]:
    """Returns what the input says of the metadata, by attribute; null is the default of the member."""
    given: dict[str, object] = {}
    for each in SHOWN:
        if each.name in wish.model_fields_set:
            value = getattr(wish, each.name)
            given[each.attribute] = each.default if value is None else value
    return {**given, "scopes": tuple((wish.scope or "").split())} if "scope" in wish.model_fields_set else given


def by_member(invalid: Invalid) -> Invalid:
    """Returns the complaints by the names of the members that they are about."""
    if isinstance(invalid, Missing):
        return invalid
    return Invalid({NAMES.get(name, name): sentence for name, sentence in invalid.complaints.items()})
