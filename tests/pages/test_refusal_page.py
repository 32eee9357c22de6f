"""The page of a refusal: to those who answer for the application it says what happened, and what to do (`iam/pages/advice.py`)."""

import re
from typing import Any

import pytest

from iam.clients import redirect_uri_difference
from iam.pages.advice import ADVICE
from iam.records.actor import COMMAND_LINE, SERVER
from iam.records.client_metadata import change
from iam.secrets.minted import Kind
from tests.dpop import Holder
from tests.harness import REDIRECT_URI, App, Person, Reply, Server, made_up
from tests.pages.conftest import Visitor, asking, visitor_of

LINK = re.compile(r"/errors/[0-9A-Za-z]{12}")


async def owned(server: Server, **changes: Any) -> tuple[Visitor, App]:
    """An owner, and their application."""
    owner = visitor_of(server, await server.person())
    return owner, await owner.register(**changes)


async def page_of(server: Server, owner: Visitor, refused: Reply) -> str:
    """The page behind the link of an error page, or behind the error_uri that the client gets."""
    found = LINK.search(refused.text or "") or LINK.search(refused.sent_back.get("error_uri", ""))
    assert found, refused.text
    page = await owner.get(found[0])  # at once: a link is good as soon as it is shown
    assert page.status == 200
    return page.text


async def refused_uri(server: Server, uri: str) -> tuple[str, App]:
    """What the owner reads of a request with this redirect URI."""
    owner, app = await owned(server)
    return await page_of(server, owner, await owner.get(asking(app, redirect_uri=uri))), app


async def test_a_wrong_redirect_uri_stands_below_the_registered_one_with_the_difference_marked(server: Server) -> None:
    page, app = await refused_uri(server, "https://client.example/callbak")

    assert "<h1>The redirect URI is not registered</h1>" in page
    assert "<dt>Registered</dt><dd><code>https://client.example<mark>/callback</mark></code>" in page.replace("\n", "")
    assert "<dt>Sent</dt><dd><code>https://client.example<mark>/callbak</mark></code>" in page.replace("\n", "")
    assert "<dt>What differs</dt><dd>path /callbak</dd>" in page
    assert (
        f'<a class="button" href="/applications/{app.client_id}/edit#redirect_uris">Change the redirect URIs</a>'
        in page
    )


@pytest.mark.parametrize(
    ("uri", "sent"),
    [
        (REDIRECT_URI + "?code=secret", "https://client.example/callback<mark>?…</mark>"),
        ("http://client.example/callback", "<mark>http:</mark>//client.example/callback"),
    ],
)
async def test_what_may_be_secret_in_it_is_not_shown(server: Server, uri: str, sent: str) -> None:
    page, _ = await refused_uri(server, uri)

    assert f"<code>{sent}</code>" in page
    assert "secret@" not in page
    assert "=secret" not in page


@pytest.mark.parametrize(
    ("uri", "shown"),
    [
        (REDIRECT_URI + "#token", "https://client.example/callback#…"),
        ("https://user:secret@client.example/callback", "https://…@client.example/callback"),
        (REDIRECT_URI + "/" + "x" * 43, "https://client.example/callback/[43 characters]"),
    ],
)
def test_nor_is_it_kept(uri: str, shown: str) -> None:
    assert redirect_uri_difference.refusal((REDIRECT_URI,), uri).presented == shown


def test_a_query_that_is_registered_is_shown_where_it_is_sent() -> None:
    reason = redirect_uri_difference.refusal(("https://a.example/cb?tenant=1",), "https://a.example/other?tenant=1")

    assert reason.presented == "https://a.example/other?tenant=1"


async def test_an_administrator_reads_the_same_without_the_way_to_a_form_that_is_not_theirs(server: Server) -> None:
    owner, app = await owned(server)
    administrator = visitor_of(server, await server.person(superuser=True))

    page = await page_of(server, administrator, await owner.get(asking(app, redirect_uri="https://evil.example/")))

    assert "<h1>The redirect URI is not registered</h1>" in page
    assert "/edit#" not in page


@pytest.mark.parametrize("stranger", [True, False], ids=["stranger", "logged in"])
async def test_everybody_else_sees_the_same_for_an_unknown_client_and_a_wrong_redirect_uri(
    server: Server, stranger: bool
) -> None:
    _, app = await owned(server)
    disabled = await server.app()
    await server.store.clients.set_disabled(disabled.client_id, server.now(), SERVER, disabled=True)
    await server.quiet()
    somebody = Visitor(server) if stranger else visitor_of(server, await server.person())

    replies = [
        await somebody.get(asking(App("nobody", None))),
        await somebody.get(asking(app, redirect_uri="https://evil.example/")),
        await somebody.get(asking(disabled)),
        await somebody.get(asking(disabled, redirect_uri="https://evil.example/")),
    ]

    assert [reply.status for reply in replies] == [400] * 4
    assert [reply.anonymous for reply in replies] == [replies[0].anonymous] * 4


@pytest.mark.parametrize(
    ("metadata", "parameters", "headline", "place"),
    [
        pytest.param({}, {"scope": "phone"}, "The application may not ask for these scopes", "scopes", id="scope"),
        pytest.param({}, {"scope": "photos:read"}, "There is no such scope", "scopes", id="unknown scope"),
        pytest.param(
            {"require_pkce": True},
            {"code_challenge": "", "code_challenge_method": ""},
            "The request has no PKCE challenge",
            "require_pkce",
            id="PKCE",
        ),
        pytest.param(
            {"grant_types": ("client_credentials",)},
            {},
            "The application is not registered for this grant type",
            "grant_types",
            id="grant type",
        ),
        pytest.param(
            {"redirect_uris": ()}, {}, "The application has no redirect URI", "redirect_uris", id="no redirect URI"
        ),
        pytest.param(
            {}, {"redirect_uri": ""}, "The request names no redirect URI", "redirect_uris", id="none in the request"
        ),
        pytest.param(
            {},
            {"redirect_uri": "no address"},
            "The redirect URI of the request is malformed",
            "redirect_uris",
            id="malformed redirect URI",
        ),
    ],
)
async def test_the_owner_is_told_what_happened_and_led_to_the_field(
    server: Server, metadata: dict[str, Any], parameters: dict[str, str], headline: str, place: str
) -> None:
    owner, app = await owned(server, redirect_uris=f"{REDIRECT_URI}\nhttps://client.example/second")
    client = await server.store.clients.read(app.client_id)
    assert client
    await server.registration.update(app.client_id, change(client, metadata), COMMAND_LINE)
    server.store.clients.forget()

    page = await page_of(server, owner, await owner.get(asking(app, **parameters)))

    assert f"<h1>{headline}</h1>" in page
    assert f"/applications/{app.client_id}/edit#{place}" in page


async def test_scopes_that_were_left_out_are_told_with_the_way_to_give_them(server: Server) -> None:
    owner, app = await owned(server)
    form = await owner.form(asking(app, scope="read photos:read"))
    await owner.send(form, decision="allow")
    await server.store.refusals.flush()

    (trace,) = await server.store.refusals.latest(app.client_id, server.now(), 10)
    page = (await owner.get(f"/errors/{trace.id}")).text

    assert "<h1>The application did not get all scopes that it asked for</h1>" in page
    assert f"/applications/{app.client_id}/edit#scopes" in page


async def test_a_wrong_secret_leads_to_a_new_one(server: Server) -> None:
    owner, app = await owned(server)
    reply = await server.token(App(app.client_id, made_up(Kind.CLIENT_SECRET)), grant_type="client_credentials")
    await server.store.refusals.flush()

    page = (await owner.get(LINK.search(reply.json["error_uri"])[0])).text  # type: ignore[index]

    assert "<h1>The client secret is not that of the application</h1>" in page
    assert f'href="/applications/{app.client_id}/secret"' in page


async def test_a_wrong_proof_of_a_key_is_explained(server: Server) -> None:
    owner, app = await owned(server)
    reply = await server.redeem(app, made_up(Kind.AUTHORIZATION_CODE), Holder(server).proof(htm="GET"))
    await server.store.refusals.flush()

    page = (await owner.get(LINK.search(reply.json["error_uri"])[0])).text  # type: ignore[index]

    assert "<h1>The application did not prove that it holds the key of its tokens</h1>" in page
    assert "The htm of the DPoP proof must be POST." in page


async def test_every_way_to_a_field_leads_to_one(server: Server) -> None:
    owner, app = await owned(server)
    edit = (await owner.get(f"/applications/{app.client_id}/edit")).text

    fields = {advice.place.partition("#")[2] for advice in ADVICE.values() if "#" in advice.place}

    assert fields == {"redirect_uris", "post_logout_redirect_uris", "scopes", "grant_types", "require_pkce"}
    assert [name for name in fields if f' id="{name}"' not in edit] == []


async def test_a_person_who_is_not_concerned_finds_nothing(server: Server) -> None:
    owner, app = await owned(server)
    other: Person = await server.person()
    found = LINK.search((await owner.get(asking(app, redirect_uri="https://evil.example/"))).text)
    assert found
    await server.store.refusals.flush()

    reply = await visitor_of(server, other).get(found[0])

    assert reply.status == 404
