"""People, as commands show them."""

from iam.commands import output
from iam.records.user import User


def document(user: User) -> dict[str, object]:
    """Returns the person as a JSON object."""
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
