"""What becomes of an authorization request, told by who is logged in and what they allowed before (OpenID Connect Core §3.1.2.3).

A pure function: it knows no browser, no redirect URI and no database, so that whoever asks a person may use it.
"""

from collections.abc import Sequence
from typing import Literal

from attrs import frozen

from iam.authorization.errors import CONSENT_REQUIRED, LOGIN_REQUIRED
from iam.authorization.openid_parameters import AuthenticationRequest
from iam.authorization.person import Person

Done = Literal["login", "choice"]  # what the person has just done for this very request


@frozen
class Allow:
    """This person allowed all of it before."""

    person: Person


@frozen
class Ask:
    """This person has to be asked."""

    person: Person


@frozen
class Login:
    """Somebody has to log in: with this name filled in, if any, and `again` though they may be logged in already."""

    hint: str | None
    again: bool


@frozen
class Choose:
    """The person has to say as whom of those logged in they go on."""


@frozen
class Refuse:
    """The client is told this error; `got` says what is wrong with the request, or with what was done for it."""

    error: str
    got: str


Decision = Allow | Ask | Login | Choose | Refuse


def decide(request: AuthenticationRequest, people: Sequence[Person], done: Done | None, *, consented: bool) -> Decision:
    """What comes next, `people` being those who are logged in, and `consented` what the `find_suitable` one allowed before."""
    person = find_suitable(request, people, done)
    if person is not None and consented and not request.wants_consent:
        return Allow(person)
    if person is not None:
        return Refuse(CONSENT_REQUIRED, "prompt=none") if request.silent else Ask(person)
    if request.silent:
        return Refuse(LOGIN_REQUIRED, "prompt=none")
    acting = find_concerned(request, people, done)
    meant = acting is not None and acting.meant(request)
    if done and not meant:
        return Refuse(LOGIN_REQUIRED, "a login of somebody else")
    if must_choose(request, done) and people:
        return Choose()
    expected = acting.session.username if acting is not None and meant else None
    return Login(request.login_hint or expected, again=acting is not None or request.wants_login)


def find_suitable(request: AuthenticationRequest, people: Sequence[Person], done: Done | None) -> Person | None:
    """Who is logged in as the request wants it; None where somebody has to log in or choose."""
    person = find_concerned(request, people, done)
    if person is None or must_choose(request, done) or not person.meant(request):
        return None
    return person if done == "login" or person.recent(request) else None


def find_concerned(request: AuthenticationRequest, people: Sequence[Person], done: Done | None) -> Person | None:
    """Whose login counts: of who acts; for an id_token_hint of whom it names, if they are logged in too (Core §3.1.2.1)."""
    acting = next((person for person in people if person.acting), None)
    if done or request.hinted is None:
        return acting
    return next((person for person in people if person.meant(request)), acting)


def must_choose(request: AuthenticationRequest, done: Done | None) -> bool:
    """Does the person still have to choose an account?"""
    return request.wants_choice and not done
