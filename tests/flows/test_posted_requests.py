"""Authorization requests in a form (OpenID Connect Core §3.1.2.1), and long ones."""

from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from iam.browser.addresses import leading_to
from tests.harness import CHALLENGE, REDIRECT_URI, App, Server
from tests.pages.conftest import PASSWORD, Visitor, asking, logged_in, make_account
from tests.pages.form import form_of

CROSS_SITE = {"Origin": "https://client.example", "Sec-Fetch-Site": "cross-site"}


def asked(app: App, **parameters: str) -> dict[str, str]:
    return {
        "response_type": "code",
        "client_id": app.client_id,
        "redirect_uri": REDIRECT_URI,
        "scope": "read",
        "state": "a b+c&d=é",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        **parameters,
    }


@pytest.mark.parametrize("path", ["/authorize", "/o/authorize/"])
async def test_a_posted_request_goes_on_as_the_same_one_in_the_address(server: Server, path: str) -> None:
    app = await server.app()
    form = [*asked(app).items(), ("resource", "https://a.example"), ("resource", "https://b.example")]

    reply = await server.post(path, form, headers=CROSS_SITE)

    assert reply.status == 303
    assert reply.location.startswith("/authorize?")
    assert parse_qsl(urlsplit(reply.location).query) == form


async def test_a_posted_request_leads_to_a_code(server: Server) -> None:
    app, person = await server.app(), await logged_in(server)

    sent = await server.post("/authorize", asked(app), headers=CROSS_SITE)
    page = await person.get(sent.location)
    reply = await person.send(form_of(page.text), decision="allow")

    assert "code" in reply.sent_back
    assert reply.sent_back["state"] == "a b+c&d=é"


async def test_a_posted_request_decides_nothing_by_itself(server: Server) -> None:
    app, person = await server.app(), await logged_in(server)

    reply = await server.post("/authorize", {**asked(app), "decision": "allow"}, headers=person.headers)
    page = await person.get(reply.location)

    assert (page.status, page.location) == (200, "")


@pytest.mark.parametrize(
    ("body", "path", "status"),
    [
        (b"client_id=a&client_id=b", "/authorize", 400),
        (b"client_id=%ff", "/authorize", 400),
        (b"client_id=a", "/authorize?client_id=a", 400),
        (b"state=" + b"x" * 9000, "/authorize", 413),
        (b"state=" + b"%C3%A9" * 2000, "/authorize", 413),
    ],
)
async def test_a_posted_request_that_cannot_go_on_gets_a_page(
    server: Server, body: bytes, path: str, status: int
) -> None:
    reply = await server.post(path, body)

    assert (reply.status, reply.location) == (status, "")
    assert reply.header("content-type") == "text/html; charset=utf-8"


async def test_a_posted_request_in_json_gets_a_page(server: Server) -> None:
    reply = await server.post("/authorize", b"{}", headers={"Content-Type": "application/json"})

    assert (reply.status, reply.location) == (415, "")


async def test_a_request_of_8_kb_survives_the_way_through_login_and_consent(server: Server) -> None:
    await make_account(server, "ada")
    app, ada = await server.app(), Visitor(server)
    address = asking(app, state="")
    state = "é" * ((8192 - len(address.partition("?")[2])) // 6)

    sent = await ada.get(asking(app, state=state))
    back = await ada.send(await ada.form(sent.location), login="ada", password=PASSWORD)
    page = await ada.get(back.location)
    reply = await ada.send(form_of(page.text), decision="allow")

    assert reply.sent_back["state"] == state


async def test_a_request_of_characters_that_are_all_quoted_survives_it_too(server: Server) -> None:
    await make_account(server, "ada")
    app, ada = await server.app(), Visitor(server)
    address = asking(app) + "&x="
    address += "=" * (8192 - len(address.partition("?")[2]))

    form = await ada.form(leading_to("/login", address, ""))
    back = await ada.send(form, login="ada", password=PASSWORD)

    assert len(form.action) > 3 * 7000
    assert back.location.startswith(address)


async def test_a_request_that_is_too_long_for_that_gets_a_page_that_says_so(server: Server) -> None:
    app = await server.app()

    reply = await server.get("/authorize?" + urlencode(asked(app, state="x" * 8192)))

    assert (reply.status, reply.location) == (414, "")
    assert "at most 8192 characters" in reply.text
