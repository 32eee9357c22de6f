"""The decision about an authorization request, as a table: what is asked for, who is logged in, what was done and allowed."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from attrs import evolve

from iam.authorization.assurance import Assurance
from iam.authorization.claims_request import parse
from iam.authorization.decision import (
    Allow,
    Ask,
    Choose,
    Decision,
    Done,
    Enrol,
    Login,
    Prove,
    Refuse,
    decide,
    find_suitable,
)
from iam.authorization.openid_parameters import AuthenticationRequest
from iam.authorization.person import Person
from iam.records.session import Session

NOW = datetime(2026, 11, 30, tzinfo=UTC)
MINUTE = 60  # seconds


def person(name: str, number: int, *, age: float = MINUTE, acting: bool = True) -> Person:
    """Somebody who logged in `age` seconds ago, and whom the client knows by their name."""
    session = Session(
        id=UUID(int=number),
        user_id=UUID(int=number),
        username=name,
        name=name.title(),
        email=None,
        superuser=False,
        auth_time=NOW,
        expires_at=NOW,
        remembered=False,
        amr=("pwd",),
    )
    return Person(session, name, age, acting)


ADA = person("ada", 1)
BOB = person("bob", 2, acting=False)  # logged in in the same browser
NOBODY: list[Person] = []
ONE = [ADA]
TWO = [ADA, BOB]
OTHERS = [BOB]  # who acted has logged out

ASKED = Ask(ADA)
ALLOWED = Allow(ADA)
FIRST = Login(None, again=False)
AGAIN = Login("ada", again=True)
LOGIN_REQUIRED = Refuse("login_required", "prompt=none")
CONSENT_REQUIRED = Refuse("consent_required", "prompt=none")
SOMEBODY_ELSE = Refuse("login_required", "a login of somebody else")


def asked(
    *prompt: str, max_age: int | None = None, hinted: str | None = None, sub: str | None = None, hint: str | None = None
) -> AuthenticationRequest:
    """What a client asks for; `sub` is the value of a claim in the ID token."""
    claims = parse(f'{{"id_token": {{"sub": {{"value": "{sub}"}}}}}}' if sub else "{}")
    return AuthenticationRequest(frozenset(prompt), max_age, claims, login_hint=hint, hinted=hinted)


Row = tuple[AuthenticationRequest, list[Person], Done | None, bool, Decision]

PLAIN: list[Row] = [
    (asked(), NOBODY, None, False, FIRST),
    (asked(), ONE, None, False, ASKED),
    (asked(), ONE, None, True, ALLOWED),
    (asked(), TWO, None, True, ALLOWED),
    (asked(), ONE, "login", False, ASKED),
    (asked(), ONE, "login", True, ALLOWED),
    (asked(), ONE, "choice", True, ALLOWED),
    (asked(), OTHERS, None, True, FIRST),  # nobody acts, whoever else is logged in
    (asked(hint="eve@example.org"), NOBODY, None, False, Login("eve@example.org", again=False)),
    (asked(hint="eve@example.org"), ONE, None, True, ALLOWED),  # a hint demands nothing
]
NONE: list[Row] = [
    (asked("none"), NOBODY, None, False, LOGIN_REQUIRED),
    (asked("none"), OTHERS, None, True, LOGIN_REQUIRED),
    (asked("none"), ONE, None, False, CONSENT_REQUIRED),
    (asked("none"), ONE, None, True, ALLOWED),
    (asked("none", max_age=MINUTE - 1), ONE, None, True, LOGIN_REQUIRED),
    (asked("none", max_age=MINUTE), ONE, None, True, ALLOWED),
    (asked("none", hinted="ada"), ONE, None, True, ALLOWED),
    (asked("none", hinted="eve"), ONE, None, True, LOGIN_REQUIRED),
    (asked("none", sub="eve"), ONE, None, True, LOGIN_REQUIRED),
]
LOGIN: list[Row] = [
    (asked("login"), NOBODY, None, False, Login(None, again=True)),
    (asked("login"), ONE, None, True, AGAIN),
    (asked("login", hint="eve"), ONE, None, True, Login("eve", again=True)),
    (asked("login"), ONE, "choice", True, AGAIN),  # to choose is not to log in
    (asked("login"), ONE, "login", True, ALLOWED),
    (asked("login"), ONE, "login", False, ASKED),
    (asked("login", "consent"), ONE, "login", True, ASKED),
]
CONSENT: list[Row] = [
    (asked("consent"), NOBODY, None, False, FIRST),
    (asked("consent"), ONE, None, False, ASKED),
    (asked("consent"), ONE, None, True, ASKED),  # whatever was allowed before
    (asked("consent"), ONE, "login", True, ASKED),
    (asked("consent", "select_account"), TWO, None, True, Choose()),
    (asked("consent", "select_account"), TWO, "choice", True, ASKED),
]
MAX_AGE: list[Row] = [
    (asked(max_age=MINUTE), ONE, None, True, ALLOWED),
    (asked(max_age=MINUTE - 1), ONE, None, True, AGAIN),
    (asked(max_age=0), ONE, None, True, AGAIN),
    (asked(max_age=0), ONE, "choice", True, AGAIN),
    (asked(max_age=0), ONE, "login", True, ALLOWED),  # who has just logged in is not asked to once more
    (asked(max_age=0), NOBODY, None, False, FIRST),
    (asked(max_age=0), OTHERS, None, True, FIRST),
]
HINTED: list[Row] = [
    (asked(hinted="ada"), ONE, None, True, ALLOWED),
    (asked(hinted="ada"), NOBODY, None, False, FIRST),
    (asked(hinted="bob"), TWO, None, False, Ask(BOB)),  # who is logged in beside counts too
    (asked(hinted="bob"), TWO, None, True, Allow(BOB)),
    (asked(hinted="bob"), OTHERS, None, True, Allow(BOB)),
    (asked(hinted="eve"), ONE, None, True, Login(None, again=True)),
    (asked(hinted="eve"), ONE, "login", True, SOMEBODY_ELSE),
    (asked(hinted="bob"), TWO, "login", True, SOMEBODY_ELSE),  # ada has just logged in for it
    (asked(hinted="bob"), TWO, "choice", True, SOMEBODY_ELSE),
    (asked("login", hinted="bob"), TWO, None, True, Login("bob", again=True)),
    (asked(hinted="bob", max_age=MINUTE - 1), TWO, None, True, Login("bob", again=True)),
    (asked(hinted="ada", sub="bob"), TWO, None, True, Login(None, again=True)),  # nobody is both
    (asked(hinted="ada", sub="ada"), ONE, None, True, ALLOWED),
]
SUBJECT: list[Row] = [
    (asked(sub="ada"), ONE, None, True, ALLOWED),
    (asked(sub="bob"), ONE, None, True, Login(None, again=True)),
    (asked(sub="bob"), TWO, None, True, Login(None, again=True)),  # unlike a hint, it switches to nobody
    (asked(sub="bob"), ONE, "login", True, SOMEBODY_ELSE),
]
SELECT_ACCOUNT: list[Row] = [
    (asked("select_account"), NOBODY, None, False, FIRST),
    (asked("select_account"), ONE, None, True, Choose()),
    (asked("select_account"), TWO, None, True, Choose()),
    (asked("select_account"), OTHERS, None, True, Choose()),
    (asked("select_account"), ONE, "choice", True, ALLOWED),
    (asked("select_account"), ONE, "choice", False, ASKED),
    (asked("select_account"), ONE, "login", True, ALLOWED),  # who logs in has said who they are
    (asked("select_account", "login"), ONE, None, True, Choose()),
    (asked("select_account", "login"), ONE, "choice", True, AGAIN),
    (asked("select_account", "login"), ONE, "login", True, ALLOWED),
    (asked("select_account", max_age=0), TWO, "choice", True, AGAIN),
    (asked("select_account", hinted="eve"), ONE, "choice", True, SOMEBODY_ELSE),
]


@pytest.mark.parametrize(
    ("request_", "people", "done", "consented", "decision"),
    [*PLAIN, *NONE, *LOGIN, *CONSENT, *MAX_AGE, *HINTED, *SUBJECT, *SELECT_ACCOUNT],
)
def test_what_is_decided(
    request_: AuthenticationRequest, people: list[Person], done: Done | None, consented: bool, decision: Decision
) -> None:
    assert decide(request_, people, done, consented=consented) == decision


TWO_FACTORS, WISHED = Assurance(must="2"), Assurance(may="2")
PASSWORD_ALONE = [person("ada", 1)]
WITH_AN_APP = [evolve(PASSWORD_ALONE[0], reachable="2")]
WITH_A_PASSKEY = [evolve(PASSWORD_ALONE[0], reachable="phr")]
BY_BOTH = [evolve(person("ada", 1), session=evolve(PASSWORD_ALONE[0].session, amr=("pwd", "otp", "mfa")))]
BY_PASSKEY = [evolve(person("ada", 1), session=evolve(PASSWORD_ALONE[0].session, amr=("hwk", "user")))]
BESIDE = [person("eve", 3), evolve(person("bob", 2), acting=False, reachable="2")]
SILENTLY = Refuse("login_required", "prompt=none, and a login of the class 1")


@pytest.mark.parametrize(
    ("request_", "people", "assurance", "decision"),
    [
        (asked(), PASSWORD_ALONE, TWO_FACTORS, Enrol(PASSWORD_ALONE[0], "2")),
        (asked(), WITH_AN_APP, TWO_FACTORS, Prove(WITH_AN_APP[0], "2")),
        (asked(), WITH_AN_APP, WISHED, Prove(WITH_AN_APP[0], "2")),
        (asked(), PASSWORD_ALONE, WISHED, Allow(PASSWORD_ALONE[0])),
        (asked(), WITH_AN_APP, Assurance(must="phr"), Enrol(WITH_AN_APP[0], "phr")),
        (asked(), WITH_AN_APP, Assurance(must="2", may="phr"), Prove(WITH_AN_APP[0], "2")),
        (asked(), WITH_A_PASSKEY, Assurance(must="2", may="phr"), Prove(WITH_A_PASSKEY[0], "phr")),
        (asked(), WITH_A_PASSKEY, TWO_FACTORS, Prove(WITH_A_PASSKEY[0], "2")),
        (asked(), BY_BOTH, TWO_FACTORS, Allow(BY_BOTH[0])),
        (asked(), BY_BOTH, Assurance(must="1"), Allow(BY_BOTH[0])),
        (asked(), BY_BOTH, Assurance(must="phr"), Enrol(BY_BOTH[0], "phr")),
        (asked(), BY_PASSKEY, Assurance(must="phr"), Allow(BY_PASSKEY[0])),
        (asked("consent"), PASSWORD_ALONE, TWO_FACTORS, Enrol(PASSWORD_ALONE[0], "2")),
        (asked("consent"), BY_BOTH, TWO_FACTORS, Ask(BY_BOTH[0])),
        (asked("none"), PASSWORD_ALONE, TWO_FACTORS, SILENTLY),
        (asked("none"), WITH_AN_APP, TWO_FACTORS, SILENTLY),
        (asked("none"), WITH_AN_APP, WISHED, Allow(WITH_AN_APP[0])),
        (asked("none"), BY_BOTH, TWO_FACTORS, Allow(BY_BOTH[0])),
        (asked(), NOBODY, TWO_FACTORS, FIRST),
        (asked(max_age=MINUTE - 1), WITH_AN_APP, TWO_FACTORS, AGAIN),  # a login comes first
        (asked(hinted="bob"), BESIDE, TWO_FACTORS, Login("bob", again=True)),
    ],
)
def test_how_far_a_login_must_go(
    request_: AuthenticationRequest, people: list[Person], assurance: Assurance, decision: Decision
) -> None:
    assert decide(request_, people, None, consented=True, assurance=assurance) == decision


EVERY_REQUEST = [
    asked(*prompt, max_age=max_age, hinted=hinted, sub=sub)
    for prompt in ((), ("none",), ("login",), ("consent",), ("select_account",), ("login", "select_account"))
    for max_age in (None, 0, MINUTE)
    for hinted in (None, "ada", "bob", "eve")
    for sub in (None, "ada", "eve")
]
EVERYBODY = (NOBODY, ONE, TWO, OTHERS)
DID: tuple[Done | None, ...] = (None, "login", "choice")


def test_a_silent_request_shows_no_page() -> None:
    decisions = [
        decide(request, people, done, consented=consented)
        for request in EVERY_REQUEST
        if request.silent
        for people in EVERYBODY
        for done in DID
        for consented in (False, True)
    ]

    assert {type(decision) for decision in decisions} == {Allow, Refuse}


def test_nobody_is_sent_to_the_login_for_ever() -> None:
    """Who has logged in for a request is asked, allowed or refused, never sent to log in or choose once more."""
    decisions = [
        decide(request, people, "login", consented=consented)
        for request in EVERY_REQUEST
        for people in (ONE, TWO)
        for consented in (False, True)
    ]

    assert {type(decision) for decision in decisions} == {Allow, Ask, Refuse}


def test_a_consent_counts_only_for_who_is_logged_in_as_the_request_wants() -> None:
    for request in EVERY_REQUEST:
        for people in EVERYBODY:
            for done in DID:
                decision = decide(request, people, done, consented=True)
                person = None if request.wants_consent else find_suitable(request, people, done)
                assert (decision == Allow(person)) == (person is not None), (request, people, done)
