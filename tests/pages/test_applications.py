"""A person's applications: register, look at, change, renew the secret, remove."""

from datetime import UTC, datetime
from html import unescape
from typing import Any
from urllib.parse import urlencode

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from iam.browser import csrf
from iam.browser.forms import Fields
from iam.browser.theme import Theme
from iam.http.parameters import parse
from iam.pages.applications.applications import ApplicationForm
from iam.pages.applications.pending_secret import LIFETIME, Issuer, TicketError
from iam.records.actor import SERVER
from iam.secrets import minted
from iam.secrets.master_key import ServerKey
from iam.secrets.minted import Kind
from tests.harness import REDIRECT_URI, Server
from tests.pages.conftest import Visitor, asking, kept, logged_in
from tests.pages.form import Form, form_of

FORM = "/applications/register"


@pytest.fixture(scope="module")
def theme(running: Server) -> Theme:
    return Theme(running.settings)


def error_of(page: str, field: str) -> str:
    """What stands next to a field as its error."""
    text = page.partition(f'id="{field}-error">')[2].partition("</p>")[0]
    return unescape(text.rpartition("</span>")[2])


# Who may


@pytest.mark.parametrize(
    "path", ["", "/register", "/x", "/x/edit", "/x/delete", "/x/secret", "/x/disable", "/x/enable"]
)
async def test_who_is_not_logged_in_is_sent_to_the_login_and_back(visitor: Visitor, path: str) -> None:
    reply = await visitor.get(f"/applications{path}")

    assert reply.status == 303
    assert reply.location == "/login?next=" + f"/applications{path}".replace("/", "%2F")


@pytest.mark.parametrize("what", ["", "/edit", "/delete", "/secret", "/disable", "/enable"])
async def test_the_application_of_somebody_else_is_none(server: Server, what: str) -> None:
    alice, bob = await logged_in(server), await logged_in(server)
    app = await bob.register()

    theirs = await alice.get(f"/applications/{app.client_id}{what}")
    nobodys = await alice.get(f"/applications/{'0' * 22}{what}")

    assert theirs.status == nobodys.status == 404
    assert theirs.body == nobodys.body


@pytest.mark.parametrize("what", ["edit", "delete", "secret", "disable"])
async def test_nobody_changes_the_application_of_somebody_else(server: Server, admin: Any, what: str) -> None:
    """Even with a token that is good for the form: whose it is is asked of the database."""
    alice, bob = await logged_in(server), await logged_in(server)
    app = await bob.register()
    form = await bob.form(f"/applications/{app.client_id}/{what}")
    before = kept(admin)

    reply = await alice.send(form, csrf_token=csrf.token(str(alice.cookie), f"{what} {app.client_id}", server.now()))

    assert reply.status == 404
    assert kept(admin) == before


async def test_an_application_of_the_command_line_is_nobodys(server: Server) -> None:
    app, alice = await server.app(), await logged_in(server)

    reply = await alice.get(f"/applications/{app.client_id}")

    assert reply.status == 404


# The list


async def test_a_newcomer_is_told_what_applications_are_for(server: Server) -> None:
    page = (await (await logged_in(server)).get("/applications")).text

    assert "You have not registered any application yet." in page
    assert 'href="/applications/register"' in page


async def test_the_list_has_ones_own_applications_only(server: Server) -> None:
    alice, bob = await logged_in(server), await logged_in(server)
    await alice.register(name="Alice's shop")
    await bob.register(name="Bob's shop")

    page = unescape((await alice.get("/applications")).text)

    assert "Alice's shop" in page
    assert "Bob's shop" not in page


# Id and secret


async def test_id_and_secret_stand_on_the_form_before_saving_and_are_what_is_saved(server: Server) -> None:
    alice = await logged_in(server, superuser=True)

    app = await alice.register()
    reply = await server.token(app, grant_type="client_credentials")

    assert minted.well_formed(str(app.secret), Kind.CLIENT_SECRET)
    assert reply.status == 200


async def test_every_form_has_another_id_and_secret(server: Server) -> None:
    alice = await logged_in(server)

    forms = [await alice.form(FORM) for _ in range(3)]

    assert len({form.value("client_id") for form in forms}) == 3
    assert len({form.value("client_secret") for form in forms}) == 3


async def test_nothing_is_stored_before_the_person_saves(server: Server, admin: Any) -> None:
    alice = await logged_in(server)
    before = kept(admin)

    await alice.form(FORM)

    assert kept(admin) == before


async def test_saved_twice_it_is_one_application(server: Server, admin: Any) -> None:
    alice = await logged_in(server)
    form = await alice.form(FORM)

    first = await alice.send(form, name="Shop", redirect_uris=REDIRECT_URI)
    second = await alice.send(form, name="Shop", redirect_uris=REDIRECT_URI)

    admin.execute("select count(*) from clients")
    assert first.location == second.location
    assert admin.fetchone() == (1,)


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "mine"},
        {"client_secret": "mine-and-long-enough-to-look-like-one"},
        {"client_id": "mine", "client_secret": "mine"},
        {"ticket": None},
        {"ticket": "1.x.y"},
        {"ticket": "é"},
        {"ticket": "99999999999.x." + "0" * 64},
    ],
)
async def test_a_browser_that_chooses_its_own_id_or_secret_is_refused(
    server: Server, admin: Any, changes: dict[str, str | None]
) -> None:
    alice = await logged_in(server)
    form = await alice.form(FORM)
    before = kept(admin)

    reply = await alice.send(form, **{"name": "Shop", "redirect_uris": REDIRECT_URI, **changes})

    assert reply.status == 403
    assert kept(admin) == before


async def test_id_and_secret_of_one_form_do_not_fit_the_ticket_of_another(server: Server, admin: Any) -> None:
    alice = await logged_in(server)
    first, second = await alice.form(FORM), await alice.form(FORM)
    before = kept(admin)

    reply = await alice.send(
        first, name="Shop", redirect_uris=REDIRECT_URI, client_secret=second.value("client_secret")
    )

    assert reply.status == 403
    assert kept(admin) == before


async def with_ticket_of(visitor: Visitor, form: Form) -> Form:
    """A form of this visitor's own that carries what somebody else's form carries."""
    own = await visitor.form(FORM)
    token = own.value("csrf_token")
    return Form(form.action, [(name, token if name == "csrf_token" else value) for name, value in form.fields])


async def test_the_form_of_another_person_is_refused(server: Server, admin: Any) -> None:
    alice, bob = await logged_in(server), await logged_in(server)
    stolen = await with_ticket_of(bob, await alice.form(FORM))
    before = kept(admin)

    reply = await bob.send(stolen, name="Shop", redirect_uris=REDIRECT_URI)

    assert reply.status == 403
    assert kept(admin) == before


async def test_the_ticket_of_a_registration_is_not_good_for_a_new_secret(server: Server, admin: Any) -> None:
    alice = await logged_in(server)
    app = await alice.register()
    registration = await alice.form(FORM)
    form = await alice.form(f"/applications/{app.client_id}/secret")
    before = kept(admin)

    reply = await alice.send(
        form, ticket=registration.value("ticket"), client_secret=registration.value("client_secret")
    )

    assert reply.status == 403
    assert kept(admin) == before


async def test_a_form_that_lay_open_too_long_is_refused(server: Server, key: ServerKey) -> None:
    issuer, now = Issuer(key), server.now()
    issued = issuer.issue("alice", now)

    server.clock.advance(LIFETIME + 2)

    with pytest.raises(TicketError):
        issuer.recognise(issued.ticket, "alice", server.now())
    assert issuer.recognise(issued.ticket, "alice", now) == issued


@given(ticket=st.text(st.characters(exclude_categories=["Cs"]), max_size=200))
def test_no_text_is_a_ticket(key: ServerKey, ticket: str) -> None:
    with pytest.raises(TicketError):
        Issuer(key).recognise(ticket, "alice", datetime(2026, 1, 1, tzinfo=UTC))


async def test_the_secret_is_never_shown_again(server: Server) -> None:
    alice = await logged_in(server)
    app = await alice.register()
    paths = [
        "/applications",
        *(f"/applications/{app.client_id}{what}" for what in ("", "/edit", "/delete", "/secret", "/disable")),
    ]

    pages = [(await alice.get(path)).text for path in [*paths, asking(app)]]

    assert all(str(app.secret) not in page for page in pages)


async def test_h25_the_database_has_the_digest_of_the_secret_only(server: Server, admin: Any) -> None:
    alice = await logged_in(server)
    app = await alice.register()
    secret = str(app.secret)

    admin.execute("select digest from client_secrets where client_id = %s", (app.client_id,))
    digests = [bytes(row[0]) for row in admin.fetchall()]

    assert digests == [minted.digest(secret)]
    assert secret not in str(kept(admin))
    assert secret.encode().hex() not in str(kept(admin))


async def test_a_public_client_has_no_secret(server: Server, admin: Any) -> None:
    alice = await logged_in(server)

    app = await alice.register(client_type="public", grant_types=["authorization_code"])

    admin.execute("select count(*) from client_secrets")
    assert admin.fetchone() == (0,)
    assert (await alice.get(f"/applications/{app.client_id}/secret")).status == 404
    assert "None: this client uses PKCE." in (await alice.get(f"/applications/{app.client_id}")).text


# What is wrong with a form


@pytest.mark.parametrize(
    ("field", "changes", "words"),
    [
        ("name", {"name": ""}, "Give the application a name"),
        ("name", {"name": "   "}, "Give the application a name"),
        ("name", {"name": "a\r\nb"}, "on one line"),
        ("name", {"name": "x" * 201}, "at most 200 characters"),
        ("redirect_uris", {"redirect_uris": ""}, "at least one redirect URI"),
        ("redirect_uris", {"redirect_uris": "http://shop.example/"}, "begins with https://"),
        ("redirect_uris", {"redirect_uris": f"{REDIRECT_URI}\r\njavascript:alert(1)"}, "javascript:alert(1):"),
        ("grant_types", {"grant_types": None}, "at least one grant type"),
        ("grant_types", {"grant_types": "implicit"}, "Choose among"),
        ("grant_types", {"client_type": "public"}, "Client credentials need a secret"),
        ("grant_types", {"grant_types": "refresh_token"}, "choose both"),
        ("scopes", {"scopes": None}, "at least one scope"),
        ("scopes", {"scopes": ["read", "admin"]}, "scopes that exist"),
        ("client_type", {"client_type": "secretive"}, "Choose one of the two"),
    ],
)
async def test_an_error_stands_next_to_its_field(
    server: Server, admin: Any, field: str, changes: dict[str, Any], words: str
) -> None:
    alice = await logged_in(server, superuser=True)
    form = await alice.form(FORM)
    before = kept(admin)

    reply = await alice.send(form, **{"name": "Shop", "redirect_uris": REDIRECT_URI, **changes})

    assert reply.status == 400
    assert words in error_of(reply.text, field)
    assert f'href="#{field}"' in reply.text
    assert "<title>Error: " in reply.text
    assert kept(admin) == before


async def test_every_error_is_told_at_once(server: Server) -> None:
    alice = await logged_in(server)

    page = (await alice.send(await alice.form(FORM), name="", redirect_uris="x", scopes=None)).text

    assert all(error_of(page, field) for field in ("name", "redirect_uris", "scopes"))


async def test_nothing_that_was_typed_or_shown_is_lost(server: Server) -> None:
    alice = await logged_in(server, superuser=True)
    form = await alice.form(FORM)
    typed = {
        "name": '  "Shop" & <b>',
        "client_type": "public",
        "grant_types": ["authorization_code", "client_credentials"],
        "redirect_uris": "\r\n https://a.example/\r\n</textarea><b>",
        "scopes": ["write"],
        "require_pkce": "y",
    }

    again = form_of((await alice.send(form, **typed)).text)

    assert {name: again.values(name) for name in ("grant_types", "scopes")} == {
        name: typed[name] for name in ("grant_types", "scopes")
    }
    for name in ("name", "client_type", "redirect_uris", "require_pkce"):
        assert again.value(name) == typed[name]
    for name in ("client_id", "client_secret", "ticket"):
        assert again.value(name) == form.value(name)


async def test_what_was_corrected_is_saved_under_the_same_id(server: Server) -> None:
    alice = await logged_in(server)
    form = await alice.form(FORM)
    again = form_of((await alice.send(form, name="", redirect_uris=REDIRECT_URI)).text)

    reply = await alice.send(again, name="Shop")

    assert reply.location == "/applications/" + form.value("client_id")


@pytest.mark.parametrize(
    "name", ["{{7*7}}", "<h1>Shop</h1>", "'\"><svg onload=alert(1)>", "a%0d%0aSet-Cookie: b", "é🙂"]
)
async def test_a_name_is_shown_letter_by_letter_everywhere(server: Server, name: str) -> None:
    alice = await logged_in(server)
    app = await alice.register(name=name)
    paths = [
        "/applications",
        *(f"/applications/{app.client_id}{what}" for what in ("", "/edit", "/delete", "/secret", "/disable")),
    ]

    pages = [(await alice.get(path)).text for path in paths]

    for page in pages:
        shown = {part.partition("</bdi>")[0] for part in page.split("<bdi>")[1:]}
        assert name in {unescape(text) for text in shown}
        assert not any("<" in text or ">" in text for text in shown)


@given(typed=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1))
@settings(deadline=None)
def test_whatever_is_typed_stands_in_the_form_again(theme: Theme, typed: str) -> None:
    fields = Fields(parse(urlencode({"name": typed, "redirect_uris": typed}).encode()))
    form = ApplicationForm(fields)
    form.scopes.choices = []
    form.name.errors = [typed]

    page = theme.page(
        "application_form.html", form=form, issued=None, client=None, kinds=[], kind="web", csrf_token="x"
    ).body.decode()

    again = form_of(page)
    assert again.value("name") == typed
    assert again.value("redirect_uris") == typed
    assert error_of(page, "name") == typed


# Changing


async def test_the_form_to_change_an_application_shows_what_there_is(server: Server) -> None:
    alice = await logged_in(server, superuser=True)
    app = await alice.register(name="Shop", scopes=["write"], require_pkce="y")

    form = await alice.form(f"/applications/{app.client_id}/edit")

    assert form.value("name") == "Shop"
    assert form.value("redirect_uris") == REDIRECT_URI
    assert form.values("scopes") == ["write"]
    assert form.values("grant_types") == ["authorization_code", "refresh_token", "client_credentials"]
    assert form.value("require_pkce") == "y"


async def test_what_was_changed_counts_and_the_rest_stays(server: Server) -> None:
    alice = await logged_in(server, superuser=True)
    app = await alice.register()

    reply = await alice.send(
        await alice.form(f"/applications/{app.client_id}/edit"), name="Renamed", grant_types=["client_credentials"]
    )

    client = await server.store.clients.read(app.client_id)
    assert reply.location == f"/applications/{app.client_id}"
    assert client is not None
    assert (client.name, client.grant_types) == ("Renamed", ("client_credentials",))
    assert client.redirect_uris == (REDIRECT_URI,)
    assert (await server.token(app, grant_type="client_credentials")).status == 200


async def test_a_wrong_change_is_refused_next_to_its_field_and_changes_nothing(server: Server, admin: Any) -> None:
    alice = await logged_in(server)
    app = await alice.register()
    before = kept(admin)

    reply = await alice.send(
        await alice.form(f"/applications/{app.client_id}/edit"), name="New name", redirect_uris="http://x.example/"
    )

    assert reply.status == 400
    assert "begins with https://" in error_of(reply.text, "redirect_uris")
    assert form_of(reply.text).value("name") == "New name"
    assert kept(admin) == before


@pytest.mark.parametrize(
    "smuggled", [{"client_type": "public"}, {"introspect_any": "y"}, {"owner_id": "x"}, {"client_id": "x"}, {"id": "x"}]
)
async def test_what_the_form_does_not_have_cannot_be_changed_by_it(server: Server, smuggled: dict[str, str]) -> None:
    alice = await logged_in(server)
    app = await alice.register()
    before = await server.store.clients.read(app.client_id)

    await alice.send(await alice.form(f"/applications/{app.client_id}/edit"), **smuggled)

    after = await server.store.clients.read(app.client_id)
    assert before is not None
    assert after is not None
    assert (after.auth_method, after.introspect_any, after.owner_id, after.secrets) == (
        before.auth_method,
        before.introspect_any,
        before.owner_id,
        before.secrets,
    )


# A new secret


async def test_a_new_secret_takes_the_place_of_the_old_one(server: Server) -> None:
    alice = await logged_in(server, superuser=True)
    app = await alice.register()
    form = await alice.form(f"/applications/{app.client_id}/secret")

    reply = await alice.send(form)

    old = await server.token(app, grant_type="client_credentials")
    new = await server.post(
        "/token",
        {
            "grant_type": "client_credentials",
            "client_id": app.client_id,
            "client_secret": form.value("client_secret"),
        },
    )
    assert reply.location == f"/applications/{app.client_id}"
    assert (old.status, new.status) == (401, 200)


async def test_a_new_secret_that_is_only_looked_at_changes_nothing(server: Server) -> None:
    alice = await logged_in(server, superuser=True)
    app = await alice.register()

    await alice.form(f"/applications/{app.client_id}/secret")

    assert (await server.token(app, grant_type="client_credentials")).status == 200


@pytest.mark.parametrize("changes", [{"client_secret": "mine"}, {"ticket": None}, {"ticket": "1.x.y"}])
async def test_a_new_secret_of_ones_own_choice_is_refused(
    server: Server, admin: Any, changes: dict[str, str | None]
) -> None:
    alice = await logged_in(server)
    app = await alice.register()
    form = await alice.form(f"/applications/{app.client_id}/secret")
    before = kept(admin)

    reply = await alice.send(form, **changes)

    assert reply.status == 403
    assert kept(admin) == before


# Removing


async def test_a_deleted_application_is_gone_with_its_tokens(server: Server) -> None:
    alice = await logged_in(server, superuser=True)
    app, other = await alice.register(), await server.app(introspect_any=True)
    token = (await server.token(app, grant_type="client_credentials")).json["access_token"]

    reply = await alice.send(await alice.form(f"/applications/{app.client_id}/delete"))

    assert reply.location == "/applications"
    assert (await alice.get(f"/applications/{app.client_id}")).status == 404
    assert await server.introspect(other, token) == {"active": False}
    assert (await server.token(app, grant_type="client_credentials")).status == 401


async def test_a_link_alone_deletes_nothing(server: Server, admin: Any) -> None:
    alice = await logged_in(server)
    app = await alice.register()
    before = kept(admin)

    await alice.get(f"/applications/{app.client_id}/delete")

    assert kept(admin) == before


async def test_an_application_that_is_disabled_says_so(server: Server, admin: Any) -> None:
    alice = await logged_in(server)
    app = await alice.register()

    admin.execute("update clients set disabled_at = now()")
    page = (await alice.get(f"/applications/{app.client_id}")).text

    assert "An administrator has disabled this application" in page


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [("/o/applications/", "/applications"), ("/o/applications/register/", "/applications/register")],
)
async def test_the_addresses_of_django_oauth_toolkit_lead_here(server: Server, theirs: str, ours: str) -> None:
    reply = await (await logged_in(server)).get(theirs)

    assert (reply.status, reply.location) == (303, ours)


# OpenID Connect


async def test_the_scopes_of_a_login_are_chosen_at_first(server: Server) -> None:
    alice = await logged_in(server)

    form = await alice.form(FORM)

    assert set(form.values("scopes")) == {"openid", "profile", "email", "read", "write"}


async def test_what_openid_connect_knows_of_an_application_is_kept_and_shown(server: Server) -> None:
    alice = await logged_in(server)
    told = {
        "post_logout_redirect_uris": "https://client.example/\nhttps://client.example/bye",
        "subject_type": "pairwise",
        "id_token_signed_response_alg": "ES256",
        "backchannel_logout_uri": "http://127.0.0.1:5000/backchannel",
        "frontchannel_logout_uri": "https://client.example/frontchannel",
        "initiate_login_uri": "https://client.example/login?from=iam",
        "accent": "rebeccapurple",
    }

    app = await alice.register(redirect_uris=REDIRECT_URI, **told)
    page = unescape((await alice.get(f"/applications/{app.client_id}")).text)
    form = await alice.form(f"/applications/{app.client_id}/edit")

    assert {name: form.value(name) for name in told} == told
    assert all(f"<code>{text}</code>" in page for text in " ".join(told.values()).split() if "://" in text)
    assert f"<code>{server.settings.issuer}/.well-known/openid-configuration</code>" in page
    assert f"{told['initiate_login_uri']}&{urlencode({'iss': server.settings.issuer})}" in page


async def test_an_application_cannot_learn_what_another_sector_calls_the_people_it_knows(server: Server) -> None:
    alice = await logged_in(server)
    app = await alice.register(redirect_uris=REDIRECT_URI, subject_type="pairwise")
    form = await alice.form(f"/applications/{app.client_id}/edit")

    reply = await alice.send(form, redirect_uris="https://other.example/")

    assert reply.status == 400
    assert "Register another client" in error_of(reply.text, "subject_type")


async def test_an_update_keeps_what_is_not_on_the_form(server: Server) -> None:
    alice = await logged_in(server)
    app = await alice.register(redirect_uris=REDIRECT_URI)
    before = await server.store.clients.read(app.client_id)
    assert before is not None
    metadata = await server.registration.judge(
        evolve(before, name="Shop", tos_uri="https://client.example/tos", default_max_age=60)
    )
    await server.registration.update(app.client_id, metadata, by=SERVER)

    await alice.send(await alice.form(f"/applications/{app.client_id}/edit"), name="New")
    after = await server.store.clients.read(app.client_id)

    assert after is not None
    assert (after.name, after.tos_uri, after.default_max_age) == ("New", "https://client.example/tos", 60)


@pytest.mark.parametrize(
    ("field", "changes", "words"),
    [
        ("post_logout_redirect_uris", {"post_logout_redirect_uris": "javascript:alert(1)"}, "https://"),
        ("subject_type", {"subject_type": "private"}, "public, pairwise"),
        ("id_token_signed_response_alg", {"id_token_signed_response_alg": "none"}, "RS256"),
        ("backchannel_logout_uri", {"backchannel_logout_uri": "x"}, "https://"),
        ("frontchannel_logout_uri", {"frontchannel_logout_uri": "https://other.example/"}, "redirect URI"),
        ("initiate_login_uri", {"initiate_login_uri": "http://client.example/"}, "https://"),
        ("accent", {"accent": "url(https://evil.example)"}, "opaque colour"),
        (
            "subject_type",
            {"subject_type": "pairwise", "redirect_uris": REDIRECT_URI + "\nhttps://other.example/"},
            "one host",
        ),
    ],
)
async def test_an_error_of_openid_connect_stands_next_to_its_field_in_an_open_part(
    server: Server, field: str, changes: dict[str, Any], words: str
) -> None:
    alice = await logged_in(server)

    reply = await alice.send(await alice.form(FORM), **{"name": "Shop", "redirect_uris": REDIRECT_URI, **changes})

    assert reply.status == 400
    assert words in error_of(reply.text, field)
    assert ("<details open>" in reply.text) is (field != "post_logout_redirect_uris")
