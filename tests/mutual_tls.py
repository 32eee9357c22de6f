"""A server behind a proxy on this machine that passes on the certificates of clients."""

from collections.abc import Callable
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from tests.certificates import Shown, authority
from tests.harness import Server

ALIAS = "https://mtls.example"
HEADER = "Client-Cert"
PROXIES = (ip_network("127.0.0.1/32"),)


@pytest.fixture(scope="session")
def root() -> Shown:
    """The authority that the server believes."""
    return authority()


@pytest.fixture(scope="session")
def client_ca(root: Shown, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return root.write(tmp_path_factory.mktemp("authority"))[0]


@pytest.fixture
def behind(configured: Callable[..., Server], client_ca: Path) -> Server:
    """The server behind a believed proxy that writes the header of RFC 9440."""
    return proxied(configured, client_ca)


def proxied(configured: Callable[..., Server], client_ca: Path | None, **settings: Any) -> Server:
    """The same with other settings."""
    told = {"proxy_headers": PROXIES, "client_certificate_header": HEADER, "mtls_url": ALIAS, "client_ca": client_ca}
    return configured(**{**told, **settings})
