"""Authorization requests in a JWT that the client has signed (RFC 9101, OpenID Connect Core §6.1)."""

import json
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iam.authorization.objects import ALGORITHMS as SIGNING
from iam.authorization.objects import ObjectParameters, audiences, clean
from iam.clients.encryption import ALGORITHMS, ENCODINGS
from iam.records.actor import SERVER
from tests.assertions import make, public
from tests.harness import REDIRECT_URI, VERIFIER, Reply, Server
from tests.homes import Home
from tests.request_objects import TYPE, Asking, asking, encoded

OTHER_URI = "https://client.example/other"
INVALID = "invalid_request_object"


def refused(reply: Reply, error: str = INVALID) -> bool:
    """Did the client hear of it, at an address that it has registered?"""
    assert reply.location.startswith(REDIRECT_URI + "?"), reply.text
    return reply.status == 302 and reply.sent_back["error"] == error


@pytest.mark.parametrize("alg", SIGNING)
async def test_what_the_client_signed_is_asked_and_answered(server: Server, alg: str) -> None:
    client = await asking(server, alg)

    reply = await client.allowed(client.signed(), redirect_uri=None)

    assert reply.location.startswith(REDIRECT_URI + "?")
    assert reply.sent_back["state"] == "inside"
    assert "code" in reply.sent_back


async def test_the_code_is_redeemed_as_any_other(server: Server) -> None:
    client = await asking(server, scopes=("openid", "read"))
    code = (await client.allowed(client.signed(scope="openid read", nonce="n-1"))).sent_back["code"]

    tokens = (await server.redeem(client.app, code, code_verifier=VERIFIER)).json

    assert tokens["scope"] == "openid read"
    assert "id_token" in tokens


async def test_only_what_is_in_the_request_object_counts(server: Server) -> None:
    client = await asking(server, redirect_uris=(REDIRECT_URI, OTHER_URI))

    reply = await client.allowed(
        client.signed(), redirect_uri=OTHER_URI, state="outside", scope="write", response_mode="fragment"
    )

    assert reply.location.startswith(REDIRECT_URI + "?")
    assert reply.sent_back["state"] == "inside"


async def test_a_redirect_uri_outside_that_nobody_registered_does_not_matter_beside_a_good_one_inside(
    server: Server,
) -> None:
    client = await asking(server)

    reply = await client.allowed(client.signed(), redirect_uri="https://evil.example/")

    assert reply.location.startswith(REDIRECT_URI + "?")


async def test_what_is_missing_in_the_request_object_is_missing(server: Server) -> None:
    client = await asking(server, auth_method="none")

    reply = await client.sent(
        client.signed(code_challenge=None, code_challenge_method=None),
        code_challenge="a" * 43,
        code_challenge_method="S256",
    )

    assert refused(reply, "invalid_request")


async def test_numbers_and_objects_are_taken_as_a_query_would_have_them(server: Server) -> None:
    client = await asking(server, scopes=("openid", "read"))

    reply = await client.allowed(
        client.signed(scope="openid", max_age=100, claims={"id_token": {"email": None}}, prompt=None)
    )

    assert "code" in reply.sent_back


def test_json_is_written_as_text() -> None:
    parameters = ObjectParameters(
        {"max_age": 5, "claims": {"a": [1]}, "state": "", "nonce": None, "resource": ["https://a", "https://b"]}
    )

    assert parameters.get("max_age") == "5"
    assert json.loads(parameters.get("claims") or "") == {"a": [1]}
    assert "state" not in parameters
    assert parameters.get("nonce") is None
    assert parameters.all("resource") == ["https://a", "https://b"]


@pytest.mark.parametrize("typ", [None, "JWT", "jwt", TYPE, TYPE.upper()])
async def test_a_type_is_not_needed_but_another_one_is_refused(server: Server, typ: str | None) -> None:
    client = await asking(server)

    good = await client.sent(client.signed({"typ": typ}))
    bad = await client.sent(client.signed({"typ": "at+jwt"}))

    assert good.status == 200
    assert refused(bad)


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": None},
        {"iss": "somebody else"},
        {"iss": ["x"]},
        {"aud": None},
        {"aud": "https://elsewhere.example"},
        {"aud": []},
        {"aud": {"a": 1}},
        {"aud": [1]},
        {"client_id": "somebody else"},
        {"response_type": "token"},
        {"request": "a.b.c"},
        {"request_uri": "https://client.example/request"},
        {"exp": 1},
        {"exp": "soon"},
        {"exp": True},
        {"exp": 10**12},
        {"nbf": 10**12},
        {"iat": 10**12},
        {"state": "a\0b"},
        {"state": "\ud800"},
        {"login_hint": ["x\0"]},
    ],
    ids=str,
)
async def test_a_request_that_is_not_in_order_is_refused(server: Server, claims: dict[str, Any]) -> None:
    client = await asking(server)

    assert refused(await client.sent(client.signed(**claims)))


async def test_an_assertion_cannot_pass_for_a_request_nor_a_request_for_an_assertion(server: Server) -> None:
    client = await asking(server)

    assert refused(await client.sent(client.signed(sub=client.app.client_id)))


async def test_the_issuer_may_be_one_of_several_audiences(server: Server) -> None:
    client = await asking(server)

    reply = await client.sent(client.signed(aud=["https://elsewhere.example", server.settings.issuer]))

    assert reply.status == 200


@pytest.mark.parametrize("missing", ["exp", "iat", "client_id"])
async def test_what_a_request_object_need_not_have(server: Server, missing: str) -> None:
    client = await asking(server)

    assert (await client.sent(client.signed(**{missing: None}))).status == 200


async def test_a_request_object_may_be_used_again_while_it_is_good(server: Server) -> None:
    """A browser comes back to it after the login, and again after consent."""
    client = await asking(server)
    text = client.signed(jti="one")

    replies = [await client.allowed(text), await client.sent(text)]

    assert "code" in replies[0].sent_back
    assert "code" in replies[1].sent_back


async def test_a_person_may_take_longer_than_the_request_lasts(server: Server) -> None:
    client = await asking(server)
    text = client.signed(exp=int(server.clock.seconds()) + 30)
    page = await client.sent(text)
    server.clock.advance(300)

    reply = await client.decided(page)

    assert "code" in reply.sent_back


async def test_a_request_that_came_long_ago_has_expired(server: Server) -> None:
    client = await asking(server)
    text = client.signed(exp=int(server.clock.seconds()) + 30)
    await client.sent(text)
    server.clock.advance(1201)

    assert refused(await client.sent(text))


async def test_an_expired_request_that_never_came_before_is_refused_each_time(server: Server) -> None:
    client = await asking(server)
    text = client.signed(exp=int(server.clock.seconds()) + 30)
    server.clock.advance(31)

    replies = [await client.sent(text), await client.sent(text)]

    assert all(refused(reply) for reply in replies)


async def test_a_registered_algorithm_is_the_only_one(server: Server) -> None:
    key, other = make("RS256"), make("ES256")
    client = await asking(server, "RS256", jwks=public(key, other), openid={"request_object_signing_alg": "RS256"})
    client = Asking(server, client.app, client.person, key, "RS256")

    good = await client.sent(client.signed())
    bad = await client.sent(Asking(server, client.app, client.person, other, "ES256").signed())
    padded = await client.sent(Asking(server, client.app, client.person, key, "PS256").signed())

    assert good.status == 200
    assert refused(bad)
    assert refused(padded)


async def test_a_client_may_be_held_to_request_objects(server: Server) -> None:
    client = await asking(server, openid={"require_signed_request_object": True})

    plain = await server.authorize(client.app, client.person)
    signed = await client.sent(client.signed())

    assert plain.sent_back["error"] == "invalid_request"
    assert "signed request object" in plain.sent_back["error_description"]
    assert signed.status == 200


async def test_an_unsigned_request_is_refused(server: Server) -> None:
    client = await asking(server)
    _, payload, _ = client.signed().split(".")

    reply = await client.sent(f"{encoded({'alg': 'none'})}.{payload}.")

    assert refused(reply)


@pytest.mark.parametrize("enc", ENCODINGS)
@pytest.mark.parametrize("alg", ALGORITHMS)
async def test_a_signed_request_may_be_encrypted_to_us(server: Server, alg: str, enc: str) -> None:
    client = await asking(server)

    reply = await client.sent(await client.encrypted(client.signed(), alg, enc))

    assert reply.status == 200


async def test_an_encrypted_request_need_not_name_the_key(server: Server) -> None:
    client = await asking(server)

    reply = await client.sent(await client.encrypted(client.signed(), "ECDH-ES", "A128GCM", kid=None))

    assert reply.status == 200


async def test_a_request_encrypted_to_a_key_of_an_hour_ago_is_read(server: Server) -> None:
    client = await asking(server)
    text = await client.encrypted(client.signed(), "RSA-OAEP-256", "A256GCM")
    await server.keys.rotate("RSA-OAEP", at_once=True, by=SERVER)

    shown = [key for key in (await server.get("/jwks")).json["keys"] if key["use"] == "enc" and key["kty"] == "RSA"]

    assert (await client.sent(text)).status == 200
    assert len(shown) == 1


async def test_an_encrypted_request_must_be_signed_inside(server: Server) -> None:
    client = await asking(server)

    reply = await client.sent(await client.encrypted(json.dumps(client.claims()), "ECDH-ES", "A128GCM"))

    assert refused(reply)


async def test_keys_at_an_address_are_fetched(server: Server, home: Home) -> None:
    key = make("ES256")
    home.document = public(key)
    app = await server.app(jwks_uri=home.uri)
    client = Asking(server, app, await server.person(), key)

    assert (await client.sent(client.signed())).status == 200


async def test_keys_out_of_reach_are_told_to_the_client(server: Server, home: Home) -> None:
    home.status = 500
    client = Asking(server, await server.app(jwks_uri=home.uri), await server.person(), make("ES256"))

    assert refused(await client.sent(client.signed(), redirect_uri=REDIRECT_URI))


@pytest.mark.parametrize("outside", ["https://evil.example/", "javascript:alert(1)", REDIRECT_URI + "/../x"])
async def test_nobody_is_redirected_to_an_address_that_is_not_registered(server: Server, outside: str) -> None:
    client = await asking(server)
    forged = client.signed(redirect_uri=outside)[:-4] + "AAAA"

    replies = [
        await client.sent(forged, redirect_uri=outside),
        await client.sent(client.signed(redirect_uri=outside)),
        await client.sent(client.signed(redirect_uri=outside, exp=1)),
        await client.sent("a.b.c", redirect_uri=outside),
    ]

    assert [(reply.status, reply.location) for reply in replies] == [(400, "")] * 4


async def test_a_forged_request_is_answered_at_the_registered_address_outside(server: Server) -> None:
    client = await asking(server, redirect_uris=(REDIRECT_URI, OTHER_URI))
    forged = client.signed(redirect_uri=OTHER_URI)[:-4] + "AAAA"

    told = await client.sent(forged, redirect_uri=REDIRECT_URI, state="outside")
    nowhere = await client.sent(forged)

    assert refused(told)
    assert told.sent_back["state"] == "outside"
    assert (nowhere.status, nowhere.location) == (400, "")


async def test_what_is_wrong_with_a_signed_request_is_told_at_its_own_address(server: Server) -> None:
    client = await asking(server, redirect_uris=(REDIRECT_URI, OTHER_URI))

    reply = await client.sent(client.signed(aud="https://elsewhere.example"), redirect_uri=OTHER_URI)

    assert refused(reply)
    assert reply.sent_back["state"] == "inside"


async def test_an_unknown_client_is_an_error_page(server: Server) -> None:
    client = await asking(server)

    reply = await client.sent(client.signed(), client_id="nobody", redirect_uri=REDIRECT_URI)

    assert (reply.status, reply.location) == (400, "")


async def test_another_clients_request_is_refused(server: Server) -> None:
    client, other = await asking(server), await asking(server)

    reply = await client.sent(other.signed(), redirect_uri=REDIRECT_URI)

    assert refused(reply)


async def test_a_request_and_an_address_of_one_are_not_taken_together(server: Server) -> None:
    client = await asking(server)

    reply = await client.sent(client.signed(), redirect_uri=REDIRECT_URI, request_uri="https://client.example/r")

    assert refused(reply, "invalid_request")


async def test_an_address_of_a_request_is_refused_where_none_is_registered(server: Server) -> None:
    client = await asking(server)

    reply = await server.authorize(client.app, client.person, request_uri="https://client.example/r")

    assert reply.sent_back["error"] == "invalid_request_uri"


async def test_who_is_not_logged_in_comes_back_with_the_request(server: Server) -> None:
    client = await asking(server)
    text = client.signed()

    reply = await server.get(client.address(text))

    assert reply.status == 303
    assert quote(text, safe="") in reply.location


async def test_the_owner_can_read_why_a_request_object_was_refused(server: Server) -> None:
    await server.store.refusals.flush()  # so that none of other tests are in the way
    client = await asking(server)

    reply = await client.sent(client.signed(exp=1))

    await server.store.refusals.flush()
    trace = await server.store.refusals.find(reply.sent_back["error_uri"].rpartition("/")[2], server.now())
    assert trace is not None
    assert (trace.error, trace.failed, trace.client_id) == (INVALID, "request object", client.app.client_id)
    assert "expired" in trace.got


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(), children, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(), json_values))
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_any_claims_are_read_as_text(claims: dict[str, Any]) -> None:
    parameters = ObjectParameters(claims)

    values = [value for name in claims for value in parameters.all(name)]

    assert all(isinstance(value, str) for value in values)
    assert all(clean(value) in (True, False) for value in values)


@given(json_values)
def test_any_audience_is_judged(audience: Any) -> None:
    named = audiences(audience)

    assert all(isinstance(each, str) for each in named)


async def test_a_client_may_send_it_by_post(server: Server) -> None:
    client = await asking(server)
    form = {"client_id": client.app.client_id, "response_type": "code", "request": client.signed()}

    sent = await server.post("/authorize", form, headers={**client.person.headers, "Origin": "https://client.example"})
    page = await server.get(sent.location, headers=client.person.headers)

    assert sent.status == 303
    assert "code" in (await client.decided(page)).sent_back
