"""Scripts run on the pages of passkeys, secrets, recovery codes and new passwords, and each page may do what its own does (H9)."""

import re
from collections.abc import Awaitable, Callable

import pytest

from iam.administration import invitations
from iam.browser.theme import BUNDLED
from iam.records.actor import SERVER
from tests.answers import USES, allowed, complete, scripts
from tests.authenticators import Authenticator
from tests.harness import Reply, Server
from tests.http.walk import addresses
from tests.pages.conftest import Visitor, asking, make_account
from tests.pages.factors import somebody_with_an_app, with_password
from tests.pages.form import form_of
from tests.pages.passkeys import NEW, made_by, options_of

USE, MAKE, COPY = "publickey-credentials-get", "publickey-credentials-create", "clipboard-write"

# The pages with a script that anybody who is logged in, or nobody, is shown at their address, and what it may do. An address
# that is not here has none.
PAGES = {
    "/login": {USE},
    "/login/passkey": {USE},
    "/account/password": set(),
    "/account/security/passkeys": set(),
    "/account/security/passkeys/new": {MAKE},
    "/account/security/passkeys/offer": {MAKE},
    "/applications/register": {COPY},
    "/applications/<client_id>/secret": {COPY},
}

TRACES = {USE: r"credentials\.get\(", MAKE: r"credentials\.create\(", COPY: r"clipboard\.write"}


async def test_h9_scripts_are_on_these_pages_alone_and_may_do_no_more_than_they_do(server: Server) -> None:
    table, cookie = await addresses(server)
    found: dict[str, set[str]] = {}

    for path, route in table:
        for method in route.methods:
            for headers in ({}, cookie):
                reply = await server.request(method, path, data={} if method != "GET" else None, headers=headers)
                if scripts(reply):
                    found.setdefault(route.path, set()).update(allowed(reply))
                else:
                    assert allowed(reply) == set(), path
                    assert "script-src" not in (reply.header("content-security-policy") or ""), path

    assert found == PAGES


async def secret_of_an_application(visitor: Visitor) -> Reply:
    app = await visitor.register()
    return await visitor.get(f"/applications/{app.client_id}/secret")


async def new_application(visitor: Visitor) -> Reply:
    return await visitor.get("/applications/register?kind=web")


async def recovery_codes(visitor: Visitor) -> Reply:
    return await visitor.send(await visitor.form("/account/security/codes"))


async def personal_token(visitor: Visitor) -> Reply:
    return await visitor.send(await visitor.form("/account/tokens/new"), name="backup", scopes="read")


async def first_passkey(visitor: Visitor) -> Reply:
    page = await visitor.get(NEW)
    device = Authenticator(visitor.server.settings.origin)
    return await visitor.send(form_of(page.text), credential=device.make(options_of(page)))


async def wrong_passkey(visitor: Visitor) -> Reply:
    return await visitor.send(await visitor.form(NEW), credential="{}")


async def consent(visitor: Visitor) -> Reply:
    return await visitor.get(asking(await visitor.server.app()))


async def answer_by_form(visitor: Visitor) -> Reply:
    page = await visitor.get(asking(await visitor.server.app(), response_mode="form_post"))
    return await visitor.send(form_of(page.text), decision="allow")


async def reset_password(visitor: Visitor) -> Reply:
    offer = await invitations.reset_password(visitor.server.application.administration, "ada", SERVER)
    return await visitor.get(offer.link.removeprefix(visitor.server.settings.issuer))


async def invitation(visitor: Visitor) -> Reply:
    offer = await invitations.invite(visitor.server.application.administration, "bob", SERVER)
    return await visitor.get(offer.link.removeprefix(visitor.server.settings.issuer))


SHOWN: dict[str, tuple[Callable[[Visitor], Awaitable[Reply]], set[str]]] = {
    "a new secret of an application": (secret_of_an_application, {COPY}),
    "the secret of a new application": (new_application, {COPY}),
    "recovery codes": (recovery_codes, {COPY}),
    "recovery codes with a passkey": (first_passkey, {COPY}),
    "a personal token": (personal_token, {COPY}),
    "a passkey that was refused": (wrong_passkey, {MAKE}),
    "a password by a link": (reset_password, set()),
    "a first password": (invitation, set()),
    "an answer that is posted to a client": (answer_by_form, set()),
}


@pytest.mark.parametrize("name", SHOWN)
async def test_h9_a_page_that_comes_after_a_form_may_do_what_its_script_does(server: Server, name: str) -> None:
    await make_account(server, "ada", "ada@example.org")
    show, features = SHOWN[name]

    reply = await show(await with_password(server))

    complete(reply)
    assert scripts(reply)
    assert allowed(reply) == features


async def test_h9_the_question_about_consent_has_no_script(server: Server) -> None:
    await make_account(server, "ada", "ada@example.org")

    reply = await consent(await with_password(server))

    complete(reply)
    assert not scripts(reply)


async def test_h9_the_page_that_asks_for_a_passkey_after_the_password_uses_them_alone(server: Server) -> None:
    user_id = await make_account(server, "ada")
    await made_by(server, user_id, Authenticator(server.settings.origin))

    reply = await (await with_password(server)).get("/login/factor/passkey")

    assert allowed(reply) == {USE}


async def test_h9_the_page_that_asks_for_a_code_has_no_script(server: Server) -> None:
    visitor, _ = await somebody_with_an_app(server)

    reply = await visitor.get("/login/factor/totp")

    complete(reply)
    assert not scripts(reply)


def test_each_script_uses_what_it_is_said_to() -> None:
    (static,) = (path / "static" for path in BUNDLED if path.is_dir())
    texts = {path.name: path.read_text() for path in static.glob("*.js")}

    found = {name: {use for use, trace in TRACES.items() if re.search(trace, text)} for name, text in texts.items()}

    assert found == USES
