"""The errors that the document of the API speaks of, by status."""

from collections.abc import Mapping
from typing import Final

from iam.administration.actions.action import Action
from iam.administration.actions.models import Model

ALWAYS: Final[Mapping[int, str]] = {
    400: "The request cannot be read.",
    401: "There is no access token that is good here, or its login is too old: WWW-Authenticate says how to get one.",
    403: "The token lacks the scope, or the person the role.",
    406: "Accept does not take the media type of the answer.",
    422: "A member of the input cannot be used: `errors` says which, and why.",
    429: "Too much has come from you or your network: wait as long as Retry-After says.",
    500: "The server made a mistake.",
    503: "The server cannot answer right now: wait as long as Retry-After says.",
}
MISSING: Final = {404: "There is no such object."}
CHANGING: Final[Mapping[int, str]] = {
    409: "It cannot be done as things are.",
    412: "The object has changed since.",
    415: "The body is not application/json.",
}


def of_action(action: Action[Model, Model]) -> dict[int, str]:
    """Returns the errors that only actions of this kind have."""
    missing = MISSING if "{" in action.path else {}
    foretelling = {409: CHANGING[409]} if action.foretells else {}
    return {**missing, **foretelling, **(CHANGING if action.method != "GET" else {})}
