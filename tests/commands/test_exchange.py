"""What goes between a command and a server that it works on from afar: to whom, and how much."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from threading import Thread
from typing import Final

import click
import pytest
from attrs import define, field
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from iam.administration.actions.audit import EventFile
from iam.commands.afar import calls
from iam.commands.afar.exchange import MOST, Reply, ask

TOKEN: Final = "Bearer iam_pt_a-secret"
PART: Final = b"x" * (1 << 20)


@define
class Elsewhere:
    """A server that sends a file, whole or cut off, and what it was asked."""

    parts: int = 0
    whole: bool = True
    url: str = ""
    heard: list[str] = field(factory=list)


@contextmanager
def served(there: Elsewhere, certificate: Path | None = None) -> Iterator[Elsewhere]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            there.heard.append(str(self.headers))
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for _ in range(there.parts):
                self.wfile.write(b"%x\r\n%s\r\n" % (len(PART), PART))
            self.wfile.write(b"0\r\n\r\n" if there.whole else b"ff\r\nno more")
            self.close_connection = True

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    there.url = f"{'https' if certificate else 'http'}://127.0.0.1:{server.server_port}"
    Thread(target=server.serve_forever, daemon=True).start()
    yield there
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of 127.0.0.1 that nobody else has signed, with its key."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "afar")])
    now, host = datetime.now(UTC), x509.IPAddress(ip_address("127.0.0.1"))
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
    made = made.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    made = made.add_extension(x509.SubjectAlternativeName([host]), critical=False)
    path: Path = tmp_path_factory.mktemp("tls") / "certificate.pem"
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(private + made.sign(key, hashes.SHA256()).public_bytes(pem))
    return path


def get(there: Elsewhere, *, whole: bool = True) -> Reply:
    return ask(there.url, "GET", there.url + "/api/v1/me", {"Authorization": TOKEN}, whole=whole)


def test_a_server_whose_certificate_does_not_verify_gets_no_token(certificate: Path) -> None:
    with served(Elsewhere(), certificate) as there, pytest.raises(click.ClickException) as refused:
        get(there)

    assert there.heard == []
    assert f"The certificate of {there.url} does not verify: self-signed certificate." in refused.value.message
    assert "SSL_CERT_FILE" in refused.value.message
    assert TOKEN not in refused.value.message


def test_the_certificate_of_another_host_is_none_of_this_one(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with served(Elsewhere(), certificate) as there:
        there.url = there.url.replace("127.0.0.1", "localhost")
        with pytest.raises(click.ClickException, match="Hostname mismatch"):
            get(there)

    assert there.heard == []


def test_a_certificate_that_the_environment_names_is_trusted(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with served(Elsewhere(), certificate) as there:
        assert get(there).status == 200

    assert TOKEN in there.heard[0]


def test_a_file_has_no_longest_length() -> None:
    with served(Elsewhere(parts=(MOST >> 20) + 1)) as there:
        assert sum(map(len, get(there, whole=False).parts())) == MOST + len(PART)


def test_a_file_that_is_cut_off_is_said_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    with served(Elsewhere(parts=1, whole=False)) as there:
        file = calls.streamed(there.url, EventFile, get(there, whole=False))

        async def read() -> None:
            async for _ in file.parts:
                pass

        with pytest.raises(click.ClickException, match="the file is not whole"):
            read().send(None)
