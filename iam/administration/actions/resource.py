"""What is said about resources to who administers them, and by them."""

from typing import Final

from pydantic import Field

from iam.administration.actions.models import Model, Moment
from iam.administration.resources import Terms
from iam.records.resource import Resource

LIFETIME: Final = "Seconds that its tokens live: 36000; of JWTs 600, at most 3600."


class ShownResource(Model):
    """What clients request tokens for (RFC 8707), and the form of those tokens."""

    resource: str = Field(description="Its URI.")
    scopes: list[str] = Field(description="The scopes that clients may get for it; none: all.")
    token_format: str
    signing_alg: str
    lifetime: int
    client_id: str | None = Field(description="The client that may introspect tokens for it.")
    clients: str = Field(description="Which clients may ask for it.")
    allowed_clients: list[str]
    enabled: bool
    created_at: Moment

    @classmethod
    def of(cls, resource: Resource) -> "ShownResource":
        """Returns what is said about this resource."""
        return cls(
            resource=resource.uri,
            scopes=sorted(resource.scopes),
            token_format=resource.token_format,
            signing_alg=resource.signing_alg,
            lifetime=resource.lifetime,
            client_id=resource.client_id,
            clients=resource.clients,
            allowed_clients=sorted(resource.allowed_clients),
            enabled=resource.enabled,
            created_at=resource.created_at,
        )


class NamedResource(Model):
    """A resource, by its URI."""

    resource: str = Field(min_length=1, description="Its URI; in an address percent-encoded.")


class ResourceTerms(NamedResource):
    """A resource with its settings: what is not named is the default of a new one, and stays of an old one."""

    scopes: list[str] | None = Field(default=None, description="The scopes that clients may get for it; none: all.")
    token_format: str | None = Field(default=None, description="opaque, or jwt (RFC 9068).")
    signing_alg: str | None = Field(default=None, description="How its JWTs are signed (ES256).")
    lifetime: int | None = Field(default=None, description=LIFETIME)
    client_id: str | None = Field(default=None, description="The client that may introspect tokens for it.")
    clients: str | None = Field(
        default=None,
        description="Which clients may ask for it: administered, all (also those that registered themselves) or named.",
    )
    allowed_clients: list[str] | None = Field(default=None, description="Clients that may ask for it too.")

    @property
    def terms(self) -> Terms:
        """The settings."""
        return Terms(
            None if self.scopes is None else frozenset(self.scopes),
            self.token_format,
            self.signing_alg,
            self.lifetime,
            self.client_id,
            self.clients,
            None if self.allowed_clients is None else frozenset(self.allowed_clients),
        )


class DeletedResource(Model):
    """A resource that is gone."""

    resource: str
    deleted: bool = True
