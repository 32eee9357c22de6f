"""Every field of every form of people with every class of bad value.

It is said beside the field what is wrong, what was typed stays, the first wrong field has the focus, nothing is stored.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import urlencode

import pytest
from attrs import frozen

from iam.administration import invitations
from iam.records.actor import COMMAND_LINE
from tests.authenticators import Authenticator
from tests.harness import REDIRECT_URI, Reply, Server
from tests.mailbox import link_in_mail
from tests.pages.conftest import PASSWORD, Visitor, kept, make_account
from tests.pages.form import Form, Reader
from tests.pages.passkeys import PATH as PASSKEYS
from tests.pages.passkeys import make, session_of

VALUES = {
    "nothing": "",
    "spaces": "   ",
    "too long": "x" * 9_000,
    "a control character": "a\x07b",
    "colours of a terminal": "\x1b[31mred",
    "two lines": "a\r\nBcc: eve@example.org",
    "turned text": "a\u202eb",
    "nothing to see": "\u3164",
    "markup": '<img src=x onerror="alert(1)">',
    "a template": "{{7*7}}",
    "a name that looks the same": "\uff41\uff44\uff41",
    "a script": "javascript:alert(1)",
    "data": "data:text/html,x",
    "http": "http://example.org/x",
    "a name in an address": "https://a@evil.example/",
    "a number": "-1",
    "a date": "1990-02-30",
    "an address": "a@b@example.org",
    "something else": "nowhere",
}
UNSEEN = {"too long", "a control character", "colours of a terminal", "two lines", "turned text", "nothing to see"}
EVERYTHING = set(VALUES)
OPTIONAL = EVERYTHING - {"nothing", "spaces"}
CHOICE = EVERYTHING - {"nothing"}  # where nothing is sent, what is proposed is taken
NAME = UNSEEN
NEEDED = UNSEEN | {"nothing", "spaces"}
USERNAME = NEEDED | {"markup", "a name that looks the same", "a name in an address", "an address"}


@frozen
class Page:
    """A form: how it is opened, what it refuses of each of its fields, and what is right for the others."""

    refused: Mapping[str, set[str]]
    right: Mapping[str, str | list[str]]
    open: Callable[[Server, Any], Awaitable[tuple[Visitor, str]]]


async def at(server: Server, admin: Any, path: str) -> tuple[Visitor, str]:
    """Bob at this address; ada is there too."""
    await make_account(server, "ada", "ada@example.org")
    user_id = await make_account(server, "bob", "bob@example.org")
    app = await server.app()
    admin.execute("update clients set owner_id = %s where id = %s", (user_id, app.client_id))
    return Visitor(server, await session_of(server, user_id)), path.format(app=app.client_id)


def own(path: str) -> Callable[[Server, Any], Awaitable[tuple[Visitor, str]]]:
    return lambda server, admin: at(server, admin, path)


async def nobody(server: Server, admin: Any, path: str) -> tuple[Visitor, str]:
    await make_account(server, "ada", "ada@example.org")
    return Visitor(server), path


async def behind_sign_up(server: Server, admin: Any) -> tuple[Visitor, str]:
    visitor, path = await nobody(server, admin, "/signup")
    await visitor.send(await visitor.form(path), email="bob@example.org")
    return visitor, await link_in_mail(server)


async def behind_reset(server: Server, admin: Any) -> tuple[Visitor, str]:
    visitor, path = await nobody(server, admin, "/reset")
    await visitor.send(await visitor.form(path), login="ada")
    return visitor, await link_in_mail(server)


async def before_anybody(server: Server, _: Any) -> tuple[Visitor, str]:
    return Visitor(server), await server.setup_path()


async def with_passkey(server: Server, admin: Any) -> tuple[Visitor, str]:
    visitor, path = await at(server, admin, PASSKEYS)
    await make(visitor, Authenticator(server.settings.origin))
    (passkey, *_) = re.findall(rf"{PASSKEYS}/[0-9a-f-]{{36}}", (await visitor.get(path)).text)
    return visitor, passkey


async def invited(server: Server, _: Any) -> tuple[Visitor, str]:
    offer = await invitations.invite(server.application.administration, "bob", COMMAND_LINE)
    return Visitor(server), offer.link.removeprefix(server.settings.issuer)


WEAK = {
    "nothing",
    "spaces",
    "too long",
    "a control character",
    "nothing to see",
    "a template",
    "a number",
    "something else",
}
PASSWORDS = {"password": WEAK, "again": EVERYTHING}
TYPED = {"password": PASSWORD, "again": PASSWORD}
APPLICATION: dict[str, set[str]] = {
    "name": NEEDED,
    "grant_types": EVERYTHING,
    "accent": OPTIONAL,
    "redirect_uris": EVERYTHING - {"http"},
    "post_logout_redirect_uris": OPTIONAL - {"http"},
    "scopes": EVERYTHING,
    "subject_type": CHOICE,
    "id_token_signed_response_alg": CHOICE,
    "initiate_login_uri": OPTIONAL,
    "backchannel_logout_uri": OPTIONAL - {"http"},
    "frontchannel_logout_uri": OPTIONAL,
}
REGISTERED = {"name": "Shop", "redirect_uris": REDIRECT_URI}
DETAILS: dict[str, set[str]] = {
    "username": USERNAME,
    "name": NAME,
    "locale": OPTIONAL,
    "zoneinfo": OPTIONAL,
    "given_name": NAME,
    "family_name": NAME,
    "nickname": NAME,
    "picture": OPTIONAL,
    "website": OPTIONAL,
    "gender": NAME,
    "birthdate": OPTIONAL,
    "phone_number": OPTIONAL,
}
TOKEN = {"name": NEEDED, "scopes": EVERYTHING, "resource": CHOICE, "ends": CHOICE}
PAGES = {
    "details": Page(DETAILS, {}, own("/account/details")),
    "email": Page({"email": EVERYTHING}, {}, own("/account/email")),
    "password": Page(PASSWORDS, TYPED, own("/account/password")),
    "token": Page(TOKEN, {"name": "backup", "scopes": ["read"]}, own("/account/tokens/new")),
    "service token": Page(TOKEN, {"name": "backup", "scopes": ["read"]}, own("/applications/{app}/tokens/new")),
    "registration": Page({"client_type": CHOICE, **APPLICATION}, REGISTERED, own("/applications/register")),
    "application": Page(APPLICATION, {}, own("/applications/{app}/edit")),
    "secret": Page({"keep": CHOICE}, {}, own("/applications/{app}/secret")),
    "sign-up": Page({"email": EVERYTHING}, {}, lambda server, admin: nobody(server, admin, "/signup")),
    "account": Page({"username": USERNAME, "name": NAME, **PASSWORDS}, {"username": "bob", **TYPED}, behind_sign_up),
    "reset": Page({"login": {"nothing", "spaces"}}, {}, lambda server, admin: nobody(server, admin, "/reset")),
    "new password": Page(PASSWORDS, TYPED, behind_reset),
    "passkey": Page({"name": NEEDED}, {}, with_passkey),
    "first administrator": Page(
        {"username": USERNAME - {"a name that looks the same"}, "email": EVERYTHING, **PASSWORDS},
        {"username": "bob", "email": "bob@example.org", **TYPED},
        before_anybody,
    ),
    "invitation": Page({"name": NAME, **PASSWORDS}, TYPED, invited),
}
TICKS = {"require_pkce", "sessions", "applications", "tokens"}
NOT_SHOWN = {"password", "again"}
CHOICES = {
    "client_type",
    "grant_types",
    "scopes",
    "subject_type",
    "id_token_signed_response_alg",
    "resource",
    "ends",
    "keep",
}


def form_in(reply: Reply) -> Form:
    reader = Reader()
    reader.feed(reply.text)
    return reader.forms[0]


def sentence(reply: Reply, field: str) -> str:
    """What is said beside a field."""
    return reply.text.partition(f'id="{field}-error">')[2].partition("</p>")[0]


def focused(reply: Reply) -> list[str]:
    """The names of the fields that have the focus."""
    tags = re.findall(r"<(?:input|textarea)[^>]* autofocus[^>]*>", reply.text)
    return [re.findall(r' name="(\w+)"', tag)[0] for tag in tags]


def wrong(reply: Reply) -> list[str]:
    """The fields with an error, in the order of the page."""
    return re.findall(r'<p class="error" id="(\w+)-error">', reply.text)


@pytest.mark.parametrize("page", PAGES)
async def test_a_bad_value_is_told_beside_its_field_and_kept_and_nothing_is_stored(
    server: Server, admin: Any, page: str
) -> None:
    spec = PAGES[page]
    visitor, path = await spec.open(server, admin)
    form = form_in(await visitor.get(path))
    before = kept(admin)

    for field, value in [(name, value) for name, values in spec.refused.items() for value in sorted(values)]:
        sent = {**spec.right, field: VALUES[value]}
        if field == "password":
            sent["again"] = VALUES[value]
        reply = await visitor.send(form, **sent)
        assert (reply.status, bool(sentence(reply, field))) == (400, True), (field, value)
        assert focused(reply) == wrong(reply)[:1], (field, value)
        assert VALUES["markup"] not in reply.text
        again, typed = form_in(reply), {**dict(form.fields), **sent}
        shown = {name for name in typed if name not in NOT_SHOWN | CHOICES | set(form.hidden)}
        assert {name: again.value(name) for name in shown} == {name: typed[name] for name in shown}, (field, value)

    assert {name for name, _ in form.fields} - set(form.hidden) <= set(spec.refused) | TICKS
    assert kept(admin) == before


UNREADABLE = {"NUL": "%00", "a lone surrogate": "%ED%A0%80", "half a character": "%C3", "a broken escape": "%zz"}


@pytest.mark.parametrize("octets", UNREADABLE.values(), ids=UNREADABLE)
@pytest.mark.parametrize("page", PAGES)
async def test_what_no_browser_sends_is_refused_as_a_whole(server: Server, admin: Any, page: str, octets: str) -> None:
    visitor, path = await PAGES[page].open(server, admin)
    form = form_in(await visitor.get(path))
    before = kept(admin)
    body = urlencode([pair for pair in form.filled(PAGES[page].right) if pair[0] not in PAGES[page].refused])

    for field in PAGES[page].refused:
        reply = await server.post(
            form.action,
            (body + f"&{field}=a{octets}b").encode(),
            headers={**visitor.headers, "Origin": "null", "Sec-Fetch-Site": "same-origin"},
        )
        assert (reply.status, "The address or the form is malformed" in reply.text) == (400, True), field

    assert kept(admin) == before
