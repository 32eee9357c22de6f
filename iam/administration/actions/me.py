"""Who somebody is to the API, and what they may do there."""

from uuid import UUID

from pydantic import Field

from iam.administration.actions.models import Model, Moment


class Me(Model):
    """The bearer of an access token: a person, or a client that acts for itself."""

    id: UUID | None = Field(description="The person; null for a client.")
    username: str | None
    client_id: str | None = Field(description="The client; null for a person's own token.")
    roles: list[str] = Field(description="The person's roles on this server, as they are now.")
    scopes: list[str] = Field(description="The scopes of the token.")
    expires_at: Moment = Field(description="When the token expires.")
