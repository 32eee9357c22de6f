"""Basic OP, and with response_mode=form_post Form Post OP: each test is named after the module whose demands it asserts.

oidcc-basic-certification-test-plan, oidcc-formpost-basic-certification-test-plan
"""

import json
import re
import string
from typing import Any
from urllib.parse import quote, urlsplit

import jwt
import pytest
from pytest_twisted import blockon
from twisted.internet.defer import Deferred

from tests.conformance.browser import CONSENT, LOGIN, Browser, answer
from tests.conformance.conftest import CLAIMS, party
from tests.conformance.relying_party import Login, RelyingParty
from tests.harness import CHALLENGE, REDIRECT_URI, VERIFIER, Reply, Server

ERROR = {"error", "error_description", "error_uri", "state", "iss"}
PHONE = ("phone_number", "phone_number_verified")
SAME = ("sub", "auth_time")
TIMES = ("exp", "iat", "auth_time")
ID_TOKEN = ("iss", "sub", "aud", "nonce", "acr", "amr", "at_hash", "sid")
DESCRIPTION = re.compile(r"[\x20-\x21\x23-\x5b\x5d-\x7e]+")  # RFC 6749 §4.1.2.1, §5.2
PRINTABLE = string.printable.strip()
QUERY_CHARACTERS = "-._~!$'()*,;:@/?"
QUERY, FORM_POST = "query", "form_post"


@pytest.fixture(params=[QUERY, FORM_POST])
def rp(request: Any, server: Server, browser: Browser) -> RelyingParty:
    """A client with a secret, in either plan."""
    response_mode = None if request.param == QUERY else FORM_POST
    return blockon(Deferred.fromCoroutine(party(server, browser, response_mode)))


def refused(rp: RelyingParty, reply: Reply) -> dict[str, str]:
    """The error that the client is told, after what holds for all of them (Core §3.1.2.6)."""
    told = answer(reply)
    assert set(told) <= ERROR, (reply.status, told)
    assert (told["state"], told["iss"]) == (rp.requested["state"], rp.server.settings.issuer)
    assert DESCRIPTION.fullmatch(told["error_description"])
    assert urlsplit(told["error_uri"]).scheme in ("http", "https")
    return told


async def userinfo(rp: RelyingParty, login: Login) -> Any:
    reply = await rp.server.get("/userinfo", headers=login.bearer)
    assert (reply.status, reply.header("content-type")) == (200, "application/json")
    assert reply.json["sub"] == login.claims["sub"]
    return reply.json


async def test_oidcc_server(rp: RelyingParty) -> None:
    login = await rp.log_in()

    told = await userinfo(rp, login)
    assert rp.browser.seen == [LOGIN, CONSENT]
    assert told == {"sub": login.claims["sub"]}
    assert login.tokens["expires_in"] > 0


async def test_oidcc_server_with_what_an_id_token_may_have(rp: RelyingParty) -> None:
    """No claim of the person that was not asked for there (Core §5.4), and times in whole seconds."""
    login = await rp.log_in(scope="openid profile email phone address")

    assert set(login.claims) <= {*ID_TOKEN, *TIMES}
    assert all(isinstance(login.claims[name], int) for name in TIMES)
    assert all(isinstance(login.claims[name], str) for name in ("sub", "aud", "acr", "sid", "at_hash"))


async def test_oidcc_server_with_a_state_and_a_nonce_of_any_characters(rp: RelyingParty) -> None:
    """RFC 6749 §A.5; `authorized` and `finish` compare them."""
    login = await rp.log_in(state=PRINTABLE, nonce=PRINTABLE)

    assert login.claims["nonce"] == PRINTABLE


async def test_oidcc_server_with_an_address_as_spring_writes_it(rp: RelyingParty) -> None:
    """The suite leaves in its addresses what RFC 3986 §3.4 lets a query have."""
    path = rp.address(state=QUERY_CHARACTERS).partition("?")[0]
    query = "&".join(f"{name}={quote(value, safe=QUERY_CHARACTERS)}" for name, value in rp.requested.items())

    told = answer(await rp.browser.open(f"{path}?{query}"))

    assert told["state"] == rp.requested["state"]
    assert (await rp.finish(told["code"])).claims["aud"] == rp.app.client_id


async def test_oidcc_server_with_forms_that_say_their_charset(rp: RelyingParty) -> None:
    """So do those of Spring, of which the suite is made."""
    form = {"grant_type": "authorization_code", "code": await rp.authorized(), "redirect_uri": rp.redirect_uri}
    headers = {"Content-Type": "application/x-www-form-urlencoded;charset=UTF-8", "Accept": "application/json"}

    reply = await rp.server.post("/token", form, headers={**headers, **rp.app.basic})

    assert (reply.status, reply.header("content-type")) == (200, "application/json")
    assert (reply.header("cache-control"), type(reply.json["expires_in"])) == ("no-store", int)


async def test_oidcc_response_type_missing(rp: RelyingParty) -> None:
    reply = await rp.ask(response_type=None)

    assert refused(rp, reply)["error"] in ("invalid_request", "unsupported_response_type")


async def test_oidcc_idtoken_signature(rp: RelyingParty) -> None:
    """RS256 unless another algorithm was agreed upon, by a key whose kid the header has (Core §2, §10.1)."""
    login = await rp.log_in()

    assert login.header["alg"] == "RS256"
    assert login.header["kid"] in {key["kid"] for key in (await rp.server.get("/jwks")).json["keys"]}


async def test_oidcc_idtoken_unsigned(rp: RelyingParty) -> None:
    """Skipped by the suite, since no document of ours offers `none`."""
    metadata = (await rp.server.get("/.well-known/openid-configuration")).json

    assert "none" not in metadata["id_token_signing_alg_values_supported"]


async def test_oidcc_userinfo_get(rp: RelyingParty) -> None:
    login = await rp.log_in(scope="openid profile")

    told = await userinfo(rp, login)

    assert isinstance(told["updated_at"], int)


async def test_oidcc_userinfo_post_header(rp: RelyingParty) -> None:
    login = await rp.log_in()

    reply = await rp.server.request("POST", "/userinfo", headers=login.bearer)

    assert (reply.status, reply.json["sub"]) == (200, login.claims["sub"])


async def test_oidcc_userinfo_post_header_with_a_form_that_is_empty(rp: RelyingParty) -> None:
    login = await rp.log_in()
    form = {"Content-Type": "application/x-www-form-urlencoded"}

    reply = await rp.server.post("/userinfo", headers={**login.bearer, **form})

    assert (reply.status, reply.json["sub"]) == (200, login.claims["sub"])


async def test_oidcc_userinfo_post_body(rp: RelyingParty) -> None:
    login = await rp.log_in()

    reply = await rp.server.post("/userinfo", {"access_token": login.tokens["access_token"]})

    assert (reply.status, reply.json["sub"]) == (200, login.claims["sub"])


async def test_oidcc_ensure_request_without_nonce_succeeds_for_code_flow(rp: RelyingParty) -> None:
    login = await rp.log_in(nonce=None)

    assert "nonce" not in login.claims


async def test_oidcc_scope_profile(rp: RelyingParty) -> None:
    login = await rp.log_in(scope="openid profile")

    told = await userinfo(rp, login)
    profile = {name: value for name, value in CLAIMS.items() if name not in ("address", *PHONE)}
    assert {name: told.pop(name) for name in profile} == profile
    assert set(told) == {"sub", "name", "preferred_username", "updated_at"}


async def test_oidcc_scope_email(rp: RelyingParty) -> None:
    login = await rp.log_in(scope="openid email")

    told = await userinfo(rp, login)

    assert told == {"sub": login.claims["sub"], "email": "buffy@example.org", "email_verified": True}


async def test_oidcc_scope_address(rp: RelyingParty) -> None:
    login = await rp.log_in(scope="openid address")

    assert await userinfo(rp, login) == {"sub": login.claims["sub"], "address": CLAIMS["address"]}


async def test_oidcc_scope_phone(rp: RelyingParty) -> None:
    login = await rp.log_in(scope="openid phone")

    assert await userinfo(rp, login) == {"sub": login.claims["sub"], **{name: CLAIMS[name] for name in PHONE}}


async def test_oidcc_scope_all(rp: RelyingParty) -> None:
    login = await rp.log_in(scope="openid email phone address profile")

    told = await userinfo(rp, login)

    assert set(told) == {*CLAIMS, "sub", "name", "preferred_username", "updated_at", "email", "email_verified"}


async def test_oidcc_alternate_happy_flow(rp: RelyingParty) -> None:
    """Neither the order of the scopes nor that of the parameters matters (RFC 6749 §3.3)."""
    address, _, query = rp.address(scope="profile openid").partition("?")
    turned = "&".join(reversed(query.split("&")))

    told = answer(await rp.browser.open(f"{address}?{turned}"))

    assert (await rp.finish(told["code"])).claims["iss"] == rp.server.settings.issuer


async def test_oidcc_display_page(rp: RelyingParty) -> None:
    await rp.log_in(display="page")

    assert rp.browser.seen == [LOGIN, CONSENT]


async def test_oidcc_display_popup(rp: RelyingParty) -> None:
    await rp.log_in(display="popup")

    assert rp.browser.seen == [LOGIN, CONSENT]


async def test_oidcc_prompt_login(rp: RelyingParty) -> None:
    first = await rp.log_in()
    rp.browser.seen.clear()
    rp.server.clock.advance(1)

    second = await rp.log_in(prompt="login")

    assert rp.browser.seen == [LOGIN]
    assert second.claims["auth_time"] > first.claims["auth_time"]
    assert second.claims["sub"] == first.claims["sub"]


async def test_oidcc_prompt_none_not_logged_in(rp: RelyingParty) -> None:
    reply = await rp.ask(prompt="none")

    assert refused(rp, reply)["error"] == "login_required"
    assert rp.browser.seen == []


async def test_oidcc_prompt_none_not_logged_in_with_a_long_state(rp: RelyingParty) -> None:
    """128 characters, as the suite sends here; `refused` compares it."""
    reply = await rp.ask(prompt="none", state="a" * 124 + "-._~")

    assert refused(rp, reply)["error"] == "login_required"


async def test_oidcc_prompt_none_logged_in(rp: RelyingParty) -> None:
    first = await rp.log_in()
    rp.browser.seen.clear()

    second = await rp.log_in(prompt="none")

    assert rp.browser.seen == []
    assert [second.claims[name] for name in SAME] == [first.claims[name] for name in SAME]


async def test_oidcc_max_age_1(rp: RelyingParty) -> None:
    first = await rp.log_in()
    rp.browser.seen.clear()
    rp.server.clock.advance(2)

    second = await rp.log_in(max_age="1")

    assert rp.browser.seen == [LOGIN]
    assert second.claims["auth_time"] > first.claims["auth_time"]
    assert second.claims["sub"] == first.claims["sub"]


async def test_oidcc_max_age_10000(rp: RelyingParty) -> None:
    first = await rp.log_in(max_age="15000")
    rp.browser.seen.clear()

    second = await rp.log_in(max_age="10000")

    assert rp.browser.seen == []
    assert [second.claims[name] for name in SAME] == [first.claims[name] for name in SAME]


async def test_oidcc_ensure_request_with_unknown_parameter_succeeds(rp: RelyingParty) -> None:
    """RFC 6749 §3.1."""
    login = await rp.log_in(extra="foobar")

    assert login.claims["aud"] == rp.app.client_id


async def test_oidcc_id_token_hint(rp: RelyingParty) -> None:
    first = await rp.log_in()
    rp.browser.seen.clear()

    second = await rp.log_in(prompt="none", id_token_hint=first.tokens["id_token"])

    assert rp.browser.seen == []
    assert [second.claims[name] for name in SAME] == [first.claims[name] for name in SAME]


async def test_oidcc_login_hint(rp: RelyingParty) -> None:
    login = await rp.log_in(login_hint="buffy@example.org")

    assert rp.browser.seen == [LOGIN, CONSENT]
    assert login.claims["aud"] == rp.app.client_id


async def test_oidcc_ui_locales(rp: RelyingParty) -> None:
    login = await rp.log_in(ui_locales="se")

    assert login.claims["aud"] == rp.app.client_id


async def test_oidcc_claims_locales(rp: RelyingParty) -> None:
    login = await rp.log_in(claims_locales="se")

    assert login.claims["aud"] == rp.app.client_id


async def test_oidcc_ensure_request_with_acr_values_succeeds(rp: RelyingParty) -> None:
    """The suite asks for all that discovery offers, and warns unless one of them comes back."""
    offered = (await rp.server.get("/.well-known/openid-configuration")).json["acr_values_supported"]

    login = await rp.log_in(acr_values=" ".join(offered))

    assert login.claims["acr"] in offered


async def test_oidcc_codereuse(rp: RelyingParty) -> None:
    code = await rp.authorized()
    await rp.finish(code)

    again = await rp.redeemed(code)

    assert (again.status, again.json["error"]) == (400, "invalid_grant")
    assert again.header("content-type") == "application/json"
    assert DESCRIPTION.fullmatch(again.json["error_description"])


async def test_oidcc_codereuse_30seconds(rp: RelyingParty) -> None:
    """The access token of the first use is revoked too (RFC 6749 §4.1.2)."""
    code = await rp.authorized()
    login = await rp.finish(code)
    rp.server.clock.advance(30)

    again = await rp.redeemed(code)
    used = await rp.server.get("/userinfo", headers=login.bearer)

    assert (again.status, again.json["error"]) == (400, "invalid_grant")
    assert used.status == 401


async def test_oidcc_ensure_registered_redirect_uri(rp: RelyingParty) -> None:
    reply = await rp.ask(redirect_uri=REDIRECT_URI + "/elsewhere")

    assert (reply.status, reply.location) == (400, "")
    assert "an address that it has not registered" in reply.text


async def test_oidcc_ensure_post_request_succeeds(rp: RelyingParty) -> None:
    """Core §3.1.2.1: the authorization endpoint takes POST."""
    reply = await rp.browser.post(rp.address())

    assert rp.browser.seen == [LOGIN, CONSENT]
    assert (await rp.finish(answer(reply)["code"])).claims["aud"] == rp.app.client_id


async def test_oidcc_server_client_secret_post(rp: RelyingParty) -> None:
    other = await party(rp.server, rp.browser, rp.response_mode, auth_method="client_secret_post")

    login = await other.log_in()

    assert login.claims["aud"] == other.app.client_id


async def test_oidcc_request_uri_unsigned_supported_correctly_or_rejected_as_unsupported(rp: RelyingParty) -> None:
    """Skipped by the suite where `none` is not offered; an address that is not registered is refused."""
    reply = await rp.ask(request_uri="https://client.example/request.jwt")

    assert refused(rp, reply)["error"] == "invalid_request_uri"


async def test_oidcc_unsigned_request_object_supported_correctly_or_rejected_as_unsupported(rp: RelyingParty) -> None:
    """Skipped by the suite where `none` is not among request_object_signing_alg_values_supported; refused here anyway."""
    reply = await rp.ask(request=unsigned({"state": "in the object"}))

    assert refused(rp, reply)["error"] in ("request_not_supported", "invalid_request_object")


async def test_oidcc_claims_essential(rp: RelyingParty) -> None:
    """The claim is told at UserInfo, where it was asked for, and not in the ID token (Core §5.5)."""
    login = await rp.log_in(claims=json.dumps({"userinfo": {"name": {"essential": True}}}))

    told = await userinfo(rp, login)

    assert told["name"] == "Buffy Anne Summers"
    assert "name" not in login.claims


async def test_oidcc_ensure_request_object_with_redirect_uri(rp: RelyingParty) -> None:
    """Skipped by the suite as above; nobody is sent to the address of an object that nobody signed."""
    reply = await rp.ask(request=unsigned({"redirect_uri": "https://client.example/other"}))

    assert not reply.location.startswith("https://client.example/other")
    assert "code" not in answer(reply)


async def test_oidcc_refresh_token(rp: RelyingParty) -> None:
    """Core §12.2: the same person and login; and only the client that it was given to can use a refresh token."""
    login = await rp.log_in(scope="openid offline_access", prompt="consent")
    rp.server.clock.advance(1)

    reply = await rp.refreshed(login.tokens["refresh_token"], scope="openid offline_access")
    other = await party(rp.server, rp.browser, rp.response_mode)
    stolen = await other.refreshed(reply.json["refresh_token"])

    fresh = await rp.checked(reply.json)
    assert (reply.header("cache-control"), reply.header("pragma")) == ("no-store", "no-cache")
    assert [fresh.claims[name] for name in ("iss", "aud", *SAME)] == [
        login.claims[name] for name in ("iss", "aud", *SAME)
    ]
    assert fresh.claims["iat"] > login.claims["iat"]
    assert (stolen.status, stolen.json["error"]) == (400, "invalid_grant")


async def test_oidcc_ensure_request_with_valid_pkce_succeeds(rp: RelyingParty) -> None:
    code = await rp.authorized(code_challenge=CHALLENGE, code_challenge_method="S256")

    login = await rp.finish(code, code_verifier=VERIFIER)

    assert login.claims["aud"] == rp.app.client_id


def unsigned(claims: dict[str, Any]) -> str:
    """A request object that nobody signed (Core §6.1)."""
    return jwt.encode(claims, "", algorithm="none")
