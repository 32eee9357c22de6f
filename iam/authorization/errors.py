"""The errors that a client gets in place of a code (RFC 6749 §4.1.2.1, OpenID Connect Core §3.1.2.6)."""

from collections.abc import Sequence
from typing import Final

from attrs import evolve, frozen

from iam.oauth.reasons import Reason, shown

ACCESS_DENIED: Final = "access_denied"
CONSENT_REQUIRED: Final = "consent_required"
INVALID_REQUEST: Final = "invalid_request"
INVALID_SCOPE: Final = "invalid_scope"
LOGIN_REQUIRED: Final = "login_required"
BARRED: Final = "left out: "

INTERACTIONS: Final = {
    LOGIN_REQUIRED: (
        "The person has to log in for this request.",
        Reason("login", "the person whom the request wants, logged in as it wants"),
    ),
    CONSENT_REQUIRED: (
        "The person has to be asked for this request.",
        Reason("consent", "all scopes allowed before, to an application that proves itself"),
    ),
}


@frozen
class AuthorizationError(Exception):
    """An error code, a sentence for the client, which may be empty, and the reason for the client's developers."""

    error: str
    sentence: str
    reason: Reason

    def of_client(self, client_id: str) -> "AuthorizationError":
        """Returns the same error with a reason that names the client of the request, unless it names one already."""
        return evolve(self, reason=evolve(self.reason, client_id=self.reason.client_id or client_id))


def deny() -> AuthorizationError:
    """Returns the error access_denied: the person refused."""
    sentence = "The person refused."
    return AuthorizationError(ACCESS_DENIED, sentence, Reason("consent", sentence))


def exclude() -> AuthorizationError:
    """Returns the error access_denied: the client is for the members of groups that the person is not in."""
    sentence = "The person may not use this application."
    reason = Reason(
        "group", "a member of one of the groups that the application is for", "somebody who is in none of them"
    )
    return AuthorizationError(ACCESS_DENIED, sentence, reason)


def leave_nothing(reason: Reason) -> AuthorizationError:
    """Returns the error invalid_scope: no scope of the request is for this person; `reason` says why."""
    return AuthorizationError(INVALID_SCOPE, "No scope of the request is left for this person.", reason)


def unshared(names: Sequence[str]) -> Reason:
    """Returns the reason for leaving out scopes that are for members of groups that the person is not in."""
    return Reason("group", "a member of one of the groups that a scope is for", f"{BARRED}{shown(' '.join(names))}")


def out_of_reach(names: Sequence[str]) -> Reason:
    """Returns the reason for leaving out scopes of the administration that are of no use to the person's roles."""
    return Reason(
        "role", "a role that may use a scope of this server's administration", f"{BARRED}{shown(' '.join(names))}"
    )


def require_interaction(error: str, got: str) -> AuthorizationError:
    """Returns the error for a person who would have to log in or be asked where that is impossible (Core §3.1.2.6).

    `error` is LOGIN_REQUIRED or CONSENT_REQUIRED; `got` says why it is impossible.
    """
    sentence, reason = INTERACTIONS[error]
    return AuthorizationError(error, sentence, evolve(reason, got=got))
