"""By which way a client gets its answer: query, fragment or a form (OAuth 2.0 Multiple Response Types, Form Post Response Mode)."""

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.harness import REDIRECT_URI, Reply, Server, action
from tests.pages.conftest import asking, logged_in
from tests.pages.form import form_of

STATE = "a b+c&d=é#%00'\"<script>"
MODES = ("query", "fragment", "form_post")
ERRORS: dict[str, dict[str, str]] = {
    "invalid_request": {"scope": "openid", "claims": "["},
    "invalid_scope": {"scope": "admin"},
    "unsupported_response_type": {"response_type": "token"},
    "login_required": {"scope": "openid", "prompt": "none", "max_age": "0"},
    "consent_required": {"scope": "openid", "prompt": "none"},
    "unmet_authentication_requirements": {
        "scope": "openid",
        "claims": '{"id_token": {"acr": {"essential": true, "value": "9"}}}',
    },
    "invalid_request_object": {"request": "eyJ"},
    "invalid_request_uri": {"request_uri": "https://client.example/r"},
    "registration_not_supported": {"registration": "{}"},
}


def answered(reply: Reply, mode: str) -> dict[str, str]:
    """The members of the answer, which has to come by this way and no other."""
    if mode == "form_post":
        assert (reply.status, reply.location, action(reply.text)) == (200, "", REDIRECT_URI)
        return dict(form_of(reply.text).fields)
    assert reply.location.startswith(REDIRECT_URI + {"query": "?", "fragment": "#"}[mode])
    parts = urlsplit(reply.location)
    return {name: values[0] for name, values in parse_qs(parts.fragment if mode == "fragment" else parts.query).items()}


@pytest.mark.parametrize("mode", MODES)
async def test_a_code_comes_by_the_way_that_was_asked_for(server: Server, mode: str) -> None:
    app, person = await server.app(), await server.person()

    reply = await server.authorize(app, person, response_mode=mode, state=STATE)

    members = answered(reply, mode)
    assert set(members) == {"code", "state", "iss"}
    assert members["state"] == STATE


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("error", ERRORS)
async def test_every_error_comes_by_the_same_way_with_the_state_letter_by_letter(
    server: Server, error: str, mode: str
) -> None:
    app, person = await server.app(scopes=("openid", "read")), await logged_in(server)
    server.clock.advance(10)

    reply = await person.get(asking(app, response_mode=mode, state=STATE, **ERRORS[error]))

    members = answered(reply, mode)
    assert (members["error"], members["state"]) == (error, STATE)
    assert members["iss"] == server.settings.issuer


@pytest.mark.parametrize("mode", MODES)
async def test_a_refusal_of_the_person_comes_by_the_same_way(server: Server, mode: str) -> None:
    app, person = await server.app(), await server.person()

    reply = await server.authorize(app, person, "deny", response_mode=mode, state=STATE)

    members = answered(reply, mode)
    assert (members["error"], members["state"]) == ("access_denied", STATE)


async def test_a_posted_code_is_redeemed_like_any_other(server: Server) -> None:
    app, person = await server.app(), await server.person()

    sent = await server.authorize(app, person, response_mode="form_post")
    tokens = await server.redeem(app, sent.sent_back["code"])

    assert tokens.status == 200


async def test_the_page_may_run_our_script(server: Server) -> None:
    app, person = await server.app(), await server.person()

    page = await server.authorize(app, person, response_mode="form_post")
    others = await server.get("/")

    policy = page.header("content-security-policy") or ""
    assert "script-src 'self'" in policy
    assert page.header("cache-control") == "no-store"
    assert "script-src" not in (others.header("content-security-policy") or "")


async def test_the_page_has_a_button_and_its_script_in_a_file(server: Server) -> None:
    app, person = await server.app(), await server.person()

    page = await server.authorize(app, person, response_mode="form_post")
    (address,) = re.findall(r'<script src="([^"]+)"></script>', page.text)
    script = await server.get(address)

    assert '<button type="submit">Continue</button>' in page.text
    assert page.text.count("<script") == 1
    assert script.header("content-type") == "text/javascript; charset=utf-8"
    assert b"submit()" in script.body


async def test_no_value_gets_out_of_its_field(server: Server) -> None:
    app, person = await server.app(), await server.person()
    state = '"><img src=x onerror=alert(1)>'

    page = await server.authorize(app, person, response_mode="form_post", state=state)

    assert "<img src=x" not in page.text
    assert page.sent_back["state"] == state


async def test_no_form_leads_to_the_scheme_of_an_app(server: Server) -> None:
    uri = "com.example.app:/callback"
    app = await server.app(auth_method="none", grant_types=("authorization_code",), redirect_uris=(uri,))

    reply = await server.authorize(app, await server.person(), redirect_uri=uri, response_mode="form_post")

    assert reply.location.startswith(uri + "?error=invalid_request")


@pytest.mark.parametrize("wrong", [{"redirect_uri": "https://evil.example/"}, {"client_id": "nobody"}])
async def test_no_form_leads_to_an_address_that_is_not_registered(server: Server, wrong: dict[str, Any]) -> None:
    app, person = await server.app(), await server.person()

    reply = await server.authorize(app, person, response_mode="form_post", **wrong)

    assert reply.status == 400
    assert "evil.example" not in reply.text
    assert "<form" not in reply.text
