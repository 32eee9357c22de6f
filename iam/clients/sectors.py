"""Sectors: the clients that know a person by the same pairwise subject (OpenID Connect Core §8.1, Registration §5)."""

from typing import Final

from attrs import evolve
from twisted.logger import Logger

from iam.clients import uris
from iam.outbound.destinations import FetchError, parse
from iam.outbound.fetching import Fetcher
from iam.records.client import Client
from iam.records.client_metadata import Metadata
from iam.records.invalid import Invalid

PURPOSE: Final = "sector_identifier_uri"
FIELD: Final = "sector_identifier_uri"

MOVED: Final = (
    "The subjects by which a client knows people cannot change: keep the subject_type and, if it is pairwise, the host "
    "of all its redirect URIs or of its sector_identifier_uri. Register another client for other subjects."
)

log = Logger()


async def settled(metadata: Metadata, fetcher: Fetcher, before: Client | None, asker: str = "") -> Metadata:
    """Returns the metadata with their sector; raises Invalid if it cannot be determined.

    The document at sector_identifier_uri is fetched if that address is new, or if redirect URIs are added to those of
    `before`. `asker` is the network of the registrant.
    """
    uri = metadata.sector_identifier_uri
    if uri is not None and not settled_before(metadata, before):
        await check(metadata, uri, fetcher.strangers, asker)
    return evolve(metadata, sector=sector(metadata) if metadata.pairwise else None)


def refuse_other_names(metadata: Metadata, before: Client) -> None:
    """Raises Invalid if the client would get other subjects for people than `before`.

    It holds what people granted it under the old ones, and would learn the subjects of another sector's clients.
    """
    if (metadata.pairwise, metadata.sector) != (before.pairwise, before.sector):
        raise Invalid({FIELD: MOVED})


def settled_before(metadata: Metadata, before: Client | None) -> bool:
    """Checks whether the sector has already been confirmed for all of these redirect URIs."""
    return (
        before is not None
        and before.sector_identifier_uri == metadata.sector_identifier_uri
        and set(before.redirect_uris) >= set(metadata.redirect_uris)
    )


async def check(metadata: Metadata, uri: str, fetcher: Fetcher, asker: str = "") -> None:
    """Fetches the sector's document; raises Invalid unless it lists every redirect URI of the client."""
    try:
        document = (await fetcher.fetch(uri, PURPOSE, anew=True, asker=asker)).document
    except FetchError as error:
        log.warn("sector of a client cannot be fetched: {reason}", reason=str(error))
        raise Invalid({FIELD: "It cannot be fetched from there now, as JSON over https."}) from None
    named = {each for each in document if isinstance(each, str)} if isinstance(document, list) else set()
    if not named.issuperset(metadata.redirect_uris):
        raise Invalid({FIELD: "What is there must be a JSON array with every redirect URI of the client in it."})


def sector(metadata: Metadata) -> str | None:
    """Returns the host of sector_identifier_uri, or else that of the redirect URIs; None without either.

    Raises Invalid if the redirect URIs have several hosts.
    """
    if metadata.sector_identifier_uri is not None:
        return parse(metadata.sector_identifier_uri).host
    found = {origin and origin[1] for origin in map(uris.origin, metadata.redirect_uris)}
    if len(found) > 1 or None in found:
        sentence = "Pairwise subjects need a sector_identifier_uri, unless all redirect URIs are of one host."
        raise Invalid({FIELD: sentence})
    return found.pop() if found else None
