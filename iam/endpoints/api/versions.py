"""Versions of objects: entity tags, and changes of the version that the caller has seen alone (RFC 9110 §13.1.1)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256
from typing import Final

from iam.administration.actions.action import Action
from iam.administration.actions.models import Model
from iam.administration.actions.operator import Operator
from iam.administration.administration import Administration
from iam.endpoints.api.refused import Refused
from iam.http.request import Request
from iam.store.versions import Changed

CHANGED: Final = "It has changed since: look at it again, and decide anew."
ANY: Final = "*"


def of(shown: Model) -> str:
    """Returns the entity tag of an object as it is shown."""
    text = shown.model_dump_json(exclude=set(shown.fleeting))
    return f'"{sha256(text.encode()).hexdigest()[:32]}"'


@asynccontextmanager
async def seen(
    on: Administration, request: Request, wish: Model, operator: Operator, show: Action[Model, Model] | None
) -> AsyncIterator[None]:
    """Changes the object in this block only as it was when the caller saw it, if the request has an If-Match.

    Its version is read between two looks at it, and compared again in the transaction that changes it. Raises Refused
    (412) if the object does not match, and Missing if there is none.
    """
    lines = request.requestHeaders.getRawHeaders(b"if-match")
    if not lines:
        yield
        return
    wanted = {tag.strip() for tag in b",".join(lines).decode("latin-1").split(",")}
    named = set(show.input.model_fields) & wish.model_fields_set if show is not None else set()
    if show is None or not named:
        raise Refused(412, CHANGED)
    sought = show.input(**{name: getattr(wish, name) for name in named})
    key = await look(on, show, sought, operator, wanted)
    version = await on.store.versions.read(show.noun, key)
    await look(on, show, sought, operator, wanted)
    try:
        with on.store.versions.unchanged(show.noun, key, version):
            yield
    except Changed:
        raise Refused(412, CHANGED) from None


async def look(
    on: Administration, show: Action[Model, Model], sought: Model, operator: Operator, wanted: set[str]
) -> str:
    """Returns the key of the object, as it is in the database now. Raises Refused (412) if it is none of the `wanted`."""
    on.store.scopes.forget()
    on.store.resources.forget()
    shown = await show.function(on, sought, operator)
    if ANY not in wanted and of(shown) not in wanted:
        raise Refused(412, CHANGED)
    return str(getattr(shown, show.identity))
