"""The last filter before the log (H30)."""

import json
import subprocess
import time
from base64 import b64encode
from io import StringIO
from urllib.request import Request, urlopen

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.application.twist._options import TwistOptions
from twisted.logger import LogLevel

from iam.secrets import minted
from iam.secrets.minted import Kind
from iam.server.redaction import CROSSED_OUT, redact
from tests import processes
from tests.harness import SERVER_KEY, free_port, made_up

JWT = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl"
HASH = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$aGFzaGhhc2hoYXNo"

plain = st.text(st.characters(codec="utf-8", categories=["L", "N"]) | st.sampled_from(" /:,.-"), max_size=30)


@given(plain, st.sampled_from(Kind), plain)
def test_h30_a_minted_secret_is_crossed_out_wherever_it_stands(before: str, kind: Kind, after: str) -> None:
    secret = made_up(kind)

    text = redact(f"{before} {secret} {after}")

    assert secret not in text
    assert secret[7:] not in text
    assert CROSSED_OUT in text


@given(plain)
def test_h30_a_text_without_secrets_stays(text: str) -> None:
    assert redact(text) == text or any(word in text.lower() for word in ("basic", "bearer", "dpop", "code", "password"))


@pytest.mark.parametrize(
    "part",
    [
        "a",
        "_",
        "-",
        ".",
        "eyJ",
        "eyJ.",
        "iam_at_",
        "password",
        "a_secret",
        "code=",
        "bearer ",
        "'",
        " ",
        "=",
        "-----BEGIN A",
    ],
)
def test_the_longest_path_is_looked_through_in_no_time(part: str) -> None:
    text = f"GET /{part * (65_536 // len(part))} 404"
    began = time.process_time()

    redact(text)

    assert time.process_time() - began < 1  # what grows with the square of the length takes minutes


@pytest.mark.parametrize(
    ("text", "canary"),
    [
        (f"GET /x {JWT}", "eyJ"),
        (f"hash {HASH} kept", "c29tZXNhbHQ"),
        ("Authorization: Basic Y2FuYXJ5OmNhbmFyeQ==", "Y2FuYXJ5"),
        ("authorization: bearer canary-canary", "canary"),
        ("authorization: DPoP canary-canary", "canary"),
        ("{'Authorization': 'Bearer canarycanary'}", "canary"),
        ("?code=canary&state=x", "canary"),
        ("client_secret=canary", "canary"),
        ("client_secret='canary'", "canary"),
        ('{"client_secret": "canary", "scope": "read"}', "canary"),
        (json.dumps(json.dumps({"password": "canary"})), "canary"),
        ("new_password: canary", "canary"),
        ("PASSWORD=canary", "canary"),
        ("refresh_token=canary", "canary"),
        ("code_verifier: canary", "canary"),
        ("-----BEGIN RSA PRIVATE KEY-----\ncanary\n-----END RSA PRIVATE KEY-----", "canary"),
        ("client_assertion=canary", "canary"),
        ("subject_token=canary", "canary"),
        ("csrf_token=canary", "canary"),
    ],
)
def test_h30_what_a_name_calls_a_secret_is_crossed_out(text: str, canary: str) -> None:
    assert canary not in redact(text)
    assert CROSSED_OUT in redact(text)


@pytest.mark.parametrize(
    "text",
    [
        "POST /token 400",
        "authorization code refused: expired, client abc, grant 01a213bb-d796-77f7-bfe0-538ba855ffe2",
        "refresh token refused: used, client abc",
        "form refused: login",
        "The authorization code is not valid for this request.",
        "a stored password hash is none of ours, or too costly to check",
        "ready: http://localhost:8000",
    ],
)
def test_what_we_log_stays_readable(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize("form", ["text", "json"])
def test_h30_every_log_of_twist_goes_through_the_filter(form: str) -> None:
    options = TwistOptions()
    options.parseOptions([f"--log-format={form}", "iam"])
    written = StringIO()

    observer = options["fileLogObserverFactory"](written)
    observer(
        {"log_level": LogLevel.info, "log_format": "seen: {it}", "it": made_up(Kind.ACCESS_TOKEN), "log_time": 0.0}
    )

    assert "seen" in written.getvalue()
    assert CROSSED_OUT in written.getvalue()
    assert "iam_at_" not in written.getvalue()


def test_h30_a_server_at_debug_level_logs_no_secret_of_a_request(database_dsn: str, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("IAM_SECRET_KEY", SERVER_KEY)  # as all servers on that database
    port, log = free_port(), tmp_path / "log"
    url = f"http://localhost:{port}"
    secret, token = minted.mint(Kind.CLIENT_SECRET), made_up(Kind.ACCESS_TOKEN)
    command = [processes.BIN / "twist", "--log-level=debug", f"--log-file={log}", "iam", "--port", str(port)]
    options = ["--database", database_dsn, "--data-dir", str(tmp_path / "data")]
    server = subprocess.Popen([*command, *options], stderr=subprocess.DEVNULL)
    try:
        while not processes.answers(url):
            assert server.poll() is None, "the server has ended"
        basic = "Basic " + b64encode(f"app:{secret}".encode()).decode()
        for path, body in ((f"/{token}?code=canary", None), ("/token", b"grant_type=client_credentials&code=canary")):
            with pytest.raises(OSError, match="HTTP Error"):
                urlopen(Request(url + path, body, {"Authorization": basic}), timeout=30)
    finally:
        server.terminate()
        server.wait(processes.PATIENCE)

    written = log.read_text()
    assert "/token" in written
    assert CROSSED_OUT in written
    for canary in (secret, token, token[7:], "canary", basic):
        assert canary not in written
