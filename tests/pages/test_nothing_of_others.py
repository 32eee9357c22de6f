"""The pages of a person say nothing of others, neither by name nor by a number: who else is here changes none of them."""

import re
from typing import Any

from tests.authenticators import Authenticator
from tests.harness import Server
from tests.http.walk import every_route
from tests.pages.conftest import Visitor, asking, make_account
from tests.pages.form import form_of
from tests.pages.passkeys import make, one, session_of
from tests.pages.test_tokens import make as make_token
from tests.pages.test_tokens import removal_in

# What is made anew for each page: tokens of forms, challenges, secrets.
ANEW = re.compile(
    r'name="(csrf_token|sealed|ticket|shown|client_id|client_secret)" value="[^"]*"|data-options="[^"]*"|src="data:[^"]*"'
    r"|<code.*?</code>|<output.*?</output>",
    re.DOTALL,
)
UNKNOWN = "01939b0a-5c3e-7a41-9d3c-2f1b8c6f0a11"


async def live(server: Server, username: str) -> tuple[Visitor, dict[str, str]]:
    """Somebody who has one of everything that an account can have, and the ids of it."""
    user_id = await make_account(server, username, f"{username}@example.org")
    visitor = Visitor(server, await session_of(server, user_id))
    app = await visitor.register(name=f"The shop of {username}")
    await make(visitor, Authenticator(server.settings.origin))
    await make_token(visitor, name=f"The token of {username}")
    token = removal_in((await visitor.get("/account/tokens")).text).split("/")[-2]
    await visitor.send(form_of((await visitor.get(asking(app))).text), decision="allow")
    passkey = (await one(visitor)).rpartition("/")[2]
    return visitor, {"<client_id>": app.client_id, "<passkey_id>": passkey, "<token_id>": token}


def paths(ids: dict[str, str]) -> list[str]:
    """The addresses of all pages that a GET shows, about these things."""
    found = []
    for route in every_route():
        if (
            route.page
            and "GET" in route.methods
            and not route.path.startswith(("/static", "/errors", "/authorize", "/o/"))
        ):
            path = route.path
            for placeholder, value in ids.items():
                path = path.replace(placeholder, value)
            found.append(path)
    return found


async def seen(visitor: Visitor, ids: dict[str, str]) -> dict[str, tuple[int, str]]:
    """What this person is shown, without what is made anew for each page."""
    pages = {}
    for path in paths(ids):
        reply = await visitor.server.get(path, headers=visitor.headers)
        pages[path] = reply.status, ANEW.sub("", reply.text)
    return pages


async def test_who_else_is_here_changes_no_page_of_a_person(server: Server) -> None:
    server.clock.stop()
    ada, hers = await live(server, "ada")
    before = await seen(ada, hers)

    await live(server, "bob")

    after = await seen(ada, hers)
    assert {path for path in before if before[path] != after[path]} == set()
    assert sum(status == 200 for status, _ in before.values()) > 25


async def test_what_is_somebody_elses_is_as_if_it_were_not_there(server: Server) -> None:
    server.clock.stop()
    ada, _ = await live(server, "ada")
    _, his = await live(server, "bob")
    nobodys: dict[str, str] = dict.fromkeys(his, UNKNOWN)

    theirs, nothing = await seen(ada, his), await seen(ada, nobodys)

    about = [path for path in theirs if any(value in path for value in his.values())]
    assert len(about) > 10
    for path in about:
        same: Any = path
        for value in his.values():
            same = same.replace(value, UNKNOWN)
        assert theirs[path] == nothing[same], path
        assert "bob" not in theirs[path][1]
