"""Which person a command is about, and the rules for accounts as a command uses them."""

from iam.administration import people
from iam.administration.administration import Administration
from iam.commands import output
from iam.records.user import User


async def named(on: Administration, name: str) -> User:
    """The person with this username, or with this id."""
    return await people.find(on, name)


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
