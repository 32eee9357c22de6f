"""The metadata that a client is registered with, by the names of RFC 7591 §2 and OpenID Connect Registration §2."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from operator import attrgetter
from typing import Any, Final

from attrs import frozen

from iam.clients import uris
from iam.clients.metadata import SAID
from iam.oauth.grant_types import NONE, response_types
from iam.records.client import Client
from iam.records.client_metadata import Metadata
from iam.records.member import Member, Who

ORDER: Final = ("name", "redirect_uris", "addresses", "grant_types", "scopes", "auth_method")  # rules, in order
LINKS: Final[Mapping[str, str]] = {
    "client_uri": "its page",
    "policy_uri": "what it does with your data",
    "tos_uri": "its terms of service",
    "logo_uri": "its logo",
}


@frozen(slots=False)
class Written:
    """The members that a document has, in their order; all are taken from a client at once, since lists do it often."""

    members: Sequence[Member]

    @cached_property
    def names(self) -> Sequence[tuple[str, bool]]:
        """What each is called, and whether it is said where it is empty."""
        return [(each.name, each.place > 0) for each in self.members]

    @cached_property
    def values(self) -> "attrgetter[tuple[Any, ...]]":
        """Takes the values from a client."""
        return attrgetter(*(each.attribute for each in self.members))


def document(client: Metadata, members: Written | None = None) -> dict[str, Any]:
    """Returns these members of the metadata, those that clients set unless others are named, defaults included.

    Members that are not set are left out; so is the response type `none`, by which no client gets anything, so that every one
    that people are sent from may use it.
    """
    wanted = members or CLIENTS
    written = {
        name: list(value) if isinstance(value, tuple) else value
        for (name, always), value in zip(wanted.names, wanted.values(client), strict=True)
        if value is not None and (always or value != ())
    }
    types = [each for each in response_types(client.grant_types) if each != NONE]
    return {**written, "response_types": types, "scope": " ".join(client.scopes)}


def ranked(members: Iterable[Member]) -> Written:
    """Returns a document of these members, in the order in which it has them."""
    return Written(sorted(members, key=rank))


def rank(member: Member) -> int:
    """Returns the sort key of a member: by who may set it, clients before others; then name and redirect URIs first."""
    place = ORDER.index(member.rule) if member.rule in ORDER else len(ORDER)
    return place + len(ORDER) * tuple(Who).index(member.who_may_set)


CLIENTS: Final = ranked(SAID)


def links(client: Client) -> list[tuple[str, str]]:
    """Returns the client's links to show to people, each with a label; only those that begin with https."""
    return [(name, uri) for member, name in LINKS.items() if (uri := getattr(client, member)) is not None and safe(uri)]


def safe(uri: str) -> bool:
    """Checks that the address may be a link on our pages: over http, anybody on the way could change what it shows."""
    return uri.lower().startswith("https:") and uris.link_complaint(uri) is None
