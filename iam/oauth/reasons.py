"""Why a request is refused, for the client's developers; never contains a secret or a part of one.

The response carries only the errors of the RFCs. The hook, grant or authenticator that knows more attaches the reason
to the error that it raises.
"""

import re
from datetime import date
from typing import Final, TypeVar

from attrs import evolve, field, frozen

E = TypeVar("E", bound=Exception)

LONGEST: Final = 300

# Text that is long enough to be a secret, or looks like one, is replaced by its length.
SECRETIVE: Final = re.compile(r"iam_[A-Za-z]{2}_\w*|eyJ[\w.-]*|[\w~-]{32,}|[\w.~-]{43,}")

# The failed check, for exceptions of oauthlib and the strict parser, by class name.
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
    """The check that failed, what it expected, and what it got instead.

    `presented` is what came as it was written, where that is known to hold no secret. `client_id` is who the request
    claimed to be from. The digests are of a secret or token that came with it, to find out more about it later.
    """

    check: str
    expected: str = ""
    got: str = ""
    client_id: str | None = None
    grant_type: str | None = None
    secret_digest: bytes | None = field(default=None, repr=False)
    token_digest: bytes | None = field(default=None, repr=False)
    token_day: date | None = None
    presented: str = ""


def carrying(
    error: E, reason: Reason | None = None, *, client_id: str | None = None, grant_type: str | None = None
) -> E:
    """Returns the error with a reason attached: the given one, or the one that it has or implies."""
    known = reason or of(error)
    grant_type = known.grant_type or (grant_type and shown(grant_type))
    error.reason = evolve(known, client_id=known.client_id or client_id, grant_type=grant_type)  # type: ignore[attr-defined]
    return error


def of(error: Exception) -> Reason:
    """Returns the reason that an error carries, or the one that its type implies."""
    carried = getattr(error, "reason", None)
    if isinstance(carried, Reason):
        return carried
    # str() of an OAuth2Error includes the request
    sentence = str(getattr(error, "description", error))
    return Reason(CHECKS.get(type(error).__name__, "request"), shown(sentence))


def shown(text: str) -> str:
    """Returns text from a request in a form that people may read.

    It is one line of at most 300 characters, without anything that could be a secret.
    """
    safe = SECRETIVE.sub(lambda found: f"[{len(found[0])} characters]", text)
    printable = "".join(character if character.isprintable() else "?" for character in safe)
    return printable if len(printable) <= LONGEST else printable[: LONGEST - 1] + "…"
