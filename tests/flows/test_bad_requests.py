"""Bad requests at every endpoint: each gets its exact status and error, stores nothing and spends nothing.

The named cases are the corpus; the properties below generate more of the same kind.
"""

import re
from base64 import b64encode
from collections.abc import Awaitable, Callable, Iterator, Mapping
from hashlib import sha256
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from attrs import define, evolve, field, frozen
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_twisted import blockon
from twisted.internet.defer import Deferred

from iam import credentials
from iam.credentials import Kind
from tests.answers import complete
from tests.harness import CHALLENGE, REDIRECT_URI, VERIFIER, App, Person, Reply, Server, action, fields

EXAMPLES = 250  # per endpoint
PATIENCE = 2.0  # seconds for one answer

FORM = "application/x-www-form-urlencoded"
STORED = ("grants", "authorization_codes", "access_tokens", "refresh_tokens", "consents", "clients", "users")
DESCRIPTION = re.compile(r"[\x20-\x21\x23-\x5b\x5d-\x7e]+")  # RFC 6749 §5.2
PROTOCOL_ERRORS = {
    "invalid_request",
    "invalid_client",
    "invalid_grant",
    "invalid_scope",
    "invalid_token",
    "insufficient_scope",
    "unauthorized",
    "unauthorized_client",
    "unsupported_grant_type",
    "method_not_allowed",
    "not_found",
}


def counts(admin: Any) -> dict[str, int]:
    found = {}
    for table in STORED:
        admin.execute(f"select count(*) from {table}")
        found[table] = admin.fetchone()[0]
    return found


def basic(client_id: str, secret: str | None) -> str:
    return "Basic " + b64encode(f"{client_id}:{secret}".encode()).decode()


@frozen
class Ask:
    """A request, in parts that a case can change."""

    path: str
    form: Mapping[str, str] = field(factory=dict)
    authorization: str | None = None
    method: str = "POST"
    query: str = ""
    headers: Mapping[str, Any] = field(factory=dict)
    body: bytes | None = None  # in place of the form

    async def send(self, server: Server) -> Reply:
        headers = {"Content-Type": FORM, **({"Authorization": self.authorization} if self.authorization else {})}
        if self.method in ("GET", "HEAD"):
            del headers["Content-Type"]
        given_headers = {name: value for name, value in {**headers, **self.headers}.items() if value is not None}
        body = self.body if self.body is not None else urlencode(self.form).encode()
        return await server.request(
            self.method,
            self.path + (f"?{self.query}" if self.query else ""),
            data=body if self.method not in ("GET", "HEAD") else None,
            headers={"Content-Type": ""} | given_headers if "Content-Type" not in given_headers else given_headers,
        )

    def with_form(self, **changes: str | None) -> "Ask":
        form = {name: value for name, value in {**self.form, **changes}.items() if value is not None}
        return evolve(self, form=form)

    @property
    def encoded(self) -> bytes:
        return urlencode(self.form).encode()

    def adding(self, raw: bytes) -> "Ask":
        return evolve(self, body=self.encoded + b"&" + raw)


@define
class World:
    """Who there is: clients of several kinds, a person, and what they were given."""

    server: Server
    admin: Any
    app: App
    other: App
    public: App
    narrow: App  # no grant type but authorization_code, no scope but read
    person: Person
    made: dict[str, Any] = field(factory=dict)

    async def good(self, kind: str) -> Ask:
        """A request of this kind that would succeed."""
        return await getattr(self, kind)()

    async def client_credentials(self) -> Ask:
        return Ask("/token", {"grant_type": "client_credentials", "scope": "read"}, self.app.basic["Authorization"])

    async def authorization_code(self) -> Ask:
        code = await self.server.code(self.app, self.person)
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT_URI}
        return Ask("/token", {**form, "code_verifier": VERIFIER}, self.app.basic["Authorization"])

    async def refresh_token(self) -> Ask:
        token = (await self.server.tokens(self.app, self.person))["refresh_token"]
        form = {"grant_type": "refresh_token", "refresh_token": token, "scope": "read"}
        return Ask("/token", form, self.app.basic["Authorization"])

    async def revoke(self) -> Ask:
        return Ask("/revoke", {"token": await self.token(self.app)}, self.app.basic["Authorization"])

    async def introspect(self) -> Ask:
        return Ask("/introspect", {"token": await self.token(self.app)}, self.app.basic["Authorization"])

    async def token(self, app: App) -> str:
        return str((await self.server.token(app, grant_type="client_credentials")).json["access_token"])

    async def authorize(self) -> Ask:
        parameters = {
            "response_type": "code",
            "client_id": self.app.client_id,
            "redirect_uri": REDIRECT_URI,
            "scope": "read",
            "state": "xyz",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        }
        return Ask("/authorize", parameters, method="GET", headers=self.person.headers)


@pytest.fixture
def world(server: Server, admin: Any) -> World:
    async def people() -> World:
        code = ("authorization_code",)
        return World(
            server,
            admin,
            app=await server.app(),
            other=await server.app(),
            public=await server.app(auth_method="none", grant_types=(*code, "refresh_token")),
            narrow=await server.app(grant_types=code, scopes=("read",)),
            person=await server.person(),
        )

    made: World = blockon(Deferred.fromCoroutine(people()))
    return made


# What is wrong whoever asks for what: at every endpoint that takes a form from an authenticated client.

Change = Callable[[Ask, World], Ask]


def form_of(content_type: str | list[str] | None) -> Change:
    return lambda ask, _: evolve(ask, headers={"Content-Type": content_type})


def method(name: str) -> Change:
    return lambda ask, _: evolve(ask, method=name)


def authenticated(header: Callable[[World], str | None]) -> Change:
    return lambda ask, world: evolve(ask, authorization=header(world))


def claiming(**members: Callable[[World], str]) -> Change:
    """Authenticated in the form, in place of the header."""
    return lambda ask, world: evolve(
        ask, authorization=None, form={**ask.form, **{name: member(world) for name, member in members.items()}}
    )


def adding(raw: bytes) -> Change:
    return lambda ask, _: ask.adding(raw)


def app_id(world: World) -> str:
    return world.app.client_id


def disabled(ask: Ask, world: World) -> Ask:
    world.admin.execute("update clients set disabled_at = now() where id = %s", (world.other.client_id,))
    world.server.store.clients.forget()
    return evolve(ask, authorization=world.other.basic["Authorization"])


def repeated(ask: Ask, _: World) -> Ask:
    name = next(iter(ask.form))
    return ask.adding(urlencode({name: ask.form[name]}).encode())


def blank(ask: Ask, _: World) -> Ask:
    return ask.with_form(**{next(iter(ask.form)): ""})


COMMON: dict[str, tuple[Change, int, str]] = {
    "GET": (method("GET"), 405, "method_not_allowed"),
    "PUT": (method("PUT"), 405, "method_not_allowed"),
    "PATCH": (method("PATCH"), 405, "method_not_allowed"),
    "DELETE": (method("DELETE"), 405, "method_not_allowed"),
    "OPTIONS": (method("OPTIONS"), 405, "method_not_allowed"),
    "TRACE": (method("TRACE"), 405, "method_not_allowed"),
    "no content type": (form_of(None), 415, "invalid_request"),
    "JSON": (form_of("application/json"), 415, "invalid_request"),
    "multipart": (form_of("multipart/form-data; boundary=x"), 415, "invalid_request"),
    "latin-1": (form_of(FORM + "; charset=latin-1"), 415, "invalid_request"),
    "utf-7": (form_of(FORM + "; charset=utf-7"), 415, "invalid_request"),
    "two content types": (form_of([FORM, FORM]), 415, "invalid_request"),
    "no body": (lambda ask, _: evolve(ask, body=b""), 400, "invalid_request"),
    "parameters in the address": (lambda ask, _: evolve(ask, body=b"", query=ask.encoded.decode()), 400, "invalid_request"),
    "one parameter in the address": (lambda ask, _: evolve(ask, query="state=x"), 400, "invalid_request"),
    "secret in the address": (
        lambda ask, world: evolve(ask, authorization=None, query=urlencode(world.app.form)), 400, "invalid_request",
    ),
    "first parameter twice": (repeated, 400, "invalid_request"),
    "unknown parameter twice": (adding(b"x=1&x=2"), 400, "invalid_request"),
    "percent-encoded twin": (lambda ask, _: ask.adding(b"%" + b"%02x" % ord(next(iter(ask.form))[0]) + next(iter(ask.form))[1:].encode() + b"=x"), 400, "invalid_request"),
    "first parameter blank": (blank, 400, "invalid_request"),
    "NUL in a value": (adding(b"x=%00"), 400, "invalid_request"),
    "NUL in a name": (adding(b"x%00=1"), 400, "invalid_request"),
    "raw NUL": (adding(b"x=\0"), 400, "invalid_request"),
    "byte ff": (adding(b"x=%ff"), 400, "invalid_request"),
    "raw byte ff": (adding(b"x=\xff"), 400, "invalid_request"),
    "overlong slash": (adding(b"x=%c0%af"), 400, "invalid_request"),
    "lone surrogate": (adding(b"x=%ed%a0%80"), 400, "invalid_request"),
    "beyond Unicode": (adding(b"x=%f4%90%80%80"), 400, "invalid_request"),
    "truncated UTF-8": (adding(b"x=%c3"), 400, "invalid_request"),
    "percent alone": (adding(b"x=%"), 400, "invalid_request"),
    "percent with one digit": (adding(b"x=%4"), 400, "invalid_request"),
    "percent zz": (adding(b"x=%zz"), 400, "invalid_request"),
    "a hundred and fifty fields": (adding(b"&".join(b"x%d=1" % n for n in range(150))), 400, "invalid_request"),
    "ten thousand fields": (adding(b"a=1&" * 10_000), 400, "invalid_request"),
    "a long name": (adding(b"x" * 129 + b"=1"), 400, "invalid_request"),
    "a long value": (adding(b"x=" + b"y" * 16_385), 400, "invalid_request"),
    "a body too long": (adding(b"x=" + b"y" * 65_536), 413, ""),
    "no client": (authenticated(lambda _: None), 401, "invalid_client"),
    "wrong secret": (authenticated(lambda w: basic(w.app.client_id, "wrong")), 401, "invalid_client"),
    "another client's secret": (authenticated(lambda w: basic(w.app.client_id, w.other.secret)), 401, "invalid_client"),
    "secret cut short": (authenticated(lambda w: basic(w.app.client_id, str(w.app.secret)[:-1])), 401, "invalid_client"),
    "secret with a suffix": (authenticated(lambda w: basic(w.app.client_id, f"{w.app.secret}a")), 401, "invalid_client"),
    "secret in the other case": (authenticated(lambda w: basic(w.app.client_id, str(w.app.secret).swapcase())), 401, "invalid_client"),
    "the stored digest": (authenticated(lambda w: basic(w.app.client_id, sha256(str(w.app.secret).encode()).hexdigest())), 401, "invalid_client"),
    "an access token for a secret": (authenticated(lambda w: basic(w.app.client_id, credentials.mint(Kind.ACCESS_TOKEN))), 401, "invalid_client"),
    "unknown client": (authenticated(lambda w: basic("nobody", w.app.secret)), 401, "invalid_client"),
    "client in the other case": (authenticated(lambda w: basic(w.app.client_id.upper() + "X", w.app.secret)), 401, "invalid_client"),
    "client with SQL": (authenticated(lambda w: basic("' or 1=1 --", w.app.secret)), 401, "invalid_client"),
    "empty client": (authenticated(lambda w: basic("", w.app.secret)), 401, "invalid_client"),
    "empty secret": (authenticated(lambda w: basic(w.app.client_id, "")), 401, "invalid_client"),
    "Basic without colon": (authenticated(lambda _: "Basic bm9jb2xvbg=="), 401, "invalid_client"),
    "Basic without credentials": (authenticated(lambda _: "Basic"), 401, "invalid_client"),
    "Basic not base64": (authenticated(lambda _: "Basic !!!"), 401, "invalid_client"),
    "Basic not UTF-8": (authenticated(lambda _: "Basic /zr+"), 401, "invalid_client"),
    "Basic with NUL": (authenticated(lambda w: basic(w.app.client_id, "a\0b")), 401, "invalid_client"),
    "Basic encoded twice": (authenticated(lambda w: "Basic " + b64encode(basic(w.app.client_id, w.app.secret).encode()).decode()), 401, "invalid_client"),
    "Basic with a broken percent": (authenticated(lambda w: basic(w.app.client_id, "%ff")), 401, "invalid_client"),
    "Bearer": (authenticated(lambda _: "Bearer x"), 401, "invalid_client"),
    "Digest": (authenticated(lambda _: "Digest username=x"), 401, "invalid_client"),
    "disabled client": (disabled, 401, "invalid_client"),
    "header and secret in the form": (lambda ask, w: ask.with_form(**w.app.form), 400, "invalid_request"),
    "header and another client_id": (lambda ask, w: ask.with_form(client_id=w.other.client_id), 401, "invalid_client"),
    "wrong secret in the form": (claiming(client_id=app_id, client_secret=lambda _: "wrong"), 401, "invalid_client"),
    "another client's secret in the form": (claiming(client_id=app_id, client_secret=lambda w: str(w.other.secret)), 401, "invalid_client"),
    "no secret in the form": (claiming(client_id=app_id), 401, "invalid_client"),
    "blank secret in the form": (claiming(client_id=app_id, client_secret=lambda _: ""), 401, "invalid_client"),
    "secret without client": (claiming(client_secret=lambda w: str(w.app.secret)), 401, "invalid_client"),
    "public client with a secret": (claiming(client_id=lambda w: w.public.client_id, client_secret=lambda w: str(w.app.secret)), 401, "invalid_client"),
}  # fmt: skip
ENDPOINTS = ("client_credentials", "authorization_code", "refresh_token", "revoke", "introspect")


def refused(reply: Reply, status: int, error: str) -> None:
    """Assert that this is the refusal expected, whole."""
    complete(reply)
    assert (reply.status, reply.json["error"] if error else "") == (status, error), reply.text[:300]
    if error:
        assert DESCRIPTION.fullmatch(reply.json["error_description"])
    assert (reply.header("www-authenticate") is not None) == (status == 401)
    assert (reply.header("allow") is not None) == (status == 405)
    if status == 401:
        assert (reply.header("www-authenticate") or "").startswith('Basic realm="')


@pytest.mark.parametrize("kind", ENDPOINTS)
@pytest.mark.parametrize("name", COMMON)
async def test_a_bad_request_of_a_client_is_refused_and_spends_nothing(world: World, kind: str, name: str) -> None:
    change, status, error = COMMON[name]
    good = await world.good(kind)
    before = counts(world.admin)

    reply = await change(good, world).send(world.server)

    refused(reply, status, error)
    assert counts(world.admin) == before
    assert (await good.send(world.server)).status == 200
