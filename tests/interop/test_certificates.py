"""Others' programs and certificates (RFC 8705): a client on the port that asks for one, and a proxy that passes one on."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
from cryptography import x509
from pytest_twisted import blockon
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThread

from iam.server.listen import listen
from iam.server.site import build_site
from tests.certificates import SERVERS, Shown
from tests.harness import Server, free_port
from tests.interop.conftest import Node, needs
from tests.interop.walk import Walk
from tests.mutual_tls import PROXIES, client_ca, root

__all__ = ["client_ca", "root"]  # fixtures

# Twisted's endpoints themselves use what pyOpenSSL and Twisted have deprecated.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture(scope="module")
def ourselves() -> Shown:
    """The certificate of the server."""
    return Shown("localhost", usages=SERVERS, names=[x509.DNSName("localhost")])


@pytest.fixture
def asking(configured: Callable[..., Server], client_ca: Path, ourselves: Shown, tmp_path: Path) -> Iterator[Server]:
    """A server with a port that asks for certificates."""
    certificate, key = ourselves.write(tmp_path)
    number = free_port()
    endpoint = f"ssl:{number}:interface=127.0.0.1:privateKey={key}:certKey={certificate}"
    asking = configured(mtls_listen=(endpoint,), mtls_url=f"https://localhost:{number}", client_ca=client_ca)
    only = asking.settings.model_copy(update={"interface": ()})
    (listening,) = blockon(Deferred.fromCoroutine(listen(reactor, only, build_site(asking.application))))
    yield asking
    blockon(listening.stopListening())


@pytest.mark.parametrize("auth_method", ["tls_client_auth", "self_signed_tls_client_auth"])
async def test_a_client_finds_where_to_show_its_certificate_and_its_tokens_are_bound_to_it(
    asking: Server, node: Node, root: Shown, ourselves: Shown, tmp_path: Path, auth_method: str
) -> None:
    ours = auth_method == "tls_client_auth"
    shown = Shown(issuer=root if ours else None)
    known = {"tls_client_auth_subject_dn": "CN=client,O=Example"} if ours else {"jwks": {"keys": [shown.jwk()]}}
    app = await asking.app(auth_method=auth_method, tls_client_certificate_bound_access_tokens=True, **known)
    certificate, key = (path.read_text() for path in shown.write(tmp_path))

    outcome = await Walk(node, "openid-client", asking, app).through(
        "certificate",
        auth_method=auth_method,
        metadata={"use_mtls_endpoint_aliases": True},
        shown={"cert": certificate, "key": key, "ca": ourselves.pem.decode()},
        resource=f"{asking.settings.mtls_issuer}/resource",
    )

    assert outcome["told"]["cnf"] == {"x5t#S256": shown.digest}
    assert (outcome["used"], outcome["without"], outcome["unshown"]) == (200, 401, 401)


CONFIGURATION = """
pid {place}/pid; error_log {place}/error.log; worker_processes 1;
events {{}}
http {{
    access_log off;
    client_body_temp_path {place}; proxy_temp_path {place}; fastcgi_temp_path {place}; uwsgi_temp_path {place}; scgi_temp_path {place};
    server {{
        listen 127.0.0.1:{port} ssl;
        ssl_certificate {certificate}; ssl_certificate_key {key};
        ssl_verify_client optional_no_ca;
        location / {{
            proxy_set_header Host $http_host;
            proxy_set_header X-SSL-Client-Cert $ssl_client_escaped_cert;
            proxy_pass http://127.0.0.1:{behind};
        }}
    }}
}}
"""


@pytest.fixture
def nginx(configured: Callable[..., Server], client_ca: Path, ourselves: Shown, tmp_path: Path) -> Iterator[Server]:
    """A server behind nginx, as the guide says."""
    needs("nginx")
    certificate, key = ourselves.write(tmp_path)
    port = free_port()
    behind = configured(
        proxy_headers=PROXIES,
        client_certificate_header="X-SSL-Client-Cert",
        mtls_url=f"https://localhost:{port}",
        client_ca=client_ca,
    )
    told = CONFIGURATION.format(
        place=tmp_path, port=port, certificate=certificate, key=key, behind=behind.url.split(":")[2].split("/")[0]
    )
    (tmp_path / "nginx.conf").write_text(told)
    command = ["nginx", "-p", tmp_path, "-c", tmp_path / "nginx.conf"]
    subprocess.run(command, check=True)  # it goes into the background once it listens
    yield behind
    subprocess.run([*command, "-s", "stop"], check=True)


async def test_nginx_passes_on_what_it_was_shown_and_nothing_else(nginx: Server, root: Shown, tmp_path: Path) -> None:
    dn = "CN=client,O=Example"
    app = await nginx.app(
        auth_method="tls_client_auth", tls_client_auth_subject_dn=dn, tls_client_certificate_bound_access_tokens=True
    )
    forged = {"X-SSL-Client-Cert": Shown(issuer=root).header["Client-Cert"]}

    statuses = [
        await deferToThread(asked, nginx, {"grant_type": "client_credentials", **app.form}, shown, forged, tmp_path)
        for shown in (Shown(issuer=root), Shown(), None)
    ]

    assert statuses == [200, 401, 401]


def asked(server: Server, form: dict[str, str], shown: Shown | None, headers: dict[str, str], directory: Path) -> int:
    """The status of the answer to a token request by the proxy."""
    files = shown and tuple(str(path) for path in shown.write(directory))
    address = f"{server.settings.mtls_issuer}/token"
    with requests.Session() as session:
        session.trust_env = False
        return session.post(
            address, form, headers=headers, cert=files, verify=str(directory / "localhost.pem"), timeout=30
        ).status_code
