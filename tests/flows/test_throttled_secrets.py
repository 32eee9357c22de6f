"""Secrets that the server made: wrong ones are counted wherever they may be tried, right ones cost nothing and never wait (H14)."""

import ast
import json
import sys
from base64 import b64encode
from collections.abc import Awaitable, Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import pytest
from attrs import frozen

from iam.people import links
from iam.records.actor import SERVER
from iam.secrets import minted
from iam.secrets.minted import Kind
from iam.server.own_resources import register_api
from tests.assertions import GRANT, asserted, form, make
from tests.authenticators import Authenticator
from tests.dpop import Holder
from tests.flows.device import device
from tests.flows.test_personal_tokens import personal_token
from tests.harness import VERIFIER, App, Reply, Server, made_up
from tests.pages.conftest import Visitor, make_account
from tests.pages.factors import add_app
from tests.pages.passkeys import made_by
from tests.pushing import asking
from tests.registering import METADATA, initial_access_token, registered

IAM = Path(__file__).parents[2] / "iam"
HERE, ELSEWHERE = "192.0.2.1", "198.51.100.1"
MOST: Final = 5  # wrong secrets of a network

JSON = {"Content-Type": "application/json"}


def sent_from(address: str) -> dict[str, str]:
    return {"X-Forwarded-For": address}


def basic(client_id: str, secret: str) -> dict[str, str]:
    return {"Authorization": "Basic " + b64encode(f"{client_id}:{secret}".encode()).decode()}


@pytest.fixture
def limits() -> tuple[str, ...]:
    return (
        f"secret-network={MOST}",
        "secret-client=3",
        "factor=1000",
        f"factor-network={MOST}",
        "user-code=1000",
        f"user-code-network={MOST}",
    )


@frozen
class Way:
    """A way to try a secret: sends one from an address, by default a wrong one, and what the answer to that is."""

    send: Callable[[str, bool], Awaitable[Reply]]
    refusal: int
    looked_up: bool = False  # only the database knows it


async def client_secret(server: Server, path: str, *, basic_scheme: bool = True) -> Way:
    app = await server.app(auth_method="client_secret_basic" if basic_scheme else "client_secret_post")

    async def send(address: str, right: bool) -> Reply:
        secret = str(app.secret) if right else made_up(Kind.CLIENT_SECRET)
        proof = basic(app.client_id, secret) if basic_scheme else {}
        fields = {} if basic_scheme else App(app.client_id, secret).form
        return await server.post(
            path, {"token": "x", **GRANT, **asking(), **fields}, headers={**proof, **sent_from(address)}
        )

    return Way(send, 401)


async def client_assertion(server: Server, path: str) -> Way:
    signer = await asserted(server)
    forger = type(signer)(signer.client_id, make("ES256"), "ES256", server.settings.issuer)

    async def send(address: str, right: bool) -> Reply:
        assertion = (signer if right else forger).assertion()
        return await server.post(path, form(assertion, token="x", **GRANT, **asking()), headers=sent_from(address))

    return Way(send, 401)


async def initial_token(server: Server) -> Way:
    token = await initial_access_token(server)

    async def send(address: str, right: bool) -> Reply:
        bearer = {"Authorization": "Bearer " + (token if right else made_up(Kind.INITIAL_ACCESS_TOKEN))}
        body = json.dumps(dict(METADATA)).encode()
        return await server.request("POST", "/register", data=body, headers={**JSON, **bearer, **sent_from(address)})

    return Way(send, 401, looked_up=True)


async def registration_token(server: Server, method: str) -> Way:
    client = await registered(server)
    body = json.dumps({**METADATA, "client_id": client.document["client_id"]}).encode() if method == "PUT" else None

    async def send(address: str, right: bool) -> Reply:
        bearer = {"Authorization": "Bearer " + (client.token if right else made_up(Kind.REGISTRATION_ACCESS_TOKEN))}
        return await server.request(
            method, client.uri, data=body, headers={**(JSON if body else {}), **bearer, **sent_from(address)}
        )

    return Way(send, 401, looked_up=True)


async def secret_of_a_registration(server: Server) -> Way:
    client = await registered(server)

    async def send(address: str, right: bool) -> Reply:
        secret = client.document["client_secret"] if right else made_up(Kind.CLIENT_SECRET)
        document = {**METADATA, "client_id": client.document["client_id"], "client_secret": secret}
        return await server.request(
            "PUT",
            client.uri,
            data=json.dumps(document).encode(),
            headers={**JSON, "Authorization": f"Bearer {client.token}", **sent_from(address)},
        )

    return Way(send, 400, looked_up=True)


async def setup(server: Server) -> Way:
    async def send(address: str, right: bool) -> Reply:
        return await server.get("/setup?token=" + made_up(Kind.SETUP), headers=sent_from(address))

    return Way(send, 403, looked_up=True)


async def code_with_a_proof(server: Server) -> Way:
    app, person, holder = await server.app(auth_method="none"), await server.person(), Holder(server)

    async def send(address: str, right: bool) -> Reply:
        code = await server.code(app, person) if right else minted.mint_until(Kind.AUTHORIZATION_CODE, server.now())
        told = {"grant_type": "authorization_code", "code": code, "code_verifier": VERIFIER}
        headers = {"DPoP": holder.proof(), **sent_from(address)}
        return await server.post("/token", {**app.form, **told}, headers=headers)

    return Way(send, 400, looked_up=True)


async def refresh_token_with_a_proof(server: Server) -> Way:
    app, person, holder = await server.app(auth_method="none"), await server.person(), Holder(server)

    async def send(address: str, right: bool) -> Reply:
        token = (await server.tokens(app, person))["refresh_token"] if right else made_up(Kind.REFRESH_TOKEN)
        told = {"grant_type": "refresh_token", "refresh_token": token}
        headers = {"DPoP": holder.proof(), **sent_from(address)}
        return await server.post("/token", {**app.form, **told}, headers=headers)

    return Way(send, 400, looked_up=True)


def link(path: str, kind: Kind, method: str = "GET") -> Callable[[Server], Awaitable[Way]]:
    async def way(server: Server) -> Way:
        async def send(address: str, right: bool) -> Reply:
            data = {} if method == "POST" else None
            return await server.request(method, f"{path}?link={made_up(kind)}", data=data, headers=sent_from(address))

        return Way(send, 403, looked_up=True)

    return way


async def passkey(server: Server) -> Way:
    visitor = Visitor(server)
    token = (await visitor.form("/login")).value("csrf_token")

    async def send(address: str, right: bool) -> Reply:
        data = {"csrf_token": token, "credential": "{}"}
        return await server.post("/login/passkey", data, headers={**visitor.headers, **sent_from(address)})

    return Way(send, 400, looked_up=True)


async def token_of_the_api(server: Server) -> Way:
    await register_api(server.store, server.settings, server.clock_of_store())
    person = await server.person(superuser=True)
    made = await personal_token(server, person, scope="iam:people:read", resource=[server.settings.issuer + "/api/v1"])

    async def send(address: str, right: bool) -> Reply:
        token = made.text if right else made_up(Kind.PERSONAL_TOKEN)
        headers = {"Authorization": f"Bearer {token}", **sent_from(address)}
        return await server.get("/api/v1/people", headers=headers)

    return Way(send, 401, looked_up=True)


async def user_code(server: Server) -> Way:
    person = await server.person()

    async def send(address: str, right: bool) -> Reply:
        visitor = Visitor(server, person.cookie, address=address)
        code = (await device(server)).code if right else "BCDF-GHJK"
        return await visitor.send(await visitor.form("/device"), user_code=code)

    return Way(send, 400, looked_up=True)


def factor(name: str) -> Callable[[Server], Awaitable[Way]]:
    async def way(server: Server) -> Way:
        user_id = await make_account(server, "ada", "ada@example.org")
        await add_app(server, user_id)
        await made_by(server, user_id, Authenticator(server.settings.origin))
        await server.application.recovery_codes.renew(user_id, SERVER)

        async def send(address: str, right: bool) -> Reply:
            visitor = await pending(server, user_id)  # a new login, since each bears a few codes only
            visitor.address = address
            return await visitor.send(await visitor.form(f"/login/factor/{name}"), code="000000", credential="{}")

        return Way(send, 400, looked_up=True)

    return way


async def pending(server: Server, user_id: UUID) -> Visitor:
    """A browser in which somebody has typed their password."""
    secret, now = minted.mint(Kind.PENDING_LOGIN), server.now()
    await server.store.pending_logins.begin(
        digest=minted.digest(secret),
        user_id=user_id,
        auth_time=now,
        remembered=False,
        amr=("pwd",),
        now=now,
        expires_at=now + timedelta(minutes=10),
        address=None,
    )
    return Visitor(server, login=secret)


FACTORS = {"passkey", "totp", "recovery"}
LINK_KINDS = {kind.path: kind.secret for kind in vars(links).values() if isinstance(kind, links.LinkKind)}
PAGES: Mapping[str, Callable[[Server], Awaitable[Way]]] = {
    "setup link": setup,
    **{f"link to {path}, {way}": link(path, kind, way) for path, kind in LINK_KINDS.items() for way in ("GET", "POST")},
    "passkey": passkey,
    "code of a device": user_code,
    **{f"factor {name}": factor(name) for name in sorted(FACTORS)},
}
PATHS: Mapping[str, Callable[[Server], Awaitable[Way]]] = {
    "secret at /token by Basic": lambda server: client_secret(server, "/token"),
    "secret at /token in the form": lambda server: client_secret(server, "/token", basic_scheme=False),
    "secret at /introspect": lambda server: client_secret(server, "/introspect"),
    "secret at /par": lambda server: client_secret(server, "/par"),
    "secret at /revoke": lambda server: client_secret(server, "/revoke"),
    "assertion at /token": lambda server: client_assertion(server, "/token"),
    "assertion at /introspect": lambda server: client_assertion(server, "/introspect"),
    "assertion at /par": lambda server: client_assertion(server, "/par"),
    "assertion at /revoke": lambda server: client_assertion(server, "/revoke"),
    "initial access token": initial_token,
    "registration access token, GET": lambda server: registration_token(server, "GET"),
    "registration access token, PUT": lambda server: registration_token(server, "PUT"),
    "registration access token, DELETE": lambda server: registration_token(server, "DELETE"),
    "secret in a registration": secret_of_a_registration,
    "access token at the API": token_of_the_api,
    "code with a proof": code_with_a_proof,
    "refresh token with a proof": refresh_token_with_a_proof,
    **PAGES,
}


@pytest.mark.parametrize("name", PATHS)
async def test_a_network_that_brings_too_many_wrong_secrets_has_to_wait(limited: Server, name: str) -> None:
    path = await PATHS[name](limited)

    replies = [await path.send(HERE, False) for _ in range(MOST + 1)]
    other = await path.send(ELSEWHERE, False)

    statuses = [reply.status for reply in replies]
    assert (statuses[0], statuses[-1]) == (path.refusal, 429)
    assert set(statuses) == {path.refusal, 429}
    assert 1 <= int(replies[-1].header("retry-after") or "0") <= 45
    assert other.status == path.refusal
    if name not in PAGES:
        told = replies[-1].json
        assert told["error"] == "temporarily_unavailable"
        assert "Retry-After" in told.get("error_description", told.get("detail"))


@pytest.mark.parametrize("name", [name for name in PATHS if name not in PAGES])
async def test_a_right_one_passes_from_elsewhere_and_where_it_is_known_without_the_database_from_there_too(
    limited: Server, name: str
) -> None:
    path = await PATHS[name](limited)
    while (await path.send(HERE, False)).status != 429:
        pass

    if not path.looked_up:
        assert (await path.send(HERE, True)).status in (200, 201)
    assert (await path.send(ELSEWHERE, True)).status in (200, 201, 204)


# A form takes from the budget of what its network writes, and who proves a factor is looked up.
WRITING = (
    "secret in a registration",
    "code of a device",
    *(name for name in PAGES if name.endswith("POST") or name.startswith("factor")),
)


@pytest.mark.parametrize("name", [name for name in PATHS if name not in WRITING])
async def test_an_exhausted_network_is_refused_without_a_statement(limited: Server, name: str) -> None:
    path = await PATHS[name](limited)
    while (await path.send(HERE, False)).status != 429:
        pass
    await limited.quiet()
    await path.send(ELSEWHERE, True)  # the client is in memory from now on
    before = limited.store.database.statistics.statements

    replies = [await path.send(HERE, False) for _ in range(20)]

    assert {reply.status for reply in replies} == {429}
    assert limited.store.database.statistics.statements == before


async def test_a_right_client_secret_is_one_statement_also_while_others_fail(limited: Server) -> None:
    path = await client_secret(limited, "/token")
    await limited.quiet()
    await path.send(HERE, True)
    await path.send(HERE, False)
    counts = []

    for _ in range(MOST + 5):
        before = limited.store.database.statistics.statements
        assert (await path.send(HERE, True)).status == 200
        counts.append(limited.store.database.statistics.statements - before)
        assert (await path.send(HERE, False)).status in (401, 429)

    assert set(counts) == {1}


async def test_no_failures_of_others_hold_a_client_up(limited: Server) -> None:
    path = await client_secret(limited, "/token")
    for number in range(30):
        assert (await path.send(f"203.0.113.{number}", False)).status == 401

    assert (await path.send("203.0.113.99", False)).status == 401
    assert (await path.send(ELSEWHERE, True)).status == 200


async def test_one_broken_client_leaves_room_for_the_mistakes_of_others(limited: Server) -> None:
    broken, other = await client_secret(limited, "/token"), await client_secret(limited, "/token")
    for _ in range(50):
        await broken.send(HERE, False)

    assert (await broken.send(HERE, False)).status == 429
    assert (await other.send(HERE, False)).status == 401


async def test_who_waits_is_heard_again(limited: Server) -> None:
    path = await client_secret(limited, "/token")
    while (refused := await path.send(HERE, False)).status != 429:
        pass

    limited.clock.advance(int(refused.header("retry-after") or "0"))

    assert (await path.send(HERE, False)).status == 401


async def test_a_refused_secret_that_nobody_tested_is_not_written(limited: Server, admin: Any) -> None:
    path = await client_secret(limited, "/token")
    for _ in range(30):
        await path.send(HERE, False)
    await limited.store.refusals.flush()

    admin.execute("select count(*) from refusals")
    assert admin.fetchone() == (3,)


async def test_what_brings_no_secret_is_not_counted(limited: Server) -> None:
    app = await limited.app(auth_method="none", grant_types=("authorization_code",))
    for _ in range(3 * MOST):
        reply = await limited.post(
            "/token", {"client_id": "x" * 32, "grant_type": "authorization_code", "code": "x"}, headers=sent_from(HERE)
        )
        assert reply.status == 401

    assert (await (await client_secret(limited, "/token")).send(HERE, False)).status == 401
    assert app.secret is None


# Nothing forgotten: each place that counts is one of those above, and what compares a secret is counted, or says here why not.

COUNTED = {
    "people/logins.py _test",
    "people/factors/totp.py _step",
    "clients/authentication.py _by_secret",
    "clients/dynamic_registration.py _refuse_others",
    "clients/dynamic_registration.py caller",
    "clients/dynamic_registration.py client",
    "people/links.py find",
}
NOT_COUNTED = {
    "commands/afar/loopback.py handler": "on the machine of who logs in, by a command that waits for one answer",
    "commands/afar/loopback.py do_GET": "does that for it",
    "people/factors/ceremonies.py attempt": "called by the pages of passkeys, which count",
    "people/factors/challenges.py read": "a MAC of ours over a challenge",
    "people/devices.py _genuine": "who makes one up is a stranger, and counted as such",
    "people/devices.py _issued": "who makes one up is a stranger, and counted as such",
    "people/argon2id.py matches": "called by logins",
    "people/django_hashes.py pbkdf2_matches": "called by logins",
    "people/django_hashes.py scrypt_matches": "called by logins",
    "people/stored_hashes.py cost": "measures how long a check takes, of no password",
    "people/stored_hashes.py measure": "does that for it",
    "people/stored_hashes.py matches": "called by logins",
    "people/passwords.py verify": "called by logins",
    "people/setup.py good": "called by the page of the setup, which counts",
    "people/steps.py read": "a MAC of ours behind a cookie of 256 bits, which is found by its digest",
    "protocol/grants/device_code.py validate_device_code": "a code of 256 bits, found by its digest",
    "tokens/access_tokens.py place": "a token of 256 bits, found by its digest",
    "tokens/access_tokens.py lasting": "a token of 256 bits, found by its digest",
    "tokens/access_tokens.py refresh_place": "a token of 256 bits, found by its digest",
    "clients/authentication.py _explain_secret": "says why, after the test",
    "clients/secrets.py digest": "how a secret is kept",
    "clients/secrets.py match": "called by client_authentication and dynamic_registration",
    "pages/factors/proving.py _logging_in": "256 bits, found by its digest, for ten minutes",
    "pages/applications/applications.py _read_issued": "the form has shown the secret to who sends it",
    "pages/applications/pending_secret.py recognise": "a MAC of ours over a form",
    "authorization/pushed_requests.py named": "a handle of 256 bits, found by its digest",
    "clients/dpop.py signature_fits": "a signature over the text that it came with",
    "clients/dpop_nonces.py end_of": "a nonce, which everybody gets",
    "browser/csrf.py genuine": "a MAC over a form, under the cookie of who sends it",
    "browser/interactions.py proven": "a MAC of ours over an address",
    "secrets/signed.py equal": "called by those three",
}
COMPARING = {"compare_digest", "verify", "matches", "equal"}
OF_ADDRESSES = {"protocol/validator.py", "clients/redirect_uris.py", "openid/logout_requests.py"}

KINDS = {
    Kind.CLIENT_SECRET: "counted",
    Kind.INITIAL_ACCESS_TOKEN: "counted",
    Kind.REGISTRATION_ACCESS_TOKEN: "counted",
    Kind.SETUP: "counted",
    Kind.PASSWORD_RESET: "counted",
    Kind.INVITATION: "counted",
    Kind.SIGN_UP: "counted",
    Kind.VERIFICATION: "counted",
    Kind.EMAIL_CHANGE: "counted",
    Kind.EMAIL_UNDO: "counted",
    Kind.ACCESS_TOKEN: "256 bits, found by its digest",
    Kind.REFRESH_TOKEN: "256 bits, found by its digest",
    Kind.AUTHORIZATION_CODE: "256 bits, found by its digest, for a minute",
    Kind.DEVICE_CODE: "256 bits, found by its digest, for ten minutes",
    Kind.PENDING_LOGIN: "256 bits, found by its digest, for ten minutes",
    Kind.ONLINE_CODE: "256 bits, found by its digest, for a minute",
    Kind.SESSION: "256 bits, found by its digest",
    Kind.PERSONAL_TOKEN: "256 bits, found by its digest",
    Kind.SERVICE_TOKEN: "256 bits, found by its digest",
    Kind.PUSHED_REQUEST: "256 bits, found by its digest, for a minute and then in one browser",
    Kind.VISITOR: "stands for nobody",
}


def reads_a_secret(call: ast.expr) -> bool:
    return ast.unparse(call).endswith(("minted.well_formed", "secrets.match"))


def comparisons() -> Iterator[str]:
    """Where a secret may be compared."""
    for module in sorted(IAM.rglob("*.py")):
        name = str(module.relative_to(IAM))
        if name in OF_ADDRESSES:
            continue
        for function in ast.walk(ast.parse(module.read_text())):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                calls = [node.func for node in ast.walk(function) if isinstance(node, ast.Call)]
                names = {getattr(call, "attr", getattr(call, "id", "")) for call in calls}
                names |= {node.id for node in ast.walk(function) if isinstance(node, ast.Name)}
                if names & COMPARING or any(map(reads_a_secret, calls)):
                    yield f"{name} {function.name}"


def test_each_place_that_compares_a_secret_counts_what_is_wrong_or_says_why_not() -> None:
    assert set(comparisons()) == COUNTED | NOT_COUNTED.keys()


async def test_each_factor_of_people_is_among_the_ways(limited: Server) -> None:
    assert {each.name for each in limited.application.factors.known} == FACTORS


WALKED_ELSEWHERE = {"people/factors/totp.py confirm": "the person sees the secret whose code they type"}


def counting() -> Iterator[str]:
    """The functions that count what is wrong."""
    for module in sorted(IAM.rglob("*.py")):
        for function in ast.walk(ast.parse(module.read_text())):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                calls = [ast.unparse(node.func) for node in ast.walk(function) if isinstance(node, ast.Call)]
                if any(call.endswith(("throttle.wrong", "attempts.make")) for call in calls):
                    yield f"{module.relative_to(IAM)} {function.name}"


def running() -> Iterator[str]:
    """The functions of the product that wait for each other at this moment."""
    frame = sys._getframe()
    while frame := frame.f_back:
        path = Path(frame.f_code.co_filename)
        if path.is_relative_to(IAM):
            yield f"{path.relative_to(IAM)} {frame.f_code.co_name}"


async def test_each_place_that_counts_what_is_wrong_is_reached_by_one_of_the_ways(limited: Server) -> None:
    reached: set[str] = set()
    for name, way in PATHS.items():
        limited.store.buckets.forget()
        await limited.store.database.query("delete from buckets")
        await limited.store.database.query("delete from users")
        path = await way(limited)
        limited.clock.asked = lambda: reached.update(running())
        assert (await path.send(HERE, False)).status == path.refusal, name
        limited.clock.asked = None

    assert set(counting()) - reached == WALKED_ELSEWHERE.keys()


def test_each_kind_of_secret_is_counted_or_says_why_not() -> None:
    assert set(KINDS) == set(Kind)
