"""The commands on an application's page do what they say, pasted as they stand."""

import json
from html import unescape
from typing import Any
from urllib.parse import urlsplit

import pytest
from twisted.internet.utils import getProcessOutput

from tests.harness import App, Server
from tests.pages.conftest import Visitor, logged_in


async def blocks(visitor: Visitor, app: App) -> list[str]:
    """What there is to paste."""
    page = (await visitor.get(f"/applications/{app.client_id}")).text
    return [unescape(part.partition(">")[2].partition("</pre>")[0]) for part in page.split("<pre")[1:]]


async def run(*commands: str) -> str:
    """Paste these into one shell; what it prints, with curl's own talk left out."""
    script = 'set -eu\ncurl() { command curl --silent --show-error "$@"; }\n' + "\n".join(commands)
    output: bytes = await getProcessOutput(
        "/bin/bash", ["-c", script], env={"PATH": "/usr/local/bin:/usr/bin:/bin"}, errortoo=True
    )
    return output.decode()


def pasted(block: str, **noted: str | None) -> str:
    """The block with the placeholders that a person replaces."""
    for placeholder, value in noted.items():
        block = block.replace(placeholder.replace("_", "-"), value or "")
    return block


async def walk(server: Server, visitor: Visitor, app: App, texts: list[str]) -> tuple[str, str, Any]:
    """Paste the first blocks, open the address, allow, and redeem the code."""
    exports = pasted(texts[0], the_secret_that_you_noted=app.secret)
    address, verifier = (await run(exports, texts[1], 'echo "$VERIFIER"')).split()
    url = urlsplit(address)
    reply = await visitor.send(await visitor.form(f"{url.path}?{url.query}"), decision="allow")
    redeem = pasted(texts[2], the_code_from_the_address=reply.sent_back["code"])
    answer = json.loads(await run(exports, f"VERIFIER={verifier}", redeem))
    return exports, reply.location, answer


@pytest.mark.parametrize(
    "redirect_uri",
    [
        "https://shop.example/callback",
        "https://shop.example/callback?a=1&b=2%26",
        "https://shop.example/$(touch%20x)/$HOME/'quoted'/*!",
        "http://127.0.0.1:8080/callback",
    ],
)
async def test_the_commands_of_a_confidential_client_work_as_they_stand(server: Server, redirect_uri: str) -> None:
    visitor = await logged_in(server, superuser=True)  # of the usual grants, client credentials are only theirs
    app = await visitor.register(redirect_uris=redirect_uri)
    texts = await blocks(visitor, app)

    exports, location, answer = await walk(server, visitor, app, texts)
    refreshed = json.loads(await run(exports, pasted(texts[3], the_refresh_token=answer["refresh_token"])))
    own = json.loads(await run(exports, texts[4]))
    resource = json.loads(await run(exports, pasted(texts[5], the_access_token=refreshed["access_token"])))

    assert location.startswith(redirect_uri)
    assert set(answer["scope"].split()) == {"openid", "profile", "email", "read", "write"}
    assert refreshed["token_type"] == "Bearer"
    assert own["token_type"] == "Bearer"
    assert resource["client_id"] == app.client_id


async def test_the_commands_of_a_public_client_work_as_they_stand(server: Server) -> None:
    visitor = await logged_in(server)
    app = await visitor.register(
        client_type="public",
        grant_types=["authorization_code", "refresh_token"],
        redirect_uris="org.example.app:/back",
        scopes=["write"],
    )
    texts = await blocks(visitor, app)

    exports, location, answer = await walk(server, visitor, app, texts)
    refreshed = json.loads(await run(exports, pasted(texts[3], the_refresh_token=answer["refresh_token"])))

    assert "SECRET" not in "".join(texts)
    assert location.startswith("org.example.app:/back")
    assert answer["scope"] == "write"
    assert refreshed["token_type"] == "Bearer"


async def test_only_what_the_application_may_do_is_shown(server: Server) -> None:
    visitor = await logged_in(server, superuser=True)
    app = await visitor.register(grant_types=["client_credentials"], redirect_uris="")
    texts = await blocks(visitor, app)

    exports = pasted(texts[0], the_secret_that_you_noted=app.secret)
    own = json.loads(await run(exports, texts[1]))

    assert len(texts) == 3
    assert "authorize" not in "".join(texts)
    assert own["scope"] == "read write"
