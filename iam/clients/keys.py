"""The public keys of a client: those that it registered, or those at its jwks_uri (RFC 7591 §2)."""

from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, Final, Generic, TypeVar

from twisted.logger import Logger

from iam.clients import certificate_keys, encryption, key_sets
from iam.clients.certificate_keys import CertificateKey
from iam.clients.encryption import EncryptionKey
from iam.clients.key_sets import KeySetError, VerificationKey
from iam.clock import Clock
from iam.outbound.destinations import FetchError
from iam.outbound.fetching import Fetched, Fetcher
from iam.records.client import Client

PURPOSE: Final = "jwks_uri"
AGAIN: Final = 60  # seconds between fetches of a client's key set because no key fits
REMEMBERED: Final = 10_000  # clients

log = Logger()

Document = Mapping[str, Any] | None
VerificationKeys = tuple[VerificationKey, ...]
EncryptionKeys = tuple[EncryptionKey, ...]
CertificateKeys = tuple[CertificateKey, ...]
K = TypeVar("K")


class ClientKeys:
    """Reads clients' key sets, and fetches one again if the client may have changed its keys."""

    def __init__(self, fetcher: Fetcher, clock: Clock) -> None:
        self._fetcher = fetcher
        self._clock = clock
        self._verification = Reading(key_sets.read)
        self._encryption = Reading(encryption.read)
        self._certificates = Reading(certificate_keys.read)
        self._asked: dict[str, float] = {}
        self._told: dict[str, float] = {}

    async def of(self, client: Client) -> AsyncIterator[VerificationKeys]:
        """Yields the client's keys for signatures, once or twice; raises FetchError.

        The second time, the keys are fetched again, for a caller that found none among the first to fit. This is done
        only if those came from the cache, and at most once a minute for each client.
        """
        async for document in self._documents(client):
            yield self._verification.of(client, document)

    async def for_encryption(self, client: Client) -> AsyncIterator[EncryptionKeys]:
        """Yields the client's keys for encryption, once or twice as `of` does; raises FetchError."""
        async for document in self._documents(client):
            yield self._encryption.of(client, document)

    async def for_certificates(self, client: Client) -> AsyncIterator[CertificateKeys]:
        """Yields the client's keys of certificates, once or twice as `of` does; raises FetchError."""
        async for document in self._documents(client):
            yield self._certificates.of(client, document)

    async def _documents(self, client: Client) -> AsyncIterator[Document]:
        if client.jwks_uri is None:
            yield client.jwks
            return
        began = self._clock.seconds()
        fetched = await self._fetch(client, client.jwks_uri)
        yield fetched.document
        if fetched.at < began and self._may_ask(client, began):
            yield (await self._fetch(client, client.jwks_uri, anew=True)).document

    async def _fetch(self, client: Client, uri: str, *, anew: bool = False) -> Fetched:
        """Fetches the key set; logs a failure at most once a minute for each client; raises FetchError."""
        try:
            fetcher = self._fetcher if client.answered_for else self._fetcher.strangers
            return await fetcher.fetch(uri, PURPOSE, anew=anew, asker=client.id)
        except FetchError as error:
            if once_in_a_while(self._told, client.id, self._clock.seconds()):
                log.warn(
                    "keys of client {client_id} cannot be fetched: {reason}", client_id=client.id, reason=str(error)
                )
            raise

    def _may_ask(self, client: Client, now: float) -> bool:
        """Checks that no second fetch came in the last minute: anybody can send signatures that do not fit."""
        return once_in_a_while(self._asked, client.id, now)


def once_in_a_while(known: dict[str, float], client_id: str, now: float) -> bool:
    """Checks that the last time recorded for the client is a minute ago, and then records `now` (seconds).

    Anybody can send requests in the name of a client, hence the limit.
    """
    if 0 <= now - known.get(client_id, -AGAIN) < AGAIN:
        return False
    if len(known) >= REMEMBERED:
        known.clear()
    known[client_id] = now
    return True


class Reading(Generic[K]):
    """Parses key sets for one purpose, each only once."""

    def __init__(self, read: Callable[[Document], tuple[K, ...]]) -> None:
        self._read = read
        self._known: dict[str, tuple[Document, tuple[K, ...]]] = {}

    def of(self, client: Client, document: Document) -> tuple[K, ...]:
        """Returns the keys in the client's document; none, with a warning in the log, if it is no valid key set."""
        known = self._known.get(client.id)
        if known is not None and known[0] is document:
            return known[1]
        try:
            keys = self._read(document)
        except KeySetError as error:
            log.warn("keys of client {client_id}: {reason}", client_id=client.id, reason=str(error))
            keys = ()
        if len(self._known) >= REMEMBERED:
            self._known = {}
        self._known[client.id] = document, keys
        return keys
