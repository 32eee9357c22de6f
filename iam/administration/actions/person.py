"""What is said about people's accounts to who administers them, and by them."""

from typing import Final
from uuid import UUID

from pydantic import Field, SecretStr

from iam.administration.actions.models import Model, Moment
from iam.administration.invitations import Offer
from iam.records.user import User

WHO: Final = "The person: their id or their username."


class Person(Model):
    """A person's account."""

    id: UUID
    username: str
    email: str | None
    email_verified: bool = Field(description="Whether the address is known to be theirs.")
    name: str = Field(description="The name that others see.")
    claims: dict[str, object] = Field(description="What else is told of them to applications.")
    superuser: bool = Field(description="Whether they administer this server.")
    disabled: bool = Field(description="Whether they are locked out.")
    created_at: Moment
    updated_at: Moment

    @classmethod
    def of(cls, user: User) -> "Person":
        """Returns what is said about this account."""
        return cls(
            id=user.id,
            username=user.username,
            email=user.email,
            email_verified=user.email_verified,
            name=user.name,
            claims=dict(user.claims),
            superuser=user.superuser,
            disabled=user.disabled_at is not None,
            created_at=user.created_at,
            updated_at=user.updated_at,
        )


class Link(Person):
    """A person, and a link that is handed over to them once."""

    link: str | None = Field(description="The link, shown this once, and to administrators alone; null for others.")
    expires_at: Moment
    mailed: bool = Field(description="Whether another link went to their e-mail address.")

    @classmethod
    def to(cls, offer: Offer, *, shown: bool) -> "Link":
        """Returns the link of this offer; one that is not shown is known to nobody, and only the mailed one is good."""
        person = Person.of(offer.user).model_dump()
        return cls(**person, link=offer.link if shown else None, expires_at=offer.expires_at, mailed=offer.mailed)


class NamedPerson(Model):
    """A person, by id or username."""

    person: str = Field(min_length=1, description=WHO)


class NewPerson(Model):
    """An account to be made."""

    username: str = Field(description="The name to log in with.")
    email: str | None = Field(default=None, description="The e-mail address.")
    name: str = Field(default="", description="The name that others see.")
    email_verified: bool = Field(default=False, description="The address is known to be theirs.")
    claims: dict[str, object] = Field(default_factory=dict, description="What else is told of them to applications.")
    password: SecretStr | None = Field(default=None, description="A first password; better send an invitation.")
    password_hash: SecretStr | None = Field(
        None, description="A hash that Django has made of the password, or an argon2id hash, in place of the password."
    )


class PersonChange(NamedPerson):
    """The changes to an account; what is not named stays."""

    email: str | None = Field(default=None, description="The e-mail address; an empty one removes it.")
    name: str | None = Field(default=None, description="The name that others see.")
    email_verified: bool | None = Field(default=None, description="The address is known to be theirs.")
    claims: dict[str, object] = Field(default_factory=dict, description="Claims to set; the others stay.")
    removed_claims: list[str] = Field(default_factory=list, description="Names of claims to remove.")
    superuser: bool | None = Field(default=None, description="They administer this server.")


class Disabling(NamedPerson):
    """A person who is locked out."""

    keep_grants: bool = Field(
        default=False, description="Let the applications keep what they were granted, for when the person is enabled."
    )


class NewPassword(NamedPerson):
    """Another password for a person."""

    password: SecretStr = Field(description="The password; better let them choose one by a link.")
    keep_grants: bool = Field(default=False, description="Let the applications keep what they were granted.")


class Invitation(Model):
    """A person who is invited; without an account one is made for them."""

    username: str = Field(description="The name to log in with, or the id of an account.")
    email: str | None = Field(
        default=None, description="The e-mail address of a new account, to which a link goes too."
    )


class DeletedPerson(Model):
    """A person whose account is gone."""

    id: UUID
    username: str
    deleted: bool = True


class EndedSessions(Model):
    """How many sessions have ended."""

    ended: int
