"""The application of the guide to OpenID Connect, as it stands there."""

from threading import Thread
from types import SimpleNamespace
from typing import Any

import requests
from twisted.internet.threads import deferToThread
from werkzeug.serving import make_server

from tests.docs.conftest import blocks
from tests.harness import Server, free_port
from tests.interop.browser import visit

TIMEOUT = 30


def example(issuer: str) -> Any:
    """The guide's application, for a server at this address."""
    (code,) = [block.text for block in blocks("docs/guides/openid_connect.md") if block.language == "python"]
    module: dict[str, Any] = {"__name__": "shop"}
    exec(compile(code.replace("http://localhost:8000", issuer), "shop.py", "exec"), module)
    return SimpleNamespace(**module).app


async def test_people_log_in_to_the_application_of_the_guide(server: Server, monkeypatch) -> None:
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    client = await server.app(scopes=("openid", "profile", "email"), redirect_uris=(f"{address}/callback",))
    person = await server.person("ada")
    monkeypatch.setenv("ID", client.client_id)
    monkeypatch.setenv("SECRET", str(client.secret))
    shop = make_server("127.0.0.1", port, example(server.settings.issuer))
    Thread(target=shop.serve_forever, daemon=True).start()

    def journey() -> tuple[str, str]:
        browser = requests.Session()
        before = browser.get(address + "/", timeout=TIMEOUT).text
        sent = browser.get(address + "/login", allow_redirects=False, timeout=TIMEOUT)
        back = visit(server, person, sent.headers["Location"])
        return before, browser.get(back, timeout=TIMEOUT).text

    try:
        before, after = await deferToThread(journey)
    finally:
        shop.shutdown()
        shop.server_close()

    assert "Log in with iam" in before
    assert after == "Hello, ada!"
