"""How a page introduces the client that sent somebody here: its name, its logo, its links (OpenID Connect Registration §2)."""

from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from attrs import frozen

from iam.clients import information, redirect_uris, uris
from iam.records.client import Client

SHOWN: Final = ("https",)  # by which a picture may come into a page of ours


@frozen
class Introduction:
    """A client, and where it wants the person back."""

    name: str
    host: str
    logo_uri: str | None
    links: Sequence[tuple[str, str]]
    registered_itself: bool
    stranger: bool

    @property
    def image_source(self) -> str | None:
        """The source of a policy that lets the logo be shown."""
        return self.logo_uri and redirect_uris.origin(self.logo_uri)


def introduction(client: Client, redirect_uri: str) -> Introduction:
    """The client that wants a person, and wants them back at this address."""
    logo_uri = client.logo_uri
    return Introduction(
        client.name,
        host_of(redirect_uri),
        logo_uri if logo_uri and its_own(logo_uri, redirect_uri) else None,
        information.links(client),
        client.registered_itself,
        stranger(client),
    )


def stranger(client: Client) -> bool:
    """Has it registered itself, and nobody here answers for it?"""
    return not client.answered_for


def its_own(logo_uri: str, redirect_uri: str) -> bool:
    """Is the picture at the host that the person is sent to, so that it cannot be another's (Registration §9.1)?

    What else the client has registered says nothing: nobody proves that the host of a redirect URI is theirs.
    """
    logo, here = uris.origin(logo_uri.partition("#")[0]), uris.origin(redirect_uri)
    return logo is not None and here is not None and logo[0] in SHOWN and logo[1] == here[1]


def host_of(redirect_uri: str) -> str:
    """Where the person is sent, in words; an app is named by its scheme."""
    return urlsplit(redirect_uri).netloc or redirect_uri.partition(":")[0]
