"""The audit log on the pages of the administration: filtered by an address that can be sent on, and taken along."""

import csv
import io
import json
from typing import Any

import pytest

from iam.administration import clients
from iam.administration.sentences import KINDS
from iam.records.actor import SERVER, By
from iam.records.role import Role
from tests.harness import Server
from tests.pages.conftest import visitor_of
from tests.pages.form import form_in
from tests.pages.test_administration import opened, somebody


async def test_a_list_is_filtered_by_its_form_and_leads_to_a_file_of_the_same(server: Server) -> None:
    visitor = visitor_of(server, await somebody(server, Role.AUDITOR))
    await server.app()

    listed = await visitor.get("/admin/audit?kind=session.begun&address=127.0.0.1")
    nothing = await visitor.get("/admin/audit?kind=session.begun&until=2020-01-01")

    assert (listed.status, nothing.status) == (200, 200)
    assert 'href="/admin/audit/export?kind=session.begun&amp;address=127.0.0.1"' in listed.text
    assert form_in(listed.text).value("kind") == "session.begun"
    assert all(f'value="{kind}"' in listed.text for kind in KINDS)
    assert "Nothing here fits" in nothing.text


@pytest.mark.parametrize("form", ["csv", "jsonl"])
async def test_what_is_filtered_is_taken_along_and_noted(server: Server, admin: Any, form: str) -> None:
    person = await somebody(server, Role.AUDITOR)
    visitor = visitor_of(server, person)
    await server.app()
    server.clock.advance(1)

    asked = await opened(visitor, "/admin/audit/export?kind=client.created")
    reply = await visitor.send(asked, format=form)

    found = (
        list(csv.DictReader(io.StringIO(reply.text, newline="")))
        if form == "csv"
        else [json.loads(line) for line in reply.text.splitlines()]
    )
    assert (reply.status, reply.header("content-disposition")) == (200, f'attachment; filename="audit.{form}"')
    assert {each["kind"] for each in found} == {"client.created"}
    admin.execute("select actor, detail from audit_events where kind = 'audit.exported'")
    assert admin.fetchall() == [(f"user {person.user_id}", {"kind": "client.created"})]


@pytest.mark.parametrize(
    ("typed", "name"), [({"address": "nowhere"}, "address"), ({"since": "x"}, "since"), ({"user": "nobody"}, "user")]
)
async def test_what_is_wrong_is_said_beside_its_field_and_nothing_is_noted(
    server: Server, admin: Any, typed: dict[str, str], name: str
) -> None:
    visitor = visitor_of(server, await somebody(server, Role.AUDITOR))

    reply = await visitor.send(await opened(visitor, "/admin/audit/export"), kind="client.created", **typed)

    assert reply.status == 400
    assert f'id="{name}-error"' in reply.text
    assert form_in(reply.text).value("kind") == "client.created"
    assert form_in(reply.text).value(name) == typed[name]
    admin.execute("select from audit_events where kind = 'audit.exported'")
    assert admin.fetchall() == []


async def test_a_form_of_another_session_takes_nothing_along(server: Server, admin: Any) -> None:
    visitor = visitor_of(server, await somebody(server, Role.AUDITOR))

    reply = await visitor.send(await opened(visitor, "/admin/audit/export"), csrf_token="x")

    assert (reply.status, reply.header("content-disposition")) == (403, None)
    admin.execute("select from audit_events where kind = 'audit.exported'")
    assert admin.fetchall() == []


@pytest.mark.parametrize("role", [None, *Role], ids=str)
async def test_who_may_not_list_does_not_find_the_page(server: Server, role: Role | None) -> None:
    visitor = visitor_of(server, await somebody(server, role))

    reply = await visitor.get("/admin/audit/export")

    assert reply.status == (200 if role in (Role.ADMINISTRATOR, Role.AUDITOR) else 404)


async def test_an_event_is_a_sentence_whose_names_lead_to_their_pages(server: Server) -> None:
    auditor, app = await somebody(server, Role.AUDITOR), await server.app()
    on = server.application.administration
    await clients.disable(on, app.client_id, By(f"user {auditor.user_id}"))
    await clients.delete(on, (await server.app()).client_id, SERVER)

    page = (await visitor_of(server, auditor).get("/admin/audit")).text

    alice = f'<a href="/admin/people/{auditor.user_id}"><bdi>{auditor.username}</bdi></a>'
    assert f'{alice} disabled the application <a href="/admin/applications/{app.client_id}"><bdi>Test' in page
    assert ">The server deleted the application <bdi>Test application</bdi>." in page
    assert "<dd><code>client.disabled</code></dd>" in page
    assert '<option value="client.disabled">… disabled the application ….</option>' in page
