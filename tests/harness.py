"""A whole server for a test: real HTTP, the run's PostgreSQL, a clock that can be turned, and the people and clients it needs."""

import html
import json
import re
import socket
from base64 import b64encode, urlsafe_b64encode
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from functools import partialmethod
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import psycopg2
import pytest
import treq
from attrs import define, evolve, field, frozen
from jinja2 import BytecodeCache, Environment
from jinja2.bccache import Bucket
from pytest_twisted import blockon
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IListeningPort
from twisted.internet.task import deferLater
from twisted.web.client import Agent, HTTPConnectionPool

from iam.authorization.question import BOX
from iam.clients.authentication import ClientAuthentication
from iam.clients.registration import Registration
from iam.clock import Clock
from iam.database.database import Database
from iam.embedded.supervisor import Embedded
from iam.outbound.fetching import Fetcher
from iam.people.setup import setup_link
from iam.protocol.server import Server as Protocol
from iam.records.actor import SERVER
from iam.records.client import keeps_secret
from iam.records.client_metadata import Metadata
from iam.secrets import minted
from iam.secrets.master_key import ServerKey
from iam.secrets.minted import Kind
from iam.secrets.signing_keys import Keys
from iam.server.application import Application
from iam.server.listen import listen
from iam.server.parts import build_keys
from iam.server.site import build_site
from iam.settings import Settings, read
from iam.store.store import Store, open_store
from iam.throttles.throttle import Throttle
from tests.databases import make_database

ADDRESS = re.compile(r"""(?P<name>(?:href|src|action)="|content="\d+; url=)(?P<address>/[^"]*)""")
AT_ROOT = ("/.well-known/webfinger", "/.well-known/passkey-endpoints")  # of the host, whatever the issuer's path
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"  # RFC 7636, appendix B
CHALLENGE = urlsafe_b64encode(sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
REDIRECT_URI = "https://client.example/callback"
SERVER_KEY = "a server key for tests, long enough"
TABLES = (
    "access_tokens, refresh_tokens, authorization_codes, device_codes, personal_tokens, grants, consents, client_secrets, resources,"
    " clients, sessions, users, scopes, groups, epochs, refusals, registrations, registration_tokens, buckets, progress, outbox, links,"
    " repeated_requests, service, pushed_requests, document_hosts"
)
EMPTY = (
    "".join(f"delete from {table}; " for table in TABLES.split(", "))
    + "update setup set closed_at = null, digest = null, expires_at = null"
)


SCOPES = """
insert into scopes (name, description, claims, created_at) values
    ('read', 'Read your data', '{}', '2026-01-01'), ('write', 'Change your data', '{}', '2026-01-01'),
    ('openid', 'Know who you are', '{sub}', '2026-01-02'),
    ('profile', 'Read your profile', array['name', 'family_name', 'given_name', 'middle_name', 'nickname',
        'preferred_username', 'profile', 'picture', 'website', 'gender', 'birthdate', 'zoneinfo', 'locale', 'updated_at'], '2026-01-02'),
    ('email', 'Read your e-mail address', '{email,email_verified}', '2026-01-02'),
    ('address', 'Read your postal address', '{address}', '2026-01-02'),
    ('phone', 'Read your telephone number', '{phone_number,phone_number_verified}', '2026-01-02'),
    ('offline_access', 'Stay connected when you are not here', '{}', '2026-01-02')
"""


@define
class TurnedClock:
    """The reactor's clock, and how far a test has turned it, or when it stopped it."""

    offset: float = 0.0
    stopped: float | None = None
    asked: Callable[[], None] | None = None  # is called whenever somebody wants to know the time

    def seconds(self) -> float:
        if self.asked is not None:
            self.asked()
        now = float(reactor.seconds()) if self.stopped is None else self.stopped
        return now + self.offset

    def advance(self, seconds: float) -> None:
        self.offset += seconds

    def stop(self) -> None:
        self.stopped = float(reactor.seconds())

    def reset(self) -> None:
        self.offset, self.stopped, self.asked = 0.0, None, None


class Hearing:
    """Notifications that tests send, heard on the connection that hears of the server's changes."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._awaited: dict[str, Deferred[None]] = {}
        database.listen("iam_tests", self._heard, lost=lambda: None)

    async def up_to_now(self) -> None:
        """Wait until every change so far was heard of: notifications come in the order of their transactions."""
        name = minted.identifier().hex
        self._awaited[name] = heard = Deferred[None]()
        await self._database.query("select pg_notify('iam_tests', %s)", (name,))
        await heard

    def _heard(self, name: str) -> None:
        if heard := self._awaited.pop(name, None):  # else another server's on this database
            heard.callback(None)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a run, or the journeys in it, have an issuer with a path; tests write addresses from there on, whatever it is."""
    parser.addoption("--issuer-path", default="", help="the path of the issuer of the servers under test, such as /o")
    parser.addoption("--journeys-below", metavar="PATH", help="run the journeys a second time, with this issuer path")


@frozen
class Reply:
    """What came back; addresses of ours in it are given from the issuer's path on, and none may lack it."""

    status: int
    headers: Any
    body: bytes
    base: str = ""

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def text(self) -> str:
        text = self.body.decode()
        return ADDRESS.sub(self._from_path, text) if self.base and text.startswith("<!doctype html>") else text

    def _from_path(self, found: re.Match[str]) -> str:
        assert found["address"].startswith(self.base + "/"), f"{found[0]} lacks the issuer's path"
        return found["name"] + self._without(found["address"])

    def _without(self, address: str) -> str:
        """The address as it is where the issuer has no path."""
        return re.sub("(next=(?:/|%2F))" + self.base[1:] + "(?:/|%2F)", r"\1", address.removeprefix(self.base))

    @property
    def anonymous(self) -> str:
        """The text without the id that each refusal has of its own."""
        return re.sub(r"errors/[0-9A-Za-z]{12}|<code>[0-9A-Za-z]{12}</code>", "", self.text)

    def header(self, name: str) -> str | None:
        values = self.headers.getRawHeaders(name)
        return values[0] if values else None

    @property
    def location(self) -> str:
        location = self.header("location") or ""
        if not self.base or not location.startswith("/"):
            return location
        assert location.startswith(self.base + "/"), f"{location} lacks the issuer's path"
        return self._without(location)

    @property
    def sent_back(self) -> dict[str, str]:
        """The parameters in the query of Location; of a page that sends them by a form, its fields."""
        if not self.location and b'id="response"' in self.body:
            return fields(self.text)
        return {name: values[0] for name, values in parse_qs(urlsplit(self.location).query).items()}


@frozen
class App:
    """A registered client and its secret."""

    client_id: str
    secret: str | None

    @property
    def basic(self) -> dict[str, str]:
        return {"Authorization": "Basic " + b64encode(f"{self.client_id}:{self.secret}".encode()).decode()}

    @property
    def form(self) -> dict[str, str]:
        return {"client_id": self.client_id} | ({"client_secret": self.secret} if self.secret else {})


@frozen
class Person:
    """Somebody who is logged in."""

    user_id: Any
    username: str
    cookie: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Cookie": f"iam={self.cookie}"}


@define
class Server:
    """The server under test, and shorthands for what tests do with it."""

    url: str
    settings: Settings
    store: Store
    key: ServerKey
    keys: Keys
    clock: TurnedClock
    agent: Agent
    hearing: Hearing
    people: int = field(default=0)

    @property
    def own_resource(self) -> str:
        """The name of /resource (RFC 8707)."""
        return self.settings.issuer + "/resource"

    async def quiet(self) -> None:
        """From now on nothing makes the server read again: all changes so far were heard of, and nothing grows old."""
        await self.hearing.up_to_now()
        self.clock.stop()

    async def request(
        self, method: str, path: str, *, data: Any = None, headers: Mapping[str, str] | None = None
    ) -> Reply:
        url = path if path.startswith("http") else self.url.removesuffix(self.settings.path) + self.below(path)
        body = urlencode(data).encode() if isinstance(data, Mapping | list) else data
        sent = {"Content-Type": "application/x-www-form-urlencoded"} if body is not None else {}
        response = await treq.request(
            method,
            url,
            data=body,
            headers={**sent, **(headers or {})},
            agent=self.agent,
            allow_redirects=False,
        )
        return Reply(response.code, response.headers, await response.content(), self.settings.path)

    def below(self, path: str) -> str:
        """The path below the issuer's, which is put before its `next` too, if that is an address of ours."""
        base = self.settings.path
        if not base or path.startswith((base + "/", *AT_ROOT)):
            return path
        return base + re.sub(rf"([?&]next=)(/|%2F)(?=[a-z])(?!{base[1:]}(?:/|%2F))", rf"\1{base}\2", path)

    async def get(self, path: str, **options: Any) -> Reply:
        return await self.request("GET", path, **options)

    async def post(self, path: str, data: Any = None, **options: Any) -> Reply:
        return await self.request("POST", path, data={} if data is None else data, **options)

    async def app(
        self,
        *,
        auth_method: str = "client_secret_basic",
        grant_types: tuple[str, ...] = ("authorization_code", "refresh_token", "client_credentials"),
        redirect_uris: tuple[str, ...] = (REDIRECT_URI,),
        scopes: tuple[str, ...] = ("read", "write"),
        **metadata: Any,
    ) -> App:
        """A registered client."""
        app = App(minted.identifier().hex, minted.mint(Kind.CLIENT_SECRET) if keeps_secret(auth_method) else None)
        await self.store.clients.create(
            app.client_id,
            Metadata("Test application", auth_method, grant_types, redirect_uris, scopes, **metadata),
            owner_id=None,
            grant_id=minted.identifier(),
            secret=self.registration.secrets.kept(app.secret, auth_method) if app.secret else None,
            now=self.now(),
            by=SERVER,
        )
        return app

    async def person(
        self,
        username: str | None = None,
        *,
        superuser: bool = False,
        name: str = "",
        email: str | None = None,
        claims: Mapping[str, Any] | None = None,
    ) -> Person:
        """Somebody with an account and a session; the address, if there is one, is verified."""
        self.people += 1
        username = username or f"person{self.people}"
        person = Person(minted.identifier(), username, minted.mint_until(Kind.SESSION, self.now() + timedelta(days=7)))
        now = self.now()
        await self.store.users.create(
            user_id=person.user_id,
            username=username,
            username_key=username,
            email=email,
            email_key=email,
            email_verified=email is not None,
            name=name,
            password_hash=None,
            claims=claims or {},
            superuser=superuser,
            now=now,
            by=SERVER,
        )
        await self.store.sessions.begin(
            session_id=minted.identifier(),
            digest=minted.digest(person.cookie),
            day=minted.day_of(person.cookie),
            user_id=person.user_id,
            now=now,
            expires_at=now + timedelta(days=7),
            remembered=False,
            before=None,
        )
        return person

    @property
    def application(self) -> Application:
        """The parts of the server, made as those of the running one are."""
        return Application(reactor, self.settings, self.clock_of_store(), self.store, self.key, self.keys)

    @property
    def registration(self) -> Registration:
        """The rules for clients."""
        return self.application.rules

    @property
    def fetcher(self) -> Fetcher:
        """What asks other people's addresses."""
        return self.application.fetcher

    @property
    def authentication(self) -> ClientAuthentication:
        """Client authentication as the server has it."""
        return self.application.authentication

    @property
    def protocol(self) -> Protocol:
        """oauthlib's server, made as the running one is."""
        return self.application.server

    @property
    def throttle(self) -> Throttle:
        """What counts everything that is tried, as the server has it."""
        return self.application.throttle

    def now(self) -> Any:
        return self.clock_of_store().now()

    def clock_of_store(self) -> Clock:
        return Clock(self.clock.seconds)

    async def setup_path(self) -> str:
        """The address behind the link that the terminal shows, without the host."""
        link = await setup_link(self.store.setup, "", self.clock_of_store())
        assert link
        return link

    async def authorize(self, app: App, person: Person, decision: str = "allow", **parameters: str | None) -> Reply:
        """Walk through consent as a browser would; the reply that leaves for the client."""
        query = {
            "response_type": "code",
            "client_id": app.client_id,
            "redirect_uri": REDIRECT_URI,
            "state": "xyz",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
            **parameters,
        }
        asked = {name: value for name, value in query.items() if value is not None}
        reply = await self.get("/authorize?" + urlencode(asked), headers=person.headers)
        if reply.status != 200 or not action(reply.text).startswith("/authorize/consent"):
            return reply
        form = fields(reply.text)
        return await self.post(
            action(reply.text),
            {**form, "decision": decision},
            headers={**person.headers, "Origin": self.settings.origin},
        )

    async def code(self, app: App, person: Person, **parameters: str | None) -> str:
        """An authorization code for this person."""
        return (await self.authorize(app, person, **parameters)).sent_back["code"]

    async def token(self, app: App, proof: str | None = None, **parameters: str) -> Reply:
        """A token request, authenticated in the form; with a DPoP proof, if there is one."""
        headers = {"DPoP": proof} if proof is not None else {}
        return await self.post("/token", {**app.form, **parameters}, headers=headers)

    async def redeem(self, app: App, code: str, proof: str | None = None, **parameters: str) -> Reply:
        """Redeem a code as `authorize` made it."""
        return await self.token(
            app,
            proof,
            **{
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": REDIRECT_URI,
                "code_verifier": VERIFIER,
                **parameters,
            },
        )

    async def tokens(self, app: App, person: Person, **parameters: str | None) -> Any:
        """The token answer for a new grant of this person."""
        return (await self.redeem(app, await self.code(app, person, **parameters))).json

    async def refresh(self, app: App, refresh_token: str, proof: str | None = None, **parameters: str) -> Reply:
        """Use a refresh token."""
        return await self.token(app, proof, grant_type="refresh_token", refresh_token=refresh_token, **parameters)

    @property
    def nonce(self) -> str:
        """The nonce that DPoP proofs need now."""
        return self.application.proofs.nonces.current()

    async def introspect(self, app: App, token: str) -> Any:
        """What the server says of a token."""
        return (await self.post("/introspect", {"token": token}, headers=app.basic)).json


def made_up(kind: Kind) -> str:
    """A well-formed secret that the server did not make."""
    if kind.dated:
        return minted.mint_until(kind, datetime.now(UTC) + timedelta(days=1))
    return minted.mint(kind)


class Compiled(BytecodeCache):
    """Templates as code, by their names and checked by their texts."""

    def __init__(self) -> None:
        self.code: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self.code:
            bucket.bytecode_from_string(self.code[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.code[bucket.key] = bucket.bytecode_to_string()


@pytest.fixture(scope="session", autouse=True)
def compiled_once() -> Iterator[None]:
    """Jinja compiles each template once in a run: most of what it takes to make a server."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Environment, "__init__", partialmethod(Environment.__init__, bytecode_cache=Compiled()))
        yield


def fields(page: str) -> dict[str, str]:
    """The hidden fields of a page's forms, and the boxes of a consent page that are ticked."""
    found: dict[str, str] = {}
    for tag in re.findall(r"<input\b[^>]*>", page):
        attributes = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        box = attributes.get("name", "").startswith(BOX) and tag.endswith(" checked>")
        if attributes.get("type") == "hidden" or box:
            found[attributes["name"]] = html.unescape(attributes.get("value", ""))
    return found


def action(page: str) -> str:
    """Where the page's main form goes."""
    for tag in re.findall(r"<form\b[^>]*>", page):
        attributes = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        if "/logout" not in attributes.get("action", ""):
            return html.unescape(attributes["action"])
    raise AssertionError("the page has no form")


RESERVED: deque[socket.socket] = deque()
MOST_RESERVED = 100  # they are file descriptors too


def free_port() -> int:
    """A port that nobody else on this machine is given, as long as ours is among the last that were asked for.

    The kernel hands no port out, to a listener or for a connection, that a socket is bound to. As ours does not listen,
    whoever asks for this port by its number gets it: the programs under test all set SO_REUSEADDR before they bind.
    """
    reserved = socket.socket()
    reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    reserved.bind(("127.0.0.1", 0))
    RESERVED.append(reserved)
    if len(RESERVED) > MOST_RESERVED:
        RESERVED.popleft().close()
    return int(reserved.getsockname()[1])


@pytest.fixture(scope="session")
def database_dsn(cluster: Embedded) -> str:
    """One migrated database for the in-process servers of this run."""
    return make_database(cluster)


@pytest.fixture(scope="session")
def key() -> ServerKey:
    return ServerKey(SERVER_KEY.encode())


@pytest.fixture(scope="session")
def issuer_path(request: pytest.FixtureRequest, pytestconfig: pytest.Config) -> str:
    """The path of the issuer; journeys have two, one after the other (see tests/conftest.py)."""
    return str(getattr(request, "param", pytestconfig.getoption("issuer_path")))


@pytest.fixture(scope="session")
def running(
    database_dsn: str, key: ServerKey, tmp_path_factory: pytest.TempPathFactory, issuer_path: str
) -> Iterator[Server]:
    """One server for the run, which `server` cleans between tests."""
    port = free_port()
    told = {"port": port, "issuer": f"http://localhost:{port}{issuer_path}"}
    with serving(database_dsn, key, tmp_path_factory.mktemp("data"), TurnedClock(), **told) as server:
        yield server


@contextmanager
def serving(database_dsn: str, key: ServerKey, data_dir: Path, clock: TurnedClock, **options: Any) -> Iterator[Server]:
    """A server on this database, with this clock."""
    settings = read(
        {
            "port": free_port(),
            "interface": ("127.0.0.1",),
            "database": database_dsn,
            "data_dir": data_dir,
            "no_rate_limits": True,
            "allow_fetch": ("127.0.0.0/8",),
            **options,
        }
    )
    database = Database(reactor, database_dsn)
    store = open_store(database, Clock(clock.seconds), settings)
    hearing = Hearing(database)
    keys = build_keys(reactor, Clock(clock.seconds), store, key)
    pool = HTTPConnectionPool(reactor, persistent=True)
    pool.maxPersistentPerHost = 32

    async def start() -> list[IListeningPort]:
        await database.start()
        await keys.tend()
        site = build_site(Application(reactor, settings, Clock(clock.seconds), store, key, keys))
        return await listen(reactor, settings, site)

    async def stop() -> None:
        await pool.closeCachedConnections()
        for port in ports:
            await port.stopListening()
        await store.refusals.stop()
        await store.refused_counts.stop()
        await store.refused_logins.stop()
        await database.stop()

    ports = blockon(Deferred.fromCoroutine(start()))
    yield Server(
        f"http://localhost:{settings.port}{settings.path}",
        settings,
        store,
        key,
        keys,
        clock,
        Agent(reactor, pool=pool),
        hearing,
    )
    blockon(Deferred.fromCoroutine(stop()))


@define
class WayIn:
    """A connection round the server, which knows the tables already when the next test comes."""

    dsn: str
    connection: Any = field(default=None)

    def cursor(self) -> Any:
        """A cursor that remembers nothing of the test before, on another connection if that test has broken this one."""
        try:
            self.connection.cursor().execute("discard all")
        except (AttributeError, psycopg2.Error):
            self.close()
            self.connection = psycopg2.connect(self.dsn)
            self.connection.autocommit = True
        return self.connection.cursor()

    def close(self) -> None:
        if self.connection is not None:
            self.connection.close()


@pytest.fixture(scope="session")
def way_in(database_dsn: str) -> Iterator[WayIn]:
    """One connection for the run: to make one, and for PostgreSQL to read the catalogue again, costs more than most tests."""
    way_in = WayIn(database_dsn)
    yield way_in
    way_in.close()


@pytest.fixture
def admin(way_in: WayIn) -> Any:
    """A way round the server, to look into its tables."""
    return way_in.cursor()


@pytest.fixture
def server(running: Server, admin: Any) -> Server:
    """The server, with empty tables, the first scopes and the right time."""
    admin.execute(EMPTY)
    admin.execute("truncate audit_events")  # its rows cannot be deleted
    admin.execute(SCOPES)
    running.store.clients.forget()
    running.store.scopes.forget()
    running.store.resources.forget()
    running.store.buckets.forget()
    running.store.refusals._waiting.clear()
    running.store.refusals._counts.clear()
    running.store.refused_counts._counts.clear()
    running.store.refused_logins._waiting.clear()
    running.clock.reset()
    return running


@pytest.fixture
def limits() -> tuple[str, ...]:
    """Limits of `limited` servers that are not the default; a module of tests may have others."""
    return ()


@pytest.fixture
def several_limited(
    server: Server, database_dsn: str, key: ServerKey, tmp_path: Path, limits: tuple[str, ...]
) -> Iterator[tuple[Server, ...]]:
    """Three servers on the same database and clock, which limit what anybody may do, behind a proxy on this machine."""
    told = {"no_rate_limits": False, "proxy_headers": ("127.0.0.1/32",), "limit": limits}
    with ExitStack() as stack:
        yield tuple(stack.enter_context(serving(database_dsn, key, tmp_path, server.clock, **told)) for _ in range(3))


@pytest.fixture
def limited(several_limited: tuple[Server, ...]) -> Server:
    """A server that limits what anybody may do, behind a proxy on this machine."""
    return several_limited[0]


@pytest.fixture
def configured(server: Server) -> Iterator[Callable[..., Server]]:
    """The server with other settings, at another address, or with another path."""
    ports = []

    def begin(path: str | None = None, **settings: Any) -> Server:
        port = free_port()
        issuer = f"http://localhost:{port}{server.settings.path if path is None else path}"
        told = server.settings.model_copy(update={"issuer": issuer, **settings})
        configured = evolve(server, url=told.issuer, settings=told)
        ports.append(reactor.listenTCP(port, build_site(configured.application), interface="127.0.0.1"))
        return configured

    yield begin
    for port in ports:
        blockon(port.stopListening())


def pause(seconds: float) -> Deferred[None]:
    return deferLater(reactor, seconds, lambda: None)
