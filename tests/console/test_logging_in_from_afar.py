"""`iam login` by a browser, and what becomes of it: renewed, taken back, ended."""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import click
import pytest
import requests

from iam.commands.afar import device
from tests.command_line import PATIENCE
from tests.console.conftest import EVERYTHING, Afar, Browser


def scopes_of(afar: Afar) -> set[str]:
    return set(afar("whoami", "--json").json["scopes"])


def test_a_person_logs_in_by_their_browser_and_works(afar: Afar) -> None:
    waiting, address = afar.begin_login()
    page = Browser("root").go(address)
    logged_in = afar.end_login(waiting)
    made = afar("user", "create", "--username", "fay")
    me = afar("whoami", "--json").json

    assert "You can close this window" in page
    assert (logged_in.status, logged_in.out) == (0, f"You are logged in at {afar.url} as root.\n")
    assert (made.status, me["username"], me["client_id"], me["roles"]) == (0, "root", "iam-cli", ["administrator"])
    assert set(me["scopes"]) == {"openid", "offline_access", *EVERYTHING}
    (event,) = afar.iam("audit", "list", "--user", "fay", "--kind", "user.created", "--json").json
    assert event["actor"].startswith("user ")


def test_the_request_is_that_of_a_program_on_somebodys_machine(afar: Afar) -> None:
    waiting, address = afar.begin_login()
    waiting.terminate()
    afar.end_login(waiting)
    asked = {name: value for name, (value,) in parse_qs(urlsplit(address).query).items()}

    assert (asked["client_id"], asked["code_challenge_method"]) == ("iam-cli", "S256")
    assert asked["redirect_uri"].startswith("http://127.0.0.1:")
    assert asked["resource"] == f"{afar.url}/api/v1"
    assert len(asked["state"]) >= 43


def test_scopes_are_those_that_the_persons_roles_can_use(afar: Afar) -> None:
    waiting, address = afar.begin_login()
    browser = Browser("sue")
    browser.go(address)
    logged_in = afar.end_login(waiting)
    scopes = scopes_of(afar)

    assert logged_in.status == 0
    assert {"iam:people:read", "iam:people:write", "iam:sessions:read"} <= scopes
    assert not {"iam:keys:read", "iam:keys:write", "iam:roles:write", "iam:audit:read"} & scopes


def test_who_has_no_role_looks_after_what_is_their_own(afar: Afar) -> None:
    afar.iam("user", "create", "--username", "gil", "--password-stdin", given="seven wet otters sing")
    logged_in = afar.log_in_by(Browser("gil"))
    refused = afar("user", "list")

    assert logged_in.status == 0
    assert "iam:applications:write" in scopes_of(afar)
    assert "iam:people:read" not in scopes_of(afar)
    assert refused.status == 1


def test_who_does_not_allow_it_is_not_logged_in(afar: Afar) -> None:
    waiting, address = afar.begin_login()
    browser = Browser("root", decision="deny")
    browser.go(address)
    denied = afar.end_login(waiting)

    assert "You have not allowed it" in denied.complaint
    assert afar.files == []


def test_an_answer_that_nobody_asked_for_is_not_taken(afar: Afar) -> None:
    waiting, address = afar.begin_login()
    back = parse_qs(urlsplit(address).query)["redirect_uri"][0]
    forged = requests.get(back + "?code=x&state=wrong", timeout=PATIENCE)
    other = requests.get(back + "favicon.ico", timeout=PATIENCE)
    state = parse_qs(urlsplit(address).query)["state"][0]
    foreign = requests.get(back, params={"code": "x", "state": state, "iss": "https://evil.example"}, timeout=PATIENCE)
    outcome = afar.end_login(waiting)

    assert [reply.status_code for reply in (forged, other, foreign)] == [404, 404, 200]
    assert "from another server (https://evil.example)" in outcome.complaint
    assert afar.files == []


def test_a_browser_is_opened_if_there_is_one(afar: Afar) -> None:
    script, seen = afar.home / "browser", afar.home / "seen"
    script.write_text(f'#!/bin/sh\nprintf %s "$1" > {seen}.new && mv {seen}.new {seen}\n')
    script.chmod(0o755)

    waiting, address = afar.begin_login(BROWSER=str(script))
    Browser("root").go(address)
    outcome = afar.end_login(waiting)

    assert outcome.status == 0
    assert seen.read_text() == address


def test_where_there_is_no_browser_the_login_is_on_another_device(afar: Afar) -> None:
    waiting = afar.iam.start("login", "--server", afar.url, **{**afar.environment, "BROWSER": None})
    assert waiting.stderr
    lines = [waiting.stderr.readline().decode().strip() for _ in range(4)]
    waiting.terminate()
    waiting.communicate(timeout=PATIENCE)

    assert lines[:3] == ["Log in on any device with a browser, at", f"{afar.url}/device", "and type the code there:"]
    assert re.fullmatch("[B-Z]{4}-[B-Z]{4}", lines[3])


@pytest.mark.parametrize(("decision", "complaint"), [("allow", ""), ("deny", "You have not allowed it")])
def test_a_login_on_another_device_is_one_like_any_other(
    afar: Afar, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], decision: str, complaint: str
) -> None:
    def decide(_: float) -> None:
        address, code = re.findall(r"\n  (\S+)", capsys.readouterr().err)
        Browser("root", decision=decision, code=code).go(address)

    monkeypatch.setattr(device, "time", SimpleNamespace(sleep=decide))
    refused, scopes = "", set[str]()
    try:
        scopes = set(device.log_in(afar.url).scope.split(" "))
    except click.ClickException as error:
        refused = error.message

    assert complaint in refused
    assert scopes == ({"openid", "offline_access", *EVERYTHING} if decision == "allow" else set())


def expire(afar: Afar) -> dict[str, Any]:
    """Let the access token have expired, as far as is known here; what is kept."""
    (file,) = afar.files
    kept: dict[str, Any] = json.loads(file.read_text())
    file.write_text(json.dumps({**kept, "expires_at": "2026-01-01T00:00:00Z"}))
    return kept


def test_an_expired_token_is_renewed_once_by_many_commands_at_once(afar: Afar) -> None:
    afar.log_in_by(Browser("root"))
    before = expire(afar)

    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(lambda _: afar("whoami", "--json"), range(2)))
    (file,) = afar.files
    after = json.loads(file.read_text())
    again = afar("user", "list")

    assert [outcome.status for outcome in (*outcomes, again)] == [0] * 3
    assert before["refresh_token"] != after["refresh_token"]
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_token_that_the_server_refuses_is_renewed(afar: Afar) -> None:
    afar.log_in_by(Browser("root"))
    (file,) = afar.files
    file.write_text(json.dumps({**json.loads(file.read_text()), "access_token": "iam_at_stale"}))

    assert afar("user", "list").status == 0


def test_a_login_that_was_taken_back_says_to_log_in_again(afar: Afar) -> None:
    afar.log_in_by(Browser("root"))
    for grant in afar.iam("grant", "list", "--client", "iam-cli", "--json").json:
        afar.iam("grant", "revoke", grant["id"])

    complaint = afar("user", "list").complaint

    assert f"Log in again: iam login --server {afar.url}" in complaint


def test_logging_out_ends_the_login_at_the_server(afar: Afar) -> None:
    afar.log_in_by(Browser("root"))
    (file,) = afar.files
    kept = file.read_text()
    out = afar("logout")
    file.write_text(kept)
    file.chmod(0o600)

    assert out.out == f"You are logged out at {afar.url}.\n"
    assert "has ended, or was taken back" in afar("whoami").complaint


def test_another_login_ends_the_one_before(afar: Afar) -> None:
    browser = Browser("root")
    afar.log_in_by(browser)
    (file,) = afar.files
    kept = file.read_text()
    afar.log_in_by(browser)
    now = file.read_text()
    file.write_text(kept)
    before = afar("whoami")
    file.write_text(now)

    assert "has ended" in before.complaint
    assert afar("whoami").status == 0


def test_no_token_is_printed_or_an_argument(afar: Afar) -> None:
    outcome = afar.log_in_by(Browser("root"))
    (file,) = afar.files
    kept = json.loads(file.read_text())
    said = [afar("whoami"), afar("whoami", "--json"), afar("user", "list"), afar("logout", "--json")]

    for text in (outcome.out + outcome.err, *(each.out + each.err for each in said)):
        assert kept["access_token"] not in text
        assert kept["refresh_token"] not in text


def test_a_lost_answer_makes_nothing_twice(afar: Afar) -> None:
    """The connection breaks off after the server has done it: it is asked again, and done once."""
    afar.log_in("root", *EVERYTHING)
    with breaking(afar.url) as (address, seen):
        (file,) = afar.files
        other = file.with_name(file.name.replace(file.stem, address.replace(":", "%3A").replace("/", "%2F")))
        other.write_text(file.read_text())
        other.chmod(0o600)
        made = afar("user", "create", "--username", "hal", "--json", server=address)
        broken = afar("user", "disable", "hal", server=address)

    assert made.json["username"] == "hal"
    assert seen[:2] == ["POST /api/v1/people", "POST /api/v1/people"]
    assert "nobody knows whether it was done" in broken.complaint
    assert len(afar.iam("audit", "list", "--user", "hal", "--kind", "user.created", "--json").json) == 1


class breaking:  # noqa: N801 - reads as what it does
    """A way to the server that hands on each kind of request, and loses the first answer to each that changes something."""

    def __init__(self, url: str) -> None:
        self.url = url

    def __enter__(self) -> tuple[str, list[str]]:
        url, seen = self.url, []

        class Handler(BaseHTTPRequestHandler):
            def hand_on(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
                reply = requests.request(self.command, url + self.path, data=body, headers=headers, timeout=PATIENCE)
                lost = self.command == "POST" and f"{self.command} {self.path}" not in seen
                seen.append(f"{self.command} {self.path}")
                if lost:
                    self.connection.close()
                    return
                self.send_response(reply.status_code)
                for name in ("Content-Type", "Location"):
                    if name in reply.headers:
                        self.send_header(name, reply.headers[name])
                self.end_headers()
                self.wfile.write(reply.content)

            do_GET = do_POST = hand_on

            def log_message(self, *_: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        Thread(target=self.server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{self.server.server_port}", seen

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()
