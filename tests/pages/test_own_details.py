"""What is known of a person, as they change it themselves: every field with its rule, and nothing that is not theirs to say."""

from typing import Any

import pytest

from iam.people import details
from tests.harness import Server
from tests.pages.conftest import Visitor, kept, make_account, visitor_of
from tests.pages.test_own_sessions import FIREFOX, browser

PATH = "/account/details"
GOOD = {
    "name": "Ada Lovelace",
    "given_name": "Ada",
    "family_name": "Lovelace",
    "nickname": "Ada",
    "picture": "https://pictures.example/ada.png",
    "website": "https://ada.example",
    "gender": "female",
    "birthdate": "1815-12-10",
    "phone_number": "+43 1 234567",
    "locale": "de-AT",
    "zoneinfo": "Europe/Vienna",
}


async def save(visitor: Visitor, **changes: Any) -> Any:
    return await visitor.send(await visitor.form(PATH), **changes)


async def test_details_are_saved_and_told_to_applications(server: Server) -> None:
    person, app = await server.person(), await server.app(scopes=("openid", "profile", "phone"))
    tokens = await server.tokens(app, person, scope="openid profile phone")

    reply = await save(visitor_of(server, person), **GOOD)

    assert (reply.status, reply.location) == (303, PATH + "?saved")
    told = (await server.get("/userinfo", headers={"Authorization": f"Bearer {tokens['access_token']}"})).json
    assert {name: told[name] for name in GOOD} == GOOD


async def test_our_pages_never_load_the_picture(server: Server) -> None:
    visitor = visitor_of(server, await server.person())
    await save(visitor, **GOOD)

    reply = await visitor.get(PATH)

    assert f'value="{GOOD["picture"]}"' in reply.text
    assert "pictures.example" not in (reply.header("content-security-policy") or "")
    assert f'src="{GOOD["picture"]}"' not in reply.text


async def test_a_new_username_logs_in_and_the_old_one_does_not(server: Server) -> None:
    await make_account(server, "ada")
    await save(await browser(server, "ada", FIREFOX), username="Countess")

    known = [(await (await browser(server, name, FIREFOX)).get("/account")).status for name in ("countess", "ada")]

    assert known == [200, 303]


async def test_a_username_that_somebody_has_is_refused_beside_its_field(server: Server, admin: Any) -> None:
    await server.person("bob")
    visitor = visitor_of(server, await server.person("ada"))
    before = kept(admin)

    reply = await save(visitor, username="BOB", nickname="kept")

    assert reply.status == 400
    assert "Somebody has this username" in reply.text
    assert 'value="kept"' in reply.text
    assert kept(admin) == before


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("username", "", "Choose a username."),
        ("username", "bob@example.org", "without @"),
        ("username", "a b", "without spaces"),
        ("name", "x" * 201, "at most 200 characters"),
        ("name", "a\u202eb", "on one line"),
        ("picture", "http://pictures.example/ada.png", details.BAD_URL),
        ("picture", "javascript:alert(1)", details.BAD_URL),
        ("picture", "https://ada@pictures.example/", details.BAD_URL),
        ("picture", "https://pictures.example/<b>", details.BAD_URL),
        ("picture", "https://[::1/", details.BAD_URL),
        ("picture", "https://pictures.example/" + "x" * 2000, details.BAD_URL),
        ("website", "ada.example", details.BAD_URL),
        ("locale", "German", details.BAD_LANGUAGE),
        ("locale", "de_AT", details.BAD_LANGUAGE),
        ("zoneinfo", "Vienna, Austria", details.BAD_PLACE),
        ("zoneinfo", "Europe/Nowhere", details.BAD_PLACE),
        ("zoneinfo", "../etc/passwd", details.BAD_PLACE),
        ("phone_number", "234567", details.BAD_PHONE),
        ("phone_number", "+" + "1" * 40, details.BAD_PHONE),
        ("birthdate", "31.12.1990", details.BAD_BIRTHDAY),
        ("birthdate", "1990-02-30", details.BAD_BIRTHDAY),
        ("birthdate", "0000", details.BAD_BIRTHDAY),
    ],
    ids=range(22),
)
async def test_what_will_not_do_is_said_beside_its_field_and_nothing_is_stored(
    server: Server, admin: Any, field: str, value: str, sentence: str
) -> None:
    visitor = visitor_of(server, await server.person("ada"))
    before = kept(admin)

    reply = await save(visitor, **{"nickname": "kept", field: value})

    assert reply.status == 400
    assert sentence in reply.text
    assert f'id="{field}-error"' in reply.text
    assert 'value="kept"' in reply.text or field == "nickname"
    assert kept(admin) == before


@pytest.mark.parametrize("value", ["0000-02-29", "1990", "1990-12-31"])
def test_a_birthday_may_lack_its_year_or_be_one(value: str) -> None:
    assert details.birthday_complaint(value) is None


@pytest.mark.parametrize("value", ["en", "de-AT", "zh-Hant-TW", "es-419", "sl-rozaj"])
def test_a_language_is_a_tag(value: str) -> None:
    assert details.language_complaint(value) is None


async def test_nobody_verifies_their_own_address_or_number_or_sets_claims_of_the_operator(server: Server) -> None:
    person = await server.person(claims={"phone_number": "+1 1", "phone_number_verified": True, "role": "user"})
    fields = {"email": "x@example.org", "email_verified": "true", "phone_number_verified": "true", "role": "admin"}

    await save(visitor_of(server, person), **fields, phone_number="+1 2")

    user = await server.store.users.by_id(person.user_id)
    assert user is not None
    assert (user.email, user.email_verified) == (None, False)
    assert user.claims == {"phone_number": "+1 2", "role": "user"}


async def test_an_empty_field_takes_the_claim_away(server: Server) -> None:
    person = await server.person(claims={"nickname": "Ada", "locale": "en"})

    await save(visitor_of(server, person), nickname="")

    user = await server.store.users.by_id(person.user_id)
    assert user is not None
    assert user.claims == {"locale": "en"}


async def test_what_somebody_else_changed_meanwhile_is_not_overwritten(server: Server, admin: Any) -> None:
    person = await server.person()
    visitor = visitor_of(server, person)
    form = await visitor.form(PATH)
    server.clock.advance(1)
    admin.execute("update users set name = 'Other', updated_at = %s", (server.now(),))
    before = kept(admin)

    reply = await visitor.send(form, nickname="kept")

    assert reply.status == 409
    assert "Nothing is saved yet" in reply.text
    assert 'value="kept"' in reply.text
    assert kept(admin) == before


async def test_the_event_names_what_changed_and_no_values(server: Server) -> None:
    person = await server.person()

    await save(visitor_of(server, person), name="Ada", locale="en")

    (event,) = await server.store.audit.events(kind="user.changed")
    assert event.actor == f"user {person.user_id}"
    assert event.detail == {"changed": ["name", "claims"]}


async def test_a_form_of_another_account_changes_nothing(server: Server, admin: Any) -> None:
    ada, bob = await server.person(), await server.person()
    form = await visitor_of(server, ada).form(PATH)
    before = kept(admin)

    reply = await visitor_of(server, bob).send(form, name="Mallory")

    assert reply.status == 403
    assert kept(admin) == before
