"""What RFC 9449 §4.3 says of proofs, at each place that takes them: what is wrong is refused, and stores nothing."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from attrs import evolve, frozen
from joserfc import jws
from joserfc.jwk import OctKey
from twisted.internet.defer import Deferred, gatherResults

from iam.clients.dpop import LONGEST, LONGEST_JTI, SKEW, WINDOW
from iam.clients.dpop_headers import ALGORITHMS
from iam.clients.dpop_nonces import PERIOD
from iam.server.own_resources import register_api
from tests.assertions import REGISTRY, make
from tests.dpop import Holder, digest
from tests.flows.device import DEVICE, allowed, at_browser, decide, device
from tests.harness import App, Reply, Server
from tests.pushing import asking

RESOURCES = {"/resource": "read", "/userinfo": "openid", "/api/v1/me": "iam:audit:read"}
DAY = 86400  # seconds
PLACES = ("/token", "/par", *RESOURCES)
SELF = {"grant_type": "client_credentials"}


@frozen
class Place:
    """An address that takes proofs, and the token that it is called with, if it is a resource."""

    server: Server
    path: str
    app: App
    holder: Holder
    token: str | None

    @property
    def method(self) -> str:
        return "GET" if self.token else "POST"

    def proof(self, header: dict[str, Any] | None = None, **claims: Any) -> str:
        """A good proof for the place, changed."""
        return self.holder.proof(self.method, self.path, self.token, header, **claims)

    @property
    def good(self) -> int:
        """The status of its good answers."""
        return 201 if self.path == "/par" else 200

    async def ask(self, *proofs: str) -> Reply:
        """The answer to a request with these proofs, each in a header field of its own."""
        headers: dict[str, Any] = {"DPoP": list(proofs)} if proofs else {}
        if self.token is None:
            form = SELF if self.path == "/token" else asking()
            return await self.server.post(self.path, form, headers={**self.app.basic, **headers})
        return await self.server.get(self.path, headers={"Authorization": f"DPoP {self.token}", **headers})


async def placed(server: Server, path: str) -> Place:
    """A place, with a token of the kind that it takes."""
    scope, holder = RESOURCES.get(path), Holder(server)
    app = await server.app(scopes=("openid", "read", "iam:audit:read"))
    if scope is None:
        return Place(server, path, app, holder, None)
    if path == "/userinfo":
        code = await server.code(app, await server.person(), scope=scope)
        reply = await server.redeem(app, code, holder.proof())
    else:
        api = await administered(server) if path.startswith("/api") else {}
        reply = await server.token(app, holder.proof(), **SELF, scope=scope, **api)
    return Place(server, path, app, holder, reply.json["access_token"])


async def administered(server: Server) -> dict[str, str]:
    """What a request for a token for the API names."""
    await register_api(server.store, server.settings, server.clock_of_store())
    return {"resource": server.settings.issuer + "/api/v1"}


def refused(reply: Reply, error: str = "invalid_dpop_proof") -> bool:
    """Whether the answer is this refusal, as the place says it (RFC 9449 §5, §7.1)."""
    assert reply.json["error"] == error, reply.body
    challenge = reply.header("www-authenticate") or ""
    if reply.status == 401:
        assert challenge.startswith("DPoP ")
        assert f'error="{error}"' in challenge
        assert 'algs="RS256 PS256 ES256 ES384 EdDSA Ed25519"' in challenge
    return reply.status == 401 or (reply.status, challenge) == (400, "")


@pytest.mark.parametrize("path", PLACES)
async def test_a_good_proof_is_taken(server: Server, path: str) -> None:
    place = await placed(server, path)

    reply = await place.ask(place.proof())

    assert (reply.status, reply.header("dpop-nonce")) == (place.good, server.nonce)


@pytest.mark.parametrize("alg", ALGORITHMS)
async def test_a_proof_is_signed_with_any_of_the_algorithms(server: Server, alg: str) -> None:
    holder = Holder(server, alg)

    reply = await server.token(await server.app(), holder.proof(), **SELF)

    assert (reply.status, reply.json["token_type"]) == (200, "DPoP")
    assert (await holder.call(reply.json["access_token"])).status == 200


def tampered(text: str) -> str:
    """The proof with another signature."""
    head, _, signature = text.rpartition(".")
    return f"{head}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}"


def unsigned(text: str) -> str:
    """The proof without a signature."""
    return text.rpartition(".")[0] + "."


def other_jwk() -> dict[str, Any]:
    return dict(make("ES256").as_dict(private=False))


def private_jwk(place: Place) -> dict[str, Any]:
    return dict(place.holder.key.as_dict(private=True))


def with_secret(place: Place) -> str:
    """A proof by HMAC, whose key is the bytes of the public key: the confusion of RFC 8725 §2.1."""
    key = OctKey.import_key(json.dumps(place.holder.header()["jwk"]))
    header = place.holder.header(alg="HS256")
    claims = place.holder.claims(place.method, place.path, place.token)
    return jws.serialize_compact(header, json.dumps(claims), key, registry=REGISTRY)


def of_none(place: Place) -> str:
    """A proof with alg none."""
    header, claims = place.holder.header(alg="none"), place.holder.claims(place.method, place.path, place.token)
    return f"{segment(header)}.{segment(claims)}."


def repeating(place: Place) -> str:
    """A proof that says twice what it is for."""
    claims = json.dumps(place.holder.claims(place.method, place.path, place.token))
    return jws.serialize_compact(
        place.holder.header(), claims[:-1] + ', "htm": "POST"}', place.holder.key, registry=REGISTRY
    )


def weak(place: Place) -> str:
    """A proof of an RSA key of 1024 bits."""
    return tampered_header(place, alg="RS256", jwk={"kty": "RSA", "e": "AQAB", "n": "_" * 171})


def segment(members: Mapping[str, Any]) -> str:
    return urlsafe_b64encode(json.dumps(members).encode()).rstrip(b"=").decode()


def now(place: Place) -> int:
    return int(place.server.clock.seconds())


WRONG: dict[str, Callable[[Place], str]] = {
    "no JWT": lambda place: "a proof",
    "nothing": lambda place: "",
    "two segments": lambda place: unsigned(place.proof())[:-1],
    "five segments": lambda place: place.proof() + ".e30.e30",
    "two in one field": lambda place: f"{place.proof()}, {place.proof()}",
    "too long": lambda place: place.proof(more="x" * LONGEST),
    "header that is no JSON": lambda place: "e30x." + place.proof().partition(".")[2],
    "header that is no object": lambda place: "W10." + place.proof().partition(".")[2],
    "payload that repeats a claim": repeating,
    "no typ": lambda place: place.proof({"typ": None}),
    "typ JWT": lambda place: place.proof({"typ": "JWT"}),
    "typ of an access token": lambda place: place.proof({"typ": "at+jwt"}),
    "alg that is not in the list": lambda place: tampered_header(place, alg="ES256K"),
    "alg none": of_none,
    "alg none with a signature": lambda place: tampered_header(place, alg="none"),
    "symmetric alg": with_secret,
    "alg of another kind of key": lambda place: tampered_header(place, alg="RS256"),
    "no jwk": lambda place: tampered_header(place, jwk=None),
    "jwk that is no object": lambda place: tampered_header(place, jwk="x"),
    "private jwk": lambda place: place.proof({"jwk": private_jwk(place)}),
    "secret jwk": lambda place: place.proof({"jwk": {"kty": "oct", "k": "c2VjcmV0"}}),
    "weak jwk": weak,
    "jwk off its curve": lambda place: place.proof({"jwk": {**place.holder.header()["jwk"], "x": "AA" * 21 + "A"}}),
    "jwk with a strange kid": lambda place: place.proof(
        {"jwk": {"kty": "EC", "crv": "P-256", "kid": 'é"\n', "x": "", "y": ""}}
    ),
    "jwk for encryption": lambda place: place.proof({"jwk": {**place.holder.header()["jwk"], "use": "enc"}}),
    "jku beside the jwk": lambda place: place.proof({"jku": "https://other.example/jwks"}),
    "x5c beside the jwk": lambda place: place.proof({"x5c": ["MIIB"]}),
    "x5u beside the jwk": lambda place: place.proof({"x5u": "https://other.example/x"}),
    "crit": lambda place: tampered_header(place, crit=["exp"], exp=1),
    "compressed": lambda place: tampered_header(place, zip="DEF"),
    "jwk of another key": lambda place: place.proof({"jwk": other_jwk()}),
    "wrong signature": lambda place: tampered(place.proof()),
    "no signature": lambda place: unsigned(place.proof()),
    "no htm": lambda place: place.proof(htm=None),
    "another htm": lambda place: place.proof(htm="PUT"),
    "htm in small letters": lambda place: place.proof(htm=place.method.lower()),
    "no htu": lambda place: place.proof(htu=None),
    "htu that is no text": lambda place: place.proof(htu=["x"]),
    "htu of another host": lambda place: place.proof(htu="https://other.example" + place.path),
    "htu of another path": lambda place: place.proof(htu=place.server.settings.issuer + "/other"),
    "htu of another scheme": lambda place: place.proof(
        htu=place.holder.claims("GET", place.path)["htu"].replace("http:", "ftp:")
    ),
    "htu with a user": lambda place: place.proof(
        htu=place.holder.claims("GET", place.path)["htu"].replace("://", "://u@")
    ),
    "no jti": lambda place: place.proof(jti=None),
    "empty jti": lambda place: place.proof(jti=""),
    "jti that is no text": lambda place: place.proof(jti=1),
    "jti that is too long": lambda place: place.proof(jti="x" * (LONGEST_JTI + 1)),
    "no iat": lambda place: place.proof(iat=None),
    "iat that is no number": lambda place: place.proof(iat="now"),
    "iat that is a truth": lambda place: place.proof(iat=True),
}
AT_RESOURCES: dict[str, Callable[[Place], str]] = {
    "no ath": lambda place: place.proof(ath=None),
    "ath of another token": lambda place: place.proof(ath=digest("another")),
    "ath in hexadecimal": lambda place: place.proof(ath="00" * 32),
}


def tampered_header(place: Place, **changes: Any) -> str:
    """A good proof whose header was changed afterwards."""
    return f"{segment(place.holder.header(**changes))}.{place.proof().partition('.')[2]}"


@pytest.mark.parametrize("path", PLACES)
async def test_h53_a_proof_that_is_wrong_is_refused(server: Server, admin: Any, path: str) -> None:
    place = await placed(server, path)
    admin.execute("select count(*) from replays")
    before = admin.fetchone()

    for case, make_proof in (WRONG | (AT_RESOURCES if place.token else {})).items():
        reply = await place.ask(make_proof(place))
        assert refused(reply), case
        assert "error_uri" in reply.json, case

    admin.execute("select count(*) from replays")
    assert admin.fetchone() == before
    assert (await place.ask(place.proof())).status == place.good


@pytest.mark.parametrize("path", PLACES)
async def test_two_proofs_are_refused(server: Server, path: str) -> None:
    place = await placed(server, path)

    assert refused(await place.ask(place.proof(), place.proof()))


@pytest.mark.parametrize("path", RESOURCES)
async def test_a_bound_token_without_a_proof_is_refused(server: Server, path: str) -> None:
    place = await placed(server, path)

    assert refused(await place.ask())


@pytest.mark.parametrize("path", RESOURCES)
async def test_a_bound_token_with_a_proof_of_another_key_is_refused(server: Server, path: str) -> None:
    place = await placed(server, path)
    proof = Holder(server).proof(place.method, path, place.token)

    assert refused(await place.ask(proof), "invalid_token")


@pytest.mark.parametrize("path", RESOURCES)
async def test_h53_a_bound_token_is_not_taken_as_a_bearer_token(server: Server, path: str) -> None:
    place = await placed(server, path)

    for headers in ({}, {"DPoP": place.proof()}):
        reply = await server.get(path, headers={"Authorization": f"Bearer {place.token}", **headers})
        assert (reply.status, reply.json["error"]) == (401, "invalid_token")


async def test_a_bound_token_is_not_taken_from_a_form(server: Server) -> None:
    place = await placed(server, "/userinfo")
    proof = place.holder.proof("POST", "/userinfo", place.token)

    reply = await server.post("/userinfo", {"access_token": place.token}, headers={"DPoP": proof})

    assert (reply.status, reply.json["error"]) == (401, "invalid_token")


@pytest.mark.parametrize("path", PLACES)
async def test_h53_a_proof_is_used_once(server: Server, path: str) -> None:
    place = await placed(server, path)
    proof = place.proof()
    assert (await place.ask(proof)).status == place.good

    assert refused(await place.ask(proof))


@pytest.mark.parametrize("path", PLACES)
async def test_h53_a_proof_that_is_sent_to_two_servers_at_once_is_good_once(
    server: Server, configured: Callable[..., Server], path: str
) -> None:
    servers = (server, configured(issuer=server.settings.issuer))
    place = await placed(server, path)
    proof = place.proof()

    asked = [evolve(place, server=each).ask(proof) for each in servers for _ in range(10)]
    replies = await gatherResults([Deferred.fromCoroutine(each) for each in asked])

    assert [reply.status == place.good or refused(reply) for reply in replies] == [True] * 20
    assert sum(reply.status == place.good for reply in replies) == 1


async def test_a_nonce_of_one_server_is_good_at_the_others(server: Server, configured: Callable[..., Server]) -> None:
    other = configured(issuer=server.settings.issuer)

    assert other.application is not server.application
    assert other.nonce == server.nonce


async def test_a_jti_is_used_once_by_a_key_wherever_it_is_sent(server: Server) -> None:
    place = await placed(server, "/resource")
    assert (await place.ask(place.proof(jti="once"))).status == place.good

    assert refused(await server.token(place.app, place.holder.proof(jti="once"), **SELF))
    assert (await server.token(place.app, Holder(server).proof(jti="once"), **SELF)).status == 200


@pytest.mark.parametrize("path", PLACES)
async def test_a_proof_without_a_nonce_of_ours_is_asked_for_one(server: Server, path: str) -> None:
    place = await placed(server, path)

    for nonce in (None, "", "made up", 1, "é"):
        reply = await place.ask(place.proof(nonce=nonce))
        assert refused(reply, "use_dpop_nonce"), nonce
        assert "error_uri" not in reply.json
        assert (await place.ask(place.proof(nonce=reply.header("dpop-nonce")))).status == place.good


async def test_a_nonce_grows_old(server: Server) -> None:
    place = await placed(server, "/token")
    nonce = server.nonce
    server.clock.advance(PERIOD)
    assert (await place.ask(place.proof(nonce=nonce))).status == place.good

    server.clock.advance(PERIOD)

    assert refused(await place.ask(place.proof(nonce=nonce)), "use_dpop_nonce")


async def test_a_clock_that_is_wrong_is_set_right_by_the_nonce(server: Server) -> None:
    """RFC 9449 §4.3, §11.1: the nonce dates the proof, however wrong the clock is."""
    place = await placed(server, "/token")

    for ahead in (-365 * DAY, -7200, 7200, 365 * DAY):
        assert refused(await place.ask(place.proof(iat=now(place) + ahead, nonce=None)), "use_dpop_nonce")
        assert (await place.ask(place.proof(iat=now(place) + ahead))).status == place.good


@pytest.mark.parametrize("dated", [True, False], ids=["by nonce", "by iat"])
async def test_h53_a_proof_counts_once_over_midnight_too(configured: Callable[..., Server], dated: bool) -> None:
    place = await placed(configured(dpop_nonces="offered"), "/token")
    place.server.clock.advance(DAY - now(place) % DAY - 20)
    proof = place.proof() if dated else place.proof(nonce=None)
    assert (await place.ask(proof)).status == place.good

    place.server.clock.advance(30)

    assert "used before" in (await place.ask(proof)).json["error_description"]


async def test_nonces_may_be_offered_alone(configured: Callable[..., Server]) -> None:
    place = await placed(configured(dpop_nonces="offered"), "/token")

    reply = await place.ask(place.proof(nonce=None))

    assert (reply.status, reply.header("dpop-nonce")) == (200, place.server.nonce)
    for ahead in (-WINDOW - 2, SKEW + 2):
        assert refused(await place.ask(place.proof(iat=now(place) + ahead, nonce=None)))
    assert refused(await place.ask(place.proof(nonce="made up")), "use_dpop_nonce")


@pytest.mark.parametrize("path", PLACES)
async def test_an_address_may_be_written_differently(server: Server, path: str) -> None:
    """RFC 9449 §4.3: after normalisation (RFC 3986 §6.2.2, §6.2.3), without query and fragment."""
    place = await placed(server, path)
    htu = place.holder.claims("GET", path)["htu"]
    below = htu.partition("://")[2].partition("/")[2]

    for written in (f"{htu}?more=1", f"{htu}#top", htu.replace("http://", "HTTP://"), htu.replace(below, "./" + below)):
        assert (await place.ask(place.proof(htu=written))).status == place.good


async def test_the_host_that_a_request_names_does_not_count(server: Server) -> None:
    """H8: the address is the issuer's."""
    place = await placed(server, "/token")
    proof = place.proof(htu="https://other.example/token")
    headers = {**place.app.basic, "DPoP": proof, "X-Forwarded-Host": "other.example", "X-Forwarded-Proto": "https"}

    assert refused(await server.post("/token", SELF, headers=headers))


async def test_the_addresses_of_the_toolkit_take_proofs_for_themselves(server: Server) -> None:
    place = await placed(server, "/token")
    path = server.settings.path + "/o/token/" if not server.settings.path.endswith("/o") else "/token/"
    proof = place.holder.proof("POST", path)

    reply = await server.post(path, SELF, headers={**place.app.basic, "DPoP": proof})

    assert reply.status == 200


async def test_whoever_is_not_the_client_spends_no_proof(server: Server, admin: Any) -> None:
    place = await placed(server, "/token")
    proof = place.proof()

    reply = await server.token(App(place.app.client_id, "wrong"), proof, **SELF)

    assert reply.json["error"] == "invalid_client"
    assert (await place.ask(proof)).status == place.good


async def test_a_device_uses_its_proof_up_when_it_gets_tokens(server: Server) -> None:
    asks, holder = await device(server), Holder(server)
    told = {"grant_type": DEVICE, "device_code": asks.told["device_code"]}
    proof = holder.proof()

    waiting = await server.token(asks.app, proof, **told)
    await decide(at_browser(server, await server.person()), asks.code)
    given = await server.token(asks.app, proof, **told)
    other = await allowed(server, await server.person(), asks.app)
    again = await server.token(asks.app, proof, grant_type=DEVICE, device_code=other.told["device_code"])

    assert waiting.json["error"] == "authorization_pending"
    assert given.json["token_type"] == "DPoP"
    assert refused(again)
    assert (await other.poll()).status == 200
