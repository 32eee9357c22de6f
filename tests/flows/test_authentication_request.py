"""Authentication requests (OpenID Connect Core §3.1.2): who is asked what, and when nobody may be."""

import json
from html import unescape
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import OctKey

from iam.authorization import openid_parameters
from iam.authorization.claims_request import ClaimsError, parse
from iam.authorization.errors import AuthorizationError
from iam.authorization.openid_parameters import PROMPTS
from tests.harness import REDIRECT_URI, App, Reply, Server
from tests.pages.conftest import PASSWORD, Visitor, asking, logged_in, make_account, visitor_of
from tests.pages.form import form_of

STATE = "a b+c&d=é#%00'\""
EVERY_SCOPE = ("openid", "profile", "email", "offline_access", "read")


def openid(app: App, **parameters: str) -> str:
    """The address of an authentication request."""
    return asking(app, **{"scope": "openid", **parameters})


async def somebody(server: Server, username: str = "ada") -> Visitor:
    """Somebody who has logged in by password."""
    await make_account(server, username)
    visitor = Visitor(server)
    await visitor.send(await visitor.form("/login"), login=username, password=PASSWORD)
    return visitor


async def client(server: Server, **metadata: Any) -> App:
    return await server.app(scopes=EVERY_SCOPE, **metadata)


async def consented(visitor: Visitor, address: str) -> Reply:
    """What comes of an authorization request whose question, if any, is answered with yes."""
    reply = await visitor.get(address)
    return await visitor.send(form_of(reply.text), decision="allow") if reply.status == 200 else reply


async def relogged(visitor: Visitor, sent: Reply, login: str = "ada") -> str:
    """Where the login leads on to, for who was sent there."""
    assert sent.location.startswith("/login?"), sent.location
    reply = await visitor.send(await visitor.form(sent.location), login=login, password=PASSWORD)
    assert reply.status == 303
    return reply.location


async def told(server: Server, app: App, sent: Reply) -> Any:
    """The claims of the ID token that the code gives."""
    tokens = (await server.redeem(app, sent.sent_back["code"])).json
    return await server.keys.verified(tokens["id_token"], "JWT")


# The parameters, each by itself.


@pytest.mark.parametrize(
    "prompt", ["create", "none login", "none consent", "login none", "LOGIN", "login,consent", "login\tconsent", "é"]
)
async def test_a_prompt_that_nobody_defined_or_none_beside_others_is_refused(server: Server, prompt: str) -> None:
    app, person = await client(server), await logged_in(server)

    reply = await person.get(openid(app, prompt=prompt))

    assert (reply.sent_back["error"], reply.sent_back["state"]) == ("invalid_request", "xyz")


@pytest.mark.parametrize(
    "parameters",
    [
        {"display": "hologram"},
        {"nonce": "n" * 1025},
        {"max_age": "-1"},
        {"claims": '{"userinfo": {"email": 1}}'},
        {"id_token_hint": "x"},
    ],
    ids=lambda parameters: next(iter(parameters)),
)
async def test_what_is_malformed_is_told_to_the_client_with_its_state(
    server: Server, parameters: dict[str, str]
) -> None:
    app, person = await client(server), await logged_in(server)

    reply = await person.get(openid(app, state=STATE, **parameters))

    assert reply.location.startswith(REDIRECT_URI + "?")
    assert (reply.sent_back["error"], reply.sent_back["state"]) == ("invalid_request", STATE)


@pytest.mark.parametrize(
    "parameters",
    [
        {"display": "touch"},
        {"ui_locales": "de fr"},
        {"claims_locales": "tlh"},
        {"acr_values": "urn:mace:incommon:iap:silver 9"},
        {"claims": "{}"},
        {"claims": '{"unheard_of": 1, "id_token": {}}'},
        {"claims": '{"id_token": {"acr": {"values": ["9"]}}}'},
        {"nonce": "n" * 1024},
        {"extra": "foobar"},
    ],
    ids=str,
)
async def test_a_mere_preference_is_no_obstacle(server: Server, parameters: dict[str, str]) -> None:
    app, person = await client(server), await logged_in(server)

    reply = await consented(person, openid(app, **parameters))

    assert set(reply.sent_back) == {"code", "state", "iss"}


@given(st.lists(st.sampled_from([*PROMPTS, "create", "", "é", "x"]) | st.text(max_size=5), max_size=4))
def test_a_prompt_is_made_of_known_words_or_refused(words: list[str]) -> None:
    text = " ".join(word.replace("\0", "") for word in words)

    try:
        prompt = openid_parameters.parse_prompt(text)
    except AuthorizationError:
        prompt = None

    meant = {word for word in text.split(" ") if word}
    good = meant <= set(PROMPTS) and (meant == {"none"} or "none" not in meant)
    assert prompt == (meant if good else None)


@given(st.text(st.sampled_from("0123456789-+. e٣"), min_size=1, max_size=20) | st.text(min_size=1, max_size=20))
def test_a_max_age_is_a_number_of_seconds_or_refused(text: str) -> None:
    try:
        seconds = openid_parameters.parse_max_age(text)
    except AuthorizationError:
        seconds = None

    good = text.isascii() and text.isdigit() and len(text) <= 15
    assert seconds == (int(text) if good else None)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=8,
)
CLAIMS = st.dictionaries(st.sampled_from(["userinfo", "id_token", "x"]), st.dictionaries(st.text(max_size=8), JSON))


@given(CLAIMS | JSON | st.text(max_size=40).map(lambda text: f"{{{text}"))
def test_whatever_claims_say_they_are_read_or_refused(document: Any) -> None:
    text = document if isinstance(document, str) else json.dumps(document)

    try:
        names = parse(text).names
    except ClaimsError:
        names = {}

    kept = json.loads(json.dumps(names))
    assert set(kept) <= {"userinfo", "id_token"}
    assert all(value is None and name.isprintable() for place in kept.values() for name, value in place.items())


@pytest.mark.parametrize(
    "text",
    [
        '{"userinfo": {"email": null, "email": {"essential": true}}}',
        '{"userinfo": {}, "userinfo": {"email": null}}',
        '{"userinfo": null}',
        '{"userinfo": {"email": {"essential": "yes"}}}',
        '{"userinfo": {"email": {"values": "x"}}}',
        '{"userinfo": {"email": NaN}}',
        '{"userinfo": {"\\u0000": null}}',
        '{"userinfo": {"\\ud800": null}}',
        '{"userinfo": {"": null}}',
        json.dumps({"userinfo": {f"c{number}": None for number in range(65)}}),
        '{"userinfo": ' + "[" * 1500,
        '{"x": "' + "y" * 4096 + '"}',
        "1" * 4300,
    ],
    ids=range(13),
)
def test_claims_of_another_shape_are_refused(text: str) -> None:
    with pytest.raises(ClaimsError):
        parse(text)


# prompt=none: no page, ever.


async def test_prompt_none_for_nobody_is_login_required(server: Server) -> None:
    app = await client(server)

    reply = await Visitor(server).get(openid(app, prompt="none", state=STATE))

    assert reply.location.startswith(REDIRECT_URI + "?")
    assert (reply.sent_back["error"], reply.sent_back["state"]) == ("login_required", STATE)
    assert reply.sent_back["iss"] == server.settings.issuer


async def test_prompt_none_without_consent_is_consent_required(server: Server) -> None:
    app, person = await client(server), await logged_in(server)

    reply = await person.get(openid(app, prompt="none"))

    assert (reply.sent_back["error"], reply.sent_back["state"]) == ("consent_required", "xyz")


async def test_prompt_none_with_login_and_consent_gives_a_code_at_once(server: Server) -> None:
    app, person = await client(server), await logged_in(server)
    await consented(person, openid(app))

    reply = await person.get(openid(app, prompt="none"))

    assert reply.status == 302
    assert set(reply.sent_back) == {"code", "state", "iss"}


async def test_prompt_none_for_a_public_client_that_others_can_pass_for_is_consent_required_each_time(
    server: Server,
) -> None:
    local = "http://127.0.0.1/callback"
    app = await client(server, auth_method="none", grant_types=("authorization_code",), redirect_uris=(local,))
    person = await logged_in(server)
    await consented(person, openid(app, redirect_uri=local))

    reply = await person.get(openid(app, redirect_uri=local, prompt="none"))

    assert reply.sent_back["error"] == "consent_required"


async def test_prompt_none_for_a_page_with_https_gives_a_code_at_once(server: Server) -> None:
    app = await client(server, auth_method="none", grant_types=("authorization_code",))
    person = await logged_in(server)
    await consented(person, openid(app))

    reply = await person.get(openid(app, prompt="none"))

    assert set(reply.sent_back) == {"code", "state", "iss"}


@pytest.mark.parametrize("wrong", [{"redirect_uri": "https://evil.example/"}, {"client_id": "nobody"}])
@pytest.mark.parametrize("known", [True, False])
async def test_prompt_none_redirects_nobody_to_an_address_that_is_not_registered(
    server: Server, known: bool, wrong: dict[str, str]
) -> None:
    app = await client(server)
    visitor = await logged_in(server) if known else Visitor(server)

    reply = await visitor.get(openid(app, prompt="none", **wrong))

    assert (reply.status, reply.location) == (400, "")


# prompt=login: a login for this very request.


async def test_prompt_login_shows_the_login_to_who_is_logged_in_and_is_content_with_it(server: Server) -> None:
    app, ada = await client(server), await somebody(server)
    await consented(ada, openid(app))

    sent = await ada.get(openid(app, prompt="login"))
    reply = await ada.get(await relogged(ada, sent))

    assert set(reply.sent_back) == {"code", "state", "iss"}


async def test_after_prompt_login_the_time_of_the_login_is_a_new_one(server: Server) -> None:
    app, ada = await client(server), await somebody(server)
    first = await told(server, app, await consented(ada, openid(app)))
    server.clock.advance(100)

    sent = await ada.get(openid(app, prompt="login"))
    second = await told(server, app, await ada.get(await relogged(ada, sent)))

    assert second["auth_time"] - first["auth_time"] >= 100
    assert second["sub"] == first["sub"]


async def test_prompt_login_asks_again_for_each_request(server: Server) -> None:
    app, ada = await client(server), await somebody(server)
    await consented(ada, await relogged(ada, await ada.get(openid(app, prompt="login"))))

    same = await ada.get(openid(app, prompt="login"))
    other = await ada.get(openid(app, prompt="login", state="other"))

    assert same.location.startswith("/login?")
    assert other.location.startswith("/login?")


async def test_who_is_not_logged_in_logs_in_once_for_prompt_login(server: Server) -> None:
    await make_account(server, "ada")
    app, ada = await client(server), Visitor(server)

    sent = await ada.get(openid(app, prompt="login"))
    reply = await consented(ada, await relogged(ada, sent))

    assert "code" in reply.sent_back


async def test_the_question_after_prompt_login_can_be_answered(server: Server) -> None:
    app, ada = await client(server), await somebody(server)

    sent = await ada.get(openid(app, prompt="login consent"))
    page = await ada.get(await relogged(ada, sent))
    reply = await ada.send(form_of(page.text), decision="allow")

    assert page.status == 200
    assert "code" in reply.sent_back


async def test_somebody_else_may_log_in_for_prompt_login(server: Server) -> None:
    app, ada = await client(server), await somebody(server)
    bob = await make_account(server, "bob")

    sent = await ada.get(openid(app, prompt="login"))
    reply = await consented(ada, await relogged(ada, sent, "bob"))

    assert (await told(server, app, reply))["sub"] == str(bob)


async def test_a_wrong_password_is_no_login(server: Server) -> None:
    app, ada = await client(server), await somebody(server)

    sent = await ada.get(openid(app, prompt="login"))
    refused = await ada.send(await ada.form(sent.location), login="ada", password="wrong")
    again = await ada.get(openid(app, prompt="login"))

    assert refused.status == 400
    assert again.location.startswith("/login?")


def mark_of(address: str) -> str:
    return dict(parse_qsl(urlsplit(address).query))["iam_interaction"]


async def marked(server: Server) -> tuple[App, Visitor, str]:
    """Somebody who has just logged in for prompt=login, and the address that they came back by."""
    app, ada = await client(server), await somebody(server)
    await consented(ada, openid(app))
    return app, ada, await relogged(ada, await ada.get(openid(app, prompt="login")))


async def test_a_login_for_one_request_does_not_do_for_another(server: Server) -> None:
    app, ada, back = await marked(server)

    mark = quote(mark_of(back))
    reply = await ada.get(openid(app, prompt="login", state="other") + f"&iam_interaction={mark}")

    assert reply.location.startswith("/login?")


async def test_a_login_in_one_browser_does_not_do_for_another(server: Server) -> None:
    _, _, back = await marked(server)
    other = Visitor(server)
    await other.send(await other.form("/login"), login="ada", password=PASSWORD)

    reply = await other.get(back)

    assert reply.location.startswith("/login?")


async def test_a_login_does_for_its_request_for_ten_minutes(server: Server) -> None:
    _, ada, back = await marked(server)

    server.clock.advance(599)
    early = await ada.get(back)
    server.clock.advance(3)
    late = await ada.get(back)

    assert "code" in early.sent_back
    assert late.location.startswith("/login?")


async def test_the_moment_of_a_login_cannot_be_forged(server: Server) -> None:
    _, ada, back = await marked(server)
    mark = mark_of(back)
    second, _, check = mark.partition(".")

    forged = [f"{int(second) + 1}.{check}", f".{check}", f"-1.{check}", f"{second}.", check, mark + "A", "9" * 40, "é"]
    replies = [await ada.get(back.replace(quote(mark), quote(text))) for text in forged]
    twice = await ada.get(back + "&iam_interaction=" + quote(mark))

    assert [reply.location.startswith("/login?") for reply in replies] == [True] * len(forged)
    assert (twice.status, twice.location) == (400, "")


async def test_what_a_client_says_of_logins_counts_for_nothing(server: Server) -> None:
    app, ada = await client(server), await somebody(server)

    sent = await ada.get(openid(app, prompt="login") + "&iam_interaction=1.x")
    reply = await consented(ada, await relogged(ada, sent))

    assert "code" in reply.sent_back


async def test_prompt_consent_asks_who_has_allowed_everything(server: Server) -> None:
    app, person = await client(server), await logged_in(server)
    await consented(person, openid(app))

    reply = await person.get(openid(app, prompt="consent"))

    assert (reply.status, reply.location) == (200, "")
    assert "Know who you are" in reply.text


# max_age


async def test_a_login_that_is_recent_enough_will_do(server: Server) -> None:
    app, ada = await client(server), await somebody(server)
    await consented(ada, openid(app))
    server.clock.advance(50)

    reply = await ada.get(openid(app, max_age="100"))

    assert "code" in reply.sent_back


async def test_a_login_that_is_too_old_has_to_be_a_new_one(server: Server) -> None:
    app, ada = await client(server), await somebody(server)
    await consented(ada, openid(app))
    server.clock.advance(101)

    sent = await ada.get(openid(app, max_age="100"))
    token = await told(server, app, await ada.get(await relogged(ada, sent)))

    assert int(server.now().timestamp()) - token["auth_time"] <= 5


async def test_max_age_0_logs_in_once_and_no_more(server: Server) -> None:
    app, ada = await client(server), await somebody(server)
    server.clock.advance(10)

    back = await relogged(ada, await ada.get(openid(app, max_age="0")))
    server.clock.advance(10)
    reply = await consented(ada, back)

    assert "code" in reply.sent_back


async def test_a_client_may_have_a_max_age_that_its_requests_do_not_name(server: Server) -> None:
    app, ada = await client(server, default_max_age=100), await somebody(server)
    await consented(ada, openid(app))
    server.clock.advance(101)

    by_default = await ada.get(openid(app))
    named = await ada.get(openid(app, max_age="1000"))

    assert by_default.location.startswith("/login?")
    assert "code" in named.sent_back


async def test_prompt_none_with_a_login_that_is_too_old_is_login_required(server: Server) -> None:
    app, ada = await client(server), await somebody(server)
    await consented(ada, openid(app))
    server.clock.advance(101)

    reply = await ada.get(openid(app, prompt="none", max_age="100"))

    assert reply.sent_back["error"] == "login_required"


# acr


@pytest.mark.parametrize("wanted", [{"values": ["9", "3"]}, {"value": "9"}, {"value": 1}, {"values": [["1"]]}])
async def test_an_essential_acr_that_no_login_reaches_is_unmet(server: Server, wanted: dict[str, Any]) -> None:
    app, person = await client(server), await logged_in(server)
    claims = json.dumps({"id_token": {"acr": {"essential": True, **wanted}}})

    reply = await person.get(openid(app, claims=claims))

    assert (reply.sent_back["error"], reply.sent_back["state"]) == ("unmet_authentication_requirements", "xyz")


async def test_an_essential_acr_that_a_login_has_is_told(server: Server) -> None:
    app, person = await client(server), await logged_in(server)
    claims = json.dumps({"id_token": {"acr": {"essential": True, "values": ["9", "1"]}}})

    token = await told(server, app, await consented(person, openid(app, claims=claims)))

    assert token["acr"] == "1"


# id_token_hint, a `sub` with a value, login_hint


async def hint(server: Server, app: App, visitor: Visitor) -> str:
    """An ID token of this person for this client."""
    sent = await consented(visitor, openid(app))
    return str((await server.redeem(app, sent.sent_back["code"])).json["id_token"])


async def test_a_hint_that_names_who_is_logged_in_gives_a_code_even_when_it_has_expired(server: Server) -> None:
    app, ada = await client(server), await somebody(server)
    token = await hint(server, app, ada)
    server.clock.advance(4000)

    reply = await ada.get(openid(app, prompt="none", id_token_hint=token))

    assert "code" in reply.sent_back


async def test_a_hint_that_names_somebody_else_is_login_required_or_a_login(server: Server) -> None:
    app, ada, bob = await client(server), await somebody(server), await somebody(server, "bob")
    token = await hint(server, app, bob)
    await consented(ada, openid(app))

    silent = await ada.get(openid(app, prompt="none", id_token_hint=token))
    shown = await ada.get(openid(app, id_token_hint=token))

    assert silent.sent_back["error"] == "login_required"
    assert shown.location.startswith("/login?")


async def test_nobody_but_the_person_of_the_hint_gets_a_code_for_it(server: Server) -> None:
    app, ada, bob = await client(server), await somebody(server), await somebody(server, "bob")
    token = await hint(server, app, bob)

    sent = await ada.get(openid(app, id_token_hint=token))
    wrong = await ada.get(await relogged(ada, sent, "ada"))
    right = await consented(ada, await relogged(ada, sent, "bob"))

    assert (wrong.sent_back["error"], wrong.sent_back["state"]) == ("login_required", "xyz")
    assert "code" in right.sent_back


async def test_a_hint_that_we_did_not_sign_for_this_client_is_refused(server: Server) -> None:
    app, other, ada = await client(server), await client(server), await somebody(server)
    token = await hint(server, app, ada)
    told_of = dict((await server.keys.verified(token, "JWT")) or {})
    jwks = json.dumps((await server.get("/jwks")).json)
    tokens = {
        "of another client": await hint(server, other, ada),
        "changed": token[:-4] + "AAAA",
        "unsigned": "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0." + token.split(".")[1] + ".",
        "signed with our public key": jwt.encode({"alg": "HS256", "typ": "JWT"}, told_of, OctKey.import_key(jwks)),
        "another type": await server.keys.signed("RS256", "at+jwt", told_of),
        "for several": await server.keys.signed("RS256", "JWT", {**told_of, "aud": [app.client_id, "x"]}),
        "of another issuer": await server.keys.signed("RS256", "JWT", {**told_of, "iss": "https://evil.example"}),
    }

    replies = {name: await ada.get(openid(app, prompt="none", id_token_hint=text)) for name, text in tokens.items()}

    assert {name: reply.sent_back.get("error") for name, reply in replies.items()} == dict.fromkeys(
        tokens, "invalid_request"
    )


@pytest.mark.parametrize("place", ["id_token", "userinfo"])
async def test_a_sub_with_a_value_is_as_good_as_a_hint(server: Server, place: str) -> None:
    app, person, other = await client(server), await server.person(), await server.person()
    visitor = visitor_of(server, person)
    await consented(visitor, openid(app))
    claims = [json.dumps({place: {"sub": {"value": str(one.user_id)}}}) for one in (person, other)]

    replies = [await visitor.get(openid(app, prompt="none", claims=text)) for text in claims]

    assert "code" in replies[0].sent_back
    assert replies[1].sent_back["error"] == "login_required"


async def test_a_login_hint_fills_in_the_field(server: Server) -> None:
    app, nobody = await client(server), Visitor(server)

    sent = await nobody.get(openid(app, login_hint='ada"><script>'))
    page = await nobody.get(sent.location)

    assert 'value="ada&#34;&gt;&lt;script&gt;"' in page.text


async def test_a_login_hint_beyond_measure_is_left_out(server: Server) -> None:
    app, nobody = await client(server), Visitor(server)

    sent = await nobody.get(openid(app, login_hint="a" * 255))

    assert (await nobody.form(sent.location)).value("login") == ""


# What is asked for claim by claim


def wanting(*names: str) -> str:
    return json.dumps({"userinfo": dict.fromkeys(names)})


async def test_claims_are_asked_for_like_the_scopes_that_they_belong_to(server: Server) -> None:
    app, person = await client(server), await logged_in(server)

    page = await person.get(openid(app, claims=wanting("email")))

    assert page.status == 200
    assert "Read your e-mail address" in page.text


async def test_claims_that_were_allowed_once_are_asked_for_no_more(server: Server, admin: Any) -> None:
    app, person = await client(server), await logged_in(server)
    await consented(person, openid(app, claims=wanting("email")))

    reply = await person.get(openid(app, prompt="none", claims=wanting("email_verified")))

    admin.execute("select scopes from consents")
    assert admin.fetchone()[0] == ["email", "openid"]
    assert "code" in reply.sent_back


async def test_claims_that_nobody_allowed_are_consent_required_with_prompt_none(server: Server) -> None:
    app, person = await client(server), await logged_in(server)
    await consented(person, openid(app))

    reply = await person.get(openid(app, prompt="none", claims=wanting("email")))

    assert reply.sent_back["error"] == "consent_required"


async def test_claims_of_the_requested_scopes_ask_for_nothing_more(server: Server) -> None:
    app, person = await client(server), await logged_in(server)
    await consented(person, openid(app, scope="openid email"))

    reply = await person.get(openid(app, scope="openid email", prompt="none", claims=wanting("email", "sub")))

    assert "code" in reply.sent_back


async def test_claims_are_told_and_those_that_the_client_may_not_know_are_left_out(server: Server) -> None:
    app = await server.app(scopes=("openid", "email"))
    await make_account(server, "ada", "ada@example.org")
    ada = Visitor(server)
    await ada.send(await ada.form("/login"), login="ada", password=PASSWORD)
    claims = json.dumps(
        {"userinfo": {"email": None, "preferred_username": {"essential": True}}, "id_token": {"email": None}}
    )

    sent = await consented(ada, openid(app, claims=claims))
    tokens = (await server.redeem(app, sent.sent_back["code"])).json
    info = await server.get("/userinfo", headers={"Authorization": "Bearer " + tokens["access_token"]})

    assert tokens["scope"] == "openid"
    assert info.json["email"] == "ada@example.org"
    assert "preferred_username" not in info.json
    assert ((await server.keys.verified(tokens["id_token"], "JWT")) or {})["email"] == "ada@example.org"


async def test_offline_access_is_asked_for_unless_it_was_allowed_before(server: Server) -> None:
    app, person = await client(server), await logged_in(server)
    await consented(person, openid(app))

    asked = await person.get(openid(app, scope="openid offline_access"))
    await consented(person, openid(app, scope="openid offline_access"))
    again = await person.get(openid(app, scope="openid offline_access"))

    assert "Stay connected" in unescape(asked.text)
    assert "code" in again.sent_back


@pytest.mark.parametrize(
    ("asked", "granted"),
    [
        ("openid groups read", "openid read"),
        ("openid write", "openid"),
        ("groups read", "read"),
        ("write read groups", "read"),
        ("email read", "read"),
    ],
)
async def test_what_is_no_scope_here_or_not_the_clients_is_left_out_and_the_answer_says_so(
    server: Server, asked: str, granted: str
) -> None:
    app, person = await server.app(scopes=("openid", "read")), await server.person()

    tokens = await server.tokens(app, person, scope=asked)

    assert tokens["scope"] == granted
    assert ("id_token" in tokens) == ("openid" in granted)


async def test_a_client_that_may_not_ask_who_somebody_is_is_told_so_and_nothing_is_granted(server: Server) -> None:
    app, person = await server.app(scopes=("read",)), await logged_in(server, email="ada@example.org")

    reply = await person.get(openid(app, scope="openid read"))

    assert reply.sent_back["error"] == "invalid_scope"


async def test_without_openid_a_claims_parameter_asks_for_nothing(server: Server) -> None:
    app, person = await server.app(scopes=("openid", "email", "read")), await logged_in(server, email="ada@example.org")
    claims = json.dumps({"id_token": {"email": None}})

    page = await person.get(openid(app, scope="read", claims=claims))
    reply = await person.send(form_of(page.text), decision="allow")
    tokens = (await server.redeem(app, reply.sent_back["code"])).json

    assert (tokens["scope"], "id_token" in tokens) == ("read", False)
    assert "e-mail" not in page.text


@pytest.mark.parametrize("scope", ["groups", "write", "groups write"])
async def test_where_no_scope_is_left_the_client_is_told(server: Server, scope: str) -> None:
    app, person = await server.app(scopes=("openid", "read")), await server.person()

    reply = await server.authorize(app, person, scope=scope)

    assert reply.sent_back["error"] == "invalid_scope"
