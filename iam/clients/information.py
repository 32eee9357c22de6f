"""What a client is registered with, in the words of RFC 7591 §2 and OpenID Connect Registration §2."""

from collections.abc import Mapping
from typing import Any, Final

from iam.clients import uris
from iam.clients.metadata import NOT_SAID
from iam.oauth.grant_types import response_types
from iam.records.client import Client
from iam.records.client_metadata import DEFAULTS, Metadata

LINKS: Final[Mapping[str, str]] = {
    "client_uri": "its page",
    "policy_uri": "what it does with your data",
    "tos_uri": "its terms of service",
    "logo_uri": "its logo",
}


def document(client: Metadata) -> dict[str, Any]:
    """All metadata, defaults included; what is not said is not there."""
    said: dict[str, Any] = {
        "client_name": client.name,
        "redirect_uris": list(client.redirect_uris),
        "post_logout_redirect_uris": list(client.post_logout_redirect_uris),
        "grant_types": list(client.grant_types),
        "response_types": list(response_types(client.grant_types)),
        "scope": " ".join(client.scopes),
        "token_endpoint_auth_method": client.auth_method,
        **members(client),
    }
    return {name: value for name, value in said.items() if value is not None}


def members(client: Metadata) -> dict[str, Any]:
    """The members that are said as they are kept, but for empty lists."""
    told = {name: getattr(client, name) for name in DEFAULTS if name not in NOT_SAID}
    listed = {name: list(value) if isinstance(value, tuple) else value for name, value in told.items()}
    return {name: value for name, value in listed.items() if value != []}


def links(client: Client) -> list[tuple[str, str]]:
    """What a client shows of itself to people, with a name for each: addresses that are links, by https, and nothing else."""
    return [(name, uri) for member, name in LINKS.items() if (uri := getattr(client, member)) is not None and safe(uri)]


def safe(uri: str) -> bool:
    """May it be a link on a page of ours? What comes by http, anybody on the way may have written."""
    return uri.lower().startswith("https:") and uris.link_complaint(uri) is None
