"""Log in with iam: ID tokens and UserInfo, from end to end (OpenID Connect Core)."""

import hashlib
from base64 import urlsafe_b64encode
from typing import Any
from urllib.parse import urlencode

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from iam.records.actor import SERVER
from tests.harness import App, Person, Server

SCOPES = ("openid", "profile", "email", "address", "phone", "offline_access", "read", "write")
HASHES = {
    "RS256": hashlib.sha256,
    "PS256": hashlib.sha256,
    "ES256": hashlib.sha256,
    "EdDSA": hashlib.sha512,
    "Ed25519": hashlib.sha512,
}


async def verified(server: Server, token: str) -> jwt.Token:
    """The token, verified as a relying party would."""
    keys = KeySet.import_key_set((await server.get("/jwks")).json)
    return jwt.decode(token, keys, algorithms=list(HASHES))


async def userinfo(server: Server, access_token: str) -> Any:
    return (await server.get("/userinfo", headers={"Authorization": f"Bearer {access_token}"})).json


async def openid_app(server: Server, **openid: Any) -> App:
    return await server.app(scopes=SCOPES, **openid)


def told(admin: Any, person: Person, **columns: Any) -> None:
    """Give the person what their account may say."""
    for name, value in columns.items():
        admin.execute(f"update users set {name} = %s where id = %s", (value, str(person.user_id)))


async def test_a_code_for_openid_is_redeemed_for_an_id_token(server: Server) -> None:
    app, person = await openid_app(server), await server.person()

    tokens = await server.tokens(app, person, scope="openid read", nonce="n-0S6")

    found = await verified(server, tokens["id_token"])
    assert (found.header["alg"], found.header["typ"]) == ("RS256", "JWT")
    now = int(server.now().timestamp())
    assert found.claims.pop("at_hash")
    assert found.claims.pop("sid")
    assert now - 5 <= found.claims.pop("auth_time") <= found.claims.pop("iat") <= now
    assert now < found.claims.pop("exp") <= now + 3600
    assert found.claims == {
        "iss": server.settings.issuer,
        "aud": app.client_id,
        "sub": str(person.user_id),
        "nonce": "n-0S6",
        "acr": "1",
        "amr": ["pwd"],
    }


async def test_a_code_without_openid_says_nothing_of_the_person(server: Server) -> None:
    app, person = await openid_app(server), await server.person()

    tokens = await server.tokens(app, person, scope="read", nonce="n-0S6")

    assert "id_token" not in tokens


async def test_a_request_without_nonce_gets_an_id_token_without(server: Server) -> None:
    app, person = await openid_app(server), await server.person()

    tokens = await server.tokens(app, person, scope="openid")

    assert "nonce" not in (await verified(server, tokens["id_token"])).claims


@pytest.mark.parametrize("alg", HASHES)
async def test_the_client_chooses_how_its_id_tokens_are_signed(server: Server, alg: str) -> None:
    app, person = await openid_app(server, id_token_signed_response_alg=alg), await server.person()

    tokens = await server.tokens(app, person, scope="openid")

    found = await verified(server, tokens["id_token"])
    digest = HASHES[alg](tokens["access_token"].encode()).digest()
    assert found.header["alg"] == alg
    assert found.claims["at_hash"] == urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()


async def test_a_refresh_answers_with_an_id_token_of_the_same_login(server: Server) -> None:
    app, person = await openid_app(server), await server.person()
    tokens = await server.tokens(app, person, scope="openid", nonce="once")
    first = (await verified(server, tokens["id_token"])).claims
    server.clock.advance(60)

    refreshed = await server.refresh(app, tokens["refresh_token"])

    again = (await verified(server, refreshed.json["id_token"])).claims
    same = ("iss", "sub", "aud", "auth_time", "sid", "acr", "amr")
    assert {name: again[name] for name in same} == {name: first[name] for name in same}
    assert again["iat"] >= first["iat"] + 60
    assert "nonce" not in again


async def test_a_refresh_that_is_tried_again_has_its_id_token_too(server: Server) -> None:
    app, person = await openid_app(server), await server.person()
    tokens = await server.tokens(app, person, scope="openid")
    first = await server.refresh(app, tokens["refresh_token"])

    again = await server.refresh(app, tokens["refresh_token"])

    assert again.json["refresh_token"] == first.json["refresh_token"]
    claims = (await verified(server, again.json["id_token"])).claims
    digest = hashlib.sha256(again.json["access_token"].encode()).digest()
    assert claims["at_hash"] == urlsafe_b64encode(digest[:16]).rstrip(b"=").decode()


async def test_a_refresh_for_a_scope_without_openid_has_no_id_token(server: Server) -> None:
    app, person = await openid_app(server), await server.person()
    tokens = await server.tokens(app, person, scope="openid read")

    refreshed = await server.refresh(app, tokens["refresh_token"], scope="read")

    assert refreshed.json["scope"] == "read"
    assert "id_token" not in refreshed.json


async def test_userinfo_says_what_the_scopes_are_good_for(server: Server, admin: Any) -> None:
    app, person = await openid_app(server), await server.person("ada")
    told(admin, person, name="Ada Lovelace", email="ada@example.org", email_verified=True)
    told(admin, person, claims='{"given_name": "Ada", "phone_number": "+44 1", "address": {"country": "GB"}}')

    by_scope = {
        scope: await userinfo(server, (await server.tokens(app, person, scope=f"openid {scope}"))["access_token"])
        for scope in ("read", "profile", "email", "address", "phone")
    }

    sub = str(person.user_id)
    profile = by_scope.pop("profile")
    assert isinstance(profile.pop("updated_at"), int)
    assert profile == {"sub": sub, "name": "Ada Lovelace", "given_name": "Ada", "preferred_username": "ada"}
    assert by_scope == {
        "read": {"sub": sub},
        "email": {"sub": sub, "email": "ada@example.org", "email_verified": True},
        "address": {"sub": sub, "address": {"country": "GB"}},
        "phone": {"sub": sub, "phone_number": "+44 1"},
    }


async def test_a_scope_of_the_operator_stands_for_claims_of_the_operator(server: Server, admin: Any) -> None:
    await server.store.scopes.create("staff", "Know where you work", server.now(), ("department",), by=SERVER)
    app, person = await server.app(scopes=("openid", "staff")), await server.person()
    told(admin, person, claims='{"department": "Difference engines", "salary": 7}')

    tokens = await server.tokens(app, person, scope="openid staff")

    assert await userinfo(server, tokens["access_token"]) == {
        "sub": str(person.user_id),
        "department": "Difference engines",
    }


async def test_a_claim_of_the_operator_never_takes_the_place_of_the_servers(server: Server, admin: Any) -> None:
    await server.store.scopes.create("odd", "Odd", server.now(), ("sub", "iss", "aud", "email"), by=SERVER)
    app, person = await server.app(scopes=("openid", "odd")), await server.person()
    told(admin, person, claims='{"sub": "somebody else", "email": "evil@example.org"}')

    tokens = await server.tokens(app, person, scope="openid odd")

    assert await userinfo(server, tokens["access_token"]) == {"sub": str(person.user_id)}


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_userinfo_takes_the_token_in_the_header_by_both_methods(server: Server, method: str) -> None:
    app, person = await openid_app(server), await server.person()
    tokens = await server.tokens(app, person, scope="openid")

    reply = await server.request(method, "/userinfo", headers={"Authorization": f"Bearer {tokens['access_token']}"})

    assert (reply.status, reply.json) == (200, {"sub": str(person.user_id)})
    assert reply.header("cache-control") == "no-store"


async def test_userinfo_takes_the_token_in_the_form(server: Server) -> None:
    app, person = await openid_app(server), await server.person()
    tokens = await server.tokens(app, person, scope="openid")

    reply = await server.post("/userinfo", {"access_token": tokens["access_token"]})

    assert (reply.status, reply.json) == (200, {"sub": str(person.user_id)})


async def test_userinfo_takes_no_token_in_the_address(server: Server) -> None:
    app, person = await openid_app(server), await server.person()
    tokens = await server.tokens(app, person, scope="openid")

    reply = await server.get("/userinfo?" + urlencode({"access_token": tokens["access_token"]}))

    assert reply.status == 401


async def test_userinfo_refuses_a_token_in_two_places(server: Server) -> None:
    app, person = await openid_app(server), await server.person()
    token = (await server.tokens(app, person, scope="openid"))["access_token"]

    reply = await server.post("/userinfo", {"access_token": token}, headers={"Authorization": f"Bearer {token}"})

    assert (reply.status, reply.json["error"]) == (400, "invalid_request")
    assert token not in reply.text


async def test_userinfo_asks_for_a_token_where_there_is_none(server: Server) -> None:
    reply = await server.get("/userinfo")

    assert reply.status == 401
    assert reply.header("www-authenticate") == 'Bearer realm="iam"'


async def test_userinfo_refuses_a_token_without_openid(server: Server) -> None:
    app, person = await openid_app(server), await server.person()
    tokens = await server.tokens(app, person, scope="read profile")

    reply = await server.get("/userinfo", headers={"Authorization": f"Bearer {tokens['access_token']}"})

    assert (reply.status, reply.json["error"]) == (403, "insufficient_scope")
    assert 'scope="openid"' in (reply.header("www-authenticate") or "")


async def test_userinfo_refuses_a_token_that_a_client_has_for_itself(server: Server) -> None:
    app = await openid_app(server)
    token = (await server.token(app, grant_type="client_credentials")).json["access_token"]

    reply = await server.get("/userinfo", headers={"Authorization": f"Bearer {token}"})

    assert (reply.status, reply.json["error"]) == (401, "invalid_token")


async def test_userinfo_refuses_the_token_of_somebody_who_was_locked_out(server: Server) -> None:
    app, person = await openid_app(server), await server.person()
    tokens = await server.tokens(app, person, scope="openid")
    await server.store.users.disable(person.user_id, server.now(), by=SERVER)

    reply = await server.get("/userinfo", headers={"Authorization": f"Bearer {tokens['access_token']}"})

    assert (reply.status, reply.json["error"]) == (401, "invalid_token")


async def test_userinfo_refuses_a_token_for_a_resource(server: Server) -> None:
    await server.store.resources.create(
        "https://api.example",
        scopes=(),
        token_format="opaque",
        lifetime=600,
        client_id=None,
        now=server.now(),
        by=SERVER,
    )
    app, person = await openid_app(server), await server.person()
    tokens = await server.tokens(app, person, scope="openid read", resource="https://api.example")

    reply = await server.get("/userinfo", headers={"Authorization": f"Bearer {tokens['access_token']}"})

    assert (reply.status, reply.json["error"]) == (401, "invalid_token")


async def test_clients_of_two_sectors_cannot_find_out_that_they_serve_the_same_person(server: Server) -> None:
    one = await openid_app(server, subject_type="pairwise", sector="one.example")
    other = await openid_app(server, subject_type="pairwise", sector="other.example")
    person = await server.person()

    first, second = [
        (await verified(server, (await server.tokens(app, person, scope="openid"))["id_token"])).claims
        for app in (one, other)
    ]

    assert len({first["sub"], second["sub"], str(person.user_id)}) == 3
    assert first["sid"] != second["sid"]


async def test_clients_of_one_sector_know_a_person_by_one_name(server: Server) -> None:
    apps = [await openid_app(server, subject_type="pairwise", sector="one.example") for _ in range(2)]
    person = await server.person()

    subs = {
        (await verified(server, (await server.tokens(app, person, scope="openid"))["id_token"])).claims["sub"]
        for app in apps
    }

    assert len(subs) == 1


async def test_two_people_have_two_pairwise_names(server: Server) -> None:
    app = await openid_app(server, subject_type="pairwise", sector="one.example")
    people = [await server.person() for _ in range(2)]

    subs = {
        (await verified(server, (await server.tokens(app, person, scope="openid"))["id_token"])).claims["sub"]
        for person in people
    }

    assert len(subs) == 2


async def test_userinfo_and_introspection_use_the_pairwise_name_too(server: Server) -> None:
    app = await openid_app(server, subject_type="pairwise", sector="one.example")
    person = await server.person()
    tokens = await server.tokens(app, person, scope="openid")

    told_by = [await userinfo(server, tokens["access_token"]), await server.introspect(app, tokens["access_token"])]

    sub = (await verified(server, tokens["id_token"])).claims["sub"]
    assert [document["sub"] for document in told_by] == [sub, sub]
    assert "username" not in told_by[1]


async def test_without_offline_access_a_grant_ends_with_the_session(server: Server) -> None:
    app, person = await openid_app(server), await server.person()
    tokens = await server.tokens(app, person, scope="openid")
    await end_sessions(server, person)

    refused = await server.refresh(app, tokens["refresh_token"])

    assert (refused.status, refused.json["error"]) == (400, "invalid_grant")
    assert (await server.introspect(app, tokens["access_token"])) == {"active": False}


@pytest.mark.parametrize("scope", ["openid offline_access", "read"])
async def test_an_offline_grant_and_one_of_no_identity_outlive_the_session(server: Server, scope: str) -> None:
    app, person = await openid_app(server), await server.person()
    tokens = await server.tokens(app, person, scope=scope)
    await end_sessions(server, person)

    refreshed = await server.refresh(app, tokens["refresh_token"])

    assert refreshed.status == 200


async def end_sessions(server: Server, person: Person) -> None:
    """Log the person out everywhere."""
    now = server.now()
    for presence in await server.store.sessions.living(now, now.replace(year=2000), user_id=person.user_id):
        await server.store.sessions.revoke(presence.id, now, by=SERVER)


async def test_a_client_that_may_not_ask_for_openid_any_longer_hears_of_no_identity(server: Server, admin: Any) -> None:
    app, person = await openid_app(server), await server.person()
    first = await server.tokens(app, person, scope="openid read")
    code = await server.code(app, person, scope="openid read")
    admin.execute("update clients set scopes = '{read}' where id = %s", (app.client_id,))
    server.store.clients.forget()

    redeemed = await server.redeem(app, code)
    refreshed = await server.refresh(app, first["refresh_token"])

    assert "id_token" in first
    for reply in (redeemed, refreshed):
        assert (reply.status, reply.json["scope"]) == (200, "read")
        assert "id_token" not in reply.json
