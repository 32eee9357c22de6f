"""To register an application begins with what it is, which presets the rest of the form."""

import re
from typing import Any

import pytest

from tests.harness import REDIRECT_URI, Server
from tests.pages.conftest import logged_in

FORM = "/applications/register"
PEOPLE = {"authorization_code", "refresh_token"}
OWN = {"openid", "profile", "email", "read", "write"}


def offered(page: str) -> list[str]:
    """The kinds that a page has, by their addresses."""
    return re.findall(r'<a href="/applications/register\?type=(\w+)"', page)


@pytest.mark.parametrize(
    ("kind", "client_type", "grant_types", "scopes"),
    [
        ("web", "confidential", {*PEOPLE, "client_credentials"}, OWN),
        ("app", "public", PEOPLE, OWN),
        ("service", "confidential", {"client_credentials"}, {"read", "write"}),
        ("unheard-of", "confidential", {*PEOPLE, "client_credentials"}, OWN),
        ("app&type=web", "confidential", {*PEOPLE, "client_credentials"}, OWN),
    ],
)
async def test_what_an_application_is_presets_the_rest(
    server: Server, kind: str, client_type: str, grant_types: set[str], scopes: set[str]
) -> None:
    person = await logged_in(server, superuser=True)

    form = await person.form(f"{FORM}?type={kind}")

    assert form.value("client_type") == client_type
    assert (set(form.values("grant_types")), set(form.values("scopes"))) == (grant_types, scopes)


@pytest.mark.parametrize(
    ("kind", "typed"),
    [("web", {"redirect_uris": REDIRECT_URI}), ("app", {"redirect_uris": REDIRECT_URI}), ("service", {})],
)
async def test_with_a_name_and_an_address_each_kind_can_be_saved(
    server: Server, kind: str, typed: dict[str, Any]
) -> None:
    person = await logged_in(server, superuser=True)

    reply = await person.send(await person.form(f"{FORM}?type={kind}"), name="Shop", **typed)

    assert reply.status == 303


async def test_the_kind_stays_where_something_is_wrong(server: Server) -> None:
    person = await logged_in(server)

    reply = await person.send(await person.form(FORM + "?type=app"), name="")

    assert reply.status == 400
    assert re.search(r'type=app" aria-current="true"', reply.text)


@pytest.mark.parametrize(
    ("superuser", "kinds"),
    [(True, ["web", "app", "service", "device"]), (False, ["web", "app"])],
    ids=["administrator", "person"],
)
async def test_nobody_is_offered_a_kind_that_they_may_not_have(
    server: Server, superuser: bool, kinds: list[str]
) -> None:
    person = await logged_in(server, superuser=superuser)

    page = (await person.get(FORM)).text
    form = await person.form(FORM + "?type=service")

    assert offered(page) == kinds
    assert ("authorization_code" in form.values("grant_types")) is not superuser


async def test_an_application_that_is_there_is_not_asked_what_it_is(server: Server) -> None:
    person = await logged_in(server)
    app = await person.register()

    page = (await person.get(f"/applications/{app.client_id}/edit")).text

    assert offered(page) == []
    assert "copy.js" not in page


@pytest.mark.parametrize("chosen", [[], ["iam:people:read"]], ids=["none", "one"])
async def test_scopes_of_the_administration_are_folded_until_one_is_chosen(server: Server, chosen: list[str]) -> None:
    person = await logged_in(server, superuser=True)

    form = await person.form(FORM)
    page = (await person.send(form, name="", scopes=["openid", *chosen])).text

    (details,) = re.findall(
        r"<details( open)?>\s*<summary>Scopes of the administration</summary>(.*?)</details>", page, re.DOTALL
    )
    assert bool(details[0]) is bool(chosen)
    assert {name.partition(":")[0] for name in re.findall(r'name="scopes" value="([^"]+)"', details[1])} == {"iam"}
    assert page.count('value="iam:people:read"') == 1
