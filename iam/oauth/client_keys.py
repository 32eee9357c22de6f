"""The public keys of a client: those that it was registered with, or those at its jwks_uri (RFC 7591 §2)."""

from collections.abc import AsyncIterator, Mapping
from typing import Any, Final

from oauthlib.oauth2.rfc6749.errors import InvalidClientError
from twisted.logger import Logger

from iam.clock import Clock
from iam.oauth import key_sets
from iam.oauth.key_sets import KeySetError, VerificationKey
from iam.oauth.refusal import Refusal, carrying
from iam.outbound.destinations import FetchError
from iam.outbound.fetching import Fetched, Fetcher
from iam.store.clients import Client

PURPOSE: Final = "jwks_uri"
AGAIN: Final = 60  # seconds until a client's key set is fetched again because a signature does not fit
REMEMBERED: Final = 10_000  # clients
UNREACHABLE: Final = "The client's keys cannot be fetched from its jwks_uri now."

log = Logger()

VerificationKeys = tuple[VerificationKey, ...]


class ClientKeys:
    """Reads key sets, and fetches one again when the client may have changed its keys."""

    def __init__(self, fetcher: Fetcher, clock: Clock) -> None:
        self._fetcher = fetcher
        self._clock = clock
        self._read: dict[str, tuple[object, VerificationKeys]] = {}
        self._asked: dict[str, float] = {}

    async def of(self, client: Client) -> AsyncIterator[VerificationKeys]:
        """The client's keys; and for who finds the right one not among them, the keys that it has by now."""
        if client.jwks_uri is None:
            yield self._keys(client, client.jwks)
            return
        began = self._clock.seconds()
        fetched = await self._fetch(client, client.jwks_uri)
        yield self._keys(client, fetched.document)
        if fetched.at < began and self._may_ask(client, began):
            yield self._keys(client, (await self._fetch(client, client.jwks_uri, anew=True)).document)

    async def _fetch(self, client: Client, uri: str, *, anew: bool = False) -> Fetched:
        try:
            return await self._fetcher.fetch(uri, PURPOSE, anew=anew)
        except FetchError as error:
            log.warn("keys of client {client_id} cannot be fetched: {reason}", client_id=client.id, reason=str(error))
            reason = Refusal("client assertion", "keys at the application's jwks_uri", str(error), client_id=client.id)
            raise carrying(InvalidClientError(UNREACHABLE), reason) from None

    def _may_ask(self, client: Client, now: float) -> bool:
        """Is it a minute since this client's keys were fetched again? Anybody can send signatures that do not fit."""
        if now - self._asked.get(client.id, -AGAIN) < AGAIN:
            return False
        if len(self._asked) >= REMEMBERED:
            self._asked = {}
        self._asked[client.id] = now
        return True

    def _keys(self, client: Client, document: Mapping[str, Any] | None) -> VerificationKeys:
        """The keys in a document, which is read once."""
        read = self._read.get(client.id)
        if read is not None and read[0] is document:
            return read[1]
        try:
            keys = key_sets.read(document)
        except KeySetError as error:
            log.warn("keys of client {client_id}: {reason}", client_id=client.id, reason=str(error))
            keys = ()
        if len(self._read) >= REMEMBERED:
            self._read = {}
        self._read[client.id] = document, keys
        return keys
