"""Versions of objects: entity tags, and changes of the version that the caller has seen alone (RFC 9110 §13.1.1)."""

from hashlib import sha256
from typing import Final

from iam.administration.actions.action import Action
from iam.administration.actions.models import Model
from iam.administration.actions.operator import Operator
from iam.administration.administration import Administration
from iam.endpoints.api.refused import Refused
from iam.http.request import Request

CHANGED: Final = "It has changed since: look at it again, and decide anew."
ANY: Final = "*"


def of(shown: Model) -> str:
    """Returns the entity tag of an object as it is shown."""
    return f'"{sha256(shown.model_dump_json().encode()).hexdigest()[:32]}"'


async def compare(
    on: Administration, request: Request, wish: Model, operator: Operator, show: Action[Model, Model] | None
) -> None:
    """Raises Refused (412) if the request has an If-Match that the object does not match, and Missing if there is none."""
    lines = request.requestHeaders.getRawHeaders(b"if-match")
    if not lines:
        return
    wanted = {tag.strip() for tag in b",".join(lines).decode("latin-1").split(",")}
    named = set(show.input.model_fields) & wish.model_fields_set if show is not None else set()
    if show is None or not named:
        raise Refused(412, CHANGED)
    shown = await show.function(on, show.input(**{name: getattr(wish, name) for name in named}), operator)
    if ANY not in wanted and of(shown) not in wanted:
        raise Refused(412, CHANGED)
