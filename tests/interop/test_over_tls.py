"""The service as the suite of the OpenID Foundation meets it: a process of its own, https, cookies for https alone."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import jwt
import pytest
from attrs import frozen
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from iam.embedded.supervisor import Embedded
from tests.authority import Authority, certificate
from tests.databases import make_database
from tests.harness import REDIRECT_URI, free_port
from tests.processes import BIN, start
from tests.tutorial.conftest import PASSWORD, Browser

TIMEOUT = 30
AFTERWARDS = "https://client.example/left"


@frozen
class Service:
    """A running service, what vouches for it, and where its data are."""

    issuer: str
    trusted: str
    place: tuple[str, ...]

    def iam(self, *command: str, told: str | None = None) -> Any:
        """What the command line says, in JSON."""
        line = [BIN / "iam", *command, *self.place, "--json"]
        return json.loads(subprocess.run(line, input=told, check=True, capture_output=True, text=True).stdout)

    def browser(self) -> Browser:
        """A person's, that trusts nobody else."""
        browser = Browser(self.issuer)
        browser.session.trust_env, browser.session.verify = False, self.trusted
        return browser


@pytest.fixture
def service(cluster: Embedded, tmp_path: Path) -> Iterator[Service]:
    authority, port, behind = Authority(), free_port(), free_port()
    key, made = certificate("localhost", authority.pair)
    (tmp_path / "key.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    (tmp_path / "certificate.pem").write_bytes(made.public_bytes(Encoding.PEM))
    (tmp_path / "authority.pem").write_bytes(authority.pair[1].public_bytes(Encoding.PEM))
    place = ("--database", make_database(cluster), "--data-dir", str(tmp_path / "data"))
    encrypted = f"ssl:{port}:interface=127.0.0.1:privateKey={tmp_path}/key.pem:certKey={tmp_path}/certificate.pem"
    plain = f"tcp:{behind}:interface=127.0.0.1"  # where it is seen to be alive
    issuer = f"https://localhost:{port}"
    process = start(*place, "--issuer", issuer, "--listen", encrypted, "--listen", plain, port=behind)
    yield Service(issuer, str(tmp_path / "authority.pem"), place)
    assert process.stop() == 0


def test_a_person_logs_in_and_out_over_tls(service: Service) -> None:
    service.iam("user", "create", "--username", "buffy", "--password-stdin", told=PASSWORD)
    client = service.iam(
        *("client", "create", "--name", "Suite", "--scope", "openid profile"),
        *("--redirect-uri", REDIRECT_URI, "--post-logout-redirect-uri", AFTERWARDS),
    )
    browser, identity = service.browser(), (client["client_id"], client["client_secret"])
    asked = {"response_type": "code", "client_id": client["client_id"], "redirect_uri": REDIRECT_URI}

    browser.log_in("buffy")
    metadata = browser.session.get(f"{service.issuer}/.well-known/openid-configuration", timeout=TIMEOUT).json()
    code = browser.allow("/authorize?" + urlencode({**asked, "scope": "openid profile", "nonce": "n"}))
    redeemed = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT_URI}
    tokens = browser.session.post(metadata["token_endpoint"], redeemed, auth=identity, timeout=TIMEOUT).json()
    keys = jwt.PyJWKSet.from_dict(browser.session.get(metadata["jwks_uri"], timeout=TIMEOUT).json())
    bearer = {"Authorization": "Bearer " + tokens["access_token"]}
    told = browser.session.get(metadata["userinfo_endpoint"], headers=bearer, timeout=TIMEOUT).json()
    left = browser.session.get(
        metadata["end_session_endpoint"],
        params={"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": AFTERWARDS},
        allow_redirects=False,
        timeout=TIMEOUT,
    )

    key = keys[jwt.get_unverified_header(tokens["id_token"])["kid"]]
    claims = jwt.decode(tokens["id_token"], key, ["RS256"], audience=client["client_id"], issuer=service.issuer)
    assert (claims["nonce"], told["preferred_username"]) == ("n", "buffy")
    assert {address.startswith("https:") for name, address in metadata.items() if name.endswith("_endpoint")} == {True}
    assert left.headers["Location"] == AFTERWARDS
