"""What oauthlib leaves open at the token endpoint, closed (docs/reference/oauthlib.md names the gaps)."""

from collections import Counter
from urllib.parse import urlencode

import pytest
from twisted.internet.defer import Deferred, gatherResults

from iam.http.parameters import parse
from iam.protocol.grants.supported import GRANTS
from iam.protocol.request import AUTHORIZATION, TOKEN, make_request
from iam.records.actor import SERVER
from iam.secrets import minted
from tests.harness import REDIRECT_URI, VERIFIER, App, Person, Server, made_up

MEMBERS = {"access_token", "expires_in", "token_type", "scope"}
KNOWN = (*TOKEN, *(name for grant in GRANTS for name in getattr(grant, "parameters", ())))
RESERVED = ("user", "client", "scopes", "claims", "extra_credentials", "expires_in", "token", "audience", "targets")
FORM = "application/x-www-form-urlencoded"


async def forms(server: Server, app: App, person: Person) -> list[list[tuple[str, str]]]:
    """A good request of each grant type."""
    code, tokens = await server.code(app, person), await server.tokens(app, person)
    return [
        [("grant_type", "client_credentials"), ("scope", "read")],
        [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", REDIRECT_URI),
            ("code_verifier", VERIFIER),
        ],
        [("grant_type", "refresh_token"), ("refresh_token", tokens["refresh_token"])],
    ]


async def test_g2_a_client_that_acts_for_itself_cannot_name_a_person(server: Server) -> None:
    app, person = await server.app(), await server.person()

    given = await server.token(app, grant_type="client_credentials", user=str(person.user_id), user_id="x", sub="x")

    described = await server.introspect(app, given.json["access_token"])
    assert described["sub"] == app.client_id
    assert "username" not in described


@pytest.mark.parametrize("known", [AUTHORIZATION, KNOWN])
@pytest.mark.parametrize("name", RESERVED)
def test_g2_no_parameter_becomes_what_the_hooks_leave_for_each_other(name: str, known: tuple[str, ...]) -> None:
    request = make_request(parse(f"{name}=admin".encode()), known)

    assert getattr(request, name, None) in (None, ())


async def test_g3_claims_at_the_token_endpoint_reach_nobody(server: Server) -> None:
    app, person = await server.app(), await server.person()
    claims = '{"userinfo": {"email": null}}'

    given = await server.redeem(app, await server.code(app, person), claims=claims)

    request = make_request(parse(urlencode({"grant_type": "authorization_code", "claims": claims}).encode()), KNOWN)
    assert request.claims is None
    assert set(given.json) == {*MEMBERS, "refresh_token"}


async def test_g4_nobody_chooses_the_refresh_token_that_a_code_gives(server: Server) -> None:
    app, person = await server.app(), await server.person()
    chosen = made_up(minted.Kind.REFRESH_TOKEN)

    given = await server.redeem(app, await server.code(app, person), refresh_token=chosen)

    assert given.json["refresh_token"] != chosen
    assert (await server.refresh(app, chosen)).json["error"] == "invalid_grant"


async def test_g6_a_verifier_for_a_code_without_challenge_is_refused(server: Server) -> None:
    """RFC 9700 §2.1.1: somebody took the challenge out of the request."""
    app, person = await server.app(), await server.person()
    code = await server.code(app, person, code_challenge=None, code_challenge_method=None)

    reply = await server.redeem(app, code, code_verifier=VERIFIER)

    assert (reply.status, reply.json["error"]) == (400, "invalid_grant")


async def test_g8_of_many_redemptions_at_once_one_succeeds(server: Server) -> None:
    app, person = await server.app(), await server.person()
    code = await server.code(app, person)

    replies = await gatherResults(Deferred.fromCoroutine(server.redeem(app, code)) for _ in range(10))

    assert Counter(reply.status for reply in replies) == {200: 1, 400: 9}


async def test_g8_a_code_that_comes_again_ends_what_it_gave(server: Server) -> None:
    app, person = await server.app(), await server.person()
    code = await server.code(app, person)
    given = (await server.redeem(app, code)).json

    again = await server.redeem(app, code)

    assert again.json["error"] == "invalid_grant"
    assert await server.introspect(app, given["access_token"]) == {"active": False}
    assert (await server.refresh(app, given["refresh_token"])).json["error"] == "invalid_grant"


@pytest.mark.parametrize("grant", [0, 1, 2])
async def test_g12_a_repeated_parameter_is_refused_and_spends_nothing(server: Server, issued, grant: int) -> None:
    app, person = await server.app(), await server.person()
    form = (await forms(server, app, person))[grant]
    before = issued()

    repeated = [await server.post("/token", [*form, pair], headers=app.basic) for pair in form]

    assert {(reply.status, reply.json["error"]) for reply in repeated} == {(400, "invalid_request")}
    assert issued() == before
    assert (await server.post("/token", form, headers=app.basic)).status == 200


@pytest.mark.parametrize("grant", [0, 1, 2])
@pytest.mark.parametrize("value", ["abc", "[]", '{"scope": "admin"}'])
async def test_g23_extra_credentials_add_nothing_to_the_answer(server: Server, grant: int, value: str) -> None:
    app, person = await server.app(), await server.person()
    form = (await forms(server, app, person))[grant]

    reply = await server.post("/token", [*form, ("extra_credentials", value)], headers=app.basic)

    assert reply.status == 200
    assert set(reply.json) - {"refresh_token"} == MEMBERS


async def test_g24_a_response_type_means_nothing_at_the_token_endpoint(server: Server) -> None:
    app, person = await server.app(), await server.person()
    foreign = {"response_type": "code", "response_mode": "fragment", "state": "x", "code_challenge": "x"}

    given = await server.redeem(app, await server.code(app, person), **foreign)

    request = make_request(parse(urlencode(foreign).encode()), KNOWN)
    assert [getattr(request, name) for name in foreign] == [None] * 4
    assert set(given.json) == {*MEMBERS, "refresh_token"}


@pytest.mark.parametrize(
    ("content_type", "body", "status"),
    [
        ("application/json", b'{"grant_type": "client_credentials"}', 400),
        ("application/json", b"{", 400),
        ("multipart/form-data; boundary=x", b"--x--", 400),
        ("text/plain", b"grant_type=client_credentials", 400),
        ("", b"grant_type=client_credentials", 400),
        (FORM, b'{"grant_type": "client_credentials"}', 400),
        (FORM, b"\xff\xfe", 400),
        (FORM, b"grant_type=%zz", 400),
        (FORM, b"", 400),
    ],
)
async def test_g25_a_body_that_is_no_form_is_refused(
    server: Server, issued, content_type: str, body: bytes, status: int
) -> None:
    app = await server.app()

    reply = await server.request("POST", "/token", data=body, headers={**app.basic, "Content-Type": content_type})

    assert (reply.status, reply.json["error"]) == (status, "invalid_request")
    assert issued() == 0


@pytest.mark.parametrize(
    ("grant_type", "error"),
    [
        (None, "invalid_request"),
        ("", "invalid_request"),
        ("x", "unsupported_grant_type"),
        ("Authorization_Code", "unsupported_grant_type"),
        ("code", "unsupported_grant_type"),
        ("implicit", "unsupported_grant_type"),
        ("authorization_code ", "unsupported_grant_type"),
    ],
)
async def test_g26_a_grant_type_is_one_of_ours_or_refused(server: Server, grant_type: str | None, error: str) -> None:
    app, person = await server.app(), await server.person()
    code = await server.code(app, person)
    named = {} if grant_type is None else {"grant_type": grant_type}

    refused = await server.token(app, code=code, redirect_uri=REDIRECT_URI, code_verifier=VERIFIER, **named)
    right = await server.redeem(app, code)

    assert (refused.status, refused.json["error"]) == (400, error)
    assert right.status == 200


async def test_g26_nothing_is_looked_up_for_who_has_not_proved_who_it_is(server: Server) -> None:
    app, person = await server.app(), await server.person()
    code = await server.code(app, person)
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT_URI, "code_verifier": VERIFIER}

    nobody = await server.post("/token", form)
    known, unknown = [
        await server.post("/token", {**form, "code": one, "client_id": app.client_id, "client_secret": "wrong"})
        for one in (code, made_up(minted.Kind.AUTHORIZATION_CODE))
    ]

    assert (nobody.status, nobody.json["error"]) == (401, "invalid_client")
    assert (known.status, known.anonymous) == (unknown.status, unknown.anonymous)
    assert known.json["error"] == "invalid_client"


async def test_g27_the_grant_type_openid_is_no_other_name_for_the_code(server: Server) -> None:
    app, person = await server.app(), await server.person()
    code = await server.code(app, person)

    reply = await server.redeem(app, code, grant_type="openid")

    assert (reply.status, reply.json["error"]) == (400, "unsupported_grant_type")


async def test_g28_the_token_endpoint_takes_a_post_with_a_body_alone(server: Server, issued) -> None:
    app = await server.app()
    query = urlencode({**app.form, "grant_type": "client_credentials"})

    got = await server.get(f"/token?{query}")
    in_address = await server.post(f"/token?{query}", {})
    in_both = await server.post("/token?x=y", {**app.form, "grant_type": "client_credentials"})

    assert (got.status, "GET" in (got.header("allow") or "")) == (405, False)
    assert {(reply.status, reply.json["error"]) for reply in (in_address, in_both)} == {(400, "invalid_request")}
    assert issued() == 0


@pytest.mark.parametrize("path", ["/token", "/introspect", "/revoke"])
async def test_g30_a_client_that_failed_is_challenged_for_the_scheme_it_can_use(server: Server, path: str) -> None:
    app = await server.app()
    form = {"grant_type": "client_credentials", "token": "x"}

    by_header = await server.post(path, form, headers=App(app.client_id, "wrong").basic)
    by_form = await server.post(path, {**form, **app.form, "client_secret": "wrong"})

    assert {(reply.status, reply.json["error"]) for reply in (by_header, by_form)} == {(401, "invalid_client")}
    assert (by_header.header("www-authenticate") or "").startswith("Basic ")
    assert "Bearer" not in (by_form.header("www-authenticate") or "")


async def test_g31_a_client_id_that_is_not_the_one_of_the_header_is_an_invalid_client(server: Server, issued) -> None:
    app, other = await server.app(), await server.app()

    reply = await server.post(
        "/token", {"grant_type": "client_credentials", "client_id": other.client_id}, headers=app.basic
    )

    assert (reply.status, reply.json["error"]) == (401, "invalid_client")
    assert issued() == 0


@pytest.mark.parametrize("pkce", [True, False])
async def test_g32_another_redirect_uri_makes_the_grant_invalid(server: Server, pkce: bool) -> None:
    app, person = await server.app(redirect_uris=(REDIRECT_URI, REDIRECT_URI + "2")), await server.person()
    without = {} if pkce else {"code_challenge": None, "code_challenge_method": None}
    code = await server.code(app, person, **without)
    verifier = {"code_verifier": VERIFIER} if pkce else {}

    reply = await server.token(
        app, grant_type="authorization_code", code=code, redirect_uri=REDIRECT_URI + "2", **verifier
    )

    assert (reply.status, reply.json["error"]) == (400, "invalid_grant")


async def test_g33_with_pkce_the_redirect_uri_may_be_left_out(server: Server) -> None:
    app, person = await server.app(redirect_uris=(REDIRECT_URI, REDIRECT_URI + "2")), await server.person()
    code = await server.code(app, person, redirect_uri=REDIRECT_URI + "2")

    reply = await server.token(app, grant_type="authorization_code", code=code, code_verifier=VERIFIER)

    assert reply.status == 200


async def test_g39_a_narrowed_refresh_leaves_the_refresh_token_its_scope(server: Server) -> None:
    """RFC 6749 §6: the new refresh token has the scope of the old one."""
    app, person = await server.app(), await server.person()
    given = await server.tokens(app, person, scope="read write")

    narrow = (await server.refresh(app, given["refresh_token"], scope="read")).json
    wide = (await server.refresh(app, narrow["refresh_token"])).json
    wider = await server.refresh(app, wide["refresh_token"], scope="read write admin")

    assert (narrow["scope"], wide["scope"]) == ("read", "read write")
    assert wider.json["error"] == "invalid_scope"


async def test_g39_a_refresh_token_that_comes_again_ends_its_whole_grant(server: Server) -> None:
    app, person = await server.app(), await server.person()
    given = await server.tokens(app, person)
    successor = (await server.refresh(app, given["refresh_token"])).json
    newest = (await server.refresh(app, successor["refresh_token"])).json

    server.clock.advance(3600)
    again = await server.refresh(app, given["refresh_token"])

    assert again.json["error"] == "invalid_grant"
    assert (await server.refresh(app, newest["refresh_token"])).json["error"] == "invalid_grant"


async def test_g39_a_refresh_token_that_nobody_uses_ends(server: Server) -> None:
    app, person = await server.app(), await server.person()
    given = await server.tokens(app, person)

    server.clock.advance(server.settings.refresh_token_idle + 1)

    assert (await server.refresh(app, given["refresh_token"])).json["error"] == "invalid_grant"


async def test_g39_refresh_tokens_end_for_good_however_often_they_are_used(server: Server) -> None:
    app, person = await server.app(), await server.person()
    given = await server.tokens(app, person)
    step = server.settings.refresh_token_idle - 86400
    times = server.settings.refresh_token_lifetime // step

    for _ in range(times):
        server.clock.advance(step)
        given = (await server.refresh(app, given["refresh_token"])).json
    server.clock.advance(step)

    assert (await server.refresh(app, given["refresh_token"])).json["error"] == "invalid_grant"


async def test_g44_what_a_saving_hook_raises_is_answered(server: Server) -> None:
    app, person = await server.app(), await server.person()
    given = await server.tokens(app, person, scope="read")

    code = await server.redeem(app, made_up(minted.Kind.AUTHORIZATION_CODE))
    refresh = await server.refresh(app, made_up(minted.Kind.REFRESH_TOKEN))
    scope = await server.refresh(app, given["refresh_token"], scope="write")

    assert [reply.status for reply in (code, refresh, scope)] == [400] * 3
    assert [reply.json["error"] for reply in (code, refresh, scope)] == [
        "invalid_grant",
        "invalid_grant",
        "invalid_scope",
    ]


async def test_g45_each_of_several_resources_counts(server: Server) -> None:
    app, uris = await server.app(), ["https://one.example", "https://two.example"]
    for uri in uris:
        await server.store.resources.create(
            uri, scopes=(), token_format="opaque", lifetime=60, client_id=None, now=server.now(), by=SERVER
        )
    form = [*app.form.items(), ("grant_type", "client_credentials")]

    given = await server.post("/token", [*form, *(("resource", uri) for uri in uris)])
    refused = await server.post("/token", [*form, ("resource", "https://three.example"), ("resource", uris[0])])

    assert (await server.introspect(app, given.json["access_token"]))["aud"] == uris
    assert (refused.status, refused.json["error"]) == (400, "invalid_target")


@pytest.mark.parametrize("scope", ["", "read  write", " read write ", "read read write"])
async def test_g48_there_is_no_empty_scope_and_none_twice(server: Server, scope: str) -> None:
    app, person = await server.app(), await server.person()

    own = await server.token(app, grant_type="client_credentials", scope=scope)
    given = await server.tokens(app, person, scope=scope)
    fresh = await server.refresh(app, given["refresh_token"], scope=scope)

    assert [own.json["scope"], given["scope"], fresh.json["scope"]] == ["read write"] * 3


@pytest.mark.parametrize("verifier", ["é" * 43, "\N{SNOWMAN}" * 43, VERIFIER + "é"])
async def test_g49_a_verifier_beyond_ascii_is_a_wrong_one(server: Server, verifier: str) -> None:
    app, person = await server.app(), await server.person()

    reply = await server.redeem(app, await server.code(app, person), code_verifier=verifier)

    assert (reply.status, reply.json["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize("challenge", ["é" * 43, "\N{SNOWMAN}" * 43])
async def test_g49_a_challenge_beyond_ascii_is_refused(server: Server, challenge: str) -> None:
    app, person = await server.app(), await server.person()

    reply = await server.authorize(app, person, code_challenge=challenge)

    assert reply.sent_back["error"] == "invalid_request"


@pytest.mark.parametrize("grant", [0, 1, 2])
async def test_trap_4_what_is_checked_is_checked_for_every_grant_type(server: Server, grant: int) -> None:
    """oauthlib takes no validators for requests that only have a token endpoint: ours do not rest on them."""
    app, person = await server.app(), await server.person()
    form = (await forms(server, app, person))[grant]

    rich = await server.post("/token", [*form, ("authorization_details", "[]")], headers=app.basic)
    twice = await server.post("/token", [*form, ("x", "1"), ("x", "2")], headers=app.basic)
    right = await server.post("/token", form, headers=app.basic)

    assert (rich.status, rich.json["error"]) == (400, "invalid_authorization_details")
    assert (twice.status, twice.json["error"]) == (400, "invalid_request")
    assert right.status == 200
