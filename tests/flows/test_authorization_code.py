"""The authorization code grant (RFC 6749 §4.1) with PKCE (RFC 7636), from the browser to the resource."""

from collections import Counter
from typing import Any
from urllib.parse import urlencode

import pytest
from twisted.internet.defer import Deferred, gatherResults

from iam.records.actor import SERVER
from tests.harness import REDIRECT_URI, VERIFIER, Reply, Server


async def test_a_code_gives_exactly_the_members_of_the_tutorial(server: Server) -> None:
    app, person = await server.app(), await server.person()

    reply = await server.redeem(app, await server.code(app, person))

    assert reply.status == 200
    assert reply.header("content-type") == "application/json"
    assert reply.header("cache-control") == "no-store"
    assert set(reply.json) == {"access_token", "expires_in", "token_type", "scope", "refresh_token"}
    assert reply.json["expires_in"] == 36000
    assert reply.json["token_type"] == "Bearer"
    assert reply.json["scope"] == "read write"


async def test_the_answer_carries_code_state_and_issuer(server: Server) -> None:
    reply = await server.authorize(await server.app(), await server.person(), state="a b+c&d=é")

    assert reply.status == 303
    assert reply.location.startswith(REDIRECT_URI + "?")
    assert set(reply.sent_back) == {"code", "state", "iss"}
    assert reply.sent_back["state"] == "a b+c&d=é"
    assert reply.sent_back["iss"] == server.settings.issuer


async def test_without_a_session_the_login_comes_first_and_returns(server: Server) -> None:
    app = await server.app()

    reply = await server.get(f"/authorize?response_type=code&client_id={app.client_id}")

    assert reply.status == 303
    assert reply.location.startswith("/login?next=%2Fauthorize%3F")


async def test_a_refusal_is_told_to_the_client(server: Server) -> None:
    reply = await server.authorize(await server.app(), await server.person(), decision="deny")

    assert reply.sent_back["error"] == "access_denied"
    assert reply.sent_back["state"] == "xyz"
    assert reply.sent_back["iss"] == server.settings.issuer


async def test_consent_once_given_is_remembered_for_a_confidential_client(server: Server, admin) -> None:
    app, person = await server.app(), await server.person()
    await server.code(app, person, scope="read")

    same = await server.get(
        f"/authorize?response_type=code&client_id={app.client_id}&scope=read", headers=person.headers
    )
    wider = await server.get(
        f"/authorize?response_type=code&client_id={app.client_id}&scope=read+write", headers=person.headers
    )

    assert "code" in same.sent_back
    assert wider.status == 200


@pytest.mark.parametrize(
    "redirect_uri",
    [
        "http://127.0.0.1/cb",
        "http://localhost:3000/cb",
        "https://localhost/cb",
        "https://[::1]/cb",
        "com.example.app:/cb",
    ],
)
async def test_a_public_client_for_which_others_can_pass_asks_each_time(server: Server, redirect_uri: str) -> None:
    again = await asked_again(server, redirect_uri)

    assert again.status == 200


async def test_a_public_client_whose_answer_goes_to_a_host_of_its_own_asks_once(server: Server) -> None:
    again = await asked_again(server, "https://app.example.org/callback")

    assert "code" in again.sent_back


async def asked_again(server: Server, redirect_uri: str) -> Reply:
    """What a public client gets that has asked this person before."""
    app = await server.app(auth_method="none", grant_types=("authorization_code",), redirect_uris=(redirect_uri,))
    person = await server.person()
    await server.code(app, person, redirect_uri=redirect_uri)
    query = urlencode({"response_type": "code", "client_id": app.client_id, "redirect_uri": redirect_uri})
    return await server.get(
        f"/authorize?{query}&code_challenge={'a' * 43}&code_challenge_method=S256", headers=person.headers
    )


async def test_a_public_client_redeems_with_pkce_and_gets_no_refresh_token_it_may_not_use(server: Server) -> None:
    app, person = await server.app(auth_method="none", grant_types=("authorization_code",)), await server.person()

    reply = await server.redeem(app, await server.code(app, person))

    assert reply.status == 200
    assert set(reply.json) == {"access_token", "expires_in", "token_type", "scope"}


@pytest.mark.parametrize(
    ("parameters", "error"),
    [
        ({"response_type": None}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "barcode"}, "unsupported_response_type"),
        ({"response_type": "code token"}, "unsupported_response_type"),
        ({"scope": "admin"}, "invalid_scope"),
        ({"scope": "admin groups"}, "invalid_scope"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"code_challenge": "é" * 43}, "invalid_request"),
        ({"code_challenge": None}, "invalid_request"),
        ({"response_mode": "web_message"}, "invalid_request"),
        ({"request": "eyJ"}, "invalid_request_object"),
        ({"request_uri": "https://x"}, "invalid_request_uri"),
        ({"registration": "{}"}, "registration_not_supported"),
    ],
)
async def test_a_wrong_request_of_a_known_client_is_told_to_the_client(
    server: Server, parameters: dict[str, str | None], error: str
) -> None:
    app, person = await server.app(require_pkce=True), await server.person()

    reply = await server.authorize(app, person, **parameters)

    assert reply.location.startswith(REDIRECT_URI + "?")
    assert reply.sent_back["error"] == error
    assert reply.sent_back["state"] == "xyz"
    assert reply.sent_back["iss"] == server.settings.issuer


async def test_an_error_goes_into_the_fragment_where_the_answer_would(server: Server) -> None:
    reply = await server.authorize(await server.app(), await server.person(), response_mode="fragment", scope="admin")

    assert reply.location.startswith(REDIRECT_URI + "#")
    assert "error=invalid_scope" in reply.location
    assert "iss=" in reply.location


@pytest.mark.parametrize(
    "redirect_uri",
    [
        REDIRECT_URI + "/",
        REDIRECT_URI + "?x=1",
        REDIRECT_URI[:-1],
        REDIRECT_URI.upper(),
        REDIRECT_URI.replace("https", "http"),
        REDIRECT_URI + "/..;/x",
        REDIRECT_URI + "#f",
        "https://client.example@evil.example/callback",
        "https://client.example:443/callback",
        "javascript:alert(1)",
        "//client.example/callback",
        "https://client.example/%63allback",
    ],
)
async def test_a_redirect_uri_that_differs_is_an_error_page_and_never_a_redirect(
    server: Server, redirect_uri: str
) -> None:
    reply = await server.authorize(await server.app(), await server.person(), redirect_uri=redirect_uri)

    assert reply.status == 400
    assert reply.header("location") is None
    assert reply.header("content-type") == "text/html; charset=utf-8"


async def test_an_unknown_client_and_a_wrong_redirect_uri_look_the_same(server: Server) -> None:
    app, person = await server.app(), await server.person()

    unknown = await server.get("/authorize?response_type=code&client_id=nobody", headers=person.headers)
    wrong = await server.authorize(app, person, redirect_uri="https://evil.example/")

    assert unknown.status == wrong.status == 400
    assert unknown.anonymous == wrong.anonymous


async def test_duplicate_parameters_are_an_error_page(server: Server) -> None:
    app, person = await server.app(), await server.person()

    reply = await server.get(
        f"/authorize?response_type=code&client_id={app.client_id}&state=a&state=b", headers=person.headers
    )

    assert reply.status == 400
    assert reply.header("location") is None


async def test_a_client_without_the_grant_type_may_not_ask(server: Server) -> None:
    app = await server.app(grant_types=("client_credentials",))

    reply = await server.authorize(app, await server.person())

    assert reply.sent_back["error"] == "unauthorized_client"


async def test_the_only_redirect_uri_is_the_default_one(server: Server) -> None:
    app, person = await server.app(), await server.person()

    reply = await server.authorize(app, person, redirect_uri=None)
    redeemed = await server.token(
        app, grant_type="authorization_code", code=reply.sent_back["code"], code_verifier=VERIFIER
    )

    assert reply.location.startswith(REDIRECT_URI)
    assert redeemed.status == 200


async def test_of_several_redirect_uris_one_has_to_be_named(server: Server) -> None:
    app = await server.app(redirect_uris=(REDIRECT_URI, "https://client.example/other"))

    reply = await server.authorize(app, await server.person(), redirect_uri=None)

    assert reply.status == 400


@pytest.mark.parametrize(
    "parameters",
    [
        {"redirect_uri": REDIRECT_URI + "x"},
        {"code_verifier": "a" * 43},
        {"code_verifier": "short"},
        {"code_verifier": ""},
        {"code_verifier": "é" * 43},
        {"code": "iam_ac_x"},
        {"code": "x" * 5000},
    ],
)
async def test_a_wrong_redemption_is_refused_and_spends_nothing(server: Server, parameters: dict[str, str]) -> None:
    app, person = await server.app(), await server.person()
    code = await server.code(app, person)

    refused = await server.redeem(app, **{"code": code, **parameters})
    right = await server.redeem(app, code)

    assert (refused.status, refused.json["error"]) == (400, "invalid_grant")
    assert right.status == 200


async def test_a_verifier_nobody_asked_for_is_refused(server: Server) -> None:
    """G6, RFC 9700 §2.1.1: somebody may have taken the challenge out of the request."""
    app, person = await server.app(), await server.person()
    code = await server.code(app, person, code_challenge=None, code_challenge_method=None)

    refused = await server.redeem(app, code)
    right = await server.token(app, grant_type="authorization_code", code=code, redirect_uri=REDIRECT_URI)

    assert (refused.status, refused.json["error"]) == (400, "invalid_grant")
    assert right.status == 200


async def test_a_redirect_uri_that_was_sent_has_to_come_again_without_pkce(server: Server) -> None:
    app, person = await server.app(), await server.person()
    code = await server.code(app, person, code_challenge=None, code_challenge_method=None)

    reply = await server.token(app, grant_type="authorization_code", code=code)

    assert reply.json["error"] == "invalid_grant"


async def test_another_client_cannot_redeem_a_code_nor_spend_it(server: Server) -> None:
    app, other, person = await server.app(), await server.app(), await server.person()
    code = await server.code(app, person)

    assert (await server.redeem(other, code)).json["error"] == "invalid_grant"
    assert (await server.redeem(app, code)).status == 200


async def test_a_code_lives_sixty_seconds(server: Server) -> None:
    app, person = await server.app(), await server.person()
    first, second = await server.code(app, person), await server.code(app, person)

    server.clock.advance(58)
    early = await server.redeem(app, first)
    server.clock.advance(3)
    late = await server.redeem(app, second)

    assert early.status == 200
    assert late.json["error"] == "invalid_grant"


async def test_a_slow_request_that_came_before_the_code_was_redeemed_ends_nothing(server: Server, admin: Any) -> None:
    """Its client had hung up and asked another server, whose tokens it has."""
    app, person = await server.app(), await server.person()
    code = await server.code(app, person)
    server.clock.advance(1)
    given = (await server.redeem(app, code)).json

    server.clock.advance(-0.5)
    late = await server.redeem(app, code)
    server.clock.advance(0.5)

    assert (late.status, late.json["error"]) == (400, "invalid_grant")
    assert (await server.introspect(app, given["access_token"]))["active"]
    assert (await server.refresh(app, given["refresh_token"])).status == 200
    admin.execute("select count(*) from audit_events where kind = 'code.replayed'")
    assert admin.fetchone() == (0,)


async def test_a_code_that_comes_again_ends_what_it_gave(server: Server) -> None:
    """RFC 6749 §4.1.2: somebody else has it."""
    app, person = await server.app(), await server.person()
    code = await server.code(app, person)
    given = (await server.redeem(app, code)).json

    again = await server.redeem(app, code)

    assert again.json["error"] == "invalid_grant"
    assert await server.introspect(app, given["access_token"]) == {"active": False}
    assert (await server.refresh(app, given["refresh_token"])).json["error"] == "invalid_grant"


async def test_h40_a_hundred_redemptions_of_one_code_yield_exactly_one_success(server: Server) -> None:
    app, person = await server.app(), await server.person()
    code = await server.code(app, person)

    replies = await gatherResults(Deferred.fromCoroutine(server.redeem(app, code)) for _ in range(100))

    assert Counter(reply.status for reply in replies) == {200: 1, 400: 99}
    assert {reply.json["error"] for reply in replies if reply.status == 400} == {"invalid_grant"}


async def test_what_was_given_stands_in_the_tables_as_digests_only(server: Server, admin) -> None:
    app, person = await server.app(), await server.person()
    code = await server.code(app, person)
    given = (await server.redeem(app, code)).json

    admin.execute("select count(*) from access_tokens")
    assert admin.fetchone() == (1,)
    for table in ("access_tokens", "refresh_tokens", "authorization_codes", "client_secrets", "sessions", "grants"):
        admin.execute(f"select {table}::text from {table}")
        stored = str(admin.fetchall())
        for secret in (code, given["access_token"], given["refresh_token"], app.secret, person.cookie):
            assert secret not in stored
            assert secret.encode().hex() not in stored


async def test_a_locked_out_person_gets_nothing_for_a_code(server: Server) -> None:
    app, person = await server.app(), await server.person()
    code = await server.code(app, person)

    await server.store.users.disable(person.user_id, server.now(), by=SERVER)

    assert (await server.redeem(app, code)).json["error"] == "invalid_grant"


@pytest.mark.parametrize(
    ("left", "status", "told"), [("{write}", 200, ("scope", "write")), ("{other}", 400, ("error", "invalid_scope"))]
)
async def test_a_code_gives_what_its_client_may_still_ask_for(
    server: Server, admin: Any, left: str, status: int, told: tuple[str, str]
) -> None:
    app, person = await server.app(), await server.person()
    code = await server.code(app, person, scope="read write")
    admin.execute("update clients set scopes = %s where id = %s", (left, app.client_id))
    server.store.clients.forget()

    reply = await server.redeem(app, code)

    assert reply.status == status
    assert told in reply.json.items()


async def test_consent_needs_the_token_of_its_own_form(server: Server) -> None:
    """H18, H19: the form's token is bound to the person and to this very request."""
    app, person, other = await server.app(), await server.person(), await server.person()
    query = f"response_type=code&client_id={app.client_id}&scope="
    path = f"/authorize/consent?{query}"
    page = await server.get(f"/authorize?{query}read", headers=person.headers)
    from tests.harness import action, fields

    form = {**fields(page.text), "decision": "allow"}
    origin = {"Origin": server.settings.origin}

    wider = await server.post(path + "read+write", form, headers=person.headers | origin)
    without = await server.post(path + "read", {"decision": "allow"}, headers=person.headers | origin)
    foreign = await server.post(action(page.text), form, headers=person.headers | {"Origin": "https://evil.example"})
    somebody = await server.post(action(page.text), form, headers=other.headers | origin)
    right = await server.post(action(page.text), form, headers=person.headers | origin)

    assert [reply.status for reply in (wider, without, foreign, somebody, right)] == [403, 403, 403, 403, 303]
