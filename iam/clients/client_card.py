"""What a page shows of the client that sent the person here: name, logo and links (OpenID Connect Registration §2)."""

from collections.abc import Sequence
from enum import Enum
from typing import Final
from urllib.parse import urlsplit

from attrs import frozen

from iam.clients import information, redirect_uris, uris
from iam.records.brand import parse_colour, written
from iam.records.client import Client

SHOWN: Final = ("https",)  # the schemes by which our pages load a logo


class Doubt(Enum):
    """Who could get the answer in the client's place."""

    HERE = "here"  # any program on the person's device
    SCHEME = "scheme"  # any app on it that opens addresses of this scheme
    HOST = "host"  # whoever is at that address, which no certificate proves


@frozen
class Introduction:
    """What a page shows of a client, and the host that it sends the person back to; `accent` is its colour, as rrggbb.

    `stranger`: it registered itself, and nobody here answers for it. `doubt` is why somebody else could get the answer in
    its place, if so. `publisher` is the host of the document that the client is, if it is one.
    """

    name: str
    host: str
    logo_uri: str | None
    links: Sequence[tuple[str, str]]
    registered_itself: bool
    stranger: bool
    doubt: Doubt | None = None
    accent: str | None = None
    publisher: str | None = None

    @property
    def image_source(self) -> str | None:
        """The source that the Content-Security-Policy must allow for the logo; None without a logo."""
        return self.logo_uri and redirect_uris.origin(self.logo_uri)


def introduction(client: Client, redirect_uri: str) -> Introduction:
    """Returns what to show of a client that sends the person back to this redirect URI."""
    logo_uri = client.logo_uri
    return Introduction(
        client.name,
        host_of(redirect_uri),
        logo_uri if logo_uri and its_own(logo_uri, redirect_uri) else None,
        information.links(client),
        client.registered_itself,
        stranger(client),
        None if proven(client, redirect_uri) else doubt(redirect_uri),
        written(parse_colour(client.accent))[1:] if client.accent and not stranger(client) else None,
        client.publisher,
    )


def proven(client: Client, redirect_uri: str) -> bool:
    """Checks that only the client can get the answer: it authenticates, or the redirect URI is on a host of its own.

    Other public clients can be impersonated, by their scheme or on this machine (RFC 8252 §8.6). So can a client whose
    answer goes to another port than the registered one.
    """
    return (client.confidential and redirect_uri in client.redirect_uris) or redirect_uris.claimed(redirect_uri)


def doubt(redirect_uri: str) -> Doubt:
    """Returns who could get an answer at this redirect URI that proves nothing."""
    if not redirect_uris.web(redirect_uri):
        return Doubt.SCHEME
    return Doubt.HERE if redirect_uris.here(redirect_uri) else Doubt.HOST


def stranger(client: Client) -> bool:
    """Checks whether the client registered itself and nobody here answers for it."""
    return not client.answered_for


def its_own(logo_uri: str, redirect_uri: str) -> bool:
    """Checks that the logo is on the host of the redirect URI, so that it cannot be another site's (Registration §9.1).

    The other registered addresses prove nothing: a client need not own the host of a redirect URI that it registers.
    """
    logo, here = uris.origin(logo_uri.partition("#")[0]), uris.origin(redirect_uri)
    return logo is not None and here is not None and logo[0] in SHOWN and logo[1] == here[1]


def host_of(redirect_uri: str) -> str:
    """Returns the host, with the port, that the person is sent to; for an app's own scheme, that scheme."""
    return urlsplit(redirect_uri).netloc or redirect_uri.partition(":")[0]
