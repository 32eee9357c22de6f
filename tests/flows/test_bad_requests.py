"""Bad requests at every endpoint: each gets its exact status and error, stores nothing and spends nothing."""

from base64 import b64encode
from collections.abc import Awaitable, Callable, Mapping
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

import pytest
from attrs import evolve

from iam.secrets.minted import Kind
from tests.answers import complete
from tests.flows.asks import DESCRIPTION, FORM, Ask, World, basic, counts
from tests.harness import CHALLENGE, REDIRECT_URI, VERIFIER, Reply, Server, action, fields, made_up

# What is wrong whoever asks for what: at every endpoint that takes a form from an authenticated client.

Change = Callable[[Ask, World], Ask]
ACCESS = made_up(Kind.ACCESS_TOKEN)


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


def public_id(world: World) -> str:
    return world.public.client_id


def secret(world: World) -> str:
    return str(world.app.secret)


def stored(world: World) -> str:
    return basic(world.app.client_id, sha256(secret(world).encode()).hexdigest())


def disabled(ask: Ask, world: World) -> Ask:
    world.admin.execute("update clients set disabled_at = now() where id = %s", (world.other.client_id,))
    world.server.store.clients.forget()
    return evolve(ask, authorization=world.other.basic["Authorization"])


def repeated(ask: Ask, _: World) -> Ask:
    name = next(iter(ask.form))
    return ask.adding(urlencode({name: ask.form[name]}).encode())


def twin(ask: Ask, _: World) -> Ask:
    """The first parameter once more, its first letter percent-encoded."""
    name = next(iter(ask.form)).encode()
    return ask.adding(b"%%%02x%s=x" % (name[0], name[1:]))


def blank(ask: Ask, _: World) -> Ask:
    return ask.with_form(**{next(iter(ask.form)): ""})


COMMON: dict[str, tuple[Change, int, str]] = {
    "GET": (method("GET"), 405, "method_not_allowed"),
    "PUT": (method("PUT"), 405, "method_not_allowed"),
    "PATCH": (method("PATCH"), 405, "method_not_allowed"),
    "DELETE": (method("DELETE"), 405, "method_not_allowed"),
    "TRACE": (method("TRACE"), 405, "method_not_allowed"),
    "no content type": (form_of(None), 400, "invalid_request"),
    "JSON": (form_of("application/json"), 400, "invalid_request"),
    "multipart": (form_of("multipart/form-data; boundary=x"), 400, "invalid_request"),
    "latin-1": (form_of(FORM + "; charset=latin-1"), 400, "invalid_request"),
    "utf-7": (form_of(FORM + "; charset=utf-7"), 400, "invalid_request"),
    "two content types": (form_of([FORM, FORM]), 400, "invalid_request"),
    "no body": (lambda ask, _: evolve(ask, body=b""), 400, "invalid_request"),
    "parameters in the address": (lambda ask, _: evolve(ask, body=b"", query=ask.encoded.decode()), 400, "invalid_request"),
    "one parameter in the address": (lambda ask, _: evolve(ask, query="state=x"), 400, "invalid_request"),
    "secret in the address": (
        lambda ask, world: evolve(ask, authorization=None, query=urlencode(world.app.form)), 400, "invalid_request",
    ),
    "first parameter twice": (repeated, 400, "invalid_request"),
    "unknown parameter twice": (adding(b"x=1&x=2"), 400, "invalid_request"),
    "percent-encoded twin": (twin, 400, "invalid_request"),
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
    "the stored digest": (authenticated(stored), 401, "invalid_client"),
    "an access token for a secret": (authenticated(lambda w: basic(w.app.client_id, made_up(Kind.ACCESS_TOKEN))), 401, "invalid_client"),
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
    "Basic encoded twice": (authenticated(lambda w: basic(b64encode(str(w.app).encode()).decode(), "x")), 401, "invalid_client"),
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
    "secret without client": (claiming(client_secret=secret), 401, "invalid_client"),
    "public client with a secret": (claiming(client_id=public_id, client_secret=secret), 401, "invalid_client"),
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


# What is wrong with one grant.

Specific = Callable[[World], Awaitable[Ask]]
SPECIFIC: dict[str, tuple[Specific, int, str]] = {}


def case(name: str, status: int, error: str) -> Callable[[Specific], Specific]:
    def keep(make: Specific) -> Specific:
        SPECIFIC[name] = make, status, error
        return make

    return keep


def changing(kind: str, name: str, status: int, error: str, **changes: str | None) -> None:
    """A case that is the good request with other parameters."""

    async def make(world: World) -> Ask:
        return (await world.good(kind)).with_form(**changes)

    SPECIFIC[f"{kind}: {name}"] = make, status, error


for unknown in ("password", "openid", "implicit", "urn:ietf:params:oauth:grant-type:saml2-bearer", "CLIENT_CREDENTIALS",
                " client_credentials", "client_credentials ", "client_credentials refresh_token", "é"):  # fmt: skip
    changing("client_credentials", f"grant_type {unknown!r}", 400, "unsupported_grant_type", grant_type=unknown)

for scope, why in {
    "admin": "unknown", "READ": "another case", "read,write": "comma", "read\twrite": "tab",
    "read\nwrite": "line end", "réad": "not ASCII", '"read"': "quotes", "read;write": "semicolon", "x" * 16_000: "16 kB", "🔑": "astral",
}.items():  # fmt: skip
    changing("client_credentials", f"scope {why}", 400, "invalid_scope", scope=scope)
    changing("refresh_token", f"scope {why}", 400, "invalid_scope", scope=scope)
changing("refresh_token", "scope one unknown", 400, "invalid_scope", scope="read admin")

WRONG_VERIFIERS = {
    "missing": None,
    "another": "A" * 43,
    "short": VERIFIER[:42],
    "cut": VERIFIER[:-1],
    "with a suffix": VERIFIER + "A",
    "in the other case": VERIFIER.swapcase(),
    "the challenge itself": CHALLENGE,
    "long": VERIFIER * 3,
    "16 kB": "a" * 16_000,
    "padded": VERIFIER + "=",
    "not ASCII": "é" * 43,
    "with a space": VERIFIER[:-1] + " ",
}
for why, verifier in WRONG_VERIFIERS.items():
    changing("authorization_code", f"verifier {why}", 400, "invalid_grant", code_verifier=verifier)

WRONG_REDIRECTS = {
    "a slash more": REDIRECT_URI + "/",
    "a query": REDIRECT_URI + "?a=b",
    "a fragment": REDIRECT_URI + "#a",
    "a letter less": REDIRECT_URI[:-1],
    "a letter in the other case": REDIRECT_URI.replace("callback", "Callback"),
    "the host in the other case": REDIRECT_URI.replace("client", "CLIENT"),
    "the scheme": REDIRECT_URI.replace("https", "http"),
    "the default port": REDIRECT_URI.replace(".example", ".example:443"),
    "a subdomain": REDIRECT_URI.replace("client", "a.client"),
    "a user": REDIRECT_URI.replace("client", "client.example@evil"),
    "a dot segment": REDIRECT_URI.replace("/callback", "/x/../callback"),
    "a percent-encoded letter": REDIRECT_URI.replace("callback", "%63allback"),
    "a double slash": REDIRECT_URI.replace("/callback", "//callback"),
    "a semicolon": REDIRECT_URI.replace("/callback", "/..;/callback"),
    "a backslash": REDIRECT_URI.replace("/callback", "\\callback"),
    "a tab": REDIRECT_URI.replace("callback", "call\tback"),
    "a line end": REDIRECT_URI + "\r\nX: y",
    "a space": REDIRECT_URI + " ",
    "a dot after the host": REDIRECT_URI.replace(".example", ".example."),
    "another host": "https://evil.example/callback",
    "an IDN": REDIRECT_URI.replace("client", "cliënt"),
    "an IPv6 host": "https://[::1]/callback",
    "javascript": "javascript:alert(1)",
    "data": "data:text/html,x",
    "relative": "/callback",
    "16 kB": REDIRECT_URI + "?" + "a" * 16_000,
}
for why, redirect_uri in WRONG_REDIRECTS.items():
    changing("authorization_code", f"redirect URI {why}", 400, "invalid_grant", redirect_uri=redirect_uri)

WRONG_SECRETS: dict[str, Callable[[str], str]] = {
    "cut short": lambda text: text[:-1],
    "with a suffix": lambda text: text + "a",
    "in the other case": str.swapcase,
    "with a space before": lambda text: " " + text,
    "with a line end": lambda text: text + "\n",
    "of another kind": lambda _: made_up(Kind.ACCESS_TOKEN),
    "never given": lambda text: made_up(Kind.AUTHORIZATION_CODE if text.startswith("iam_ac") else Kind.REFRESH_TOKEN),
    "its digest": lambda text: sha256(text.encode()).hexdigest(),
    "one letter": lambda _: "a",
    "16 kB": lambda _: "a" * 16_000,
    "SQL": lambda _: "' or ''='",
    "not ASCII": lambda _: "é",
    "with a NUL-like escape": lambda text: text + "\\0",
    "twice": lambda text: text + text,
}
for kind, parameter in (("authorization_code", "code"), ("refresh_token", "refresh_token")):
    for why, spoil in WRONG_SECRETS.items():

        @case(f"{kind}: {parameter} {why}", 400, "invalid_grant")
        async def _(
            world: World, kind: str = kind, parameter: str = parameter, spoil: Callable[[str], str] = spoil
        ) -> Ask:
            good = await world.good(kind)
            return good.with_form(**{parameter: spoil(good.form[parameter])})

    changing(kind, f"{parameter} missing", 400, "invalid_request", **{parameter: None})


@case("authorization_code: another client's code", 400, "invalid_grant")
async def _(world: World) -> Ask:
    return evolve(await world.good("authorization_code"), authorization=world.other.basic["Authorization"])


@case("authorization_code: a public client with a confidential one's code", 400, "invalid_grant")
async def _(world: World) -> Ask:
    return evolve((await world.good("authorization_code")).with_form(**world.public.form), authorization=None)


@case("authorization_code: an expired code", 400, "invalid_grant")
async def _(world: World) -> Ask:
    good = await world.good("authorization_code")
    world.server.clock.advance(61)
    return good


@case("authorization_code: a code used before", 400, "invalid_grant")
async def _(world: World) -> Ask:
    good = await world.good("authorization_code")
    await good.send(world.server)
    return good


@case("authorization_code: a verifier for a code without challenge", 400, "invalid_grant")
async def _(world: World) -> Ask:
    code = await world.server.code(world.app, world.person, code_challenge=None, code_challenge_method=None)
    return (await world.good("authorization_code")).with_form(code=code)


@case("authorization_code: no redirect URI for a code without challenge", 400, "invalid_grant")
async def _(world: World) -> Ask:
    code = await world.server.code(world.app, world.person, code_challenge=None, code_challenge_method=None)
    return (await world.good("authorization_code")).with_form(code=code, code_verifier=None, redirect_uri=None)


@case("authorization_code: a code whose person is disabled", 400, "invalid_grant")
async def _(world: World) -> Ask:
    good = await world.good("authorization_code")
    world.admin.execute("update users set disabled_at = now()")
    return good


@case("refresh_token: another client's token", 400, "invalid_grant")
async def _(world: World) -> Ask:
    return evolve(await world.good("refresh_token"), authorization=world.other.basic["Authorization"])


@case("refresh_token: an expired token", 400, "invalid_grant")
async def _(world: World) -> Ask:
    good = await world.good("refresh_token")
    world.server.clock.advance(31 * 86_400)
    return good


@case("refresh_token: a revoked token", 400, "invalid_grant")
async def _(world: World) -> Ask:
    good = await world.good("refresh_token")
    await world.server.post("/revoke", {"token": good.form["refresh_token"], **world.app.form})
    return good


@case("refresh_token: a token used before, as was its successor", 400, "invalid_grant")
async def _(world: World) -> Ask:
    good = await world.good("refresh_token")
    first = await good.send(world.server)
    await good.with_form(refresh_token=first.json["refresh_token"]).send(world.server)
    world.server.clock.advance(1)
    return good


@case("refresh_token: a scope that was not granted", 400, "invalid_scope")
async def _(world: World) -> Ask:
    token = (await world.server.tokens(world.app, world.person, scope="read"))["refresh_token"]
    return (await world.good("refresh_token")).with_form(refresh_token=token, scope="read write")


@case("client_credentials: a client without this grant type", 400, "unauthorized_client")
async def _(world: World) -> Ask:
    return evolve(await world.good("client_credentials"), authorization=world.narrow.basic["Authorization"])


@case("refresh_token: a client without this grant type", 400, "unauthorized_client")
async def _(world: World) -> Ask:
    return evolve(await world.good("refresh_token"), authorization=world.narrow.basic["Authorization"])


@case("client_credentials: a public client", 401, "invalid_client")
async def _(world: World) -> Ask:
    return evolve((await world.good("client_credentials")).with_form(**world.public.form), authorization=None)


@case("introspect: a public client", 401, "invalid_client")
async def _(world: World) -> Ask:
    return evolve((await world.good("introspect")).with_form(**world.public.form), authorization=None)


@case("revoke: another client's token", 400, "unauthorized_client")
async def _(world: World) -> Ask:
    return evolve(await world.good("revoke"), authorization=world.other.basic["Authorization"])


@pytest.mark.parametrize("name", SPECIFIC)
async def test_a_bad_grant_is_refused_and_stores_nothing(world: World, name: str) -> None:
    make, status, error = SPECIFIC[name]
    ask = await make(world)
    before = counts(world.admin)

    reply = await ask.send(world.server)

    refused(reply, status, error)
    assert counts(world.admin) == before


TOKENS = (Kind.ACCESS_TOKEN, Kind.REFRESH_TOKEN, Kind.PERSONAL_TOKEN, Kind.SERVICE_TOKEN)


@pytest.mark.parametrize("why", WRONG_SECRETS)
@pytest.mark.parametrize("kind", TOKENS)
async def test_a_token_that_is_none_is_inactive_and_revoked_already(world: World, kind: Kind, why: str) -> None:
    token = WRONG_SECRETS[why](made_up(kind))
    before = counts(world.admin)

    described = await world.server.post("/introspect", {"token": token}, headers=world.app.basic)
    revoked = await world.server.post("/revoke", {"token": token}, headers=world.app.basic)

    assert (described.status, described.json) == (200, {"active": False})
    assert revoked.status == 200
    assert counts(world.admin) == before


MALFORMED_SECRETS = [why for why in WRONG_SECRETS if why not in ("never given", "of another kind")]


@pytest.mark.parametrize("why", MALFORMED_SECRETS)
async def test_h26_what_we_could_not_have_made_is_refused_without_a_statement(world: World, why: str) -> None:
    server, spoil = world.server, WRONG_SECRETS[why]
    await server.quiet()
    await world.token(world.app)  # the client and the scopes are in memory from now on
    before = server.store.database.statistics.statements

    for kind in TOKENS:
        await server.introspect(world.app, spoil(made_up(kind)))
        await server.post("/revoke", {"token": spoil(made_up(kind))}, headers=world.app.basic)
    await server.redeem(world.app, spoil(made_up(Kind.AUTHORIZATION_CODE)))
    await server.refresh(world.app, spoil(made_up(Kind.REFRESH_TOKEN)))
    if (token := spoil(made_up(Kind.ACCESS_TOKEN))) == token.strip():  # else it is the same one in a header
        await server.get("/resource", headers={"Authorization": "Bearer " + token[:90]})

    assert server.store.database.statistics.statements == before


# The authorization endpoint: a page for the person where nobody may be redirected, else an error for the client.

DECIDED = {"GET": "/authorize", "POST": "/authorize/consent"}  # the request stands in the address of both
PAGE: dict[str, Mapping[str, str | None]] = {
    "no client": {"client_id": None},
    "blank client": {"client_id": ""},
    "unknown client": {"client_id": "nobody"},
    "client with SQL": {"client_id": "' or 1=1 --"},
    "client of 16 kB": {"client_id": "a" * 7_000},
    "client not ASCII": {"client_id": "é"},
    "client with a line end": {"client_id": "a\r\nX: y"},
    **{f"redirect URI {why}": {"redirect_uri": uri[:6_000]} for why, uri in WRONG_REDIRECTS.items()},
}
TOLD: dict[str, tuple[Mapping[str, str | None], str]] = {
    "no response type": ({"response_type": None}, "invalid_request"),
    "blank response type": ({"response_type": ""}, "invalid_request"),
    "response type token": ({"response_type": "token"}, "unsupported_response_type"),
    "response type id_token": ({"response_type": "id_token"}, "unsupported_response_type"),
    "response type code token": ({"response_type": "code token"}, "unsupported_response_type"),
    "response type CODE": ({"response_type": "CODE"}, "unsupported_response_type"),
    "response type none and another": ({"response_type": "code none"}, "unsupported_response_type"),
    "unknown response type": ({"response_type": "é"}, "unsupported_response_type"),
    "unknown response mode": ({"response_mode": "web_message"}, "invalid_request"),
    "response mode of no carrier": ({"response_mode": "x.jwt"}, "invalid_request"),
    "unknown scope": ({"scope": "admin"}, "invalid_scope"),
    "scope with a line end": ({"scope": "read\r\nwrite"}, "invalid_scope"),
    "scope of 4 kB": ({"scope": "x" * 4_000}, "invalid_scope"),
    "scope astral": ({"scope": "🔑"}, "invalid_scope"),
    "method plain": ({"code_challenge_method": "plain"}, "invalid_request"),
    "method s256": ({"code_challenge_method": "s256"}, "invalid_request"),
    "method S512": ({"code_challenge_method": "S512"}, "invalid_request"),
    "method missing": ({"code_challenge_method": None}, "invalid_request"),
    "method alone": ({"code_challenge": None}, "invalid_request"),
    "challenge short": ({"code_challenge": CHALLENGE[:-1]}, "invalid_request"),
    "challenge long": ({"code_challenge": CHALLENGE + "A"}, "invalid_request"),
    "challenge padded": ({"code_challenge": CHALLENGE + "="}, "invalid_request"),
    "challenge not base64url": ({"code_challenge": "+" * 43}, "invalid_request"),
    "challenge not ASCII": ({"code_challenge": "é" * 43}, "invalid_request"),
    "request": ({"request": "eyJ"}, "invalid_request_object"),
    "request_uri": ({"request_uri": "https://evil.example"}, "invalid_request_uri"),
    "registration": ({"registration": "{}"}, "registration_not_supported"),
}
MALFORMED = {
    "client twice": b"client_id=x",
    "state twice": b"state=x",
    "redirect URI twice": b"redirect_uri=https://evil.example",
    "unknown parameter twice": b"x=1&x=2",
    "NUL": b"x=%00",
    "byte ff": b"x=%ff",
    "lone surrogate": b"x=%ed%a0%80",
    "broken percent": b"x=%zz",
    "percent alone": b"x=%",
    "many fields": b"&".join(b"x%d=1" % number for number in range(150)),
    "a long name": b"x" * 129 + b"=1",
}


def is_page(reply: Reply, status: int) -> None:
    """Assert that the person is told, and nobody is redirected."""
    complete(reply)
    assert (reply.status, reply.location) == (status, "")
    assert reply.header("content-type") == "text/html; charset=utf-8"


@pytest.mark.parametrize("sent", ["GET", "POST"])
@pytest.mark.parametrize("name", PAGE)
async def test_who_may_not_be_redirected_gets_a_page(world: World, name: str, sent: str) -> None:
    ask = evolve((await world.good("authorize")).with_form(**PAGE[name]), method=sent, path=DECIDED[sent])
    before = counts(world.admin)

    reply = await evolve(ask, query=ask.encoded.decode(), body=b"decision=allow").send(world.server)

    is_page(reply, 400)
    assert counts(world.admin) == before


@pytest.mark.parametrize("sent", ["GET", "POST"])
@pytest.mark.parametrize("name", TOLD)
async def test_a_clients_mistake_is_told_to_the_client(world: World, name: str, sent: str) -> None:
    changes, error = TOLD[name]
    ask = evolve((await world.good("authorize")).with_form(**changes), method=sent, path=DECIDED[sent])
    before = counts(world.admin)

    reply = await evolve(ask, query=ask.encoded.decode(), body=b"decision=allow").send(world.server)

    complete(reply)
    assert reply.status == (302 if sent == "GET" else 303)
    assert reply.location.startswith(REDIRECT_URI + "?")
    assert reply.sent_back["error"] == error
    assert DESCRIPTION.fullmatch(reply.sent_back["error_description"])
    assert reply.sent_back["state"] == "xyz"
    assert counts(world.admin) == before


@pytest.mark.parametrize("sent", ["GET", "POST"])
@pytest.mark.parametrize("name", MALFORMED)
async def test_a_malformed_authorization_request_gets_a_page(world: World, name: str, sent: str) -> None:
    ask = await world.good("authorize")
    query = (ask.encoded + b"&" + MALFORMED[name]).decode("latin-1")

    reply = await evolve(ask, method=sent, path=DECIDED[sent], query=query, body=b"decision=allow").send(world.server)

    is_page(reply, 400)


@pytest.mark.parametrize(
    "state",
    ["", "a b+c&d=e", "é🔑", "\r\nX: y", "<script>", "%00", "0", "null", "'", '"', "x" * 5_000, " ", "\u202e", "a;b=c"],
    ids=repr,
)
async def test_a_state_comes_back_letter_by_letter(world: World, state: str) -> None:
    reply = await world.server.authorize(world.app, world.person, "deny", state=state)

    complete(reply)
    assert reply.sent_back.get("state", "") == state
    assert set(reply.sent_back) == {"error", "error_description", "error_uri", "iss"} | ({"state"} if state else set())


CONSENT: dict[str, tuple[Callable[[dict[str, str]], Any], Mapping[str, str], int]] = {
    "no token": (lambda form: {**form, "csrf_token": ""}, {}, 403),
    "another token": (lambda form: {**form, "csrf_token": "a" * 43}, {}, 403),
    "a token cut short": (lambda form: {**form, "csrf_token": form["csrf_token"][:-1]}, {}, 403),
    "a token not ASCII": (lambda form: {**form, "csrf_token": "é" * 43}, {}, 403),
    "a foreign origin": (lambda form: form, {"Origin": "https://evil.example"}, 403),
    "from another site": (lambda form: form, {"Sec-Fetch-Site": "cross-site"}, 403),
    "from a sister site": (lambda form: form, {"Sec-Fetch-Site": "same-site"}, 403),
    "the token twice": (lambda form: [*form.items(), *form.items()], {}, 400),
    "JSON": (lambda form: form, {"Content-Type": "application/json"}, 415),
    "a byte ff": (lambda form: urlencode(form).encode() + b"&x=%ff", {}, 400),
}


@pytest.mark.parametrize("name", CONSENT)
async def test_a_consent_that_is_not_ours_allows_nothing(world: World, name: str) -> None:
    change, headers, status = CONSENT[name]
    ask = await world.good("authorize")
    page = await evolve(ask, query=ask.encoded.decode()).send(world.server)
    before = counts(world.admin)

    reply = await world.server.post(
        action(page.text),
        change({**fields(page.text), "decision": "allow"}),
        headers={**world.person.headers, **headers},
    )

    is_page(reply, status)
    assert counts(world.admin) == before


# A protected resource, the metadata, health.

BEARER: dict[str, tuple[Callable[[str], str | None], int, str]] = {
    "none": (lambda _: None, 401, "unauthorized"),
    "Basic": (lambda _: "Basic YTpi", 401, "unauthorized"),
    "scheme alone": (lambda _: "Bearer", 400, "invalid_request"),
    "two tokens": (lambda token: f"Bearer {token} {token}", 400, "invalid_request"),
    "comma": (lambda token: f"Bearer {token}, {token}", 400, "invalid_request"),
    "quotes": (lambda token: f'Bearer "{token}"', 400, "invalid_request"),
    "not ASCII": (lambda _: "Bearer é", 400, "invalid_request"),
    "no space": (lambda token: f"Bearer{token}", 401, "unauthorized"),
    "colon": (lambda token: f"Bearer: {token}", 401, "unauthorized"),
    **{
        f"token {why}": (lambda token, spoil=spoil: f"Bearer {spoil(token)}", 401, "invalid_token")  # type: ignore[misc]
        for why, spoil in WRONG_SECRETS.items()
        if why not in ("with a space before", "with a line end", "SQL", "not ASCII", "with a NUL-like escape", "16 kB")
        if why != "of another kind"
    },
    "refresh token": (lambda _: "Bearer " + made_up(Kind.REFRESH_TOKEN), 401, "invalid_token"),
    "code": (lambda _: "Bearer " + made_up(Kind.AUTHORIZATION_CODE), 401, "invalid_token"),
    "JWT": (lambda _: "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.", 401, "invalid_token"),
}


@pytest.mark.parametrize("name", BEARER)
async def test_a_bad_bearer_is_challenged(world: World, name: str) -> None:
    make, status, error = BEARER[name]
    authorization = make(await world.token(world.app))

    reply = await world.server.get("/resource", headers={"Authorization": authorization} if authorization else {})

    complete(reply)
    assert (reply.status, reply.json["error"]) == (status, error)
    challenge = reply.header("www-authenticate") or ""
    assert challenge.startswith('Bearer realm="iam"')
    assert (f'error="{error}"' in challenge) == (error != "unauthorized")


@pytest.mark.parametrize("parameter", ["access_token", "token", "bearer_token"])
async def test_a_bearer_in_the_address_is_none(world: World, parameter: str) -> None:
    reply = await world.server.get(f"/resource?{parameter}=" + await world.token(world.app))

    assert reply.status == 401


@pytest.mark.parametrize("path", ["/resource", "/.well-known/oauth-authorization-server", "/healthz", "/readyz"])
@pytest.mark.parametrize("name", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
async def test_what_is_only_read_takes_get_alone(server: Server, path: str, name: str) -> None:
    reply = await server.request(name, path, data=b"a=b" if name != "TRACE" else None)

    if name == "OPTIONS" and path in ("/resource", "/.well-known/oauth-authorization-server"):
        assert reply.status == 204  # CORS: browsers ask like that
        return
    refused(reply, 405, "method_not_allowed")
    assert (reply.header("allow") or "").removesuffix(", OPTIONS") == "GET, HEAD"


@pytest.mark.parametrize("path", ["/.well-known/oauth-authorization-server", "/healthz", "/readyz"])
@pytest.mark.parametrize("query", ["a=%ff", "a=%00", "a=1&a=2", "a=%zz", "&" * 5_000, "issuer=https://evil.example"])
async def test_what_takes_no_parameters_minds_none(server: Server, path: str, query: str) -> None:
    plain = await server.get(path)

    reply = await server.get(f"{path}?{query}")

    assert (reply.status, reply.json) == (200, plain.json)


# Pages.

LOGIN: dict[str, tuple[Callable[[dict[str, str]], Any], Mapping[str, str], int]] = {
    **CONSENT,
    "nobody": (lambda form: {**form, "login": "nobody", "password": "a" * 15}, {}, 400),
    "wrong password": (lambda form: {**form, "login": "person1", "password": "a" * 15}, {}, 400),
    "no fields": (lambda form: form, {}, 400),
    "blank password": (lambda form: {**form, "login": "person1", "password": ""}, {}, 400),
    "name with SQL": (lambda form: {**form, "login": "' or 1=1 --", "password": "x"}, {}, 400),
    "name with a template": (lambda form: {**form, "login": "{{7*7}}${7*7}", "password": "x"}, {}, 400),
    "name with HTML": (lambda form: {**form, "login": "<script>alert(1)</script>", "password": "x"}, {}, 400),
    "name with a line end": (lambda form: {**form, "login": "a\r\nX: y", "password": "x"}, {}, 400),
    "name of fullwidth letters": (lambda form: {**form, "login": "\uff50erson1", "password": "x"}, {}, 400),
    "name with a zero-width space": (lambda form: {**form, "login": "per\u200bson1", "password": "x"}, {}, 400),
    "name from right to left": (lambda form: {**form, "login": "\u202enosrep", "password": "x"}, {}, 400),
    "name of 16,000 letters": (lambda form: {**form, "login": "a" * 16_000, "password": "x"}, {}, 400),
    "name of 17,000 letters": (lambda form: {**form, "login": "a" * 17_000, "password": "x"}, {}, 400),
    "name of letters that grow": (lambda form: {**form, "login": "\ufdfa" * 5_000, "password": "x"}, {}, 400),
    "password of 1,025 bytes": (lambda form: {**form, "login": "person1", "password": "a" * 1_025}, {}, 400),
    "password of emoji": (lambda form: {**form, "login": "person1", "password": "🔑" * 20}, {}, 400),
    "name with NUL": (lambda form: urlencode(form).encode() + b"&login=a%00&password=x", {}, 400),
    "name not UTF-8": (lambda form: urlencode(form).encode() + b"&login=%ff&password=x", {}, 400),
    "name twice": (lambda form: urlencode(form).encode() + b"&login=a&login=b", {}, 400),
    "multipart": (lambda form: form, {"Content-Type": "multipart/form-data; boundary=x"}, 415),
    "a body too long": (lambda form: urlencode(form).encode() + b"&x=" + b"y" * 65_536, {}, 413),
}


@pytest.mark.parametrize("name", LOGIN)
async def test_a_bad_login_logs_nobody_in(world: World, name: str) -> None:
    change, headers, status = LOGIN[name]
    page = await world.server.get("/login")
    cookie = {"Cookie": (page.header("set-cookie") or "").partition(";")[0]}

    reply = await world.server.post("/login", change(fields(page.text)), headers={**cookie, **headers})

    complete(reply)
    assert (reply.status, reply.location) == (status, "")
    assert reply.header("set-cookie") is None
    assert "<script>" not in reply.text
    world.admin.execute("select count(*) from sessions")
    assert world.admin.fetchone() == (1,)


COOKIES = {
    "nameless": "={cookie}",
    "two different": "iam={cookie}; iam={other}",
    "quoted": 'iam="{cookie}"',
    "percent-encoded": "iam=%69{cookie}",
    "cut short": "iam={short}",
    "in the other case": "iam={swapped}",
    "another name": "IAM={cookie}",
    "secure name": "__Host-iam={cookie}",
    "well-formed and unknown": "iam={other}",
    "not ASCII": "iam=é{cookie}",
    "an access token": "iam={token}",
}


@pytest.mark.parametrize("name", COOKIES)
async def test_a_cookie_in_doubt_is_nobodys(world: World, name: str) -> None:
    cookie = world.person.cookie
    line = COOKIES[name].format(
        cookie=cookie,
        other=made_up(Kind.SESSION),
        short=cookie[:-1],
        swapped=cookie.swapcase(),
        token=await world.token(world.app),
    )

    reply = await world.server.get("/applications", headers={"Cookie": line})

    complete(reply)
    assert (reply.status, reply.location) == (303, "/login?next=%2Fapplications")
