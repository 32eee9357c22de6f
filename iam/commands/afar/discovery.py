"""Where a server's endpoints are (RFC 8414), and whether it is the one that it is taken for."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

import click

from iam.commands.afar.exchange import Broken, ask, no_iam

WELL_KNOWN: Final = "/.well-known/oauth-authorization-server"
ANOTHER: Final = "{0} says that its address is {1}. If you trust that one, name it: --server {1}"
BROKEN: Final = "The connection to {} broke off ({}). Try again."
FINE: Final = 200


def discover(server: str) -> Mapping[str, str]:
    """Returns the addresses of the server's endpoints.

    Raises ClickException if there is no such server, or if it has another issuer (RFC 8414 §3.3).
    """
    parts = urlsplit(server)
    try:
        reply = ask(server, "GET", f"{parts.scheme}://{parts.netloc}{WELL_KNOWN}{parts.path}", {})
    except Broken as error:
        raise click.ClickException(BROKEN.format(server, error)) from None
    told = reply.document() if reply.status == FINE else None
    issuer = told.get("issuer") if told else None
    if told is None or not isinstance(issuer, str):
        raise no_iam(server)
    if issuer != server:
        raise click.ClickException(ANOTHER.format(server, issuer))
    return {name: value for name, value in told.items() if isinstance(value, str)}
