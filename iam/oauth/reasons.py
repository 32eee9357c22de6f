"""Why a request is refused, for the makers of the client: never a secret, nor a part of one.

On the wire an error stays what the RFCs say. Whoever knows more, a hook, a grant or the authentication, raises it with the
error.
"""

import re
from datetime import date
from typing import Final, TypeVar

from attrs import evolve, field, frozen

E = TypeVar("E", bound=Exception)

LONGEST: Final = 300

# What is long enough to be a secret, or looks like one, is told by its length alone.
SECRETIVE: Final = re.compile(r"iam_[A-Za-z]{2}_\w*|eyJ[\w.-]*|[\w~-]{32,}|[\w.~-]{43,}")

# What failed where oauthlib, or the strict parser, found it: by the name of the exception.
CHECKS: Final = {
    "AccessDeniedError": "consent",
    "InvalidClientError": "client authentication",
    "InvalidRedirectURIError": "redirect_uri",
    "MismatchingRedirectURIError": "redirect_uri",
    "MissingClientIdError": "client_id",
    "MissingCodeChallengeError": "code_challenge",
    "MissingRedirectURIError": "redirect_uri",
    "MissingResponseTypeError": "response_type",
    "ParameterError": "form of the request",
    "UnsupportedGrantTypeError": "grant_type",
    "UnsupportedResponseTypeError": "response_type",
}


@frozen
class Reason:
    """The check that failed, what would have passed it and what came; digests of what was presented, to look it up later.

    `client_id` is who the request said it was from.
    """

    check: str
    expected: str = ""
    got: str = ""
    client_id: str | None = None
    grant_type: str | None = None
    secret_digest: bytes | None = field(default=None, repr=False)
    token_digest: bytes | None = field(default=None, repr=False)
    token_day: date | None = None


def carrying(
    error: E, reason: Reason | None = None, *, client_id: str | None = None, grant_type: str | None = None
) -> E:
    """The error with its reason: the one given, or the one that it has or stands for."""
    known = reason or of(error)
    grant_type = known.grant_type or (grant_type and shown(grant_type))
    error.reason = evolve(known, client_id=known.client_id or client_id, grant_type=grant_type)  # type: ignore[attr-defined]
    return error


def of(error: Exception) -> Reason:
    """The reason that an error carries, or stands for by itself."""
    carried = getattr(error, "reason", None)
    if isinstance(carried, Reason):
        return carried
    # an OAuth2Error's own text has the request in it
    sentence = str(getattr(error, "description", error))
    return Reason(CHECKS.get(type(error).__name__, "request"), shown(sentence))


def shown(text: str) -> str:
    """Text from a request as a person may read it: in one line, not too long, and without anything that could be a secret."""
    safe = SECRETIVE.sub(lambda found: f"[{len(found[0])} characters]", text)
    printable = "".join(character if character.isprintable() else "?" for character in safe)
    return printable if len(printable) <= LONGEST else printable[: LONGEST - 1] + "…"
