"""The decision on an authorization request, from who is logged in and what they allowed before (Core §3.1.2.3).

`decide` is a pure function: it knows no browser, no redirect URI and no database, so any flow that asks a person can
use it.
"""

from collections.abc import Sequence
from typing import Final, Literal

from attrs import frozen

from iam.authorization.assurance import Assurance
from iam.authorization.errors import CONSENT_REQUIRED, LOGIN_REQUIRED
from iam.authorization.openid_parameters import AuthenticationRequest
from iam.authorization.person import Person
from iam.records import acr

ANY: Final = Assurance()

Done = Literal["login", "choice"]  # what the person has just done for this request


@frozen
class Allow:
    """The request is allowed: this person allowed all of it before."""

    person: Person


@frozen
class Ask:
    """This person must be asked for consent."""

    person: Person


@frozen
class Login:
    """A person must log in; `hint` is the name to fill in.

    `again` demands a new login, even from a person who is logged in.
    """

    hint: str | None
    again: bool


@frozen
class Prove:
    """This person, who is logged in, must prove another factor, by which their login reaches the class `level` (acr)."""

    person: Person
    level: str


@frozen
class Enrol:
    """This person must add a factor by which their login can reach the class `level` (acr): they have none."""

    person: Person
    level: str


@frozen
class Choose:
    """The person must choose one of the accounts that are logged in."""


@frozen
class Refuse:
    """The client gets this error; `got` says what in the request, or in the login made for it, is the cause."""

    error: str
    got: str


Decision = Allow | Ask | Login | Prove | Enrol | Choose | Refuse


def decide(
    request: AuthenticationRequest,
    people: Sequence[Person],
    done: Done | None,
    *,
    consented: bool,
    assurance: Assurance = ANY,
) -> Decision:
    """Returns what happens next with a request.

    `people` are those who are logged in; `consented` says whether the one from `find_suitable` allowed all of it
    before. `assurance` is how well that person must have proved who they are.
    """
    person = find_suitable(request, people, done)
    if person is None:
        return find_way_in(request, people, done)
    if step := find_step(request, person, assurance):
        return step
    if consented and not request.wants_consent:
        return Allow(person)
    return Refuse(CONSENT_REQUIRED, "prompt=none") if request.silent else Ask(person)


def find_way_in(request: AuthenticationRequest, people: Sequence[Person], done: Done | None) -> Decision:
    """Returns what happens next if nobody is logged in as the request requires."""
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
    """Returns the person who is logged in as the request requires; None if a login or a choice is needed."""
    person = find_concerned(request, people, done)
    if person is None or must_choose(request, done) or not person.meant(request):
        return None
    return person if done == "login" or person.recent(request) else None


def find_step(request: AuthenticationRequest, person: Person, assurance: Assurance) -> Decision | None:
    """Returns what the person must do to prove who they are well enough; None if they have.

    Who is not acting in this browser logs in for it. A mere wish is passed over where no page may be shown.
    """
    level = assurance.lacking(person)
    if level is None:
        return None
    if request.silent:
        reached = acr.reaches(person.acr, assurance.must)
        return None if reached else Refuse(LOGIN_REQUIRED, f"prompt=none, and a login of the class {person.acr}")
    if not person.acting:
        return Login(person.session.username, again=True)
    return Prove(person, level) if acr.reaches(person.reachable, level) else Enrol(person, level)


def find_concerned(request: AuthenticationRequest, people: Sequence[Person], done: Done | None) -> Person | None:
    """Returns the person whose login counts: the one of an id_token_hint, if logged in, else the one who acts.

    Once a login or a choice is done for the request, it is always the one who acts (Core §3.1.2.1).
    """
    acting = next((person for person in people if person.acting), None)
    if done or request.hinted is None:
        return acting
    return next((person for person in people if person.meant(request)), acting)


def must_choose(request: AuthenticationRequest, done: Done | None) -> bool:
    """Returns whether the person still has to choose an account."""
    return request.wants_choice and not done
