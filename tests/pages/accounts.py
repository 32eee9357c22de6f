"""Several people in one browser, as they log in and choose."""

import re
from html import unescape

from tests.harness import Reply, Server
from tests.pages.conftest import PASSWORD, Visitor, make_account
from tests.pages.form import form_of

ANOTHER = "/login?account=new"


async def log_in(visitor: Visitor, username: str, path: str = ANOTHER, **fields: str) -> Reply:
    return await visitor.send(await visitor.form(path), login=username, password=PASSWORD, **fields)


async def everybody(server: Server, *usernames: str, **fields: str) -> Visitor:
    """A browser in which these people logged in, one after the other."""
    visitor = Visitor(server)
    for username in usernames:
        await make_account(server, username, f"{username}@example.org")
        assert (await log_in(visitor, username, **fields)).status == 303
    return visitor


def buttons(page: str, name: str) -> dict[str, str]:
    """The value of each button of this name, by the person it is for."""
    found = re.findall(rf'<li[ >].*?name="{name}" value="([^"]*)".*?</li>', page, re.DOTALL)
    people = re.findall(r'<span class="who"><bdi>(.*?)</bdi>', page)
    return dict(zip(people, found, strict=True))


def listed(page: str) -> list[str]:
    """Who is on the list, in its order."""
    return list(buttons(page, "use"))


async def choose(visitor: Visitor, username: str, path: str = "/accounts", button: str = "use") -> Reply:
    page = (await visitor.get(path)).text
    return await visitor.send(form_of(page), **{button: buttons(page, button)[username]})


def link(page: str, path: str) -> str:
    """The first link of the page to this path."""
    (address, *_) = re.findall(rf'href="({path}[^"]*)"', page)
    return unescape(address)


async def acting(visitor: Visitor) -> str | None:
    """Who acts in this browser."""
    who = re.search(r"Welcome, <bdi>(.*?)</bdi>", (await visitor.get("/account")).text)
    return who and who[1]
