"""Clients that prove themselves by a JWT (RFC 7523, OpenID Connect Core §9; H28)."""

import hmac
import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable
from typing import Any

import pytest
from attrs import evolve
from joserfc.jwk import OctKey
from twisted.internet.defer import Deferred, gatherResults

from iam.clients.assertions import TYPE
from iam.clients.key_sets import ALGORITHMS
from iam.secrets import minted
from iam.secrets.minted import Kind
from tests.assertions import GRANT, Signer, asserted, form, make, public, sharing
from tests.harness import REDIRECT_URI, VERIFIER, App, Reply, Server


async def token(server: Server, assertion: str, **more: str) -> Reply:
    return await server.post("/token", form(assertion, **GRANT, **more))


def refusal(reply: Reply) -> tuple[int, str]:
    return reply.status, reply.json.get("error", "")


def told(reply: Reply) -> dict[str, str]:
    """What an error says, but for where its reason can be read."""
    return {name: value for name, value in reply.json.items() if name != "error_uri"}


REFUSED = (401, "invalid_client")


# What is good


@pytest.mark.parametrize("alg", ALGORITHMS)
async def test_a_client_signs_with_its_private_key(server: Server, alg: str) -> None:
    signer = await asserted(server, alg)

    reply = await token(server, signer.assertion())

    assert reply.status == 200
    assert (await server.introspect(await server.app(introspect_any=True), reply.json["access_token"]))[
        "client_id"
    ] == signer.client_id


@pytest.mark.parametrize("alg", ["HS256", "HS384", "HS512"])
async def test_a_client_signs_with_its_secret(server: Server, alg: str) -> None:
    _, signer = await sharing(server, alg)

    assert (await token(server, signer.assertion())).status == 200


async def test_the_client_id_may_stand_beside_the_assertion(server: Server) -> None:
    signer = await asserted(server)

    assert (await token(server, signer.assertion(), client_id=signer.client_id)).status == 200


async def test_a_code_is_redeemed_with_an_assertion(server: Server) -> None:
    signer, person = await asserted(server), await server.person()
    code = await server.code(App(signer.client_id, None), person)

    reply = await server.post(
        "/token",
        form(
            signer.assertion(),
            grant_type="authorization_code",
            code=code,
            redirect_uri=REDIRECT_URI,
            code_verifier=VERIFIER,
        ),
    )

    assert reply.status == 200


async def test_introspection_and_revocation_take_assertions_too(server: Server) -> None:
    signer = await asserted(server)
    given = (await token(server, signer.assertion())).json["access_token"]

    introspected = await server.post("/introspect", form(signer.assertion(), token=given))
    revoked = await server.post("/revoke", form(signer.assertion(), token=given))
    after = await server.post("/introspect", form(signer.assertion(), token=given))

    assert introspected.json["active"] is True
    assert revoked.status == 200
    assert after.json == {"active": False}


@pytest.mark.parametrize("path", ["", "/token"])
@pytest.mark.parametrize("wrap", [str, lambda text: [text]], ids=["text", "array"])
async def test_the_audience_is_the_issuer_or_the_token_endpoint(
    server: Server, path: str, wrap: Callable[[str], Any]
) -> None:
    signer = await asserted(server)

    assert (await token(server, signer.assertion(aud=wrap(server.settings.issuer + path)))).status == 200


@pytest.mark.parametrize("typ", [None, "JWT", "jwt", "client-authentication+jwt"])
async def test_the_types_of_client_assertions_are_taken(server: Server, typ: str | None) -> None:
    signer = await asserted(server)

    assert (await token(server, signer.assertion({"typ": typ}))).status == 200


async def test_a_header_that_means_nothing_here_is_ignored(server: Server) -> None:
    signer = await asserted(server)

    assert (await token(server, signer.assertion({"x5t": "abc", "own": 1}))).status == 200


async def test_clocks_may_differ_by_eight_seconds(server: Server) -> None:
    signer = await asserted(server)
    ahead = int(time.time()) + 6

    reply = await token(server, signer.assertion(iat=ahead, nbf=ahead, exp=ahead + 300))

    assert reply.status == 200


# Row 11: once


async def test_an_assertion_is_good_once(server: Server) -> None:
    signer = await asserted(server)
    assertion = signer.assertion()

    first, second = await token(server, assertion), await token(server, assertion)

    assert first.status == 200
    assert refusal(second) == REFUSED
    assert "another jti" in second.json["error_description"]


async def test_an_assertion_that_was_used_at_one_endpoint_is_used_at_the_others(server: Server) -> None:
    signer = await asserted(server)
    assertion = signer.assertion()
    await token(server, assertion)

    replies = [await server.post(path, form(assertion, token="x")) for path in ("/introspect", "/revoke")]

    assert [refusal(reply) for reply in replies] == [REFUSED, REFUSED]


async def test_of_many_uses_at_once_one_succeeds(server: Server) -> None:
    signer = await asserted(server)
    assertion = signer.assertion()

    replies = await gatherResults([Deferred.fromCoroutine(token(server, assertion)) for _ in range(20)])

    assert sorted(reply.status for reply in replies) == [200, *[401] * 19]


async def test_the_same_jti_of_two_clients_is_two_things(server: Server) -> None:
    signers = [await asserted(server), await asserted(server)]

    replies = [await token(server, signer.assertion(jti="the-same")) for signer in signers]

    assert [reply.status for reply in replies] == [200, 200]


async def test_who_cannot_sign_cannot_use_up_a_jti(server: Server) -> None:
    signer = await asserted(server)
    forger = evolve(signer, key=make("ES256"))

    forged = await token(server, forger.assertion(jti="one"))
    good = await token(server, signer.assertion(jti="one"))

    assert (forged.status, good.status) == (401, 200)


async def test_an_assertion_with_a_wrong_claim_is_not_used_up_in_the_table(server: Server, admin: Any) -> None:
    signer = await asserted(server)
    admin.execute("delete from replays")

    await token(server, signer.assertion(aud="https://elsewhere.example"))

    admin.execute("select count(*) from replays")
    assert admin.fetchone() == (0,)


# What the claims say (H28)


def ahead(seconds: int) -> Callable[[], int]:
    """A moment that lies ahead when the test runs."""
    return lambda: int(time.time()) + seconds


@pytest.mark.parametrize(
    ("claims", "words"),
    [
        ({"iss": "another"}, "iss and sub"),
        ({"iss": None}, "iss and sub"),
        ({"aud": None}, "aud must be one value"),
        ({"aud": "https://elsewhere.example"}, "aud must be one value"),
        ({"aud": []}, "aud must be one value"),
        ({"aud": {"a": 1}}, "aud must be one value"),
        ({"exp": None}, "must have an exp"),
        ({"exp": 1}, "has expired"),
        ({"exp": ahead(3620)}, "at most 300 seconds"),
        ({"exp": ahead(3600), "iat": None}, "at most 300 seconds"),
        ({"exp": ahead(3600), "iat": ahead(-320)}, "at most 300 seconds"),
        ({"exp": 1e300}, "at most 300 seconds"),
        ({"exp": lambda: str(ahead(60)())}, "numbers"),
        ({"exp": True}, "numbers"),
        ({"nbf": ahead(60)}, "not valid yet"),
        ({"iat": ahead(60)}, "not valid yet"),
        ({"iat": "now"}, "numbers"),
        ({"jti": None}, "must have a jti"),
        ({"jti": ""}, "must have a jti"),
        ({"jti": 7}, "must have a jti"),
    ],
)
async def test_h28_a_signed_assertion_with_wrong_claims_is_refused_with_a_reason(
    server: Server, claims: dict[str, Any], words: str
) -> None:
    signer = await asserted(server)

    made = {name: value() if callable(value) else value for name, value in claims.items()}

    reply = await token(server, signer.assertion(**made))

    assert refusal(reply) == REFUSED
    assert words in reply.json["error_description"]


async def test_h28_two_audiences_are_refused_even_if_one_is_ours(server: Server) -> None:
    signer = await asserted(server)
    issuer = server.settings.issuer

    replies = [
        await token(server, signer.assertion(aud=audience))
        for audience in ([issuer, "https://elsewhere.example"], [issuer, issuer], [[issuer]])
    ]

    assert [refusal(reply) for reply in replies] == [REFUSED] * 3


@pytest.mark.parametrize("ending", ["/", "/introspect", "/token/", "/o/token/", "?x"])
async def test_h28_the_audience_is_exact(server: Server, ending: str) -> None:
    signer = await asserted(server)

    assert refusal(await token(server, signer.assertion(aud=server.settings.issuer + ending))) == REFUSED


@pytest.mark.parametrize("exp", ["NaN", "Infinity", "-Infinity", "9" * 4000])
async def test_h28_numbers_that_are_none_are_refused(server: Server, exp: str) -> None:
    signer = await asserted(server)
    payload = json.dumps(signer.claims(exp="EXP")).replace('"EXP"', exp)

    assert refusal(await token(server, signer.sign(payload))) == REFUSED


@pytest.mark.parametrize("jti", ["\ud800", "\0", "é" * 100, "'; drop table replays; --"])
async def test_a_jti_is_any_text(server: Server, jti: str) -> None:
    signer = await asserted(server)

    replies = [await token(server, signer.assertion(jti=jti + str(time.time()))) for _ in range(2)]

    assert [reply.status for reply in replies] == [200, 200]


@pytest.mark.parametrize("payload", ["[]", "7", "null", "{", "", '{"sub": 7}', "[" * 3000])
async def test_h28_a_payload_that_is_no_object_with_the_client_in_it_is_refused(server: Server, payload: str) -> None:
    signer = await asserted(server)

    assert refusal(await token(server, signer.sign(payload))) == REFUSED


@pytest.mark.parametrize("subject", ["\ud800", "a\0b", "", "no such client", "x" * 5000])
async def test_a_subject_that_is_no_client_is_refused(server: Server, subject: str) -> None:
    signer = await asserted(server)

    assert refusal(await token(server, signer.assertion(sub=subject, iss=subject))) == REFUSED


# Who signed, and how (H28)


async def test_an_assertion_by_another_key_is_refused(server: Server) -> None:
    signer = await asserted(server)
    forger = evolve(signer, key=make("ES256"))

    reply = await token(server, forger.assertion())

    assert refusal(reply) == REFUSED
    assert reply.json["error_description"] == "Client authentication failed."


async def test_an_assertion_of_another_client_does_not_prove_this_one(server: Server) -> None:
    signer, other = await asserted(server), await asserted(server)

    by_form = await token(server, other.assertion(), client_id=signer.client_id)
    by_claims = await token(server, other.assertion(sub=signer.client_id, iss=signer.client_id))

    assert (refusal(by_form), refusal(by_claims)) == (REFUSED, REFUSED)


@pytest.mark.parametrize("alg", ["none", "None", "NONE"])
async def test_h28_an_unsigned_assertion_is_refused(server: Server, alg: str) -> None:
    signer = await asserted(server)
    head = urlsafe_b64encode(json.dumps(signer.header(alg=alg)).encode()).rstrip(b"=").decode()
    body = urlsafe_b64encode(json.dumps(signer.claims()).encode()).rstrip(b"=").decode()

    replies = [await token(server, f"{head}.{body}.{signature}") for signature in ("", "AA")]

    assert [refusal(reply) for reply in replies] == [REFUSED, REFUSED]


@pytest.mark.parametrize("encoding", ["pem", "json", "der"])
async def test_an_assertion_with_a_mac_by_the_public_key_is_refused(server: Server, encoding: str) -> None:
    signer = await asserted(server, "RS256")
    texts = {
        "pem": lambda: signer.key.as_pem(private=False),
        "json": lambda: json.dumps(signer.key.as_dict(private=False)).encode(),
        "der": lambda: signer.key.as_der(private=False),
    }
    parts = [json.dumps(signer.header(alg="HS256")).encode(), json.dumps(signer.claims()).encode()]
    signed = b".".join(urlsafe_b64encode(part).rstrip(b"=") for part in parts)
    mac = urlsafe_b64encode(hmac.digest(texts[encoding](), signed, "sha256")).rstrip(b"=")

    assert refusal(await token(server, (signed + b"." + mac).decode())) == REFUSED


async def test_a_client_that_signs_with_its_secret_cannot_sign_with_a_key_set(server: Server) -> None:
    key = make("ES256")
    app = await server.app(auth_method="client_secret_jwt", jwks=public(key))
    signer = Signer(app.client_id, key, "ES256", server.settings.issuer)

    assert refusal(await token(server, signer.assertion())) == REFUSED


async def test_h28_the_algorithm_in_our_record_is_the_only_one(server: Server) -> None:
    key = make("RS256")
    app = await server.app(auth_method="private_key_jwt", jwks=public(key), token_endpoint_auth_signing_alg="PS256")
    signer = Signer(app.client_id, key, "PS256", server.settings.issuer)

    good = await token(server, signer.assertion())
    other = await token(server, evolve(signer, alg="RS256").assertion())

    assert good.status == 200
    assert refusal(other) == REFUSED


async def test_h28_an_algorithm_that_nobody_may_use_is_refused(server: Server) -> None:
    signer = evolve(await asserted(server, "RS256"), alg="RS384")

    assert refusal(await token(server, signer.assertion())) == REFUSED


async def test_a_key_that_says_its_algorithm_is_used_with_no_other(server: Server) -> None:
    key = make("RS256")
    jwks = {"keys": [{**key.as_dict(private=False), "alg": "PS256"}]}
    app = await server.app(auth_method="private_key_jwt", jwks=jwks)

    reply = await token(server, Signer(app.client_id, key, "RS256", server.settings.issuer).assertion())

    assert refusal(reply) == REFUSED


@pytest.mark.parametrize(
    "header",
    [
        {"jku": "http://127.0.0.1:1/jwks"},
        {"x5u": "http://127.0.0.1:1/cert"},
        {"x5c": ["MII"]},
        {"crit": ["exp"], "exp": 1},
        {"b64": True},
        {"typ": "at+jwt"},
        {"typ": "dpop+jwt"},
        {"typ": ["JWT"]},
        {"typ": {}},
        {"alg": ["ES256"]},
        {"alg": None},
        {"alg": {}},
    ],
)
async def test_a_header_that_is_not_for_us_to_follow_is_refused(server: Server, header: dict[str, Any]) -> None:
    signer = await asserted(server)
    _, body, signature = signer.assertion().split(".")
    changed = urlsafe_b64encode(json.dumps(signer.header(**header)).encode()).rstrip(b"=").decode()

    assert refusal(await token(server, f"{changed}.{body}.{signature}")) == REFUSED


async def test_a_key_in_the_header_is_refused(server: Server) -> None:
    signer = await asserted(server)
    forger = evolve(signer, key=make("ES256"))

    reply = await token(server, forger.assertion({"jwk": forger.key.as_dict(private=False)}))

    assert refusal(reply) == REFUSED


@pytest.mark.parametrize(
    "text",
    ["." * 8000, ".." + "A" * 9000, "a.b.c", "eyJ", "e30.e30.", "....", "\u00e9.\u00e9.\u00e9", "e30.e30.e30.e30.e30"],
)
async def test_what_is_no_jwt_is_refused(server: Server, text: str) -> None:
    reply = await token(server, text)

    assert refusal(reply) == REFUSED


@pytest.mark.parametrize("text", ["." * 60_000, "A" * 60_000, "e30." + "A" * 60_000 + ".AA"])
async def test_what_is_far_too_long_is_not_even_looked_at(server: Server, text: str) -> None:
    assert refusal(await token(server, text)) == (400, "invalid_request")


async def test_h28_an_assertion_beyond_8_kilobytes_is_refused_though_it_is_good(server: Server) -> None:
    signer = await asserted(server)

    assert refusal(await token(server, signer.assertion(filler="x" * 8192))) == REFUSED


# Row 44: exactly the method that the client is registered for


async def test_a_client_that_signs_cannot_send_a_secret(server: Server) -> None:
    app, _ = await sharing(server)
    signer = await asserted(server)
    chosen = App(signer.client_id, minted.mint(Kind.CLIENT_SECRET))

    replies = [
        reply
        for client in (app, chosen)
        for reply in (
            await server.post("/token", GRANT, headers=client.basic),
            await server.post("/token", {**GRANT, **client.form}),
            await server.post("/token", {**GRANT, "client_id": client.client_id}),
        )
    ]

    assert [refusal(reply) for reply in replies] == [REFUSED] * 6


async def test_a_fake_assertion_proves_nothing(server: Server) -> None:
    signer = await asserted(server)

    replies = [
        await server.post("/token", form(text, client_id=signer.client_id, **GRANT)) for text in ("fake", "e30.e30.AA")
    ]

    assert [refusal(reply) for reply in replies] == [REFUSED, REFUSED]


@pytest.mark.parametrize("auth_method", ["client_secret_basic", "client_secret_post", "none"])
async def test_a_client_of_another_method_cannot_sign(server: Server, auth_method: str) -> None:
    key = make("ES256")
    grant_types = ("authorization_code",) if auth_method == "none" else ("client_credentials",)
    app = await server.app(auth_method=auth_method, jwks=public(key), grant_types=grant_types)
    signers = [Signer(app.client_id, key, "ES256", server.settings.issuer)]
    if app.secret:
        signers.append(Signer(app.client_id, OctKey.import_key(app.secret), "HS256", server.settings.issuer))

    replies = [await token(server, signer.assertion()) for signer in signers]

    assert {refusal(reply) for reply in replies} == {REFUSED}


async def test_two_ways_at_once_are_an_invalid_request(server: Server) -> None:
    app, signer = await sharing(server)

    replies = [
        await server.post("/token", form(signer.assertion(), **GRANT), headers=app.basic),
        await server.post("/token", {**form(signer.assertion(), **GRANT), **app.form}),
        await server.post("/token", {**GRANT, **app.form}, headers=app.basic),
    ]

    assert [refusal(reply) for reply in replies] == [(400, "invalid_request")] * 3


@pytest.mark.parametrize("missing", ["client_assertion", "client_assertion_type"])
async def test_half_an_assertion_is_an_invalid_request(server: Server, missing: str) -> None:
    signer = await asserted(server)
    sent = form(signer.assertion(), **GRANT)

    reply = await server.post("/token", {name: value for name, value in sent.items() if name != missing})

    assert refusal(reply) == (400, "invalid_request")


async def test_another_type_of_assertion_is_refused(server: Server) -> None:
    signer = await asserted(server)
    other = TYPE.replace("jwt-bearer", "saml2-bearer")

    reply = await server.post("/token", {**form(signer.assertion(), **GRANT), "client_assertion_type": other})

    assert refusal(reply) == REFUSED


async def test_a_disabled_client_cannot_sign(server: Server, admin: Any) -> None:
    signer = await asserted(server)
    admin.execute("update clients set disabled_at = now() where id = %s", (signer.client_id,))
    server.store.clients.forget()

    assert refusal(await token(server, signer.assertion())) == REFUSED


async def test_an_unknown_client_and_a_wrong_signature_look_the_same(server: Server) -> None:
    signer = await asserted(server)
    key = make("ES256")

    wrong = await token(server, evolve(signer, key=key).assertion())
    unknown = await token(server, Signer("nobody", key, "ES256", server.settings.issuer).assertion())

    assert (wrong.status, told(wrong)) == (unknown.status, told(unknown))


# Several keys


async def test_any_of_several_keys_may_sign(server: Server) -> None:
    keys = [make("RS256"), make("ES256"), make("EdDSA")]
    app = await server.app(auth_method="private_key_jwt", jwks=public(*keys))
    signers = [
        Signer(app.client_id, key, alg, server.settings.issuer)
        for key, alg in zip(keys, ("RS256", "ES256", "EdDSA"), strict=True)
    ]

    replies = [await token(server, signer.assertion()) for signer in signers]

    assert [reply.status for reply in replies] == [200, 200, 200]


async def test_keys_without_kid_are_all_tried(server: Server) -> None:
    keys = [make("ES256"), make("ES256")]
    named = public(*keys)["keys"]
    jwks = {"keys": [{name: value for name, value in key.items() if name != "kid"} for key in named]}
    app = await server.app(auth_method="private_key_jwt", jwks=jwks)
    signer = Signer(app.client_id, keys[1], "ES256", server.settings.issuer)

    replies = [await token(server, signer.assertion({"kid": kid})) for kid in (None, "whatever")]

    assert [reply.status for reply in replies] == [200, 200]


async def test_a_kid_that_names_another_key_is_believed_and_fails(server: Server) -> None:
    keys = [make("ES256"), make("ES256")]
    jwks = public(*keys)
    jwks["keys"][0]["kid"] = "first"
    app = await server.app(auth_method="private_key_jwt", jwks=jwks)
    signer = Signer(app.client_id, keys[1], "ES256", server.settings.issuer)

    assert refusal(await token(server, signer.assertion({"kid": "first"}))) == REFUSED


# Secrets to sign with


async def test_h25_the_secret_that_a_client_signs_with_is_nowhere_in_the_database(server: Server, admin: Any) -> None:
    app, signer = await sharing(server)
    await token(server, signer.assertion())
    secret = str(app.secret).encode()

    admin.execute("select table_name from information_schema.tables where table_schema = current_schema()")
    rows = []
    for (table,) in admin.fetchall():
        admin.execute(f"select t::text from {table} t")
        rows += [text for (text,) in admin.fetchall()]

    everything = "\n".join(rows)
    for form_ in (secret, secret.hex().encode(), urlsafe_b64encode(secret)[:40]):
        assert form_.decode() not in everything
    admin.execute("select sealed from client_secrets where client_id = %s", (app.client_id,))
    assert len(bytes(admin.fetchone()[0])) == 12 + len(secret) + 16


async def test_h25_an_encrypted_secret_is_good_in_its_own_row_only(server: Server, admin: Any) -> None:
    app, signer = await sharing(server)
    other, _ = await sharing(server)
    admin.execute(
        "update client_secrets set sealed = (select sealed from client_secrets where client_id = %s) where client_id = %s",
        (app.client_id, other.client_id),
    )
    server.store.clients.forget()
    thief = evolve(signer, client_id=other.client_id)

    assert refusal(await token(server, thief.assertion())) == REFUSED


# What the application's owner can read of it


@pytest.mark.parametrize(
    ("claims", "header", "words"),
    [
        ({"aud": "https://elsewhere.example"}, {}, "aud must be one value"),
        ({}, {"alg": "HS256"}, "signed with HS256"),
    ],
)
async def test_the_owner_can_read_why_an_assertion_was_refused(
    server: Server, claims: dict[str, Any], header: dict[str, Any], words: str
) -> None:
    await server.store.refusals.flush()  # so that none of other tests are in the way
    signer = await asserted(server)
    head, body, signature = signer.assertion(**claims).split(".")
    if header:
        head = urlsafe_b64encode(json.dumps(signer.header(**header)).encode()).rstrip(b"=").decode()

    reply = await token(server, f"{head}.{body}.{signature}")

    await server.store.refusals.flush()
    trace = await server.store.refusals.find(reply.json["error_uri"].rpartition("/")[2], server.now())
    assert trace is not None
    assert (trace.failed, trace.client_id) == ("client assertion", signer.client_id)
    assert words in trace.got


async def test_an_assertion_that_lasts_an_hour_is_good_for_five_minutes(server: Server) -> None:
    signer = await asserted(server)
    assertions = [signer.assertion(exp=int(time.time()) + 3600) for _ in range(2)]

    at_once = await token(server, assertions[0])
    server.clock.advance(310)
    later = await token(server, assertions[1])

    assert at_once.status == 200
    assert refusal(later) == REFUSED
