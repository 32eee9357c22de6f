"""The consent page: what people are told, and that nothing on it can be changed on the way (H19)."""

from html import unescape
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest

from tests.harness import CHALLENGE, REDIRECT_URI, Server
from tests.pages.conftest import Visitor, asking, kept, logged_in, visitor_of
from tests.pages.form import Form
from tests.registering import registered


async def test_the_page_names_application_owner_person_and_each_scope_in_words(server: Server) -> None:
    owner = visitor_of(server, await server.person("olga"))
    person = visitor_of(server, await server.person("petra"))
    app = await owner.register(name="Olga's shop")

    page = (await person.get(asking(app, scope="read write"))).text

    assert "Olga&#39;s shop" in page
    assert "This application of <strong><bdi>olga</bdi></strong>" in page
    assert "asks to act for you, <strong><bdi>petra</bdi></strong>" in page
    assert "Read your data" in page
    assert "Change your data" in page
    assert "<strong>client.example</strong>" in page


async def test_only_the_scopes_asked_for_are_named(server: Server) -> None:
    person = visitor_of(server, await server.person())

    page = (await person.get(asking(await person.register(), scope="read"))).text

    assert "Read your data" in page
    assert "Change your data" not in page


PASSES = "can pass for <q><bdi>Shop</bdi></q>: nobody can check which one asks"


@pytest.mark.parametrize(
    ("redirect_uri", "client_type", "said"),
    [
        pytest.param("http://127.0.0.1/back", "public", "any program here " + PASSES, id="on this device"),
        pytest.param("org.example.app:/back", "public", "any app here " + PASSES, id="by a scheme of its own"),
        pytest.param(REDIRECT_URI, "public", None, id="public at a host of its own"),
        pytest.param(REDIRECT_URI, "confidential", None, id="with a secret"),
        pytest.param("http://127.0.0.1/back", "confidential", None, id="with a secret on this device"),
    ],
)
async def test_what_nobody_can_check_is_said_before_anything_else(
    server: Server, redirect_uri: str, client_type: str, said: str | None
) -> None:
    person = visitor_of(server, await server.person())
    app = await person.register(client_type=client_type, redirect_uris=redirect_uri)

    page = (await person.get(asking(app, redirect_uri=redirect_uri))).text

    card = page.partition('<div class="card">')[2]
    assert card.lstrip().startswith('<div class="caution">') == (said is not None)
    assert said is None or said in card.partition("<h1>")[0]


async def test_the_page_says_where_to_take_back_what_was_allowed(server: Server) -> None:
    person = visitor_of(server, await server.person())

    page = (await person.get(asking(await person.register()))).text

    assert 'You can take this back at any time: <a href="/account/applications"' in page


async def test_an_app_is_named_by_its_scheme(server: Server) -> None:
    person = visitor_of(server, await server.person())
    app = await person.register(
        client_type="public", grant_types=["authorization_code"], redirect_uris="org.example.app:/back"
    )

    page = (await person.get(asking(app, redirect_uri="org.example.app:/back"))).text

    assert "<strong>org.example.app</strong>" in page


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "{{7*7}}", '"><img src=x onerror=alert(1)>', "a & b"])
async def test_a_name_is_shown_letter_by_letter(server: Server, name: str) -> None:
    person = visitor_of(server, await server.person())

    page = (await person.get(asking(await person.register(name=name)))).text

    heading = page.partition("<h1>")[2].partition("</h1>")[0].partition("<bdi>")[2].partition("</bdi>")[0]
    assert "<" not in heading
    assert unescape(heading) == name


async def test_a_name_that_is_read_from_right_to_left_stays_within_itself(server: Server) -> None:
    person = visitor_of(server, await server.person())

    page = (await person.get(asking(await person.register(name="\u05d7\u05e0\u05d5\u05ea 5")))).text

    assert "<bdi>\u05d7\u05e0\u05d5\u05ea 5</bdi>" in page


async def opened(server: Server) -> tuple[Visitor, Form]:
    person = visitor_of(server, await server.person())
    return person, await person.form(asking(await person.register()))


async def test_h19_the_page_has_one_hidden_field_and_the_request_in_the_address(server: Server) -> None:
    _, form = await opened(server)

    assert form.hidden == ["csrf_token"]
    assert {"client_id", "redirect_uri", "scope", "state", "code_challenge"} <= dict(parse_qsl(form.action)).keys()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("scope", "read write"),
        ("scope", "admin"),
        ("scope", None),
        ("state", "other"),
        ("state", None),
        ("redirect_uri", "https://evil.example/"),
        ("redirect_uri", None),
        ("client_id", "nobody"),
        ("client_id", None),
        ("response_type", "token"),
        ("response_type", None),
        ("code_challenge", CHALLENGE.swapcase()),
        ("code_challenge", None),
        ("code_challenge_method", "plain"),
        ("code_challenge_method", None),
        ("response_mode", "fragment"),
        ("nonce", "more"),
    ],
)
async def test_h19_a_request_that_was_changed_on_the_way_is_never_granted(
    server: Server, admin: Any, name: str, value: str | None
) -> None:
    person, form = await opened(server)
    path, _, query = form.action.partition("?")
    changed = {key: text for key, text in {**dict(parse_qsl(query)), name: value}.items() if text is not None}
    before = kept(admin)

    form.action = f"{path}?{urlencode(changed)}"
    reply = await person.send(form, decision="allow")

    assert reply.status in (400, 403) or (reply.status == 303 and "error=" in reply.location)
    assert "code=" not in reply.location
    assert kept(admin) == before


async def test_h19_the_request_of_another_client_is_not_granted(server: Server, admin: Any) -> None:
    person, form = await opened(server)
    other = await person.register(name="Other")
    before = kept(admin)

    form.action = asking(other).replace("/authorize?", "/authorize/consent?")
    reply = await person.send(form, decision="allow")

    assert reply.status == 403
    assert kept(admin) == before


@pytest.mark.parametrize("place", ["client_id", "scope", "redirect_uri", "user_id", "state"])
async def test_h19_fields_that_the_form_does_not_have_change_nothing(server: Server, place: str) -> None:
    person, form = await opened(server)

    reply = await person.send(form, decision="allow", **{place: "https://evil.example/"})

    assert reply.status == 303
    assert reply.location.startswith(REDIRECT_URI + "?")
    assert reply.sent_back["state"] == "xyz"


async def test_h19_a_question_may_be_answered_for_ten_minutes(server: Server) -> None:
    person, form = await opened(server)

    server.clock.advance(598)
    early = await person.send(form, decision="allow")
    server.clock.advance(4)
    late = await person.send(form, decision="allow")

    assert (early.status, late.status) == (303, 403)
    assert "opened too long ago" in late.text


async def test_h19_the_time_in_the_token_cannot_be_changed(server: Server, admin: Any) -> None:
    person, form = await opened(server)
    opened_at, _, check = form.value("csrf_token").partition(".")
    before = kept(admin)
    server.clock.advance(700)

    later = [f"{int(opened_at) + 700}.{check}", f".{check}", f"9e9.{check}", check]
    replies = [await person.send(form, decision="allow", csrf_token=token) for token in later]

    assert [reply.status for reply in replies] == [403] * 4
    assert kept(admin) == before


async def test_h19_each_way_to_edit_the_token_is_refused(server: Server, admin: Any) -> None:
    person, form = await opened(server)
    token = form.value("csrf_token")
    before = kept(admin)

    edited = [token[:-1], token + "A", token.swapcase(), token[::-1], "A" * len(token)]
    replies = [await person.send(form, decision="allow", csrf_token=text) for text in edited]

    assert [reply.status for reply in replies] == [403] * len(edited)
    assert kept(admin) == before


async def test_h19_the_form_of_one_person_is_not_for_another(server: Server, admin: Any) -> None:
    _, form = await opened(server)
    somebody = visitor_of(server, await server.person())
    before = kept(admin)

    reply = await somebody.send(form, decision="allow")

    assert reply.status == 403
    assert kept(admin) == before


async def test_h19_the_form_ends_with_the_session(server: Server, admin: Any) -> None:
    person, form = await opened(server)
    cookie = person.cookie
    await person.send(await person.form("/logout"))
    before = kept(admin)

    reply = await Visitor(server, cookie).send(form, decision="allow")

    assert reply.location.startswith("/login?next=")
    assert kept(admin) == before


@pytest.mark.parametrize("decision", [None, "", "deny", "Allow", "yes"])
async def test_whatever_is_not_allow_is_a_refusal(server: Server, decision: str | None) -> None:
    person, form = await opened(server)

    reply = await person.send(form, decision=decision)

    assert reply.sent_back["error"] == "access_denied"
    assert "code" not in reply.sent_back


@pytest.mark.parametrize("path", ["/authorize", "/o/authorize/"])
async def test_an_unknown_client_and_a_wrong_redirect_uri_give_the_same_page_and_no_redirect(
    server: Server, path: str
) -> None:
    person = visitor_of(server, await server.person())
    app = await person.register()
    query = asking(app).partition("?")[2]

    replies = [
        await visitor.get(f"{path}?{text}")
        for visitor in (person, Visitor(server))
        for text in (
            query.replace(app.client_id, "nobody"),
            query.replace(app.client_id, ""),
            query.replace("client.example", "evil.example"),
            query + "&client_id=" + app.client_id,
        )
    ]

    assert {reply.status for reply in replies} == {400}
    assert len({reply.anonymous for reply in replies}) == 1
    assert all(reply.header("location") is None for reply in replies)


async def test_what_an_application_says_of_itself_are_links_if_they_are_web_addresses(server: Server) -> None:
    told = {
        "client_uri": "https://shop.example/about",
        "policy_uri": "https://shop.example/policy?a=1&b=2",
        "tos_uri": "javascript:alert(1)",  # which the rules would have refused
    }
    app, person = await server.app(**told), await logged_in(server)

    page = (await person.get(asking(app))).text

    assert 'href="https://shop.example/about"' in page
    assert 'href="https://shop.example/policy?a=1&amp;b=2"' in page
    assert "javascript:" not in page
    assert "<img" not in page.partition("<main")[2]


async def test_people_are_told_of_an_application_that_has_registered_itself(server: Server) -> None:
    person, client, other = await logged_in(server), await registered(server), await server.app()

    pages = [
        (await person.get(asking(app, scope=scope))).text for app, scope in ((client.app, "openid"), (other, "read"))
    ]

    assert ["This application has registered itself here" in page for page in pages] == [True, False]
