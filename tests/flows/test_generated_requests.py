"""Bad requests at every endpoint, generated: no mistake of ours, no hang, a whole answer, and nothing stored unanswered for."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from attrs import define, evolve, field
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_twisted import blockon
from twisted.internet import reactor
from twisted.internet.defer import Deferred

from iam.protocol import bridge
from iam.secrets.minted import Kind
from tests.answers import complete
from tests.flows.asks import DESCRIPTION, FORM, Ask, World, basic, counts
from tests.harness import CHALLENGE, REDIRECT_URI, VERIFIER, App, Reply, fields, made_up
from tests.http.walk import every_route

EXAMPLES = {False: 400, True: 2000}  # each time, and with --long
PATIENCE = 20.0  # seconds after which there is no answer

TOO_MUCH = (413, 414, 431)
PROTOCOL_ERRORS = {
    "invalid_request",
    "invalid_client",
    "invalid_grant",
    "invalid_scope",
    "invalid_token",
    "unauthorized",
    "unauthorized_client",
    "unsupported_grant_type",
    "method_not_allowed",
}


NAMES = [
    "grant_type", "response_type", "client_id", "client_secret", "code", "redirect_uri", "code_verifier", "code_challenge",
    "code_challenge_method", "scope", "state", "refresh_token", "token", "token_type_hint", "response_mode", "resource",
    "request", "nonce", "prompt", "user", "scopes", "claims", "login", "password", "remember", "csrf_token", "decision",
    "next", "ticket", "name", "client_type", "grant_types", "redirect_uris", "require_pkce", "username", "email", "again",
]  # fmt: skip
VALUES = [
    "authorization_code", "refresh_token", "client_credentials", "password", "code", "token", "query", "fragment", "read",
    "read write", "admin", "S256", "plain", VERIFIER, CHALLENGE, REDIRECT_URI, "https://evil.example/", "allow", "deny",
    "access_token", "login", "none", "' or 1=1 --", "{{7*7}}", "<script>", "\r\nX: y", "//evil.example", "/login", "%00",
    "", "a" * 5_000, "iam_at_", "confidential", "public", "person1", "y",
]  # fmt: skip

HEADERS: list[dict[str, str]] = [
    {}, {}, {}, {}, {}, {"Content-Type": "application/json"}, {"Content-Type": FORM + ";charset=utf-8"}, {"Accept": "x"},
    {"Origin": "null"}, {"X-Forwarded-For": "192.0.2.1"}, {"Expect": "100-continue"},
]  # fmt: skip

anything = st.text(st.characters(codec="utf-8"), max_size=30)


@st.composite
def asks(draw: st.DrawFn, methods: str, path: str, own: Mapping[str, list[str]] | None = None) -> Ask:
    """A request to this path, often well-formed and seldom right; names in `own` often have these values."""
    texts = st.sampled_from(VALUES) | anything
    pairs = draw(st.lists(st.tuples(st.sampled_from(NAMES) | anything, texts), max_size=8))
    pairs += [
        (name, draw(st.sampled_from(values) | texts)) for name, values in (own or {}).items() if draw(st.booleans())
    ]
    encoded = urlencode(pairs).encode()
    if draw(st.integers(0, 4)) == 0:
        at = draw(st.integers(0, len(encoded)))
        encoded = encoded[:at] + draw(st.binary(max_size=6)) + encoded[at:]
    query = draw(st.sampled_from(["", "", quote(encoded, safe="%&=+;"), "a=%ff", "x=1"]))
    client = draw(st.sampled_from(["app", "public", "nobody"]))
    secret = draw(st.sampled_from(["right", "wrong"]) | anything)
    return Ask(
        path,
        method=draw(st.sampled_from(methods.split())),
        query=query,
        body=encoded,
        authorization=draw(
            st.sampled_from([None, f"{client}:{secret}", f"{client}:right"])
            | st.text(st.characters(min_codepoint=33, max_codepoint=255), min_size=1, max_size=40)
        ),
        headers=draw(st.sampled_from(HEADERS)),
    )


@define
class Trial:
    """Generated requests against one world."""

    world: World
    examples: int
    cookie: Mapping[str, str] = field(factory=dict)
    before: dict[str, int] = field(factory=dict)
    granted: int = 0

    def generated(self, *strategies: Any) -> Callable[[Callable[..., None]], Callable[[], None]]:
        """The property for that many arguments, always the same; it may `bridge.wait`."""
        known = settings(
            max_examples=self.examples,
            derandomize=True,
            deadline=None,
            database=None,
            suppress_health_check=[HealthCheck.too_slow],
        )
        return lambda property_: known(given(*strategies)(property_))

    def of(self, ask: Ask, *, page: bool = False) -> Reply:
        """Send it, and assert what every answer must be."""
        named = {"app": self.world.app, "public": self.world.public, "nobody": App("nobody", "x")}
        client, _, secret = (ask.authorization or "").partition(":")
        if client in named:
            ask = evolve(
                ask, authorization=basic(named[client].client_id, named[client].secret if secret == "right" else secret)
            )
        answer = Deferred.fromCoroutine(evolve(ask, headers={**self.cookie, **ask.headers}).send(self.world.server))
        reply: Reply = bridge.wait(answer.addTimeout(PATIENCE, reactor))
        complete(reply)
        assert reply.status < 500
        if not page and reply.status >= 400 and reply.status not in TOO_MUCH:
            assert reply.json["error"] in PROTOCOL_ERRORS
            assert DESCRIPTION.fullmatch(reply.json.get("error_description", "-"))
        self.granted += ask.path == "/token" and reply.status == 200
        return reply


@pytest.fixture
def trial(world: World, pytestconfig: pytest.Config) -> Iterator[Trial]:
    made = Trial(world, EXAMPLES[pytestconfig.getoption("long")], before=counts(world.admin))
    yield made
    after = counts(world.admin)
    assert after.pop("access_tokens") == made.before.pop("access_tokens") + made.granted
    assert after == made.before
    assert blockon(Deferred.fromCoroutine(world.server.get("/readyz"))).status == 200


METHODS = "POST POST POST POST POST GET PUT DELETE"
READING = "GET GET GET GET HEAD POST OPTIONS"


async def test_any_client_credentials_request_gets_a_whole_answer(trial: Trial) -> None:
    @trial.generated(asks(METHODS, "/token", {"grant_type": ["client_credentials"], "scope": ["read"]}))
    def every(ask: Ask) -> None:
        assert trial.of(ask).status in (200, 400, 401, 405, 415, *TOO_MUCH)

    await bridge.call(every)


async def test_any_code_request_gets_a_whole_answer(trial: Trial) -> None:
    @trial.generated(
        asks(
            METHODS,
            "/token",
            {
                "grant_type": ["authorization_code"],
                "code": [made_up(Kind.AUTHORIZATION_CODE)],
                "code_verifier": [VERIFIER],
                "redirect_uri": [REDIRECT_URI],
            },
        )
    )
    def every(ask: Ask) -> None:
        assert trial.of(ask).status in (200, 400, 401, 405, 415, *TOO_MUCH)

    await bridge.call(every)


async def test_any_refresh_request_gets_a_whole_answer(trial: Trial) -> None:
    @trial.generated(
        asks(METHODS, "/token", {"grant_type": ["refresh_token"], "refresh_token": [made_up(Kind.REFRESH_TOKEN)]})
    )
    def every(ask: Ask) -> None:
        assert trial.of(ask).status in (200, 400, 401, 405, 415, *TOO_MUCH)

    await bridge.call(every)


async def test_any_revocation_gets_a_whole_answer(trial: Trial) -> None:
    @trial.generated(asks(METHODS, "/revoke", {"token": [made_up(Kind.ACCESS_TOKEN)]}))
    def every(ask: Ask) -> None:
        assert trial.of(ask).status in (200, 400, 401, 405, 415, *TOO_MUCH)

    await bridge.call(every)


async def test_any_introspection_gets_a_whole_answer(trial: Trial) -> None:
    @trial.generated(asks(METHODS, "/introspect", {"token": [made_up(Kind.ACCESS_TOKEN)]}))
    def every(ask: Ask) -> None:
        reply = trial.of(ask)

        assert reply.status in (200, 400, 401, 405, 415, *TOO_MUCH)
        assert reply.status != 200 or reply.json == {"active": False}

    await bridge.call(every)


LEADS = (REDIRECT_URI + "?", REDIRECT_URI + "#", "/login?next=%2Fauthorize%3F", "/authorize?")


async def test_any_authorization_request_gets_a_page_or_leads_to_a_registered_address(trial: Trial) -> None:
    @trial.generated(asks(READING, "/authorize"), st.booleans(), st.booleans())
    def every(ask: Ask, known: bool, logged_in: bool) -> None:
        trial.cookie = trial.world.person.headers if logged_in else {}
        query = (f"client_id={trial.world.app.client_id}&" if known else "") + ask.query

        reply = trial.of(evolve(ask, query=query), page=True)

        assert reply.status in (200, 302, 303, 400, 403, 405, 415, *TOO_MUCH)
        assert not reply.location or reply.location.startswith(LEADS)

    await bridge.call(every)


async def test_any_bearer_gets_a_whole_answer(trial: Trial) -> None:
    @trial.generated(asks("GET", "/resource"), st.binary(max_size=60))
    def every(ask: Ask, token: bytes) -> None:
        bearer = "Bearer " + "".join(chr(byte) for byte in token if byte > 32)
        header = {"Authorization": bearer} if token else {}

        assert trial.of(evolve(ask, headers={**ask.headers, **header})).status in (400, 401, *TOO_MUCH)

    await bridge.call(every)


async def test_any_request_for_what_is_only_read_gets_a_whole_answer(trial: Trial) -> None:
    @trial.generated(
        st.sampled_from(["/.well-known/oauth-authorization-server", "/healthz", "/readyz"]), asks(READING, "")
    )
    def every(path: str, ask: Ask) -> None:
        assert trial.of(evolve(ask, path=path), page=ask.method in ("HEAD", "OPTIONS")).status in (
            200,
            204,
            405,
            *TOO_MUCH,
        )

    await bridge.call(every)


# Every page; those for authorization requests lead to clients too.
PAGES = sorted(
    {re.sub("<[^>]*>", "x", route.path) for route in every_route() if route.page and "authorize" not in route.path}
)
PAGES += ["/nowhere"]


async def test_any_request_for_a_page_gets_a_page(trial: Trial) -> None:
    @trial.generated(st.sampled_from(PAGES), asks("GET POST", ""), st.booleans())
    def every(path: str, ask: Ask, logged_in: bool) -> None:
        trial.cookie = trial.world.person.headers if logged_in else {}

        reply = trial.of(evolve(ask, path=path), page=True)

        assert reply.status in (200, 303, 400, 403, 404, 405, 415, *TOO_MUCH)
        assert reply.location.startswith("/") or reply.status != 303
        assert not reply.location.startswith(("//", "/\\"))

    await bridge.call(every)


# The forms of anybody, and those of who is logged in, each with a field that is wrong whatever else is typed.
OF_ANYBODY = {"login": {"password": ""}, "signup": {"email": "a b"}, "reset": {"login": ""}}
WRONG = {
    **OF_ANYBODY,
    "applications/register": {"redirect_uris": "x :"},
    "account/details": {"username": "a b"},
    "account/email": {"email": "a b"},
    "account/password": {"password": "x", "again": "y"},
    "account/tokens/new": {"ends": "never"},
}


async def test_any_form_of_ours_that_is_filled_in_wrong_comes_back(trial: Trial) -> None:
    @trial.generated(
        st.sampled_from(sorted(WRONG)),
        st.dictionaries(st.sampled_from(NAMES), st.sampled_from(VALUES) | anything, max_size=8),
    )
    def every(path: str, filled: dict[str, str]) -> None:
        trial.cookie = (
            {"Cookie": f"iam={trial.world.person.cookie[:-1]}"} if path in OF_ANYBODY else trial.world.person.headers
        )
        page = bridge.wait(trial.world.server.get("/" + path, headers=trial.cookie))

        reply = trial.of(Ask("/" + path, {**fields(page.text), **filled, **WRONG[path]}, headers={}), page=True)

        assert reply.status in (400, 403)
        assert "<script>" not in reply.text

    await bridge.call(every)


async def test_any_cookie_is_somebodys_or_nobodys(trial: Trial) -> None:
    @trial.generated(st.binary(max_size=60), st.booleans())
    def every(value: bytes, ours: bool) -> None:
        line = ("iam=" if ours else "") + "".join(chr(byte) for byte in value if byte not in (0, 10, 13))

        reply = trial.of(Ask("/applications", method="GET", headers={"Cookie": line}), page=True)

        assert (reply.status, reply.location) == (303, "/login?next=%2Fapplications")

    await bridge.call(every)
