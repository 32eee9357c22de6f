"""Requests that the API refuses before or after an action, by their status."""

from collections.abc import Sequence

from attrs import field, frozen

from iam.http.answers import Headers


@frozen
class Refused(Exception):
    """A request that is answered with this status and sentence; `errors` are the members of the input at fault."""

    status: int
    sentence: str
    headers: Headers = ()
    errors: Sequence[dict[str, str]] = field(factory=list)
