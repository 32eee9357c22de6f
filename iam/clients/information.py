"""What a client is registered with, in the words of RFC 7591 §2 and OpenID Connect Registration §2."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from iam.clients import uris
from iam.clients.metadata import SAID
from iam.oauth.grant_types import response_types
from iam.records.client import Client
from iam.records.client_metadata import Metadata
from iam.records.member import Member, Who

ORDER: Final = ("name", "redirect_uris", "addresses", "grant_types", "scopes", "auth_method")  # by their rules
LINKS: Final[Mapping[str, str]] = {
    "client_uri": "its page",
    "policy_uri": "what it does with your data",
    "tos_uri": "its terms of service",
    "logo_uri": "its logo",
}


def document(client: Metadata, members: Iterable[Member] = SAID) -> dict[str, Any]:
    """These members, defaults included; what is not said is not there."""
    written: dict[str, Any] = {}
    for each in sorted(members, key=rank):
        if has(each, client):
            written[each.name] = getattr(client, each.attribute)
        if each.attribute == "grant_types":
            written["response_types"] = response_types(client.grant_types)
    listed = {name: list(value) if isinstance(value, tuple) else value for name, value in written.items()}
    return {**listed, "scope": " ".join(client.scopes)}


def rank(member: Member) -> int:
    """Where a member stands: first what it is called and where it leads, last what only others say of it."""
    place = ORDER.index(member.rule) if member.rule in ORDER else len(ORDER)
    return place + len(ORDER) * tuple(Who).index(member.who_may_set)


def has(member: Member, client: Metadata) -> bool:
    """Does the document have this member?"""
    value = getattr(client, member.attribute)
    return value is not None and (value != () or member.place > 0)


def links(client: Client) -> list[tuple[str, str]]:
    """What a client shows of itself to people, with a name for each: addresses that are links, by https, and nothing else."""
    return [(name, uri) for member, name in LINKS.items() if (uri := getattr(client, member)) is not None and safe(uri)]


def safe(uri: str) -> bool:
    """May it be a link on a page of ours? What comes by http, anybody on the way may have written."""
    return uri.lower().startswith("https:") and uris.link_complaint(uri) is None
