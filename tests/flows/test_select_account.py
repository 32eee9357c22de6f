"""Which of the people in a browser an application hears of (OpenID Connect Core §3.1.2.1: select_account, id_token_hint)."""

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from tests.harness import App, Reply, Server
from tests.pages.accounts import acting, choose, everybody, link, log_in
from tests.pages.conftest import Visitor, asking, kept, make_account
from tests.pages.form import form_of


async def openid_app(server: Server, **openid: Any) -> App:
    return await server.app(scopes=("openid",), **openid)


def request(app: App, **parameters: str) -> str:
    """The address of an authentication request."""
    return asking(app, **{"scope": "openid", **parameters})


async def allowed(visitor: Visitor, path: str) -> Reply:
    """Go there, and allow what is asked there; what leaves for the client."""
    reply = await visitor.get(path)
    return await visitor.send(form_of(reply.text), decision="allow") if reply.status == 200 else reply


async def id_token(server: Server, app: App, reply: Reply) -> str:
    """The ID token for the code that the client got."""
    token: str = (await server.redeem(app, reply.sent_back["code"])).json["id_token"]
    return token


async def claims(server: Server, token: str) -> dict[str, Any]:
    keys = KeySet.import_key_set((await server.get("/jwks")).json)
    return jwt.decode(token, keys, algorithms=["RS256"]).claims


async def told(server: Server, app: App, visitor: Visitor) -> str:
    """The ID token about who acts in the browser."""
    return await id_token(server, app, await allowed(visitor, request(app)))


async def username(server: Server, app: App, reply: Reply) -> str:
    """Whom the client hears of."""
    sub = (await claims(server, await id_token(server, app, reply)))["sub"]
    living = await server.store.sessions.living(server.now(), server.now() - timedelta(days=1))
    return {str(presence.user_id): presence.username for presence in living}[sub]


async def chosen(visitor: Visitor, path: str, name: str) -> Reply:
    """Follow the request to the list, and choose; what comes back."""
    sent = await visitor.get(path)
    assert urlsplit(sent.location).path == "/accounts", sent.location
    return await choose(visitor, name, sent.location)


async def test_select_account_shows_the_list_though_somebody_is_in_use(server: Server) -> None:
    visitor, app = await everybody(server, "alice", "bob"), await openid_app(server)

    reply = await visitor.get(request(app, prompt="select_account"))

    assert reply.status == 303
    assert reply.location == "/accounts?next=" + quote(request(app, prompt="select_account"), safe="")


async def test_select_account_shows_the_list_to_a_single_person_too(server: Server) -> None:
    visitor, app = await everybody(server, "alice"), await openid_app(server)

    reply = await visitor.get(request(app, prompt="select_account"))

    assert urlsplit(reply.location).path == "/accounts"


@pytest.mark.parametrize("name", ["alice", "bob"])
async def test_the_client_hears_of_who_was_chosen_and_nobody_is_asked_twice(server: Server, name: str) -> None:
    visitor, app = await everybody(server, "alice", "bob"), await openid_app(server)

    back = await chosen(visitor, request(app, prompt="select_account"), name)
    reply = await allowed(visitor, back.location)

    assert await username(server, app, reply) == name
    assert await acting(visitor) == name


async def test_each_request_wants_a_choice_of_its_own(server: Server) -> None:
    visitor, app = await everybody(server, "alice", "bob"), await openid_app(server)
    back = await chosen(visitor, request(app, prompt="select_account", state="one"), "alice")

    again = await visitor.get(request(app, prompt="select_account", state="one"))
    other = await visitor.get(back.location.replace("state=one", "state=two"))

    assert [urlsplit(reply.location).path for reply in (again, other)] == ["/accounts"] * 2


async def test_the_choice_of_one_person_is_not_that_of_another(server: Server) -> None:
    visitor, app = await everybody(server, "alice", "bob"), await openid_app(server)
    back = await chosen(visitor, request(app, prompt="select_account"), "alice")
    await choose(visitor, "bob")

    reply = await visitor.get(back.location)

    assert urlsplit(reply.location).path == "/accounts"


async def test_a_choice_is_good_for_ten_minutes(server: Server) -> None:
    visitor, app = await everybody(server, "alice", "bob"), await openid_app(server)
    back = await chosen(visitor, request(app, prompt="select_account"), "alice")

    server.clock.advance(602)
    reply = await visitor.get(back.location)

    assert urlsplit(reply.location).path == "/accounts"


async def test_a_mark_that_was_made_up_is_no_choice(server: Server) -> None:
    visitor, app = await everybody(server, "alice"), await openid_app(server)
    now = int(server.now().timestamp())

    reply = await visitor.get(request(app, prompt="select_account") + f"&iam_interaction={now}.{'A' * 43}")

    assert urlsplit(reply.location).path == "/accounts"
    assert "iam_interaction" not in reply.location


async def test_another_account_on_the_list_is_a_choice_too(server: Server) -> None:
    visitor, app = await everybody(server, "alice"), await openid_app(server)
    await make_account(server, "bob")
    page = (await visitor.get((await visitor.get(request(app, prompt="select_account"))).location)).text

    back = await log_in(visitor, "bob", link(page, "/login"))
    reply = await allowed(visitor, back.location)

    assert await username(server, app, reply) == "bob"


async def test_where_nobody_is_logged_in_the_login_is_the_choice(server: Server) -> None:
    visitor, app = Visitor(server), await openid_app(server)
    await make_account(server, "alice")
    login = (await visitor.get(request(app, prompt="select_account"))).location

    back = await log_in(visitor, "alice", login)
    reply = await allowed(visitor, back.location)

    assert urlsplit(login).path == "/login"
    assert await username(server, app, reply) == "alice"


async def test_a_choice_and_a_login_are_asked_for_one_after_the_other(server: Server) -> None:
    visitor, app = await everybody(server, "alice", "bob"), await openid_app(server)

    back = await chosen(visitor, request(app, prompt="login select_account"), "alice")
    login = (await visitor.get(back.location)).location
    form = await visitor.form(login)
    reply = await allowed(visitor, (await log_in(visitor, "alice", login)).location)

    assert urlsplit(login).path == "/login"
    assert form.value("login") == "alice"
    assert await username(server, app, reply) == "alice"


async def test_who_is_logged_in_for_too_long_logs_in_after_the_choice(server: Server) -> None:
    visitor, app = await everybody(server, "alice", "bob"), await openid_app(server)
    server.clock.advance(100)
    back = await chosen(visitor, request(app, prompt="select_account", max_age="50"), "alice")

    reply = await visitor.get(back.location)

    assert urlsplit(reply.location).path == "/login"
    assert dict(parse_qsl(urlsplit(reply.location).query))["login"] == "again"


async def test_without_openid_a_prompt_means_nothing(server: Server) -> None:
    visitor, app = await everybody(server, "alice", "bob"), await server.app()

    reply = await visitor.get(asking(app, scope="read", prompt="select_account"))

    assert reply.status == 200


async def test_without_a_page_the_client_hears_of_who_is_in_use(server: Server) -> None:
    visitor, app = await everybody(server, "alice", "bob"), await openid_app(server)
    await told(server, app, visitor)

    reply = await visitor.get(request(app, prompt="none"))

    assert await username(server, app, reply) == "bob"


async def test_without_a_page_nobody_is_chosen_after_a_logout(server: Server) -> None:
    visitor, app = await everybody(server, "alice", "bob"), await openid_app(server)
    await visitor.send(await visitor.form("/logout"))

    reply = await visitor.get(request(app, prompt="none"))

    assert reply.sent_back["error"] == "login_required"


async def test_after_a_logout_a_request_leads_to_those_who_are_still_there(server: Server) -> None:
    visitor, app = await everybody(server, "alice", "bob"), await openid_app(server)
    await visitor.send(await visitor.form("/logout"))
    login = await visitor.get(request(app))

    back = await chosen(visitor, login.location, "alice")
    reply = await allowed(visitor, back.location)

    assert await username(server, app, reply) == "alice"


async def hinted(server: Server, **openid: Any) -> tuple[Visitor, App, str]:
    """A browser in which bob acts, and an ID token about alice, who is logged in there too."""
    visitor, app = await everybody(server, "alice"), await openid_app(server, **openid)
    token = await told(server, app, visitor)
    await make_account(server, "bob")
    await log_in(visitor, "bob")
    return visitor, app, token


@pytest.mark.parametrize("subject_type", ["public", "pairwise"])
async def test_a_hint_picks_the_session_of_its_person(server: Server, subject_type: str) -> None:
    visitor, app, token = await hinted(server, subject_type=subject_type)

    reply = await visitor.get(request(app, prompt="none", id_token_hint=token))

    before, after = await claims(server, token), await claims(server, await id_token(server, app, reply))
    assert [after[name] for name in ("sub", "sid", "auth_time")] == [
        before[name] for name in ("sub", "sid", "auth_time")
    ]
    assert await acting(visitor) == "bob"


async def test_the_consent_for_a_hinted_person_is_theirs(server: Server) -> None:
    visitor, app, token = await hinted(server)

    page = (await visitor.get(request(app, prompt="consent", id_token_hint=token))).text
    reply = await visitor.send(form_of(page), decision="allow")

    assert "asks to act for you, <strong><bdi>alice</bdi></strong>" in page
    assert "/accounts" not in page
    assert await username(server, app, reply) == "alice"


async def test_h19_the_consent_for_a_hinted_person_ends_with_their_session(server: Server, admin: Any) -> None:
    visitor, app, token = await hinted(server)
    form = await visitor.form(request(app, prompt="consent", id_token_hint=token))
    await choose(visitor, "alice", button="log_out")
    before = kept(admin)

    reply = await visitor.send(form, decision="allow")

    assert urlsplit(reply.location).path == "/login"
    assert kept(admin) == before


async def test_a_hint_at_somebody_who_is_not_here_picks_nobody(server: Server) -> None:
    visitor, app, token = await hinted(server)
    await choose(visitor, "alice", button="log_out")

    reply = await visitor.get(request(app, prompt="none", id_token_hint=token))

    assert reply.sent_back["error"] == "login_required"


async def test_a_hint_picks_nobody_in_another_browser(server: Server) -> None:
    _, app, token = await hinted(server)
    elsewhere = await everybody(server, "mallory")

    reply = await elsewhere.get(request(app, prompt="none", id_token_hint=token))

    assert reply.sent_back["error"] == "login_required"


async def test_somebody_else_who_is_chosen_for_a_hint_is_not_given_to_the_client(server: Server) -> None:
    visitor, app, token = await hinted(server)

    back = await chosen(visitor, request(app, prompt="select_account", id_token_hint=token), "bob")
    reply = await visitor.get(back.location)

    assert reply.sent_back["error"] == "login_required"


async def test_a_subject_that_is_only_asked_for_by_name_picks_nobody(server: Server) -> None:
    visitor, app, token = await hinted(server)
    sub = (await claims(server, token))["sub"]

    reply = await visitor.get(request(app, prompt="none", claims=f'{{"id_token": {{"sub": {{"value": "{sub}"}}}}}}'))

    assert reply.sent_back["error"] == "login_required"
