"""Access tokens in the form of JWTs (RFC 9068), for resources that ask for them."""

import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jwt as joserfc_jwt
from joserfc.jwk import KeySet

from iam.records.actor import SERVER
from iam.secrets.signing_keys import ALGORITHMS
from tests.assertions import Signer, form, make, public
from tests.dpop import Holder
from tests.harness import App, Server

API = "https://api.example"


async def jwt_resource(server: Server, uri: str = API, **told: Any) -> None:
    values = {"scopes": (), "token_format": "jwt", "lifetime": 600, "client_id": None, **told}
    assert await server.store.resources.create(uri, now=server.now(), **values, by=SERVER)


async def given(server: Server, app: App, **parameters: str) -> Any:
    return (await server.token(app, grant_type="client_credentials", resource=API, **parameters)).json


def part(token: str, number: int) -> Any:
    text = token.split(".")[number]
    return json.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))


def packed(document: Any) -> str:
    return urlsafe_b64encode(json.dumps(document).encode()).rstrip(b"=").decode()


@pytest.mark.parametrize("alg", ALGORITHMS)
async def test_a_resource_server_verifies_a_token_with_the_key_set_alone(server: Server, alg: str) -> None:
    await jwt_resource(server, signing_alg=alg)
    app = await server.app()

    answer = await given(server, app, scope="read")
    keys = KeySet.import_key_set((await server.get("/jwks")).json)
    found = joserfc_jwt.decode(answer["access_token"], keys, algorithms=[alg])
    claims = found.claims

    assert (found.header["typ"], claims["aud"]) == ("at+jwt", API)
    assert set(claims) == {"iss", "aud", "sub", "client_id", "scope", "iat", "exp", "jti"}
    assert (claims["iss"], claims["aud"], claims["scope"]) == (server.settings.issuer, API, "read")
    assert claims["sub"] == claims["client_id"] == app.client_id
    assert claims["exp"] - claims["iat"] == answer["expires_in"] == 600


@pytest.mark.parametrize(("asked", "used"), [("RS256", "PS256"), ("ES256", "ES256"), ("Ed25519", "Ed25519")])
async def test_a_client_under_fapi_gets_nothing_by_a_weak_algorithm(server: Server, asked: str, used: str) -> None:
    await jwt_resource(server, signing_alg=asked)
    key, holder = make("ES256"), Holder(server)
    app = await server.app(auth_method="private_key_jwt", jwks=public(key), fapi_profile="fapi2")
    assertion = Signer(app.client_id, key, "ES256", server.settings.issuer, server.clock.seconds()).assertion()
    told = {"grant_type": "client_credentials", "resource": API, **form(assertion)}

    reply = await server.post("/token", told, headers={"DPoP": holder.proof()})

    header = jwt.get_unverified_header(reply.json["access_token"])
    assert (header["alg"], part(reply.json["access_token"], 1)["cnf"]) == (used, {"jkt": holder.jkt})


async def test_the_subject_of_a_persons_token_is_the_person(server: Server) -> None:
    await jwt_resource(server)
    app, person = await server.app(), await server.person()

    tokens = await server.tokens(app, person, resource=API)
    fresh = (await server.refresh(app, tokens["refresh_token"])).json

    assert list(tokens) == ["access_token", "expires_in", "token_type", "scope", "refresh_token"]
    assert part(tokens["access_token"], 1)["sub"] == part(fresh["access_token"], 1)["sub"] == str(person.user_id)
    assert part(tokens["access_token"], 1)["jti"] != part(fresh["access_token"], 1)["jti"]


async def test_a_retried_refresh_gives_a_token_with_the_same_name(server: Server) -> None:
    await jwt_resource(server)
    app, person = await server.app(), await server.person()
    tokens = await server.tokens(app, person, resource=API)

    first, second = [(await server.refresh(app, tokens["refresh_token"])).json for _ in range(2)]

    assert first["refresh_token"] == second["refresh_token"]
    assert part(first["access_token"], 1) == part(second["access_token"], 1)


async def test_it_is_introspected_and_revoked_like_any_other(server: Server) -> None:
    await jwt_resource(server, server.own_resource)
    app, person = await server.app(), await server.person()
    token = (await server.tokens(app, person, resource=server.own_resource))["access_token"]

    before = await server.introspect(app, token)
    at_the_resource = await server.get("/resource", headers={"Authorization": f"Bearer {token}"})
    revoked = await server.post("/revoke", {"token": token}, headers=app.basic)
    after = await server.introspect(app, token)

    assert (before["active"], before["aud"], before["username"]) == (True, server.own_resource, person.username)
    assert at_the_resource.status == 200
    assert (revoked.status, after) == (200, {"active": False})


async def test_it_expires_to_the_second(server: Server) -> None:
    await jwt_resource(server, lifetime=60)
    app = await server.app()
    token = (await given(server, app))["access_token"]

    server.clock.advance(59)
    before = await server.introspect(app, token)
    server.clock.advance(1)
    after = await server.introspect(app, token)

    assert (before["active"], after["active"]) == (True, False)


async def test_where_resources_disagree_the_token_is_opaque(server: Server) -> None:
    await jwt_resource(server)
    await jwt_resource(server, "https://other.example", token_format="opaque")
    app = await server.app()
    form = [
        *app.form.items(),
        ("grant_type", "client_credentials"),
        ("resource", API),
        ("resource", "https://other.example"),
    ]

    answer = (await server.post("/token", form)).json

    assert answer["access_token"].startswith("iam_at_")


def other_algorithm(token: str, key: Any) -> str:
    return ".".join((packed({**part(token, 0), "alg": "none"}), token.split(".")[1], ""))


def symmetric(token: str, key: Any) -> str:
    """Row 41: HS256 with our public key as the secret."""
    header = {"alg": "HS256", "typ": "at+jwt", "kid": part(token, 0)["kid"]}
    signed = f"{packed(header)}.{token.split('.')[1]}"
    secret = json.dumps(key).encode()
    mac = hmac.digest(secret, signed.encode(), "sha256")
    return f"{signed}.{urlsafe_b64encode(mac).rstrip(b'=').decode()}"


def own_key(token: str, key: Any) -> str:
    """Row 42: signed well, by the key that its own header brings."""
    pair = ec.generate_private_key(ec.SECP256R1())
    public = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(pair.public_key()))
    return jwt.encode(part(token, 1), pair, "ES256", {"typ": "at+jwt", "jwk": public})


def anothers_kid(token: str, key: Any) -> str:
    pair = ec.generate_private_key(ec.SECP256R1())
    return jwt.encode(part(token, 1), pair, "ES256", {"typ": "at+jwt", "kid": part(token, 0)["kid"]})


def changed(token: str, key: Any) -> str:
    head, _, signature = token.split(".")
    return ".".join((head, packed({**part(token, 1), "scope": "read write admin"}), signature))


def dots(token: str, key: Any) -> str:
    return "." * 60_000


def huge(token: str, key: Any) -> str:
    return ".".join((packed({**part(token, 0), "x": "y" * 9000}), *token.split(".")[1:]))


def its_name(token: str, key: Any) -> str:
    return str(part(token, 1)["jti"])


def nonsense(token: str, key: Any) -> str:
    return "eyJ.eyJ.eyJ"


def nested(token: str, key: Any) -> str:
    return ".".join((urlsafe_b64encode(b"[" * 6000).decode(), *token.split(".")[1:]))


FORGERIES = (other_algorithm, symmetric, own_key, anothers_kid, changed, dots, huge, its_name, nonsense, nested)


@pytest.mark.parametrize("forge", FORGERIES, ids=lambda forge: forge.__name__)
async def test_h28_a_forged_token_is_inactive_and_refused(server: Server, forge: Any) -> None:
    await jwt_resource(server)
    app = await server.app()
    token = (await given(server, app))["access_token"]
    key = next(key for key in (await server.get("/jwks")).json["keys"] if key["kid"] == part(token, 0)["kid"])

    forged = forge(token, key)[:16_000]
    told = await server.introspect(app, forged)
    refused = await server.get("/resource", headers={"Authorization": f"Bearer {forged[:12_000]}"})

    assert told == {"active": False}
    assert refused.status in (400, 401)
    assert (await server.introspect(app, token))["active"]


async def test_a_token_of_another_type_is_no_access_token(server: Server) -> None:
    await jwt_resource(server)
    app = await server.app()
    token = (await given(server, app))["access_token"]

    other = await server.keys.signed("ES256", "JWT", part(token, 1))

    assert await server.introspect(app, other) == {"active": False}
