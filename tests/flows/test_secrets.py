"""No secret stays anywhere but as its digest (H25), and none reaches a log (H30): a whole journey with a canary in each place."""

import logging
import re
from base64 import b32encode, b64encode, urlsafe_b64encode
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from argon2 import PasswordHasher
from attrs import define, field
from psycopg2.extensions import parse_dsn
from twisted.logger import LogEvent, eventAsText, globalLogPublisher

from iam.people.argon2id import hash_octets
from iam.records.actor import SERVER
from iam.secrets import minted
from iam.secrets.minted import Kind
from tests.harness import CHALLENGE, REDIRECT_URI, VERIFIER, App, Reply, Server, action, fields, made_up
from tests.mailbox import link_in_mail

PASSWORD = "canary birds sing at five o'clock"
API = "https://api.example"
WRONG_PASSWORD = "canary birds sing at six o'clock"


@define
class Heard:
    """All that was logged, in every form that a log could give it."""

    texts: list[str] = field(factory=list)

    def event(self, event: LogEvent) -> None:
        self.texts += [eventAsText(event), repr(event)]

    @property
    def text(self) -> str:
        return "\n".join(self.texts)


class Listening(logging.Handler):
    """Hears the standard library's loggers."""

    def __init__(self, heard: Heard) -> None:
        super().__init__(logging.DEBUG)
        self.heard = heard

    def emit(self, record: logging.LogRecord) -> None:
        self.heard.texts += [record.getMessage(), repr(record.args)]


@pytest.fixture
def heard() -> Iterator[Heard]:
    """The log from here on, at debug level, as an operator in despair would set it."""
    made = Heard()
    handler, root = Listening(made), logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    globalLogPublisher.addObserver(made.event)
    yield made
    globalLogPublisher.removeObserver(made.event)
    root.removeHandler(handler)
    root.setLevel(before)


@define
class Journey:
    """A browser and an application, and every secret that passed between them and the server."""

    server: Server
    secrets: dict[str, str] = field(factory=dict)
    cookie: str = ""

    def keep(self, name: str, secret: str) -> str:
        assert secret
        self.secrets[name] = secret
        return secret

    async def open(self, path: str) -> Reply:
        return self.taken(await self.server.get(path, headers=self.headers))

    async def send(self, path: str, page: Reply, **filled: Any) -> Reply:
        form = {**fields(page.text), **filled}
        self.secrets |= {f"{name} at {path}": form[name] for name in ("csrf_token", "ticket") if name in form}
        return self.taken(await self.server.post(path, form, headers=self.headers))

    @property
    def headers(self) -> Mapping[str, str]:
        return {"Cookie": f"iam={self.cookie}"} if self.cookie else {}

    def taken(self, reply: Reply) -> Reply:
        for line in reply.headers.getRawHeaders("set-cookie") or ():
            name, _, value = line.partition(";")[0].partition("=")
            if value:
                self.keep(f"cookie {len(self.secrets)}", value)
            if name == "iam":  # there are others, such as that of a device that is known
                self.cookie = value
        return reply

    async def log_in(self) -> None:
        wrong = await self.send("/login", await self.open("/login"), login="alice", password=WRONG_PASSWORD)
        assert wrong.status == 400
        right = await self.send("/login", await self.open("/login"), login="alice", password=PASSWORD)
        assert right.status == 303

    async def register(self) -> App:
        page = await self.open("/applications/register")
        shown = re.search(r'value="(iam_cs_[^"]+)"', page.text)
        assert shown
        filled = {
            "name": "Application", "client_type": "confidential", "redirect_uris": REDIRECT_URI, "scopes": "read",
            "grant_types": "authorization_code",
        }  # fmt: skip
        form = [*fields(page.text).items(), *filled.items(), ("grant_types", "refresh_token")]
        form.append(("grant_types", "client_credentials"))
        reply = await self.server.post("/applications/register", form, headers=self.headers)
        assert reply.status == 303, reply.text
        return App(reply.location.rpartition("/")[2], self.keep("client secret", shown[1]))

    async def code(self, app: App, name: str, **parameters: str) -> str:
        query = {
            "response_type": "code", "client_id": app.client_id, "redirect_uri": REDIRECT_URI, "scope": "read",
            "code_challenge": CHALLENGE, "code_challenge_method": "S256", **parameters,
        }  # fmt: skip
        reply = await self.open("/authorize?" + urlencode(query))
        if reply.status == 200:
            reply = await self.send(action(reply.text), reply, decision="allow")
        return self.keep(name, reply.sent_back["code"])

    def tokens(self, name: str, reply: Reply) -> Any:
        assert reply.status == 200, reply.text
        for member in ("access_token", "refresh_token"):
            if member in reply.json:
                self.keep(f"{member} of {name}", reply.json[member])
        return reply.json

    async def follow_link(self, path: str, **filled: str) -> None:
        """Ask for a mail with a link, and open that."""
        await self.send(path, await self.open(path), **filled)
        link = await link_in_mail(self.server)
        self.keep(f"link of {path}", link.partition("link=")[2])
        assert (await self.open(link)).status == 200

    async def refused(self, app: App, **parameters: str) -> None:
        assert (await self.server.token(app, **parameters)).status in (400, 401)


async def travel(server: Server, admin: Any) -> Journey:
    """Everything that a person and an application do, right and wrong."""
    journey = Journey(server)
    person = await server.person("alice", superuser=True, email="alice@example.org")
    admin.execute(
        "update users set password_hash = %s where id = %s", (hash_octets(PASSWORD.encode()), str(person.user_id))
    )
    journey.secrets |= {"password": PASSWORD, "wrong password": WRONG_PASSWORD, "verifier": VERIFIER}
    wrong = journey.keep("wrong client secret", minted.mint(Kind.CLIENT_SECRET))

    await journey.log_in()
    app = await journey.register()
    code = await journey.code(app, "code")
    await server.redeem(App(app.client_id, wrong), code)
    await server.redeem(app, code, code_verifier=journey.keep("wrong verifier", "w" * 60))
    await server.redeem(app, journey.keep("unknown code", made_up(Kind.AUTHORIZATION_CODE)))
    first = journey.tokens("the code", await server.redeem(app, code))
    second = journey.tokens("the refresh", await server.refresh(app, first["refresh_token"]))
    journey.tokens("the retry", await server.refresh(app, first["refresh_token"]))
    await server.refresh(app, second["refresh_token"], scope="write")
    await server.refresh(app, journey.keep("unknown refresh token", made_up(Kind.REFRESH_TOKEN)))
    own = journey.tokens("the client", await server.token(app, grant_type="client_credentials"))
    told = {"scopes": (), "token_format": "jwt", "lifetime": 600, "client_id": None}
    assert await server.store.resources.create(API, now=server.now(), **told, by=SERVER)
    jwt = journey.tokens("the API", await server.token(app, grant_type="client_credentials", resource=API))
    unknown = journey.keep("unknown access token", made_up(Kind.ACCESS_TOKEN))
    for token in (own["access_token"], second["access_token"], second["refresh_token"], jwt["access_token"], unknown):
        await server.introspect(app, token)
        await server.get("/resource", headers={"Authorization": f"Bearer {token}"})
        await server.get(f"/resource?access_token={token}")
    await server.post("/introspect", {"token": unknown, "client_secret": wrong}, headers=app.basic)
    await server.post("/revoke", {"token": own["access_token"]}, headers=app.basic)
    journey.tokens("the second code", await server.redeem(app, await journey.code(app, "second code")))
    await server.redeem(app, await journey.code(app, "spent code"))
    await server.redeem(app, journey.secrets["spent code"])
    await journey.code(app, "code that nobody redeemed")
    await server.get("/setup?token=" + journey.keep("setup token", minted.mint(Kind.SETUP)))
    await journey.follow_link("/signup", email="bob@example.org")
    await journey.follow_link("/reset", login="alice")
    await journey.open("/reset/password?link=" + journey.keep("unknown link", minted.mint(Kind.PASSWORD_RESET)))
    return journey


def disguises(secret: str) -> dict[str, str]:
    """The forms in which a secret would still be one."""
    octets = secret.encode()
    found = {
        "itself": secret,
        "in a URL": quote(secret, safe=""),
        "in hex": octets.hex(),
        "in HEX": octets.hex().upper(),
    }
    found |= {"reversed": secret[::-1], "in base32": b32encode(octets).decode().rstrip("=")}
    for encode in (b64encode, urlsafe_b64encode):
        for shift in range(3):  # wherever it stands in a longer text
            whole = encode(bytes(shift) + octets).decode()
            found[f"{encode.__name__} {shift}"] = (
                whole[4 : len(whole) // 4 * 4 - 4] if shift else whole.rstrip("=")[:-1]
            )
    return found


def leaks(journey: Journey, text: str) -> list[str]:
    return [
        f"{name} {disguise}"
        for name, secret in journey.secrets.items()
        for disguise, form in disguises(secret).items()
        if form in text
    ]


def dump(admin: Any) -> str:
    """Every value of every column of every table; bytea in hex, and what of it is text as text."""
    admin.execute(
        "select table_name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'"
    )
    lines = []
    for (table,) in admin.fetchall():
        admin.execute(f'select * from "{table}"')
        for row in admin.fetchall():
            octets = [bytes(value) for value in row if isinstance(value, memoryview)]
            lines += [str(value) for value in row if not isinstance(value, memoryview)]
            lines += [value.hex() for value in octets] + [value.decode("latin-1") for value in octets]
    return "\n".join(lines)


DIGESTED = (
    "link of",
    "access_token",
    "refresh_token",
    "code",
    "client secret",
    "second code",
    "spent code",
    "code that nobody",
)


async def test_h25_the_database_holds_no_secret_but_its_digest(server: Server, admin: Any) -> None:
    journey = await travel(server, admin)

    text = dump(admin)

    assert len(journey.secrets) >= 25
    assert leaks(journey, text) == []
    stored = {name: secret for name, secret in journey.secrets.items() if name.startswith(DIGESTED)}
    assert len(stored) >= 10
    for name, secret in {**stored, "cookie": journey.cookie}.items():
        assert (sha256(secret.encode()).hexdigest() in text) == (not secret.startswith("eyJ")), name


async def test_h25_a_password_is_kept_as_argon2id(server: Server, admin: Any) -> None:
    await travel(server, admin)

    admin.execute("select password_hash from users where password_hash is not null")

    (stored,) = admin.fetchone()
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert PasswordHasher().verify(stored, PASSWORD)


async def test_h25_a_private_key_is_kept_encrypted(server: Server, admin: Any) -> None:
    await travel(server, admin)

    text = dump(admin)

    admin.execute("select count(*) from signing_keys where length(private_key) > 32")
    assert admin.fetchone()[0] >= 1
    assert '"d"' not in text
    assert "PRIVATE KEY" not in text
    assert b"PRIVATE KEY".hex() not in text


async def test_h30_no_secret_is_logged_at_debug_level(server: Server, admin: Any, heard: Heard) -> None:
    journey = await travel(server, admin)

    assert "token revoked" in heard.text
    assert "login refused" in heard.text
    assert "authorization code refused" in heard.text
    assert leaks(journey, heard.text) == []


async def test_h30_what_fails_says_nothing_of_secrets(server: Server, admin: Any, heard: Heard) -> None:
    """A mistake in the middle of a token request: the log has its traceback, without a value."""
    app, person = await server.app(), await server.person()
    code = await server.code(app, person)
    admin.execute("alter table access_tokens rename to access_tokens_away")
    try:
        reply = await server.redeem(app, code)
    finally:
        admin.execute("alter table access_tokens_away rename to access_tokens")

    assert reply.status >= 500
    for secret in (code, str(app.secret), VERIFIER, sha256(code.encode()).hexdigest()):
        assert secret not in heard.text
        assert secret not in reply.text


async def test_h30_the_database_logs_no_secret(server: Server, admin: Any, database_dsn: str) -> None:
    journey = await travel(server, admin)

    log = (Path(parse_dsn(database_dsn)["host"]).parent / "postgresql.log").read_text()

    assert "ready to accept connections" in log
    assert leaks(journey, log) == []


@pytest.mark.parametrize("name", ["oauthlib", "oauthlib.oauth2.rfc6749.grant_types.refresh_token"])
def test_h30_oauthlib_is_silent_below_warnings(server: Server, heard: Heard, name: str) -> None:
    logging.getLogger(name).debug("a canary")
    logging.getLogger(name).info("a canary")

    assert "canary" not in heard.text
