"""Clients look after their own registration (RFC 7592)."""

import json
from collections import Counter
from typing import Any

import pytest
from attrs import evolve
from twisted.internet.defer import Deferred, gatherResults

from iam.administration import clients
from iam.records.actor import SERVER
from iam.secrets import minted
from iam.secrets.minted import Kind
from tests.harness import REDIRECT_URI, Server, made_up
from tests.registering import METADATA, register, registered

OTHER_URI = "https://client.example/other"


# -- reading --


async def test_a_client_reads_what_it_is_registered_with(server: Server) -> None:
    client = await registered(server, client_uri="https://client.example/", default_max_age=60)

    reply = await client.read()

    shown_once = {"client_secret", "client_secret_expires_at"}
    assert reply.status == 200
    assert reply.header("cache-control") == "no-store"
    assert reply.json == {name: value for name, value in client.document.items() if name not in shown_once}


async def test_the_registration_access_token_stays_good_and_the_same(server: Server) -> None:
    client = await registered(server)

    replies = [await client.read(), await client.update(), await client.read()]

    assert [reply.status for reply in replies] == [200, 200, 200]
    assert {reply.json["registration_access_token"] for reply in replies} == {client.token}


# -- changing --


async def test_an_update_replaces_all_metadata(server: Server) -> None:
    client = await registered(server, tos_uri="https://client.example/tos", default_max_age=60, scope="openid email")

    reply = await client.update(
        client_name="New", redirect_uris=[OTHER_URI], policy_uri="https://client.example/policy"
    )
    read = await client.read()

    assert (reply.status, reply.json) == (200, read.json)
    assert (reply.json["client_name"], reply.json["redirect_uris"]) == ("New", [OTHER_URI])
    assert reply.json["policy_uri"] == "https://client.example/policy"
    assert not {"tos_uri", "default_max_age"} & reply.json.keys()
    assert "profile" in reply.json["scope"].split(" ")


async def test_an_update_tells_no_claim_that_nobody_was_asked_for(server: Server) -> None:
    client, person = await registered(server, scope="openid"), await server.person(email="ada@example.org")
    claims = json.dumps({"userinfo": {"email": None}, "id_token": {"email": None}})
    tokens = await server.tokens(client.app, person, scope="openid", claims=claims)

    update = await client.update(scope="openid email")
    info = await server.get("/userinfo", headers={"Authorization": f"Bearer {tokens['access_token']}"})

    assert update.status == 200
    assert info.json == {"sub": str(person.user_id)}


async def test_what_an_update_gives_up_is_told_no_longer(server: Server) -> None:
    client, person = await registered(server, scope="openid email"), await server.person(email="ada@example.org")
    tokens = await server.tokens(client.app, person, scope="openid email")

    update = await client.update(scope="openid")
    info = await server.get("/userinfo", headers={"Authorization": f"Bearer {tokens['access_token']}"})

    assert update.status == 200
    assert info.json == {"sub": str(person.user_id)}


async def test_an_update_counts_at_once(server: Server) -> None:
    client, person = await registered(server), await server.person()
    await client.update(redirect_uris=[OTHER_URI])

    old = await server.authorize(client.app, person, scope="openid", redirect_uri=REDIRECT_URI)
    new = await server.authorize(client.app, person, scope="openid", redirect_uri=OTHER_URI)

    assert old.status == 400
    assert new.location.startswith(OTHER_URI + "?code=")


async def test_an_update_keeps_the_secret(server: Server) -> None:
    client, person = await registered(server), await server.person()

    reply = await client.update(client_secret=client.app.secret)
    tokens = await server.tokens(client.app, person, scope="openid")

    assert "client_secret" not in reply.json
    assert "id_token" in tokens


@pytest.mark.parametrize("secret", ["chosen", made_up(Kind.CLIENT_SECRET)], ids=["chosen", "well-formed"])
async def test_nobody_chooses_their_own_secret(server: Server, secret: str) -> None:
    client = await registered(server)

    reply = await client.update(client_secret=secret)

    assert (reply.status, reply.json["error"]) == (400, "invalid_client_metadata")
    assert "client_secret" in reply.json["error_description"]


@pytest.mark.parametrize("client_id", [None, "another", 7])
async def test_an_update_names_the_client(server: Server, client_id: Any) -> None:
    client = await registered(server)

    reply = await client.update(client_id=client_id)

    assert (reply.status, reply.json["error"]) == (400, "invalid_client_metadata")
    assert "client_id" in reply.json["error_description"]


async def test_a_client_that_gets_a_secret_is_told_it(server: Server) -> None:
    client, person = await registered(server, token_endpoint_auth_method="none"), await server.person()

    reply = await client.update(token_endpoint_auth_method="client_secret_post")
    app = type(client.app)(client.app.client_id, reply.json["client_secret"])

    assert reply.json["client_secret_expires_at"] == 0
    assert "id_token" in await server.tokens(app, person, scope="openid")


async def test_what_is_forbidden_at_the_registration_is_forbidden_at_every_update(server: Server) -> None:
    client = await registered(server)
    forbidden: list[dict[str, Any]] = [
        {"scope": "read"},
        {"redirect_uris": ["http://evil.example/"]},
        {"redirect_uris": [REDIRECT_URI + "?code=x"]},
        {"grant_types": ["client_credentials"]},
        {"grant_types": ["implicit"], "response_types": ["token"]},
        {"subject_type": "pairwise", "redirect_uris": [REDIRECT_URI, "https://other.example/"]},
        {"id_token_signed_response_alg": "none"},
        {"tos_uri": "javascript:alert(1)"},
        {"frontchannel_logout_uri": "https://other.example/logout"},
    ]

    statuses = [(await client.update(**members)).status for members in forbidden]

    assert statuses == [400] * len(forbidden)
    assert (await client.read()).json["redirect_uris"] == [REDIRECT_URI]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"frontchannel_logout_uri": "https://client.example/logout"}, {"redirect_uris": ["https://other.example/"]}),
        ({"subject_type": "pairwise"}, {"redirect_uris": [REDIRECT_URI, "https://other.example/"]}),
        (
            {
                "token_endpoint_auth_method": "none",
                "application_type": "native",
                "redirect_uris": ["org.example.app:/"],
            },
            {"token_endpoint_auth_method": "client_secret_basic"},
        ),
    ],
)
async def test_two_steps_lead_nowhere_that_one_does_not(
    server: Server, first: dict[str, Any], second: dict[str, Any]
) -> None:
    client = await registered(server, **first)

    allowed = await client.update(**first)
    refused = await client.update(**{**first, **second})

    assert (allowed.status, refused.status) == (200, 400)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"subject_type": "pairwise"}, {"redirect_uris": ["https://other.example/"]}),
        ({"subject_type": "pairwise"}, {"subject_type": "public"}),
        ({}, {"subject_type": "pairwise"}),
        ({}, {"subject_type": "pairwise", "redirect_uris": ["https://other.example/"]}),
    ],
)
async def test_a_client_cannot_learn_what_another_sector_calls_the_people_it_knows(
    server: Server, first: dict[str, Any], second: dict[str, Any]
) -> None:
    client = await registered(server, **first)

    reply = await client.update(**{**first, **second})

    assert (reply.status, reply.json["error"]) == (400, "invalid_client_metadata")
    assert "Register another client" in reply.json["error_description"]


async def test_a_pairwise_client_changes_its_redirect_uris_at_the_same_host(server: Server) -> None:
    client = await registered(server, subject_type="pairwise")

    reply = await client.update(subject_type="pairwise", redirect_uris=[OTHER_URI])

    assert (reply.status, reply.json["redirect_uris"]) == (200, [OTHER_URI])


async def test_a_client_keeps_the_scopes_that_it_was_given_and_gets_no_others(server: Server) -> None:
    client = await registered(server, scopes=("read",), scope="openid read")

    replies = [
        await client.update(scope=scope) for scope in ("openid read", "openid read write", "openid", "openid read")
    ]

    assert [reply.status for reply in replies] == [200] * 4
    assert [reply.json["scope"] for reply in replies] == ["openid read", "openid read", "openid", "openid"]
    assert ["left_out" in reply.json for reply in replies] == [False, True, False, True]


async def test_an_update_gives_nothing_that_a_registration_would_leave_out(server: Server) -> None:
    client = await registered(server)
    wishes: dict[str, Any] = {
        "scope": "openid read",
        "grant_types": ["authorization_code", "client_credentials", "password"],
        "response_types": ["code", "token"],
        "software_statement": "e30.e30.",
    }

    reply = await client.update(**wishes)
    read = await client.read()

    assert (reply.json["scope"], reply.json["grant_types"]) == ("openid", ["authorization_code"])
    assert reply.json["response_types"] == ["code"]
    assert reply.json["left_out"].keys() == wishes.keys()
    assert read.json["left_out"] == reply.json["left_out"]


async def test_what_an_administrator_has_set_stays(server: Server) -> None:
    client = await registered(server)
    known = await server.store.clients.read(client.app.client_id)
    assert known is not None
    metadata = await server.registration.judge(evolve(known, require_pkce=True, introspect_any=True))
    await server.registration.update(known.id, metadata, by=SERVER)

    await client.update()
    after = await server.store.clients.read(known.id)

    assert after is not None
    assert (after.require_pkce, after.introspect_any) == (True, True)


async def test_a_change_is_an_event_of_the_client(server: Server) -> None:
    client = await registered(server)

    await client.update(client_name="New")
    (event,) = await server.store.audit.events(client=client.app.client_id, kind="client.changed")

    assert event.actor == f"client {client.app.client_id}"
    assert event.detail == {"name": ["Shop", "New"]}


# -- the end --


async def test_a_client_that_is_gone_has_nothing_left(server: Server) -> None:
    client, person = await registered(server), await server.person()
    tokens = await server.tokens(client.app, person, scope="openid")

    gone = await client.delete()
    userinfo = await server.get("/userinfo", headers={"Authorization": f"Bearer {tokens['access_token']}"})
    replies = [await client.read(), await client.update(), await client.delete()]

    assert (gone.status, gone.body) == (204, b"")
    assert userinfo.status == 401
    assert [reply.status for reply in replies] == [401, 401, 401]


async def test_of_an_update_and_a_deletion_at_once_the_deletion_is_the_last_word(server: Server) -> None:
    client = await registered(server)

    work = [client.update(), client.delete(), client.update(), client.delete(), client.update()]
    replies = await gatherResults([Deferred.fromCoroutine(each) for each in work])

    assert Counter(reply.status for reply in replies)[204] == 1
    assert await server.store.clients.read(client.app.client_id) is None


# -- who may --


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_whatever_is_wrong_with_the_token_nobody_learns_what(server: Server, method: str) -> None:
    client, other = await registered(server), await registered(server)
    app = await server.app()
    asked = [
        (client.uri, other.token),
        (client.uri, made_up(Kind.REGISTRATION_ACCESS_TOKEN)),
        (client.uri, client.app.secret),
        (f"{server.url}/register/{minted.base62(bytes(32), 22)}", client.token),
        (f"{server.url}/register/{app.client_id}", client.token),
        (f"{server.url}/register/x%2fy", client.token),
    ]

    replies = [await server.request(method, uri, headers={"Authorization": f"Bearer {token}"}) for uri, token in asked]

    assert {reply.status for reply in replies} == {401}
    assert len({reply.anonymous for reply in replies}) == 1
    assert all("invalid_token" in (reply.header("www-authenticate") or "") for reply in replies)


async def test_without_token_there_is_a_bare_challenge(server: Server) -> None:
    client = await registered(server)

    reply = await server.get(client.uri)

    assert (reply.status, reply.header("www-authenticate")) == (401, 'Bearer realm="iam"')


async def test_an_access_token_or_an_initial_one_is_no_registration_access_token(server: Server) -> None:
    client, person = await registered(server), await server.person()
    tokens = await server.tokens(client.app, person, scope="openid")

    assert (await client.read(token=tokens["access_token"])).status == 401


async def test_a_client_that_an_administrator_has_disabled_changes_nothing(server: Server, admin: Any) -> None:
    client = await registered(server)

    admin.execute("update clients set disabled_at = now() where id = %s", (client.app.client_id,))

    assert [reply.status for reply in (await client.read(), await client.update(), await client.delete())] == [401] * 3


async def test_a_client_that_people_registered_is_not_looked_after_here(server: Server) -> None:
    app = await server.app()

    reply = await server.get(
        f"/register/{app.client_id}", headers={"Authorization": f"Bearer {made_up(Kind.REGISTRATION_ACCESS_TOKEN)}"}
    )

    assert reply.status == 401


async def test_a_deleted_client_may_register_anew_and_is_another(server: Server) -> None:
    """Row 61."""
    client = await registered(server)
    await client.delete()

    again = await registered(server)

    assert again.app.client_id != client.app.client_id


async def test_a_body_in_a_form_is_refused(server: Server) -> None:
    client = await registered(server)

    reply = await server.request("PUT", client.uri, data=METADATA, headers={"Authorization": f"Bearer {client.token}"})

    assert reply.status == 415


async def test_a_registration_needs_json(server: Server) -> None:
    assert (await register(server, None)).status == 401


async def test_what_an_administrator_changes_meanwhile_stays(server: Server) -> None:
    made, dynamic = await registered(server), server.application.dynamic_registration
    client, access = await dynamic.client(made.app.client_id, f"Bearer {made.token}", "192.0.2.7")
    changed = evolve(client, require_pkce=True, accent="#123456")
    await clients.update(server.application.administration, client, changed, SERVER)

    await dynamic.update(client, access, {**METADATA, "client_id": client.id, "client_name": "Other"}, "192.0.2.7")

    now = await server.store.clients.read(client.id)
    assert now
    assert (now.name, now.require_pkce, now.accent) == ("Other", True, "#123456")
