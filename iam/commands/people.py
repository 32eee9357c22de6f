"""Which person a command is about, and the rules for accounts as a command uses them."""

from uuid import UUID

import click

from iam.administration.administration import Administration
from iam.commands import output
from iam.people import names
from iam.people.people import People
from iam.records.user import User


def accounts(on: Administration) -> People:
    """The accounts of the server."""
    return on.people


async def named(on: Administration, name: str) -> User:
    """The person with this username, or with this id."""
    user = await on.store.users.by_username(names.username_key(name)) or await identified(on, name)
    if user is None:
        raise click.ClickException(f"There is no person {name}.")
    return user


async def identified(on: Administration, text: str) -> User | None:
    """The person with this id, if it is one."""
    try:
        user_id = UUID(text)
    except ValueError:
        return None
    return await on.store.users.by_id(user_id)


def document(user: User) -> dict[str, object]:
    """The person for programs."""
    return {
        "id": str(user.id),
        "username": user.username,
        "email": user.email,
        "email_verified": user.email_verified,
        "name": user.name,
        "claims": dict(user.claims),
        "superuser": user.superuser,
        "disabled": user.disabled_at is not None,
        "created_at": output.moment(user.created_at),
        "updated_at": output.moment(user.updated_at),
    }
