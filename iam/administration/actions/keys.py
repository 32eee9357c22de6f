"""What can be done with the server's keys."""

from typing import Final

from pydantic import Field

from iam.administration import keys
from iam.administration.actions.action import Action
from iam.administration.actions.models import Listing, Model, Moment, Page
from iam.administration.actions.operator import Operator
from iam.administration.actions.paging import part
from iam.administration.actions.readers import AUDITORS
from iam.administration.administration import Administration
from iam.records.signing_key import SigningKey


class Key(Model):
    """A key of the server, without its private part."""

    kid: str
    use: str
    alg: str
    state: str = Field(description="published (will sign), active, retired (only verifies) or removed.")
    published_at: Moment
    active_at: Moment
    removed_at: Moment | None

    @classmethod
    def of(cls, key: SigningKey, state: str) -> "Key":
        """Returns what is said about this key."""
        return cls(
            kid=key.kid,
            use=str(key.public_key["use"]),
            alg=key.alg,
            state=state,
            published_at=key.published_at,
            active_at=key.active_at,
            removed_at=key.removed_at,
        )


class Rotation(Model):
    """New keys."""

    alg: str | None = Field(default=None, description="Only this algorithm's key; null: all.")
    at_once: bool = Field(default=False, description="Sign at once: clients must fetch the key set again.")


class NamedKey(Model):
    """A key, by its id."""

    kid: str = Field(min_length=1, description="The id of the key.")


class RetiredKey(Model):
    """A key that nobody trusts any more."""

    kid: str
    alg: str
    removed: bool = True


async def list_keys(on: Administration, wish: Listing, _: Operator) -> Page[Key]:
    """Lists keys by their ids. Raises Invalid."""
    found, following = part(await keys.list_states(on), wish, lambda each: each[0].kid)
    return Page[Key](items=[Key.of(*each) for each in found], next=following)


async def rotate(on: Administration, wish: Rotation, operator: Operator) -> Page[Key]:
    """Publishes new keys. Raises Invalid."""
    added = await keys.rotate(on, wish.alg, operator.by, at_once=wish.at_once)
    return Page[Key](items=[Key.of(*each) for each in added], next=None)


async def retire(on: Administration, wish: NamedKey, operator: Operator) -> RetiredKey:
    """Ends the trust in a key. Raises Missing."""
    return RetiredKey(kid=wish.kid, alg=await keys.retire(on, wish.kid, operator.by))


LIST: Final = Action("key.list", "List the keys.", "GET", "/keys", Listing, Page[Key], list_keys, roles=AUDITORS)
ROTATE: Final = Action(
    "key.rotate",
    "Publish new keys. They sign in a day, when all clients have them.",
    "POST",
    "/keys/rotate",
    Rotation,
    Page[Key],
    rotate,
    sensitive=True,
)
RETIRE: Final = Action(
    "key.retire",
    "Remove a key at once: nothing it signed is trusted any more.",
    "DELETE",
    "/keys/{kid}",
    NamedKey,
    RetiredKey,
    retire,
    losses=lambda on, wish: keys.count_losses(on, wish.kid),
    sensitive=True,
)

ACTIONS: Final = (LIST, ROTATE, RETIRE)
