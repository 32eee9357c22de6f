"""A relying party asks for the logout (OpenID Connect RP-Initiated Logout 1.0)."""

import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from iam.openid.id_tokens import TYPE
from iam.openid.logout_requests import PARAMETERS
from iam.protocol import bridge
from iam.records.actor import SERVER
from tests.harness import App, Person, Reply, Server
from tests.pages.conftest import PASSWORD, Visitor, make_account, visitor_of
from tests.pages.form import form_of

AFTERWARDS = "https://client.example/bye"
STATE = "a b&c=d/é+%"


async def relying_party(server: Server, **options: Any) -> App:
    options = {"scopes": ("openid", "read", "offline_access"), "post_logout_redirect_uris": (AFTERWARDS,), **options}
    return await server.app(**options)


async def hint(server: Server, app: App, person: Person) -> str:
    """An ID token of this person's session."""
    return str((await server.tokens(app, person, scope="openid"))["id_token"])


def asking(**parameters: str | None) -> str:
    return "/logout?" + urlencode({name: value for name, value in parameters.items() if value is not None})


async def logged_in(visitor: Visitor) -> bool:
    return (await visitor.get("/applications")).status == 200


async def refused(server: Server, reply: Reply) -> tuple[str, str]:
    """The check that failed and what came, as the makers of the application read it."""
    await server.store.refusals.flush()
    identifier = reply.text.partition("/errors/")[2][:12]
    trace = await server.store.refusals.find(identifier, server.now())
    assert trace is not None
    return trace.failed, trace.got


# Requests that prove themselves


async def test_a_hint_of_this_session_logs_out_without_a_question(server: Server) -> None:
    app, person = await relying_party(server), await server.person()
    visitor, token = visitor_of(server, person), await hint(server, app, person)

    reply = await visitor.get(asking(id_token_hint=token, post_logout_redirect_uri=AFTERWARDS, state=STATE))

    assert reply.status == 303
    assert reply.location.partition("?")[0] == AFTERWARDS
    assert parse_qsl(urlsplit(reply.location).query) == [("state", STATE)]
    assert "Max-Age=0" in (reply.header("set-cookie") or "")
    assert not await logged_in(visitor_of(server, person))


async def test_without_a_state_there_is_none_in_the_answer(server: Server) -> None:
    app, person = await relying_party(server), await server.person()
    token = await hint(server, app, person)

    reply = await visitor_of(server, person).get(asking(id_token_hint=token, post_logout_redirect_uri=AFTERWARDS))

    assert reply.location == AFTERWARDS


async def test_the_query_of_a_registered_address_stays(server: Server) -> None:
    app, person = (
        await relying_party(server, post_logout_redirect_uris=(AFTERWARDS + "?from=op",)),
        await server.person(),
    )
    token = await hint(server, app, person)

    reply = await visitor_of(server, person).get(
        asking(id_token_hint=token, post_logout_redirect_uri=AFTERWARDS + "?from=op", state="x")
    )

    assert reply.location == AFTERWARDS + "?from=op&state=x"


async def test_a_native_application_may_listen_on_any_port(server: Server) -> None:
    app = await relying_party(server, post_logout_redirect_uris=("http://127.0.0.1/bye",))
    person = await server.person()
    token = await hint(server, app, person)

    reply = await visitor_of(server, person).get(
        asking(id_token_hint=token, post_logout_redirect_uri="http://127.0.0.1:51234/bye")
    )

    assert reply.location == "http://127.0.0.1:51234/bye"


async def test_without_an_address_the_page_says_that_nobody_is_logged_in(server: Server) -> None:
    app, person = await relying_party(server), await server.person()
    token = await hint(server, app, person)

    reply = await visitor_of(server, person).get(asking(id_token_hint=token, state="x"))
    page = await Visitor(server).get(reply.location)

    assert reply.location == "/logout"
    assert "<h1>You are logged out</h1>" in page.text
    assert not await logged_in(visitor_of(server, person))


async def test_a_hint_that_has_expired_is_as_good(server: Server) -> None:
    app, person = await relying_party(server), await server.person()
    token = await hint(server, app, person)
    server.clock.advance(7200)

    reply = await visitor_of(server, person).get(asking(id_token_hint=token, post_logout_redirect_uri=AFTERWARDS))

    assert reply.location == AFTERWARDS


async def test_a_hint_is_good_when_the_key_that_signed_it_is_gone(server: Server) -> None:
    app, person = await relying_party(server), await server.person()
    token = await hint(server, app, person)
    await server.keys.retire(json.loads(urlsafe_b64decode(token.partition(".")[0] + "=="))["kid"], by=SERVER)

    reply = await visitor_of(server, person).get(asking(id_token_hint=token, post_logout_redirect_uri=AFTERWARDS))

    assert reply.location == AFTERWARDS


async def test_a_hint_of_another_account_in_this_browser_logs_that_one_out(server: Server) -> None:
    app, ada, bob = await relying_party(server), await server.person(), await server.person()
    token = await hint(server, app, bob)
    both = {"Cookie": f"iam={ada.cookie}; iam_others={bob.cookie}"}

    reply = await server.get(asking(id_token_hint=token, post_logout_redirect_uri=AFTERWARDS), headers=both)

    assert reply.location == AFTERWARDS
    assert await logged_in(visitor_of(server, ada))
    assert not await logged_in(visitor_of(server, bob))


async def test_who_comes_from_django_oauth_toolkit_finds_it_at_its_address(server: Server) -> None:
    app, person = await relying_party(server), await server.person()
    asked = {"id_token_hint": await hint(server, app, person), "post_logout_redirect_uri": AFTERWARDS}

    reply = await visitor_of(server, person).get("/o/logout/?" + urlencode(asked))

    assert reply.location == AFTERWARDS


async def test_a_client_with_pairwise_subjects_is_understood(server: Server) -> None:
    app = await relying_party(server, subject_type="pairwise")
    person = await server.person()
    token = await hint(server, app, person)

    reply = await visitor_of(server, person).get(asking(id_token_hint=token, post_logout_redirect_uri=AFTERWARDS))

    assert reply.location == AFTERWARDS


async def test_with_nobody_logged_in_the_browser_goes_on_at_once(server: Server) -> None:
    app, person = await relying_party(server), await server.person()
    token = await hint(server, app, person)
    asked = asking(id_token_hint=token, post_logout_redirect_uri=AFTERWARDS, state="x")

    replies = [await Visitor(server).get(asked), await Visitor(server).get("/logout")]

    assert replies[0].location == AFTERWARDS + "?state=x"
    assert "You are logged out" in replies[1].text
    assert await logged_in(visitor_of(server, person))


async def test_a_form_of_another_site_goes_on_as_a_link_with_the_same_parameters(server: Server) -> None:
    app, person = await relying_party(server), await server.person()
    asked = {
        "id_token_hint": await hint(server, app, person),
        "post_logout_redirect_uri": AFTERWARDS,
        "state": STATE,
    }

    reply = await server.post("/logout", {**asked, "else": "x"}, headers={"Origin": "https://client.example"})
    followed = await visitor_of(server, person).get(reply.location)

    assert reply.status == 303
    assert dict(parse_qsl(urlsplit(reply.location).query)) == asked
    assert followed.location.startswith(AFTERWARDS)


# Requests that prove nothing


@pytest.mark.parametrize("parameters", [{}, {"state": "x"}, {"ui_locales": "de", "logout_hint": "person1"}])
async def test_without_a_hint_the_person_is_asked(server: Server, parameters: dict[str, str]) -> None:
    visitor = visitor_of(server, await server.person())

    reply = await visitor.get(asking(**parameters))

    assert "<h1>Log out?</h1>" in reply.text
    assert await logged_in(visitor)


async def test_a_client_without_a_hint_is_named_in_the_question_and_gets_the_person_back(server: Server) -> None:
    app, person = await relying_party(server), await server.person()
    visitor = visitor_of(server, person)

    asked = await visitor.get(asking(client_id=app.client_id, post_logout_redirect_uri=AFTERWARDS, state=STATE))
    still = await logged_in(visitor)
    reply = await visitor.send(form_of(asked.text), decision="leave")

    assert "Test application" in asked.text
    assert still
    assert (reply.status, reply.sent_back) == (303, {"state": STATE})
    assert not await logged_in(visitor_of(server, person))


async def test_who_says_no_stays_and_is_told_so(server: Server) -> None:
    app, person = await relying_party(server), await server.person()
    visitor = visitor_of(server, person)
    asked = await visitor.get(asking(client_id=app.client_id, post_logout_redirect_uri=AFTERWARDS))

    reply = await visitor.send(form_of(asked.text), decision="stay")

    assert reply.status == 200
    assert "You are still logged in" in reply.text
    assert await logged_in(visitor)


async def test_a_hint_of_another_person_or_session_needs_the_question(server: Server) -> None:
    app, person = await relying_party(server), await server.person()
    tokens = [await hint(server, app, await server.person()), await hint(server, app, person)]
    user_id = await make_account(server, "ada")
    other = Visitor(server)
    await other.send(await other.form("/login"), login="ada", password=PASSWORD)

    replies = [await other.get(asking(id_token_hint=token)) for token in tokens]

    assert user_id is not None
    assert ["Log out?" in reply.text for reply in replies] == [True, True]
    assert await logged_in(other)


async def test_the_forms_token_is_for_this_very_request(server: Server) -> None:
    app, person = await relying_party(server), await server.person()
    visitor = visitor_of(server, person)
    form = form_of((await visitor.get("/logout")).text)
    form.action = asking(client_id=app.client_id, post_logout_redirect_uri=AFTERWARDS)

    reply = await visitor.send(form, decision="leave")

    assert reply.status == 403
    assert await logged_in(visitor)


# Requests that are wrong


def damaged(token: str) -> str:
    """The token with another subject, as an attacker would change it."""
    header, payload, signature = token.split(".")
    plain = urlsafe_b64decode(payload + "==").replace(b'"sub":"', b'"sub":"x')
    return ".".join((header, urlsafe_b64encode(plain).rstrip(b"=").decode(), signature))


async def wrong(server: Server, app: App, person: Person, name: str) -> dict[str, str]:
    """Parameters that must not be followed."""
    good = {"id_token_hint": await hint(server, app, person), "post_logout_redirect_uri": AFTERWARDS, "state": "x"}
    other = await relying_party(server)
    table: dict[str, dict[str, str | None]] = {
        "bad id_token_hint": {"id_token_hint": "not.a.token"},
        "modified id_token_hint": {"id_token_hint": damaged(good["id_token_hint"])},
        "another kind of token": {
            "id_token_hint": await server.keys.signed("RS256", "at+jwt", {"aud": app.client_id, "sub": "x"})
        },
        "an audience that is none": {
            "id_token_hint": await server.keys.signed("RS256", TYPE, {"aud": [app.client_id], "sub": "x"})
        },
        "a client that is gone": {
            "id_token_hint": await server.keys.signed("RS256", TYPE, {"aud": "gone", "sub": "x"})
        },
        "another client_id": {"client_id": other.client_id},
        "unknown client_id": {"id_token_hint": None, "client_id": "unknown"},
        "no client at all": {"id_token_hint": None},
        "bad post_logout_redirect_uri": {"post_logout_redirect_uri": "https://client.example/other"},
        "query added": {"post_logout_redirect_uri": AFTERWARDS + "?foo=bar"},
        "a redirect_uri": {"post_logout_redirect_uri": "https://client.example/callback"},
        "another letter": {"post_logout_redirect_uri": AFTERWARDS + "/"},
    }
    return {key: value for key, value in {**good, **table[name]}.items() if value is not None}


@pytest.mark.parametrize(
    ("name", "check"),
    [
        ("bad id_token_hint", "id_token_hint"),
        ("modified id_token_hint", "id_token_hint"),
        ("another kind of token", "id_token_hint"),
        ("an audience that is none", "client_id"),
        ("a client that is gone", "client_id"),
        ("another client_id", "client_id"),
        ("unknown client_id", "client_id"),
        ("no client at all", "post_logout_redirect_uri"),
        ("bad post_logout_redirect_uri", "post_logout_redirect_uri"),
        ("query added", "post_logout_redirect_uri"),
        ("a redirect_uri", "post_logout_redirect_uri"),
        ("another letter", "post_logout_redirect_uri"),
    ],
)
async def test_a_wrong_request_gets_a_page_and_changes_nothing(server: Server, name: str, check: str) -> None:
    app, person = await relying_party(server), await server.person()
    asked = asking(**await wrong(server, app, person, name))

    replies = [await visitor_of(server, person).get(asked), await Visitor(server).get(asked)]

    assert [reply.status for reply in replies] == [400, 400]
    assert [reply.location for reply in replies] == ["", ""]
    assert "Nobody was logged out" in replies[0].text
    assert (await refused(server, replies[0]))[0] == check
    assert await logged_in(visitor_of(server, person))


async def test_a_parameter_that_comes_twice_gets_a_page(server: Server) -> None:
    person = await server.person()

    reply = await visitor_of(server, person).get("/logout?state=a&state=b")

    assert reply.status == 400
    assert await logged_in(visitor_of(server, person))


@pytest.mark.parametrize("alg", ["HS256", "none"])
async def test_a_hint_signed_with_our_public_key_as_a_secret_is_none(server: Server, alg: str) -> None:
    app, person = await relying_party(server), await server.person()
    key = next(key for key in (await server.get("/jwks")).json["keys"] if key.get("alg") == "RS256")
    token = await hint(server, app, person)
    head = urlsafe_b64encode(json.dumps({"alg": alg, "typ": TYPE, "kid": key["kid"]}).encode()).rstrip(b"=")
    signed = head + b"." + token.split(".")[1].encode()
    secret = json.dumps(key).encode()
    signature = urlsafe_b64encode(hmac.digest(secret, signed, "sha256")).rstrip(b"=") if alg == "HS256" else b""

    reply = await visitor_of(server, person).get(asking(id_token_hint=(signed + b"." + signature).decode()))

    assert reply.status == 400
    assert await logged_in(visitor_of(server, person))


async def test_whatever_is_asked_nobody_is_logged_out_or_sent_elsewhere(server: Server) -> None:
    person = await server.person()

    @hypothesis_settings(deadline=None, max_examples=60)
    @given(st.dictionaries(st.sampled_from(PARAMETERS), st.text(max_size=30)), st.booleans())
    def every(parameters: dict[str, str], by_form: bool) -> None:
        query = urlencode(parameters)
        asked = ("POST", "/logout", query.encode()) if by_form else ("GET", "/logout?" + query, None)

        method, path, data = asked
        reply = bridge.wait(server.request(method, path, data=data, headers=person.headers))

        assert reply.status in (200, 303, 400)
        assert reply.location == "" or reply.location.startswith("/logout")

    await bridge.call(every)

    assert await logged_in(visitor_of(server, person))


# What ends with the session


async def test_what_is_bound_to_the_session_ends_with_it_and_offline_access_stays(server: Server) -> None:
    app, person = await relying_party(server), await server.person()
    bound = await server.tokens(app, person, scope="openid read")
    offline = await server.tokens(app, person, scope="openid read offline_access", prompt="consent")
    plain = await server.tokens(app, person, scope="read")

    await visitor_of(server, person).get(asking(id_token_hint=bound["id_token"]))

    assert not (await server.introspect(app, bound["access_token"]))["active"]
    assert (await server.refresh(app, bound["refresh_token"])).json["error"] == "invalid_grant"
    assert (await server.refresh(app, offline["refresh_token"])).status == 200
    assert (await server.refresh(app, plain["refresh_token"])).status == 200


async def test_a_code_of_a_session_that_has_ended_is_worth_nothing(server: Server) -> None:
    app, person = await relying_party(server), await server.person()
    token, code = await hint(server, app, person), await server.code(app, person, scope="openid")

    await visitor_of(server, person).get(asking(id_token_hint=token))

    assert (await server.redeem(app, code)).json["error"] == "invalid_grant"


async def test_the_logout_is_one_event(server: Server) -> None:
    app, person = await relying_party(server), await server.person()
    token = await hint(server, app, person)

    for _ in range(2):
        await visitor_of(server, person).get(asking(id_token_hint=token))

    (event,) = await server.store.audit.events(kind="session.ended")
    assert (event.actor, event.address) == (f"user {person.user_id}", "127.0.0.1")


async def test_the_document_names_the_endpoint(server: Server) -> None:
    document = (await server.get("/.well-known/openid-configuration")).json

    assert document["end_session_endpoint"] == server.settings.issuer + "/logout"
    assert "check_session_iframe" not in document
