"""Step-up: requests, clients and scopes that want more of a login than a password (OpenID Connect Core §5.5.1.1, RFC 9470)."""

import json
from base64 import urlsafe_b64decode
from typing import Any
from urllib.parse import urlencode

import pytest

from iam.records.actor import SERVER
from iam.records.scope import Scope
from tests.harness import REDIRECT_URI, App, Reply, Server
from tests.pages.conftest import PASSWORD, Visitor, asking, make_account, visitor_of
from tests.pages.factors import App as Authenticator
from tests.pages.factors import add_app, follow, type_code, with_password
from tests.pages.form import form_of

ESSENTIAL = json.dumps({"id_token": {"acr": {"essential": True, "values": ["2"]}}})
WISHED = json.dumps({"id_token": {"acr": {"value": "2"}}})


async def with_one_factor(server: Server, *, app: bool = True) -> tuple[Visitor, Authenticator | None]:
    """Somebody who is logged in by their password alone, and who may have an app by now."""
    user_id = await make_account(server, "ada", "ada@example.org")
    visitor = await with_password(server)
    return visitor, await add_app(server, user_id) if app else None


async def client(server: Server, **metadata: Any) -> App:
    return await server.app(scopes=("openid", "read", "write"), **metadata)


async def allow(visitor: Visitor, page: Reply) -> Reply:
    return await visitor.send(form_of(page.text), decision="allow")


def claims_of(token: str) -> Any:
    part = token.split(".")[1]
    return json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))


async def redeemed(server: Server, app: App, reply: Reply) -> Any:
    assert reply.location.startswith(REDIRECT_URI), reply.location
    return (await server.redeem(app, reply.sent_back["code"])).json


REQUESTS = {
    "acr_values": {"acr_values": "2"},
    "acr_values with another": {"acr_values": "phr 2"},
    "essential acr": {"claims": ESSENTIAL},
    "wished acr": {"claims": WISHED},
}


@pytest.mark.parametrize("name", REQUESTS)
async def test_a_login_of_one_factor_is_led_to_the_other(server: Server, name: str) -> None:
    visitor, app = await with_one_factor(server)
    assert app is not None
    shop = await client(server)

    reply = await visitor.get(asking(shop, scope="openid read", **REQUESTS[name]))
    page = await follow(visitor, reply)
    consent = await follow(visitor, await type_code(visitor, app.code(server.now()), page))
    answer = await redeemed(server, shop, await allow(visitor, consent))

    assert reply.location.startswith("/login/factor?next=%2Fauthorize")
    assert "step=up&acr=2" in reply.location
    told = claims_of(answer["id_token"])
    assert (told["acr"], told["amr"]) == ("2", ["pwd", "otp", "mfa"])
    again = (await server.refresh(shop, answer["refresh_token"])).json
    assert claims_of(again["id_token"])["acr"] == "2"


async def test_a_wish_is_passed_over_for_who_has_no_other_factor(server: Server) -> None:
    visitor, _ = await with_one_factor(server, app=False)
    shop = await client(server)

    consent = await visitor.get(asking(shop, scope="openid read", acr_values="2"))
    answer = await redeemed(server, shop, await allow(visitor, consent))

    assert claims_of(answer["id_token"])["acr"] == "1"


async def test_what_is_essential_leads_who_has_no_factor_to_add_one_and_back(server: Server) -> None:
    visitor, _ = await with_one_factor(server, app=False)
    shop = await client(server)

    page = await follow(visitor, await visitor.get(asking(shop, scope="openid read", claims=ESSENTIAL)))
    (onward,) = links(page, "/account/security/app?")
    app, codes = await add_by_page(server, visitor, onward)
    (back,) = links(codes, "/authorize?")
    consent = await visitor.get(back)
    answer = await redeemed(server, shop, await allow(visitor, consent))

    assert "A second factor is needed" in page.text
    assert claims_of(answer["id_token"])["acr"] == "2"
    assert app


def links(page: Reply, beginning: str) -> list[str]:
    import html
    import re

    found = [html.unescape(each) for each in re.findall(r'href="([^"]*)"', page.text)]
    return [each for each in found if each.startswith(beginning)]


async def add_by_page(server: Server, visitor: Visitor, address: str) -> tuple[Authenticator, Reply]:
    from tests.pages.test_security_page import app_of

    page = await visitor.get(address)
    app = app_of(page)
    return app, await visitor.send(form_of(page.text), code=app.code(server.now()))


@pytest.mark.parametrize(
    ("metadata", "parameters", "headline"),
    [
        pytest.param({"acr": "2"}, {}, "The application wants a second factor, and the person has none", id="client"),
        pytest.param(
            {},
            {"claims": ESSENTIAL},
            "A scope or the request wants a second factor, and the person has none",
            id="request",
        ),
    ],
)
async def test_who_administers_reads_that_somebody_was_led_to_add_one(
    server: Server, metadata: dict[str, str], parameters: dict[str, str], headline: str
) -> None:
    visitor, _ = await with_one_factor(server, app=False)
    shop = await client(server, **metadata)
    await visitor.get(asking(shop, scope="openid read", **parameters))
    await server.store.refusals.flush()
    keeper = visitor_of(server, await server.person(superuser=True))
    ada = await server.store.users.by_username("ada")
    assert ada

    page = (await keeper.get(f"/admin/people/{ada.id}")).text

    assert headline in page
    assert (f"/admin/applications/{shop.client_id}/update#acr" in page) == ("acr" in metadata)
    assert headline in (await keeper.get(f"/admin/applications/{shop.client_id}")).text


async def test_a_class_that_no_login_here_reaches_is_refused(server: Server) -> None:
    visitor, _ = await with_one_factor(server)
    shop = await client(server)
    claims = json.dumps({"id_token": {"acr": {"essential": True, "values": ["urn:loa:9"]}}})

    reply = await visitor.get(asking(shop, scope="openid read", claims=claims))

    assert reply.sent_back["error"] == "unmet_authentication_requirements"


async def test_values_that_are_no_class_do_not_matter_beside_one_that_is(server: Server) -> None:
    visitor, _ = await with_one_factor(server)
    claims = json.dumps({"id_token": {"acr": {"essential": True, "values": [["1"], {}, None, 7, "2"]}}})

    reply = await visitor.get(asking(await client(server), scope="openid read", claims=claims))

    assert reply.location.startswith("/login/factor?")


async def test_a_silent_request_is_refused_for_what_is_essential_and_answered_without_what_is_wished(
    server: Server,
) -> None:
    visitor, _ = await with_one_factor(server)
    shop = await client(server)
    await allow(visitor, await visitor.get(asking(shop, scope="openid read")))

    essential = await visitor.get(asking(shop, scope="openid read", claims=ESSENTIAL, prompt="none"))
    wished = await visitor.get(asking(shop, scope="openid read", acr_values="2", prompt="none"))

    assert essential.sent_back["error"] == "login_required"
    assert claims_of((await redeemed(server, shop, wished))["id_token"])["acr"] == "1"


async def test_the_default_of_a_client_is_a_wish(server: Server) -> None:
    visitor, _ = await with_one_factor(server)
    shop = await client(server, default_acr_values=("2",))

    reply = await visitor.get(asking(shop, scope="openid read"))

    assert "/login/factor?" in reply.location


@pytest.mark.parametrize("scope", ["openid read", "read"])
async def test_a_client_may_be_for_two_factors_alone(server: Server, scope: str) -> None:
    visitor, app = await with_one_factor(server)
    assert app is not None
    shop = await client(server, acr="2")

    page = await follow(visitor, await visitor.get(asking(shop, scope=scope)))
    reply = await type_code(visitor, app.code(server.now()), page)
    consent = await visitor.get(reply.location)

    assert "Code of your authenticator app" in page.text
    assert 'name="decision"' in consent.text


async def test_a_scope_may_be_for_two_factors_alone(server: Server) -> None:
    visitor, _ = await with_one_factor(server)
    shop = await server.app(scopes=("read", "pay"))
    await server.store.scopes.create("pay", "Pay for you", server.now(), by=SERVER, acr="2")

    free, paying = [await visitor.get(asking(shop, scope=scope)) for scope in ("read", "read pay")]

    assert 'name="decision"' in free.text
    assert paying.location.startswith("/login/factor?")
    assert (await server.store.scopes.by_name())["pay"] == Scope("pay", "Pay for you", acr="2")


async def test_consent_is_not_taken_from_a_login_that_is_not_enough_any_more(server: Server, admin: Any) -> None:
    visitor, _ = await with_one_factor(server)
    shop = await server.app(scopes=("read",))
    page = await visitor.get(asking(shop))
    admin.execute("update scopes set acr = '2' where name = 'read'")
    server.store.scopes.forget()

    reply = await visitor.send(form_of(page.text), decision="allow")

    assert reply.location.startswith("/login/factor?next=%2Fauthorize")


async def test_a_session_of_two_factors_is_asked_for_nothing_more(server: Server) -> None:
    user_id = await make_account(server, "ada")
    app = await add_app(server, user_id)
    visitor = await with_password(server)
    await type_code(visitor, app.code(server.now()))

    page = await visitor.get(asking(await client(server, acr="2"), scope="openid read", claims=ESSENTIAL))

    assert 'name="decision"' in page.text


async def test_a_login_that_was_made_for_the_request_still_counts_after_the_factor(server: Server) -> None:
    """prompt=login leads to a login once; the factor that it lacks does not make it another one."""
    visitor, app = await with_one_factor(server)
    assert app is not None
    shop = await client(server, acr="2")
    reply = await visitor.get(asking(shop, scope="openid read", prompt="login"))
    reply = await visitor.send(
        await visitor.form(reply.location), login="ada", password="correct horse battery staple 1"
    )

    page = await follow(visitor, reply)
    consent = await follow(visitor, await type_code(visitor, app.code(server.now()), page))

    assert 'name="decision"' in consent.text


async def test_discovery_tells_the_classes(server: Server) -> None:
    assert (await server.get("/.well-known/openid-configuration")).json["acr_values_supported"][:2] == ["1", "2"]


REAUTHENTICATIONS = {"prompt=login": {"prompt": "login"}, "max_age=0": {"max_age": "0"}, "max_age": {"max_age": "60"}}


async def in_a_remembered_browser(server: Server) -> tuple[Visitor, Authenticator]:
    """Somebody who is not asked for their app in this browser, and is logged in by their password alone."""
    user_id = await make_account(server, "ada", "ada@example.org")
    app = await add_app(server, user_id)
    visitor = await with_password(server)
    await type_code(visitor, app.code(server.now()), remember="y")
    await log_in_by_password(visitor, "/login")
    server.clock.advance(60)  # so that another code is good
    return visitor, app


async def log_in_by_password(visitor: Visitor, address: str) -> Reply:
    visitor.cookie = None
    return await visitor.send(await visitor.form(address), login="ada", password=PASSWORD)


@pytest.mark.parametrize("name", REAUTHENTICATIONS)
async def test_h24_a_login_that_is_demanded_is_none_by_the_password_alone_where_a_browser_is_not_asked(
    server: Server, name: str
) -> None:
    """Whoever knows the password leaves out of the address what makes the login page ask for more."""
    visitor, app = await in_a_remembered_browser(server)
    shop = await client(server)
    asked = asking(shop, scope="openid read", **REAUTHENTICATIONS[name])

    reply = await log_in_by_password(visitor, "/login?" + urlencode({"next": asked}))
    step = await visitor.get(reply.location)
    back = await type_code(visitor, app.code(server.now()), await follow(visitor, step))
    answer = await redeemed(server, shop, await allow(visitor, await visitor.get(back.location)))

    assert reply.location.startswith("/authorize?")
    assert step.location.startswith("/login/factor?")
    assert claims_of(answer["id_token"])["amr"] == ["pwd", "otp", "mfa"]


async def test_a_browser_that_is_not_asked_does_for_a_request_that_demands_no_login(server: Server) -> None:
    visitor, _ = await in_a_remembered_browser(server)

    page = await visitor.get(asking(await client(server), scope="openid read"))

    assert 'name="decision"' in page.text


@pytest.mark.parametrize("name", REAUTHENTICATIONS)
async def test_a_login_that_is_demanded_is_one_by_the_password_for_who_has_no_other_factor(
    server: Server, name: str
) -> None:
    await make_account(server, "ada", "ada@example.org")
    visitor, shop = Visitor(server), await client(server)

    reply = await log_in_by_password(
        visitor, "/login?" + urlencode({"next": asking(shop, scope="openid read", **REAUTHENTICATIONS[name])})
    )

    assert 'name="decision"' in (await visitor.get(reply.location)).text


async def test_a_code_alone_makes_no_login_new(server: Server) -> None:
    """Who has the cookie and the telephone, and not the password."""
    visitor, app = await with_one_factor(server)
    assert app is not None
    shop = await client(server)
    server.clock.advance(120)
    asked = asking(shop, scope="openid read", max_age="60")

    stepping = await visitor.get("/login/factor?" + urlencode({"step": "up", "next": asked}))
    back = await type_code(visitor, app.code(server.now()), await follow(visitor, stepping))
    reply = await visitor.get(back.location)

    assert back.location == asked
    assert reply.location.startswith("/login?")


@pytest.mark.parametrize("name", REQUESTS)
async def test_the_class_in_the_address_of_a_step_is_a_help_and_no_proof(server: Server, name: str) -> None:
    """A factor that does not reach what is asked for leads back to the question."""
    visitor, app = await with_one_factor(server)
    assert app is not None
    shop = await client(server, acr="phr")
    asked = asking(shop, scope="openid read", **REQUESTS[name])

    stepping = await visitor.get("/login/factor?" + urlencode({"step": "up", "acr": "1", "next": asked}))
    back = await type_code(visitor, app.code(server.now()), await follow(visitor, stepping))
    reply = await visitor.get(back.location)

    assert "/account/security/needed?" in reply.location
    assert "acr=phr" in reply.location


async def test_a_code_from_before_a_factor_tells_how_its_login_was(server: Server) -> None:
    visitor, _ = await with_one_factor(server, app=False)
    shop = await client(server)
    sent = await allow(visitor, await visitor.get(asking(shop, scope="openid read")))
    user = await server.store.users.by_username("ada")
    assert user is not None
    app = await add_app(server, user.id)
    page = await follow(visitor, await visitor.get("/login/factor?step=up&next=/account"))
    await type_code(visitor, app.code(server.now()), page)

    answer = await redeemed(server, shop, sent)
    again = (await server.refresh(shop, answer["refresh_token"])).json

    for token in (answer["id_token"], again["id_token"]):
        assert (claims_of(token)["acr"], claims_of(token)["amr"]) == ("1", ["pwd"])
