"""What people and administrators see of clients that are documents."""

from urllib.parse import quote

import pytest

from iam.administration import clients
from tests.documents import Publisher
from tests.flows.test_client_documents import asked
from tests.harness import REDIRECT_URI, Server, action, fields

HERE = "http://localhost/callback"


async def test_the_consent_page_says_who_has_published_it_and_where_it_leads(
    server: Server, publisher: Publisher
) -> None:
    app, person = publisher.publish(), await server.person()

    page = (await server.get(asked(app), headers=person.headers)).text

    published = f"<strong>127.0.0.1:{publisher.number}</strong>"
    assert f"This application is published by {published}. That much is sure" in page
    assert f"is published by {published}, and sends you on to <strong>client.example</strong>" in page
    assert "has registered itself here" not in page


async def test_it_warns_where_any_program_on_the_device_could_pass_for_it(server: Server, publisher: Publisher) -> None:
    app, person = publisher.publish(redirect_uris=[HERE]), await server.person()

    page = (await server.get(asked(app, redirect_uri=HERE), headers=person.headers)).text

    assert "any program here can pass for" in page


async def test_the_login_says_it_too(server: Server, publisher: Publisher) -> None:
    app = publisher.publish()
    login = (await server.get(asked(app))).location

    assert f"is published by <strong>127.0.0.1:{publisher.number}</strong>" in (await server.get(login)).text


@pytest.mark.parametrize("logo", ["https://client.example/logo.png", "https://other.example/logo.png"])
async def test_no_logo_is_loaded_but_from_where_people_are_sent(
    server: Server, publisher: Publisher, logo: str
) -> None:
    app, person = publisher.publish(logo_uri=logo), await server.person()

    reply = await server.get(asked(app), headers=person.headers)

    policy = reply.header("content-security-policy") or ""
    assert ("img-src" in policy and logo.removesuffix("/logo.png") in policy) == ("client.example" in logo)


async def test_who_allowed_it_sees_its_host_and_removes_it(server: Server, publisher: Publisher) -> None:
    app, person = publisher.publish(), await server.person()
    await server.code(app, person, scope="openid")
    place = f"/account/applications/{quote(app.client_id, safe='')}/remove"

    page = await server.get("/account/applications", headers=person.headers)
    question = await server.get(place, headers=person.headers)
    done = await server.post(
        action(question.text),
        fields(question.text),
        headers={**person.headers, "Origin": server.settings.origin},
    )

    assert f"published by <strong>127.0.0.1:{publisher.number}</strong>" in page.text
    assert place in page.text
    assert (question.status, done.status) == (200, 303)
    assert app.client_id not in (await server.get("/account/applications", headers=person.headers)).text


async def test_administrators_find_it_by_its_address(server: Server, publisher: Publisher) -> None:
    app, person = publisher.publish(), await server.person(superuser=True)
    await server.get(asked(app))
    place = f"/admin/applications/{quote(app.client_id, safe='')}"

    shown = await server.get(place, headers=person.headers)
    listed = await server.get("/admin/applications", headers=person.headers)

    assert (shown.status, app.client_id in shown.text) == (200, True)
    assert place in listed.text
    assert (await clients.find(server.application.administration, app.client_id)).redirect_uris == (REDIRECT_URI,)
