"""Every page is whole under its Content-Security-Policy and sound in its markup."""

import re
from collections import Counter
from html.parser import HTMLParser
from typing import Any

import pytest
from attrs import define, field

from tests.harness import Reply, Server
from tests.mailbox import link_in_mail
from tests.pages.conftest import Visitor, asking, logged_in, make_account

VOID = {"meta", "link", "input", "br", "img"}
PAGES = [
    "home",
    "account",
    "login",
    "login refused",
    "signup",
    "signup sent",
    "account by a link",
    "reset",
    "reset sent",
    "reset by a link",
    "link refused",
    "setup",
    "setup refused",
    "setup over",
    "logout",
    "accounts",
    "accounts without an active one",
    "login with another account",
    "no applications",
    "applications",
    "register",
    "register refused",
    "application",
    "public application",
    "edit",
    "secret",
    "delete",
    "disable",
    "consent",
    "consent of a public client",
    "unknown client",
    "not found",
    "wrong method",
    "stale form",
]

LINKED = ("signup sent", "account by a link", "reset sent", "reset by a link", "link refused")


@define
class Markup(HTMLParser):
    """The elements of a page."""

    elements: list[tuple[str, dict[str, str]]] = field(factory=list)
    open: list[str] = field(factory=list)
    unbalanced: list[str] = field(factory=list)

    def __attrs_post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = Counter(name for name, _ in attrs)
        assert names.total() == len(names), f"an attribute of {tag} is there twice"
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.unbalanced.append(tag)

    def all(self, *tags: str) -> list[dict[str, str]]:
        return [attributes for tag, attributes in self.elements if tag in tags]


async def page_of(server: Server, name: str) -> Reply:  # noqa: PLR0911 - a table with arrangements
    visitor = Visitor(server)
    setup = await server.setup_path()
    if name in ("home", "login", "setup", "not found", "unknown client", "wrong method", "signup", "reset"):
        path = {"home": "/", "setup": setup, "unknown client": "/authorize?client_id=x", "not found": "/x"}
        if name == "wrong method":
            return await server.post("/applications", {})
        return await visitor.get(path.get(name, "/" + name))
    if name in LINKED:
        return await behind_link(server, visitor, name)
    if name == "setup over":
        await server.person(superuser=True)
        return await visitor.get(setup)
    if name in ("login refused", "setup refused", "stale form"):
        form = await visitor.form(setup if name == "setup refused" else "/login")
        return await visitor.send(form, {"Origin": "https://evil.example"} if name == "stale form" else None)
    member = await logged_in(server)
    if name in ("account", "logout", "no applications", "register"):
        paths = {"account": "/account", "no applications": "/applications", "register": "/applications/register"}
        return await member.get(paths.get(name, "/" + name))
    if name == "login with another account":
        return await member.get("/login?account=new")
    if name.startswith("accounts"):
        member.others = (await server.person()).cookie
        member.cookie = None if "without" in name else member.cookie
        return await member.get("/accounts")
    if name == "register refused":
        return await member.send(await member.form("/applications/register"), scopes=None, grant_types="x")
    app = await member.register(
        name="<b style=x onclick=y>",
        **({"client_type": "public", "grant_types": ["authorization_code"]} if "public" in name else {}),
    )
    if name == "applications":
        return await member.get("/applications")
    if name.startswith("consent"):
        return await member.get(asking(app))
    what = "" if "application" in name else f"/{name}"
    return await member.get(f"/applications/{app.client_id}{what}")


async def behind_link(server: Server, visitor: Visitor, name: str) -> Reply:
    await make_account(server, "ada", "ada@example.org")
    if name == "link refused":
        return await visitor.get("/reset/password?link=x")
    if name in ("signup sent", "account by a link"):
        sent = await visitor.send(await visitor.form("/signup"), email="bob@example.org")
    else:
        sent = await visitor.send(await visitor.form("/reset"), login="ada")
    return sent if "sent" in name else await visitor.get(await link_in_mail(server))


def read(reply: Reply) -> Markup:
    markup = Markup()
    markup.feed(reply.text)
    return markup


@pytest.mark.parametrize("name", PAGES)
async def test_a_page_needs_nothing_that_its_policy_forbids(server: Server, name: str) -> None:
    reply = await page_of(server, name)

    markup = read(reply)
    assert "default-src 'none'; style-src 'self'" in (reply.header("content-security-policy") or "")
    assert "unsafe" not in (reply.header("content-security-policy") or "")
    assert not re.search(r"<style|javascript:", reply.text, re.IGNORECASE)
    scripts = [attributes["src"].partition("?")[0] for attributes in markup.all("script")]
    needed = {"new_password": 'autocomplete="new-password"', "passkeys": 'name="credential"', "copy": "data-copy"}
    assert scripts == [f"/static/{script}.js" for script, mark in needed.items() if mark in reply.text]
    assert ("script-src 'self'" in (reply.header("content-security-policy") or "")) == bool(scripts)
    for _, attributes in markup.elements:
        assert not [name for name in attributes if name == "style" or name.startswith("on")]
    for attributes in markup.all("link", "img", "script", "iframe"):
        assert (attributes.get("src") or attributes["href"]).startswith("/static/")
    for attributes in markup.all("form"):
        assert attributes["action"].startswith("/")
        assert attributes["method"] == "post"


@pytest.mark.parametrize("name", PAGES)
async def test_a_page_is_well_formed_and_has_language_title_and_one_heading(server: Server, name: str) -> None:
    reply = await page_of(server, name)

    markup = read(reply)
    identifiers = Counter(attributes["id"] for _, attributes in markup.elements if "id" in attributes)
    assert reply.header("content-type") == "text/html; charset=utf-8"
    assert reply.text.startswith("<!doctype html>")
    assert (markup.unbalanced, markup.open) == ([], [])
    assert markup.all("html") == [{"lang": "en"}]
    assert len(markup.all("h1")) == 1
    assert len(markup.all("main")) == 1
    assert re.search(r"<title>[^<]+ · localhost</title>", reply.text)
    assert all(count == 1 for count in identifiers.values())


@pytest.mark.parametrize("name", PAGES)
async def test_each_field_has_a_label_and_what_describes_it_is_there(server: Server, name: str) -> None:
    reply = await page_of(server, name)

    markup = read(reply)
    identifiers = {attributes.get("id") for _, attributes in markup.elements}
    labelled = {attributes.get("for") for attributes in markup.all("label")}
    for attributes in markup.all("input", "textarea"):
        if attributes.get("type") not in ("hidden", "radio", "checkbox"):
            assert attributes["id"] in labelled
    assert reply.text.count('<label class="choice"><input') == len(
        [one for one in markup.all("input") if one["type"] in ("radio", "checkbox")]
    )
    for _, attributes in markup.elements:
        assert set(attributes.get("aria-describedby", "").split()) <= identifiers


@pytest.mark.parametrize("name", PAGES)
async def test_from_each_page_there_is_a_way_on(server: Server, name: str) -> None:
    reply = await page_of(server, name)

    assert {"/", "#content"} <= {attributes["href"] for attributes in read(reply).all("a")}


async def test_no_page_may_be_kept_by_a_cache_or_framed(server: Server) -> None:
    reply = await page_of(server, "register")

    assert reply.header("cache-control") == "no-store"
    assert "frame-ancestors 'none'" in (reply.header("content-security-policy") or "")
    assert reply.header("referrer-policy") == "no-referrer"


async def test_style_and_picture_are_kept_for_ever_under_an_address_that_changes_with_them(server: Server) -> None:
    page = (await server.get("/")).text
    addresses = re.findall(r'(?:href|src)="(/static/[^"]+)"', page)

    replies = [await server.get(address) for address in addresses]

    assert {reply.status for reply in replies} == {200}
    assert all("immutable" in (reply.header("cache-control") or "") for reply in replies)
    assert {reply.header("content-type") for reply in replies} == {"text/css; charset=utf-8", "image/svg+xml"}
    assert all("?v=" in address for address in addresses)


@pytest.mark.parametrize(
    "query", ["", "?v=", "?v=anything", "?v=000000000000", "?v={hash}&v={hash}", "?{hash}", "?v={hash}x"]
)
async def test_under_any_other_address_a_file_is_asked_for_anew(server: Server, query: str) -> None:
    """A server of the version before or after answers too while a service is upgraded: what it has must not stay in caches."""
    page = (await server.get("/")).text
    version = re.findall(r"/static/iam\.css\?v=([0-9a-f]+)", page)[0]

    reply = await server.get("/static/iam.css" + query.replace("{hash}", version))

    assert (reply.status, reply.header("cache-control")) == (200, "no-cache")


@pytest.mark.parametrize("name", ["", "x.css", "..%2Fbase.html", "base.html", "../base.html", "iam.css%00"])
async def test_only_static_files_are_served(server: Server, name: str) -> None:
    reply: Any = await server.get(f"/static/{name}")

    assert reply.status in (400, 404)
