"""What is demanded of administrators, on their pages, by --admin-acr."""

from collections.abc import Callable

import pytest

from iam.records.actor import SERVER
from iam.records.role import ADMINISTERING, Role
from iam.store.roles import Holder
from tests.harness import Server
from tests.pages.conftest import Visitor, visitor_of
from tests.pages.factors import add_app, follow, type_code
from tests.pages.form import form_of

PAGE = "/applications"


@pytest.fixture
def demanding(configured: Callable[..., Server]) -> Server:
    """A server that demands two factors of administrators."""
    return configured(admin_acr="2")


async def test_an_administrator_is_led_to_the_factor_and_back(demanding: Server) -> None:
    person = await demanding.person(superuser=True)
    app = await add_app(demanding, person.user_id)
    visitor = visitor_of(demanding, person)

    reply = await visitor.get(PAGE)
    back = await type_code(visitor, app.code(demanding.now()), await follow(visitor, reply))

    assert reply.location == "/login/factor?step=up&acr=2&next=%2Fapplications"
    assert back.location == PAGE
    assert (await visitor.get(PAGE)).status == 200


@pytest.mark.parametrize("role", sorted(ADMINISTERING))
async def test_whoever_administers_is_led_to_the_factor_and_back(demanding: Server, role: Role) -> None:
    person = await demanding.person(superuser=role is Role.ADMINISTRATOR)
    if role is not Role.ADMINISTRATOR:
        await demanding.store.roles.grant(role, None, Holder(user_id=person.user_id), demanding.now(), SERVER)
    app = await add_app(demanding, person.user_id)
    visitor = visitor_of(demanding, person)

    reply = await visitor.get("/admin/people")
    back = await type_code(visitor, app.code(demanding.now()), await follow(visitor, reply))

    assert reply.location == "/login/factor?step=up&acr=2&next=%2Fadmin%2Fpeople"
    assert back.location == "/admin/people"
    assert (await visitor.get("/admin/people")).status == 200


async def test_an_administrator_without_a_factor_is_led_to_add_one(demanding: Server) -> None:
    visitor = visitor_of(demanding, await demanding.person(superuser=True))

    page = await follow(visitor, await visitor.get(PAGE))

    assert "A second factor is needed" in page.text


async def test_a_form_of_an_administrator_who_lacks_it_is_there_again_after_it(
    server: Server, demanding: Server
) -> None:
    person = await server.person(superuser=True)
    app = await add_app(server, person.user_id)
    form = form_of((await visitor_of(server, person).get("/applications/register")).text)
    visitor = Visitor(demanding, person.cookie)

    reply = await visitor.send(form, name="Shop")
    back = await type_code(visitor, app.code(demanding.now()), await follow(visitor, reply))

    assert reply.location.startswith("/login/factor?step=up&acr=2&next=%2Fapplications%2Fregister")
    assert form_of((await visitor.get(back.location)).text).value("name") == "Shop"
    assert await server.store.clients.all() == []


async def test_other_people_use_their_password_alone(demanding: Server) -> None:
    assert (await visitor_of(demanding, await demanding.person()).get(PAGE)).status == 200
