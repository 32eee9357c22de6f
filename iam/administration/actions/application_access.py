"""For whom applications are, and whether those that registered themselves manage their registration."""

from typing import Final

from pydantic import Field

from iam.administration import client_restrictions, registration_access_tokens
from iam.administration.actions.action import Action
from iam.administration.actions.application import NamedApplication
from iam.administration.actions.models import Model
from iam.administration.actions.operator import Operator
from iam.administration.administration import Administration


class Restriction(NamedApplication):
    """The groups for whose members alone a client is."""

    groups: list[str] = Field(description="Their names or ids; none: it is for everybody.")


class RestrictedApplication(Model):
    """A client, and whether it is for the members of some groups alone."""

    client_id: str
    client_name: str
    members_only: bool


class RegistrationAccess(Model):
    """A client that registered itself, and the token by which it manages that (RFC 7592), shown this once."""

    client_id: str
    registration_access_token: str


class EndedRegistrationAccess(Model):
    """A client that manages its registration no longer."""

    client_id: str
    client_name: str
    revoked: bool = True


async def restrict(on: Administration, wish: Restriction, operator: Operator) -> RestrictedApplication:
    """Says for whose members alone a client is. Raises Invalid and Missing."""
    client = await client_restrictions.restrict_client(on, wish.application, wish.groups, operator.by)
    return RestrictedApplication(client_id=client.id, client_name=client.name, members_only=client.members_only)


async def rotate_token(on: Administration, wish: NamedApplication, operator: Operator) -> RegistrationAccess:
    """Makes another registration access token. Raises Invalid and Missing."""
    client, token = await registration_access_tokens.rotate(on, wish.application, operator.by)
    return RegistrationAccess(client_id=client.id, registration_access_token=token)


async def revoke_token(on: Administration, wish: NamedApplication, operator: Operator) -> EndedRegistrationAccess:
    """Ends the registration access token. Raises Invalid and Missing."""
    client = await registration_access_tokens.revoke(on, wish.application, operator.by)
    return EndedRegistrationAccess(client_id=client.id, client_name=client.name)


RESTRICT: Final = Action(
    "application.restrict",
    "Let only the members of some groups use an application; what others allowed it stops working.",
    "POST",
    "/applications/{application}/restrict",
    Restriction,
    RestrictedApplication,
    restrict,
    losses=lambda on, wish: client_restrictions.count_losses_of_client(on, wish.application, wish.groups),
    sensitive=True,
)
ROTATE_TOKEN: Final = Action(
    "application.rotate_registration_token",
    "Give an application that registered itself a new registration access token, shown once; the old one stops working.",
    "POST",
    "/applications/{application}/registration-token",
    NamedApplication,
    RegistrationAccess,
    rotate_token,
    sensitive=True,
)
REVOKE_TOKEN: Final = Action(
    "application.revoke_registration_token",
    "Stop an application that registered itself from managing its registration, until it gets a new token for that.",
    "DELETE",
    "/applications/{application}/registration-token",
    NamedApplication,
    EndedRegistrationAccess,
    revoke_token,
    losses=lambda on, wish: registration_access_tokens.count_losses(on, wish.application),
)

ACTIONS: Final = (RESTRICT, ROTATE_TOKEN, REVOKE_TOKEN)
