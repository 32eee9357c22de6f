"""What oauthlib leaves open at the authorization endpoint, closed (docs/reference/oauthlib.md names the gaps)."""

from contextlib import closing
from http.client import HTTPConnection
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import pytest
from twisted.internet.threads import deferToThread

from iam.records.actor import SERVER
from iam.records.client_metadata import Metadata
from iam.records.invalid import Invalid
from tests.harness import CHALLENGE, REDIRECT_URI, VERIFIER, Server, action, fields

CODE_ONLY = ("authorization_code",)


def got(server: Server, target: str, headers: dict[str, str]) -> tuple[int, str]:
    """Status and Location for a target sent as it is: other clients would escape it."""
    with closing(HTTPConnection("localhost", server.settings.port, timeout=30)) as connection:
        connection.request("GET", target, headers=headers)
        reply = connection.getresponse()
        return reply.status, reply.getheader("Location") or ""


@pytest.mark.parametrize(
    "challenge",
    [
        {"code_challenge": "", "code_challenge_method": "S256"},
        {"code_challenge": "", "code_challenge_method": None},
        {"code_challenge": None, "code_challenge_method": None},
        {"code_challenge": None, "code_challenge_method": None, "grant_type": "authorization_code"},
        {"code_challenge": CHALLENGE, "code_challenge_method": None},
        {"code_challenge": VERIFIER, "code_challenge_method": "plain"},
        {"code_challenge": CHALLENGE + "A", "code_challenge_method": "S256"},
        {"code_challenge": CHALLENGE[:-1] + "=", "code_challenge_method": "S256"},
    ],
)
async def test_g5_a_public_client_cannot_go_round_pkce(
    server: Server, issued, challenge: dict[str, str | None]
) -> None:
    app, person = await server.app(auth_method="none", grant_types=CODE_ONLY), await server.person()

    reply = await server.authorize(app, person, **challenge)

    assert reply.sent_back.get("error") == "invalid_request"
    assert issued() == 0


@pytest.mark.parametrize("verifier", ["", "short", VERIFIER + "!", "é" * 43, "a" * 129])
async def test_g5_a_verifier_that_cannot_be_one_redeems_nothing(server: Server, verifier: str) -> None:
    app, person = await server.app(), await server.person()
    code = await server.code(app, person)

    reply = await server.redeem(app, code, code_verifier=verifier)

    assert (reply.status, reply.json["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize("response_type", ["token", "id_token token", "code token"])
async def test_g7_no_token_ever_stands_in_an_address(server: Server, issued, response_type: str) -> None:
    app, person = await server.app(), await server.person()

    reply = await server.authorize(app, person, response_type=response_type, response_mode="query")

    assert reply.sent_back["error"] == "unsupported_response_type"
    assert "token=" not in reply.location
    assert issued() == 0


@pytest.mark.parametrize(
    "name", ["code_challenge", "code_challenge_method", "response_mode", "state", "client_id", "x"]
)
async def test_g12_a_repeated_parameter_is_an_error_page(server: Server, issued, name: str) -> None:
    app, person = await server.app(), await server.person()
    asked = {
        "response_type": "code",
        "client_id": app.client_id,
        "redirect_uri": REDIRECT_URI,
        "response_mode": "query",
        "state": "xyz",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        "x": "y",
    }

    reply = await server.get(f"/authorize?{urlencode(asked)}&{name}={quote(asked[name])}", headers=person.headers)

    assert (reply.status, reply.location) == (400, "")
    assert issued() == 0


@pytest.mark.parametrize("response_type", ["barcode", "codex", "CODE", "code ", "decode none"])
async def test_g13_a_response_type_that_only_contains_code_is_unsupported(
    server: Server, issued, response_type: str
) -> None:
    app, person = await server.app(), await server.person()

    reply = await server.authorize(app, person, response_type=response_type)

    assert reply.sent_back["error"] == "unsupported_response_type"
    assert issued() == 0


@pytest.mark.parametrize("response_type", ["id_token code", "code id_token", "token code", "code token id_token"])
async def test_g14_hybrid_types_are_refused_in_any_order(server: Server, issued, response_type: str) -> None:
    app, person = await server.app(), await server.person()

    reply = await server.authorize(app, person, response_type=response_type)

    assert reply.sent_back["error"] == "unsupported_response_type"
    assert issued() == 0


async def test_g15_every_redirect_to_the_client_names_the_issuer(server: Server) -> None:
    app, person = await server.app(), await server.person()

    code = await server.authorize(app, person, scope="read")
    refused = await server.authorize(app, person, decision="deny", scope="write")
    wrong = await server.authorize(app, person, scope="admin")
    at_once = await server.authorize(app, person, scope="read")

    assert [reply.sent_back["iss"] for reply in (code, refused, wrong, at_once)] == [server.settings.issuer] * 4
    assert ("code" in code.sent_back, refused.sent_back["error"], wrong.sent_back["error"]) == (
        True,
        "access_denied",
        "invalid_scope",
    )


@pytest.mark.parametrize("wrong", [{"scope": "admin"}, {"response_type": "code token"}, {"code_challenge": "x"}])
async def test_g16_an_error_goes_where_the_answer_would_go(server: Server, wrong: dict[str, str]) -> None:
    app, person = await server.app(), await server.person()

    reply = await server.authorize(app, person, response_mode="fragment", **wrong)

    answer = parse_qs(urlsplit(reply.location).fragment)
    assert urlsplit(reply.location).query == ""
    assert set(answer) >= {"error", "state", "iss"}


@pytest.mark.parametrize("mode", ["JWT", "query.JWT", "fragment jwt", "web_message", "x.jwt", "x"])
async def test_g17_a_response_mode_that_we_do_not_have_is_refused(server: Server, issued, mode: str) -> None:
    app, person = await server.app(), await server.person()

    reply = await server.authorize(app, person, response_mode=mode)

    assert reply.sent_back["error"] == "invalid_request"
    assert "response_mode" in reply.sent_back["error_description"]
    assert issued() == 0


@pytest.mark.parametrize(
    ("parameter", "value", "error"),
    [
        ("request", "eyJhbGciOiJub25lIn0.e30.", "invalid_request_object"),
        ("request_uri", "https://client.example/request.jwt", "invalid_request_uri"),
        ("registration", "{}", "registration_not_supported"),
        ("authorization_details", '[{"type": "payment"}]', "invalid_authorization_details"),
    ],
)
async def test_g18_what_would_change_the_question_is_refused(
    server: Server, issued, parameter: str, value: str, error: str
) -> None:
    app, person = await server.app(), await server.person()

    reply = await server.authorize(app, person, **{parameter: value})

    assert (reply.sent_back["error"], reply.sent_back["state"]) == (error, "xyz")
    assert issued() == 0


@pytest.mark.parametrize("max_age", ["-1", "1.5", "soon", " 1", "+1", "٣", "9" * 5000])
async def test_g19_a_max_age_that_is_no_number_of_seconds_is_refused(server: Server, max_age: str) -> None:
    app, person = await server.app(scopes=("openid",)), await server.person()

    reply = await server.authorize(app, person, scope="openid", max_age=max_age)

    assert (reply.sent_back["error"], reply.sent_back["state"]) == ("invalid_request", "xyz")


async def test_g19_the_login_is_told_whatever_acr_values_the_client_would_like(server: Server) -> None:
    app, person = await server.app(scopes=("openid",)), await server.person()

    given = await server.tokens(app, person, scope="openid", max_age="100", acr_values="9 8")

    told = await server.keys.verified(given["id_token"], "JWT")
    assert told
    assert told["acr"] == "1"
    assert int(server.now().timestamp()) - told["auth_time"] <= 100


@pytest.mark.parametrize("parameters", [{"max_age": "x"}, {"acr_values": "2"}, {"prompt": "none"}, {"claims": "["}])
async def test_g19_without_openid_its_parameters_mean_nothing(server: Server, parameters: dict[str, str]) -> None:
    """RFC 6749 §3.1: unrecognized parameters are ignored."""
    app, person = await server.app(), await server.person()

    reply = await server.authorize(app, person, scope="read", **parameters)

    assert set(reply.sent_back) == {"code", "state", "iss"}


async def test_g20_the_person_is_the_one_of_the_session_whoever_the_request_names(server: Server) -> None:
    app, person, other = await server.app(), await server.person(), await server.person()

    named = {"user": str(other.user_id), "user_id": str(other.user_id), "sub": str(other.user_id)}
    anonymous = await server.get("/authorize?" + urlencode({"response_type": "code", **app.form, **named}))
    given = await server.tokens(app, person, **named)

    assert anonymous.location.startswith("/login?")
    assert (await server.introspect(app, given["access_token"]))["sub"] == str(person.user_id)


async def test_g21_openid_is_never_a_default(server: Server) -> None:
    await server.store.resources.create(
        "https://api.example",
        scopes=(),
        token_format="opaque",
        lifetime=60,
        client_id=None,
        now=server.now(),
        by=SERVER,
    )
    app = await server.app(scopes=("openid", "profile", "email", "address", "phone", "offline_access", "read"))

    plain = await server.token(app, grant_type="client_credentials")
    for_a_resource = await server.token(app, grant_type="client_credentials", resource="https://api.example")

    assert (plain.json["scope"], for_a_resource.json["scope"]) == ("read", "read")


@pytest.mark.parametrize("claims", ["[", "{", "null", '"x"', "[]", '{"userinfo": 1}', "[" * 2000])
async def test_g22_claims_that_nobody_can_read_lose_no_state(server: Server, claims: str) -> None:
    app, person = await server.app(scopes=("openid",)), await server.person()

    reply = await server.authorize(app, person, claims=claims, scope="openid", state="a b+c&d=é")

    assert (reply.sent_back["error"], reply.sent_back["state"]) == ("invalid_request", "a b+c&d=é")


@pytest.mark.parametrize("character", ["[", "]", "{", "}", "|", "^", '"', "`", "\\", "<", ">", "'"])
async def test_g29_what_browsers_leave_unescaped_is_read(server: Server, character: str) -> None:
    app, person = await server.app(), await server.person()
    await server.code(app, person)
    target = f"/authorize?response_type=code&client_id={app.client_id}&state=a{character}b"

    status, location = await deferToThread(got, server, target, person.headers)

    assert status == 302
    assert parse_qs(urlsplit(location).query)["state"] == [f"a{character}b"]


@pytest.mark.parametrize(
    "uri",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "http:///x",
        "https:///x",
        "vbscript:x",
        "file:///etc/passwd",
        "http://client.example/callback",
        "https://user@client.example/",
        "https://client.example/#f",
        "//client.example/",
        "myapp:/callback",
        "https://client.example/ü",
        "https://*.client.example/",
        "https://client.example/?x[]=1",
        "https://client.example/[x]",
    ],
)
async def test_g47_an_address_that_no_code_may_be_sent_to_is_not_registered(server: Server, uri: str) -> None:
    registration = server.registration

    with pytest.raises(Invalid) as refused:
        await registration.judge(Metadata("App", "none", CODE_ONLY, (uri,), ("read",)))

    assert set(refused.value.complaints) == {"redirect_uris"}


@pytest.mark.parametrize(
    "uri",
    [
        "https://client.example/callback?x%5B%5D=1",
        "https://client.example/callback?a=%7E&b",
        "https://client.example/callback?",
        "https://client.example/a;b=c?d=e;f",
        "https://client.example",
        "HTTPS://Client.Example/Callback",
        "com.example.app:/callback",
        "com.example.app:callback",
        "com.example.app://callback",
        "com.example.app:///callback",
        "http://[::1]/callback",
    ],
)
async def test_g47_an_address_that_is_registered_is_used_byte_for_byte(server: Server, uri: str) -> None:
    registration = server.registration
    good = await registration.judge(Metadata("App", "none", CODE_ONLY, (uri,), ("read",)))
    app, person = (
        await server.app(auth_method="none", grant_types=CODE_ONLY, redirect_uris=good.redirect_uris),
        await server.person(),
    )

    code = await server.authorize(app, person, redirect_uri=uri)
    error = await server.authorize(app, person, redirect_uri=uri, scope="admin")

    separator = "" if uri.endswith("?") else "&" if "?" in uri else "?"
    assert code.location.startswith(f"{uri}{separator}code=")
    assert error.location.startswith(f"{uri}{separator}error=")


async def test_trap_3_nobody_is_sent_anywhere_before_client_and_address_are_known(server: Server) -> None:
    app, person = await server.app(), await server.person()
    wrong = {"code_challenge": "x", "response_type": "barcode", "request": "x", "scope": "admin"}

    unknown = await server.authorize(app, person, client_id="nobody", **wrong)
    elsewhere = await server.authorize(app, person, redirect_uri="https://evil.example/", **wrong)
    known = await server.authorize(app, person, **wrong)

    assert [(reply.status, reply.location) for reply in (unknown, elsewhere)] == [(400, "")] * 2
    assert known.location.startswith(REDIRECT_URI)


@pytest.mark.parametrize("response_type", ["token", "id_token", "code token", "code none", "code id_token token"])
async def test_trap_5_what_is_not_mounted_is_refused_and_not_taken_for_a_code(
    server: Server, issued, response_type: str
) -> None:
    app, person = await server.app(), await server.person()

    reply = await server.authorize(app, person, response_type=response_type)

    assert reply.sent_back["error"] == "unsupported_response_type"
    assert issued() == 0


async def test_trap_6_hidden_fields_decide_nothing(server: Server) -> None:
    app, person, other = await server.app(), await server.person(), await server.app()
    query = {"response_type": "code", "client_id": app.client_id, "scope": "read", "state": "xyz"}
    page = await server.get("/authorize?" + urlencode(query), headers=person.headers)
    forged = {
        **fields(page.text),
        "decision": "allow",
        "redirect_uri": "https://evil.example/",
        "client_id": other.client_id,
        "scope": "read write",
        "state": "forged",
    }

    reply = await server.post(action(page.text), forged, headers={**person.headers, "Origin": server.settings.origin})
    token = await server.token(
        app, grant_type="authorization_code", code=reply.sent_back["code"], redirect_uri=REDIRECT_URI
    )

    assert reply.location.startswith(REDIRECT_URI)
    assert reply.sent_back["state"] == "xyz"
    assert token.json["scope"] == "read"
