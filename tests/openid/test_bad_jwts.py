"""JWTs that somebody made up, at each place that takes one: refused with that place's error, and nothing is fetched (H28)."""

import hmac
import json
from collections.abc import Callable
from typing import Any

import pytest
from attrs import frozen
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jwe, jws
from joserfc.jwk import ECKey, JWKRegistry, OctKey
from joserfc.jws import JWSRegistry

from tests.assertions import GRANT, Signer, form, make, public
from tests.flows.test_jwt_access_tokens import jwt_resource
from tests.harness import REDIRECT_URI, Reply, Server
from tests.homes import Home
from tests.request_objects import Asking, asking, encoded

ANYTHING = JWSRegistry(algorithms=["ES256", "RS256", "HS256", "EdDSA", "PS256"], strict_check_header=False)
DOTS = "." * 60_000


@frozen
class Good:
    """A JWT that is taken at a place, and what an attacker can see of its key; `site` is an address of his own."""

    text: str
    public: Any
    site: str

    @property
    def header(self) -> dict[str, Any]:
        return dict(jws.extract_compact(self.text.encode()).headers())

    @property
    def claims(self) -> dict[str, Any]:
        return dict(json.loads(jws.extract_compact(self.text.encode()).payload))

    def signed(self, key: Any, header: dict[str, Any], payload: str | None = None) -> str:
        """The same claims, or others, by another key."""
        return jws.serialize_compact(header, payload or json.dumps(self.claims), key, registry=ANYTHING)

    def headed(self, **changes: Any) -> str:
        """The same JWT under another header, whose signature cannot be right."""
        _, payload, signature = self.text.split(".")
        return ".".join((encoded({**self.header, **changes}), payload, signature))


def mac(good: Good, secret: bytes) -> str:
    """Signed by HMAC with what everybody knows for a secret."""
    signed = f"{encoded({**good.header, 'alg': 'HS256'})}.{good.text.split('.')[1]}"
    return f"{signed}.{encoded(hmac.digest(secret, signed.encode(), 'sha256'))}"


def public_bytes(good: Good, encoding: Encoding) -> bytes:
    return bytes(good.public.public_key.public_bytes(encoding, PublicFormat.SubjectPublicKeyInfo))


def unsigned(alg: str) -> Callable[[Good], str]:
    return lambda good: f"{encoded({**good.header, 'alg': alg})}.{good.text.split('.')[1]}."


def own(**header: Any) -> Callable[[Good], str]:
    """Signed by the attacker, whose key the header names."""

    def made(good: Good) -> str:
        key = ECKey.generate_key("P-256")
        named = {name: value(key, good) if callable(value) else value for name, value in header.items()}
        return good.signed(key, {**good.header, "alg": "ES256", **named})

    return made


def bomb(good: Good) -> str:
    """A small JWE that would be 100 MB, for whoever inflates it."""
    header = {"alg": "dir", "enc": "A128GCM", "zip": "DEF"}
    return jwe.encrypt_compact(header, b"0" * 100_000, OctKey.generate_key(128), algorithms=["dir", "A128GCM", "DEF"])


def password(good: Good) -> str:
    """A JWE that orders a thousand million rounds of work."""
    header = {"alg": "PBES2-HS256+A128KW", "enc": "A128GCM", "p2s": "c2FsdHNhbHQ", "p2c": 10**9}
    return ".".join((encoded(header), "A" * 32, "A" * 16, "AAAA", "A" * 22))


def encrypted_only(good: Good) -> str:
    """Claims that are encrypted but not signed."""
    return jwe.encrypt_compact(
        {"alg": "ECDH-ES", "enc": "A128GCM"},
        json.dumps(good.claims),
        ECKey.generate_key("P-256"),
        algorithms=["ECDH-ES", "A128GCM"],
    )


def deep(good: Good) -> str:
    nested = "[" * 2000 + "]" * 2000
    return f"{encoded(good.header)}.{encoded(nested.encode())}.{good.text.split('.')[2]}"


def deep_header(good: Good) -> str:
    return f"{encoded(('[' * 2000 + ']' * 2000).encode())}.{good.text.split('.')[1]}.AAAA"


BAD: dict[str, Callable[[Good], str]] = {
    "forged signature": lambda good: good.text[:-6] + ("AAAAAA" if not good.text.endswith("AAAAAA") else "BBBBBB"),
    "no signature": lambda good: good.text.rpartition(".")[0] + ".",
    "another's key under the same kid": own(),
    "changed claims": lambda good: good.text.replace(good.text.split(".")[1], encoded({**good.claims, "sub": "me"})),
    "the public key as a secret, PEM": lambda good: mac(good, public_bytes(good, Encoding.PEM)),
    "the public key as a secret, PEM stripped": lambda good: mac(good, public_bytes(good, Encoding.PEM).strip()),
    "the public key as a secret, DER": lambda good: mac(good, public_bytes(good, Encoding.DER)),
    "the public key as a secret, JWK": lambda good: mac(good, json.dumps(good.public.as_dict(private=False)).encode()),
    "alg none": unsigned("none"),
    "alg None": unsigned("None"),
    "alg nOnE": unsigned("nOnE"),
    "alg of a list": lambda good: good.headed(alg=["ES256"]),
    "alg missing": lambda good: good.headed(alg=None),
    "jwk in the header": own(jwk=lambda key, _: key.as_dict(private=False), kid="mine"),
    "jku in the header": own(jku=lambda _, good: good.site),
    "x5u in the header": own(x5u=lambda _, good: good.site),
    "x5c in the header": own(x5c=["MIIB"]),
    "crit in the header": lambda good: good.headed(crit=["exp"], exp=1),
    "b64 in the header": lambda good: good.headed(b64=False, crit=["b64"]),
    "kid with a path": lambda good: good.headed(kid="../../../../dev/null"),
    "kid with SQL": lambda good: good.headed(kid="' or 1=1 --"),
    "kid with a NUL": lambda good: good.headed(kid="\0"),
    "kid of a number": lambda good: good.headed(kid=7),
    "kid of a surrogate": lambda good: good.headed(kid="\ud800"),
    "oversized": lambda good: good.headed(padding="x" * 9000),
    "60 kB of dots": lambda good: DOTS,
    "few dots": lambda good: "ey" + "." * 7,
    "deep JSON": deep,
    "deep JSON in the header": deep_header,
    "no JSON": lambda good: f"{encoded(b'{')}.{encoded(b'}')}.AAAA",
    "not UTF-8": lambda good: f"{encoded(bytes((0xFF, 0xFE)))}.{good.text.split('.')[1]}.AAAA",
    "no object": lambda good: f"{encoded(good.header)}.{encoded(['claims'])}.AAAA",
    "a zip bomb": bomb,
    "PBES2 with 10^9 rounds": password,
    "encrypted instead of signed": encrypted_only,
    "JSON serialization": lambda good: json.dumps({"payload": good.text.split(".")[1], "signatures": []}),
    "white space": lambda good: good.text[:20] + " " + good.text[20:],
    "two JWTs": lambda good: good.text + "." + good.text,
}


class Place:
    """Where a JWT is taken: one that is good there, how it is presented, and how a refusal looks."""

    def __init__(self, server: Server, site: str) -> None:
        self.server = server
        self.site = site

    async def ready(self) -> "Place":
        """With the clients and keys that it needs."""
        return self

    async def good(self) -> Good:
        raise NotImplementedError

    async def presented(self, text: str) -> Reply:
        raise NotImplementedError

    def took(self, reply: Reply) -> bool:
        return reply.status == 200

    def refused(self, reply: Reply) -> bool:
        raise NotImplementedError

    async def of_ours(self, text: str) -> Good:
        """A JWT that the server signed."""
        kid = jws.extract_compact(text.encode()).headers()["kid"]
        (member,) = [key for key in (await self.server.get("/jwks")).json["keys"] if key["kid"] == kid]
        return Good(text, JWKRegistry.import_key(member), self.site)


class ClientAssertion(Place):
    async def ready(self) -> Place:
        self.key = make("ES256")
        app = await self.server.app(auth_method="private_key_jwt", jwks=public(self.key))
        self.signer = Signer(app.client_id, self.key, "ES256", self.server.settings.issuer, self.server.clock.seconds())
        return self

    async def good(self) -> Good:
        return Good(self.signer.assertion(), self.key, self.site)

    async def presented(self, text: str) -> Reply:
        return await self.server.post("/token", form(text, client_id=self.signer.client_id, **GRANT))

    def refused(self, reply: Reply) -> bool:
        return reply.status in (400, 401) and reply.json["error"] in ("invalid_client", "invalid_request")


class RequestObject(Place):
    async def ready(self) -> Place:
        self.client: Asking = await asking(self.server)
        return self

    async def good(self) -> Good:
        return Good(self.client.signed(), self.client.key, self.site)

    async def presented(self, text: str) -> Reply:
        return await self.client.sent(text, redirect_uri=REDIRECT_URI)

    def refused(self, reply: Reply) -> bool:
        if reply.status == 302:
            told = reply.location.startswith(REDIRECT_URI + "?")
            return told and reply.sent_back["error"] in ("invalid_request_object", "request_not_supported")
        return reply.status in (400, 414)


class Hint(Place):
    """An id_token_hint."""

    async def ready(self) -> Place:
        self.person = await self.server.person()
        self.app = await self.server.app(scopes=("openid", "read"))
        return self

    async def good(self) -> Good:
        return await self.of_ours((await self.server.tokens(self.app, self.person, scope="openid"))["id_token"])


class AuthorizationHint(Hint):
    async def presented(self, text: str) -> Reply:
        return await self.server.authorize(self.app, self.person, scope="openid", id_token_hint=text)

    def took(self, reply: Reply) -> bool:
        return "code" in reply.sent_back

    def refused(self, reply: Reply) -> bool:
        if reply.location:
            return reply.location.startswith(REDIRECT_URI + "?") and reply.sent_back["error"] == "invalid_request"
        return reply.status in (400, 414)


class LogoutHint(Hint):
    async def presented(self, text: str) -> Reply:
        """A POST is led to a GET, which judges."""
        sent = await self.server.post("/logout", {"id_token_hint": text})
        return await self.server.get(sent.location) if sent.status == 303 else sent

    def refused(self, reply: Reply) -> bool:
        return reply.status in (400, 413, 414)


class Resource(Place):
    """An access token in the form of a JWT."""

    path = "/resource"

    async def ready(self) -> Place:
        await jwt_resource(self.server, self.server.own_resource)
        self.app, self.person = await self.server.app(scopes=("openid", "read")), await self.server.person()
        return self

    async def good(self) -> Good:
        tokens = await self.server.tokens(self.app, self.person, scope="read", resource=self.server.own_resource)
        return await self.of_ours(tokens["access_token"])

    async def presented(self, text: str) -> Reply:
        return await self.server.get(self.path, headers={"Authorization": "Bearer " + text.replace("\0", "")})

    def refused(self, reply: Reply) -> bool:
        return reply.status in (400, 401, 431) and "openid" not in reply.text


class UserInfo(Resource):
    """No JWT is good here: UserInfo takes tokens for no resource."""

    path = "/userinfo"

    def took(self, reply: Reply) -> bool:
        return reply.status == 401


class Introspection(Resource):
    async def presented(self, text: str) -> Reply:
        return await self.server.post("/introspect", {"token": text}, headers=self.app.basic)

    def took(self, reply: Reply) -> bool:
        return reply.json["active"] is True

    def refused(self, reply: Reply) -> bool:
        return reply.status == 400 or reply.json == {"active": False}


PLACES: dict[str, type[Place]] = {
    "client assertion": ClientAssertion,
    "request object": RequestObject,
    "id_token_hint at /authorize": AuthorizationHint,
    "id_token_hint at /logout": LogoutHint,
    "Bearer at /resource": Resource,
    "Bearer at /userinfo": UserInfo,
    "token at /introspect": Introspection,
}


@pytest.mark.parametrize("place", PLACES)
async def test_a_good_one_is_taken(server: Server, home: Home, place: str) -> None:
    at = await PLACES[place](server, home.uri).ready()

    reply = await at.presented((await at.good()).text)

    assert at.took(reply), (reply.status, reply.text, reply.location)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("bad", BAD)
async def test_a_bad_one_is_refused_and_nothing_is_fetched(server: Server, home: Home, place: str, bad: str) -> None:
    at = await PLACES[place](server, home.uri).ready()
    text = BAD[bad](await at.good())

    reply = await at.presented(text)

    assert at.refused(reply), (reply.status, reply.text[:500], reply.location)
    assert home.asked == 0


# What we signed ourselves, for another purpose or another time


@pytest.mark.parametrize("place", ["id_token_hint at /authorize", "id_token_hint at /logout"])
@pytest.mark.parametrize("typ", ["at+jwt", "logout+jwt", None])
async def test_a_token_of_ours_of_another_type_is_no_id_token(
    server: Server, home: Home, place: str, typ: str | None
) -> None:
    at = await PLACES[place](server, home.uri).ready()
    good = await at.good()
    text = await server.keys.signed("RS256", typ, good.claims)

    assert at.refused(await at.presented(text))


@pytest.mark.parametrize("place", ["Bearer at /resource", "Bearer at /userinfo", "token at /introspect"])
@pytest.mark.parametrize("typ", ["JWT", "logout+jwt", None])
async def test_a_token_of_ours_of_another_type_is_no_access_token(
    server: Server, home: Home, place: str, typ: str | None
) -> None:
    at = await PLACES[place](server, home.uri).ready()
    good = await at.good()
    text = await server.keys.signed("ES256", typ, good.claims)

    assert at.refused(await at.presented(text))


@pytest.mark.parametrize("place", ["Bearer at /resource", "token at /introspect"])
@pytest.mark.parametrize(
    "claims", [{"iss": "https://elsewhere.example"}, {"jti": "x"}, {"jti": None}, {"jti": "é" * 60}]
)
async def test_an_access_token_of_another_issuer_or_without_its_row_is_refused(
    server: Server, home: Home, place: str, claims: dict[str, Any]
) -> None:
    at = await PLACES[place](server, home.uri).ready()
    good = await at.good()
    text = await server.keys.signed("ES256", "at+jwt", {**good.claims, **claims})

    assert at.refused(await at.presented(text))


@pytest.mark.parametrize("place", ["Bearer at /resource", "token at /introspect"])
async def test_an_access_token_that_has_expired_is_refused(server: Server, home: Home, place: str) -> None:
    at = await PLACES[place](server, home.uri).ready()
    good = await at.good()
    server.clock.advance(3601)

    assert at.refused(await at.presented(good.text))


@pytest.mark.parametrize(
    "claims", [{"iss": "https://elsewhere.example"}, {"aud": "another"}, {"aud": None}, {"sub": 7}]
)
async def test_a_hint_for_another_client_or_of_another_issuer_is_refused(
    server: Server, home: Home, claims: dict[str, Any]
) -> None:
    at = await AuthorizationHint(server, home.uri).ready()
    good = await at.good()
    text = await server.keys.signed("RS256", "JWT", {**good.claims, **claims})

    assert at.refused(await at.presented(text))


async def test_signed_user_info_is_no_id_token(server: Server, home: Home) -> None:
    at = await AuthorizationHint(server, home.uri).ready()
    good = await at.good()
    claims = {"iss": good.claims["iss"], "aud": good.claims["aud"], "sub": good.claims["sub"]}

    text = await server.keys.signed("RS256", None, claims)

    assert at.refused(await at.presented(text))


# What the client signed itself, with its own key


REPEATED = [
    ("iss", '"somebody else"'),
    ("aud", '"https://elsewhere.example"'),
    ("exp", "9999999999"),
]


@pytest.mark.parametrize(("name", "value"), REPEATED)
async def test_claims_that_come_twice_are_refused_in_a_request_object(server: Server, name: str, value: str) -> None:
    client = await asking(server)
    payload = json.dumps(client.claims())[:-1] + f', "{name}": {value}, "{name}": {json.dumps(client.claims()[name])}}}'

    reply = await client.sent(client.sign(payload), redirect_uri=REDIRECT_URI)

    assert reply.sent_back["error"] == "invalid_request_object"


@pytest.mark.parametrize(("name", "value"), REPEATED)
async def test_claims_that_come_twice_are_refused_in_an_assertion(
    server: Server, home: Home, name: str, value: str
) -> None:
    at = ClientAssertion(server, home.uri)
    await at.ready()
    claims = at.signer.claims()
    payload = json.dumps(claims)[:-1] + f', "{name}": {value}, "{name}": {json.dumps(claims[name])}}}'

    assert at.refused(await at.presented(at.signer.sign(payload)))


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "1" + "0" * 5000])
async def test_numbers_that_are_none_are_refused(server: Server, number: str) -> None:
    client = await asking(server)
    payload = json.dumps(client.claims(exp=None))[:-1] + f', "exp": {number}}}'

    reply = await client.sent(client.sign(payload), redirect_uri=REDIRECT_URI)

    assert reply.sent_back["error"] == "invalid_request_object"


@pytest.mark.parametrize(
    ("header", "parts"),
    [
        ({"zip": "DEF"}, None),
        ({"crit": ["exp"], "exp": 1}, None),
        ({"alg": "RSA1_5"}, None),
        ({"alg": "dir"}, None),
        ({"alg": "PBES2-HS256+A128KW", "p2c": 10**9, "p2s": "c2FsdA"}, None),
        ({"enc": "A192GCM"}, None),
        ({"epk": None}, None),
        ({"epk": {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}}, None),
        ({"epk": {"kty": "oct", "k": "AA"}}, None),
        ({"epk": [1]}, None),
        ({"kid": "nobody's"}, None),
        ({"kid": ["x"]}, None),
        ({}, ("", "", "", "")),
        ({}, ("AAAA", "AAAA", "AAAA", "AAAA")),
        ({}, ("", "A" * 16, "AAAA", "AA")),
        ({}, ("!", "!", "!", "!")),
    ],
    ids=str,
)
async def test_a_jwe_that_is_not_in_order_is_refused(
    server: Server, header: dict[str, Any], parts: tuple[str, ...] | None
) -> None:
    client = await asking(server)
    good = (await client.encrypted(client.signed(), "ECDH-ES", "A128GCM")).split(".")
    head = {name: value for name, value in {**jose_header(good[0]), **header}.items() if value is not None}
    text = ".".join((encoded(head), *(parts or good[1:])))

    reply = await client.sent(text, redirect_uri=REDIRECT_URI)

    assert reply.sent_back["error"] == "invalid_request_object"


def jose_header(part: str) -> dict[str, Any]:
    return dict(jwe.extract_compact(f"{part}.AA.AA.AA.AA".encode(), jwe.default_registry).protected)
