"""Servers whose issuer has a path: what is below it, what is at the host's root, and that nothing leads out of it."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iam.browser.addresses import confine
from iam.browser.csrf import our_origin
from iam.endpoints.webfinger import ISSUER
from iam.records.actor import SERVER
from iam.settings import read
from tests.assertions import GRANT, asserted, form
from tests.harness import REDIRECT_URI, Reply, Server
from tests.pages.conftest import PASSWORD, Visitor, asking, make_account
from tests.pages.form import form_of

TEMPLATES = Path(__file__).parents[2] / "templates"
PATHS = ["", "/o", "/auth", "/sso/o", "/login", "/a/b.c~d"]
TOOLKIT = {"": "/o", "/o": "/o", "/auth": "/auth/o", "/sso/o": "/sso/o"}  # the addresses of django-oauth-toolkit
METADATA = ("oauth-authorization-server", "openid-configuration")

Configured = Callable[..., Server]


async def at(server: Server, path: str, method: str = "GET", **options: Any) -> Reply:
    """What is at this path of the host."""
    return await server.request(method, server.settings.origin + path, **options)


async def status(server: Server, path: str, method: str = "GET") -> int:
    return (await at(server, path, method)).status


# Metadata


@pytest.mark.parametrize("name", METADATA)
@pytest.mark.parametrize("path", PATHS)
async def test_the_metadata_are_where_either_specification_has_them(
    configured: Configured, path: str, name: str
) -> None:
    """RFC 8414 §3.1 inserts the well-known name before the issuer's path, OpenID Connect Discovery §4 appends it."""
    server = configured(path)

    inserted = await at(server, f"/.well-known/{name}{path}")
    appended = await at(server, f"{path}/.well-known/{name}")

    assert inserted.json == appended.json
    assert inserted.json["issuer"] == server.settings.origin + path == server.settings.issuer
    assert inserted.header("access-control-allow-origin") == appended.header("access-control-allow-origin") == "*"


@pytest.mark.parametrize("path", PATHS)
async def test_every_address_in_the_metadata_is_below_the_path_and_answers(configured: Configured, path: str) -> None:
    server = configured(path)
    document = (await at(server, f"{path}/.well-known/openid-configuration")).json
    listed = [value for name, value in document.items() if name.endswith(("_endpoint", "_uri"))]

    statuses = {urlsplit(address).path: (await server.get(address)).status for address in listed}

    assert len(listed) == 10
    assert all(address.startswith(server.settings.issuer + "/") for address in listed)
    assert 404 not in statuses.values()
    assert document["protected_resources"] == [
        server.settings.issuer + resource for resource in ("/resource", "/api/v1")
    ]


@pytest.mark.parametrize("name", METADATA)
async def test_the_root_does_not_speak_for_an_issuer_that_it_is_not(configured: Configured, name: str) -> None:
    """RFC 8414 §3.3: the issuer in the document must be the one that was asked for."""
    server = configured("/o")

    assert await status(server, f"/.well-known/{name}") == 404
    assert await status(server, f"/.well-known/{name}/auth") == 404
    assert await status(server, f"/.well-known/{name}/o/") == 404


@pytest.mark.parametrize("path", PATHS)
async def test_a_refusal_at_the_resource_leads_to_its_metadata_and_they_to_the_server(
    configured: Configured, path: str
) -> None:
    """RFC 9728 §3.1, §5.1."""
    server = configured(path)
    refused = await at(server, f"{path}/resource")

    where = re.findall(r'resource_metadata="([^"]*)"', refused.header("www-authenticate") or "")
    told = (await server.get(where[0])).json
    found = await server.get(server.settings.origin + "/.well-known/oauth-authorization-server" + path)

    assert where == [f"{server.settings.origin}/.well-known/oauth-protected-resource{path}/resource"]
    assert told["resource"] == f"{server.settings.issuer}/resource"
    assert told["authorization_servers"] == [found.json["issuer"]]


@pytest.mark.parametrize("path", PATHS)
async def test_webfinger_is_at_the_root_and_names_the_whole_issuer(configured: Configured, path: str) -> None:
    """RFC 7033 §4: of the host, whatever else is at it."""
    server = configured(path)
    people = [f"acct:joe@{urlsplit(server.url).netloc}", f"{server.settings.origin}/joe", server.settings.issuer]

    told = [(await at(server, "/.well-known/webfinger?resource=" + quote(who))).json["links"] for who in people]

    assert told == [[{"rel": ISSUER, "href": server.settings.issuer}]] * 3


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("name", ["/healthz", "/readyz"])
async def test_health_is_told_at_the_root_and_below_the_path(configured: Configured, path: str, name: str) -> None:
    server = configured(path)

    assert (await status(server, name), await status(server, path + name)) == (200, 200)


# What is below the path, and what is not


@pytest.mark.parametrize(
    "address", ["/", "/login", "/authorize", "/applications", "/setup", "/accounts", "/logout", "/static/iam.css"]
)
async def test_pages_are_below_the_path_and_nowhere_else(configured: Configured, address: str) -> None:
    server = configured("/auth")

    assert await status(server, address) == 404
    assert await status(server, "/auth" + address) in (200, 303, 400, 403)


@pytest.mark.parametrize(
    "address", ["/token", "/introspect", "/revoke", "/userinfo", "/register", "/o/token/", "/o/introspect/"]
)
async def test_endpoints_are_below_the_path_and_nowhere_else(configured: Configured, address: str) -> None:
    server = configured("/auth")

    assert await status(server, address, "POST") == 404
    assert await status(server, "/auth" + address, "POST") in (400, 401)


@pytest.mark.parametrize("path", ["/o", "/auth", "/sso/o"])
async def test_the_path_alone_leads_to_the_front_page(configured: Configured, path: str) -> None:
    """There the cookie, which is for what is below the path, arrives."""
    reply = await at(configured(path), path)

    assert (reply.status, reply.header("location")) == (303, path + "/")


@pytest.mark.parametrize("address", ["/authx", "/AUTH/login", "/auth//login", "/%61uth/login", "/auth/../login"])
async def test_what_only_looks_like_the_path_is_not_below_it(configured: Configured, address: str) -> None:
    assert await status(configured("/auth"), address) == 404


async def test_a_page_for_what_there_is_not_leads_back_below_the_path(configured: Configured) -> None:
    page = (await at(configured("/auth"), "/elsewhere", headers={"Accept": "text/html"})).body.decode()

    assert 'href="/auth/static/iam.css' in page
    assert 'href="/auth/"' in page


@pytest.mark.parametrize("template", sorted(TEMPLATES.rglob("*.html")), ids=lambda path: path.name)
def test_no_template_writes_an_address_without_the_path(template: Path) -> None:
    text = template.read_text()

    assert re.findall(r"""(?:href|src|action)\s*=\s*["']?/""", text) == []
    assert re.findall(r"""(?:href|src|action)="{{[^}"']*["']/""", text) == []


# django-oauth-toolkit


@pytest.mark.parametrize(("path", "toolkit"), TOOLKIT.items())
async def test_the_names_of_django_oauth_toolkit_are_below_its_own_issuer(
    configured: Configured, path: str, toolkit: str
) -> None:
    server = configured(path)
    app = await server.app()

    async def post(name: str, data: dict[str, str]) -> Reply:
        return await at(server, f"{toolkit}/{name}/", "POST", data=data, headers=app.basic)

    token = (await post("token", {"grant_type": "client_credentials"})).json["access_token"]
    before = (await post("introspect", {"token": token})).json
    revoked = await post("revoke_token", {"token": token})
    after = (await post("introspect", {"token": token})).json

    assert (before["active"], before["iss"], before["client_id"]) == (True, server.settings.issuer, app.client_id)
    assert (revoked.status, after) == (200, {"active": False})
    assert await status(server, f"{toolkit}/authorize/?client_id=x") == 400
    assert await status(server, f"{toolkit}/userinfo/") == 401
    assert await status(server, f"{toolkit}/logout/") == 200
    assert (await at(server, f"{toolkit}/.well-known/jwks.json")).json == (await at(server, f"{path}/jwks")).json
    for name in METADATA:
        assert (await at(server, f"{toolkit}/.well-known/{name}")).json["issuer"] == server.settings.issuer
    for name in ("applications", "applications/register"):
        assert (await at(server, f"{toolkit}/{name}/")).header("location") == f"{path}/{name}"


@pytest.mark.parametrize("path", ["/o", "/sso/o"])
async def test_they_are_not_doubled(configured: Configured, path: str) -> None:
    assert await status(configured(path), path + "/o/token/", "POST") == 404


async def test_they_are_not_outside_the_path(configured: Configured) -> None:
    assert await status(configured("/auth"), "/o/token/", "POST") == 404


async def test_who_moves_in_from_django_oauth_toolkit_keeps_its_issuer(configured: Configured) -> None:
    """Its own is https://host/o: ID tokens say the same `iss` as before, and discovery is where it was."""
    server = configured("/o")
    app, person = await server.app(scopes=("openid",)), await server.person()

    tokens = await server.tokens(app, person, scope="openid")
    told = await at(server, "/o/userinfo/", headers={"Authorization": "Bearer " + tokens["access_token"]})

    assert (await at(server, "/o/.well-known/openid-configuration")).json["issuer"] == server.settings.issuer
    assert server.settings.issuer == server.settings.origin + "/o"
    assert told.json["sub"] == str(person.user_id)


# Where a person is led


ELSEWHERE = [
    "/", "/login", "/other", "/auth", "/authx/", "//evil.example", "/\\evil.example", "https://evil.example", "/auth/../other",
    "/auth/..", "/auth/./../other", "/auth/%2e%2e/other", "/auth/.%2E/other", "/auth/x/../../other", "/auth/..;/other",
    "/auth/..%2fother", "/auth//evil.example", "/auth/%2fevil.example", "/auth/\\evil.example", "auth/", "", "/auth/..?x",
]  # fmt: skip


@pytest.mark.parametrize("address", ELSEWHERE)
async def test_the_login_leads_to_nothing_outside_the_path(configured: Configured, address: str) -> None:
    server = configured("/auth")
    await make_account(server, "ada")
    visitor = Visitor(server)

    reply = await visitor.send(
        form_of((await visitor.get("/auth/login?next=" + quote(address, safe=""))).text),
        login="ada",
        password=PASSWORD,
    )

    assert (reply.status, reply.header("location")) == (303, "/auth/")


@given(st.text(st.sampled_from("/\\%2fe5c09:@?#.a;\t\r\n htpso"), max_size=24))
def test_whatever_is_asked_for_stays_below_the_path(address: str) -> None:
    for asked in (address, "/o" + address, "/o/" + address):
        location = "/o" + confine(asked, "/o")
        as_browsers_read = urljoin("https://host.example", unquote(location.partition("?")[0]).replace("\\", "/"))

        assert as_browsers_read.startswith("https://host.example/o/")


@pytest.mark.parametrize("path", PATHS)
async def test_who_has_to_log_in_comes_back_to_what_they_wanted(configured: Configured, path: str) -> None:
    server = configured(path)
    await make_account(server, "ada")
    visitor = Visitor(server)
    sent = await visitor.get("/applications")

    assert sent.header("location") == f"{path}/login?next={quote(path + '/applications', safe='')}"
    back = await visitor.send(await visitor.form(sent.location), login="ada", password=PASSWORD)

    assert back.header("location") == f"{path}/applications"
    assert (await visitor.get(back.location)).status == 200


@pytest.mark.parametrize("path", PATHS)
async def test_an_authorization_request_goes_through_login_and_consent(configured: Configured, path: str) -> None:
    server = configured(path)
    await make_account(server, "ada")
    app, visitor = await server.app(), Visitor(server)

    login = (await visitor.get(asking(app))).header("location") or ""
    back = (
        await visitor.send(await visitor.form(server.settings.origin + login), login="ada", password=PASSWORD)
    ).header("location") or ""
    consent = await visitor.get(server.settings.origin + back)
    allowed = await visitor.send(form_of_consent(consent), decision="allow")

    assert login.startswith(f"{path}/login?next={quote(path + '/authorize?', safe='')}")
    assert back.startswith(f"{path}/authorize?")
    assert allowed.location.startswith(REDIRECT_URI + "?code=")
    assert allowed.sent_back["iss"] == server.settings.issuer


def form_of_consent(reply: Reply) -> Any:
    assert 'value="allow"' in reply.text, reply.text
    return form_of(reply.text)


# Cookies


@pytest.mark.parametrize("path", PATHS)
async def test_the_cookie_is_for_what_is_below_the_path(configured: Configured, path: str) -> None:
    server = configured(path)
    await make_account(server, "ada")
    visitor = Visitor(server)
    opened = await visitor.get("/login")

    reply = await visitor.send(form_of(opened.text), login="ada", password=PASSWORD)

    set_cookies = [line for page in (opened, reply) for line in page.headers.getRawHeaders("set-cookie") or ()]
    assert set_cookies
    assert all(f"Path={path}/" in line.split("; ") and line.startswith("iam") for line in set_cookies)


# By which the server is named


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("ending", ["", "/token"])
async def test_a_client_assertion_is_for_the_issuer_or_its_token_endpoint(
    configured: Configured, path: str, ending: str
) -> None:
    """RFC 7523 §3."""
    server = configured(path)
    signer = await asserted(server)

    taken = await server.post("/token", form(signer.assertion(aud=server.settings.issuer + ending), **GRANT))

    assert taken.status == 200, taken.text


@pytest.mark.parametrize("audience", ["", "/", "/token", "/o/token/", "/auth/"])
async def test_an_assertion_for_the_host_is_not_for_the_issuer(configured: Configured, audience: str) -> None:
    server = configured("/auth")
    signer = await asserted(server)

    refused = await server.post("/token", form(signer.assertion(aud=server.settings.origin + audience), **GRANT))

    assert refused.json["error"] == "invalid_client"


async def test_a_form_from_our_origin_is_taken(configured: Configured) -> None:
    """Browsers say the origin, which has no path."""
    server = configured("/auth")
    await make_account(server, "ada")
    visitor = Visitor(server)
    form = await visitor.form("/login")

    reply = await visitor.send(form, {"Origin": server.settings.origin}, login="ada", password=PASSWORD)

    assert reply.status == 303


def test_an_origin_is_ours_by_itself_and_not_with_the_path() -> None:
    settings = read({"issuer": "https://login.example/o"})

    assert our_origin("https://login.example", settings)
    assert not our_origin("https://login.example/o", settings)
    assert not our_origin("https://o.login.example", settings)


async def test_a_resource_token_is_for_the_resource_below_the_path(configured: Configured) -> None:
    server = configured("/o")
    app = await server.app()
    await server.store.resources.create(
        server.own_resource, scopes=(), token_format="jwt", lifetime=60, client_id=None, now=server.now(), by=SERVER
    )

    answer = (await server.token(app, grant_type="client_credentials", resource=server.own_resource)).json
    told = await server.get("/resource", headers={"Authorization": "Bearer " + answer["access_token"]})

    assert server.own_resource == server.settings.issuer + "/resource"
    assert (told.status, told.json["aud"]) == (200, server.own_resource)
