"""What is read at a terminal: each JSON document is a line of its own."""

import pytest

from tests.harness import Server
from tests.http.walk import addresses


async def test_every_json_answer_ends_in_one_newline(server: Server) -> None:
    table, cookie = await addresses(server)
    seen: set[int] = set()

    for path, route in table:
        for method in (route.methods[0], "PATCH"):
            for headers in ({}, cookie, {"Authorization": "Bearer nonsense"}):
                reply = await server.request(method, path, headers=headers)
                if "json" in (reply.header("content-type") or ""):
                    assert reply.body.endswith(b"}\n"), (method, path)
                    seen.add(reply.status)

    assert seen >= {200, 400, 401, 405}


@pytest.mark.parametrize(("path", "answers"), [("/token", 200), ("/introspect", 200), ("/userinfo", 401)])
async def test_so_do_the_answers_to_clients(server: Server, path: str, answers: int) -> None:
    app = await server.app()
    form = {"grant_type": "client_credentials", "token": "nonsense"}

    reply = await server.post(path, form, headers=app.basic)

    assert reply.status == answers
    assert reply.body.endswith(b"}\n")


@pytest.mark.parametrize(
    "path", ["/token", "/introspect", "/revoke", "/o/token/", "/o/introspect/", "/o/revoke_token/"]
)
@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", b'{"grant_type": "client_credentials"}'),
        ("multipart/form-data; boundary=x", b"--x--"),
        ("text/plain", b"grant_type=client_credentials"),
        ("application/x-www-form-urlencoded; charset=latin-1", b"grant_type=client_credentials"),
        ("", b"grant_type=client_credentials"),
        ("", b""),
    ],
)
async def test_a_body_that_is_no_form_is_an_invalid_request(
    server: Server, path: str, content_type: str, body: bytes
) -> None:
    app = await server.app()

    reply = await server.request("POST", path, data=body, headers={**app.basic, "Content-Type": content_type})

    assert (reply.status, reply.json["error"]) == (400, "invalid_request")
    assert reply.json["error_description"] == "The body must be application/x-www-form-urlencoded in UTF-8."


@pytest.mark.parametrize(
    "parameters", ["", ";", "; charset=utf-8", ";charset=UTF-8;", '; charset="utf-8"', "; charset=utf8"]
)
async def test_a_form_in_utf_8_is_a_form_however_that_is_written(server: Server, parameters: str) -> None:
    app = await server.app()
    told = {**app.basic, "Content-Type": "application/x-www-form-urlencoded" + parameters}

    reply = await server.request("POST", "/token", data=b"grant_type=client_credentials", headers=told)

    assert reply.status == 200
