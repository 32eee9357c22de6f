"""Clients that are documents: read at the URL that is their id (draft-ietf-oauth-client-id-metadata-document-02).

The rules for metadata are those of clients that register themselves. Decisions: docs/decisions/client_documents.md.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from attrs import evolve

from iam.clients import document_identity
from iam.clients import metadata as client_metadata
from iam.clients.candidates import Candidates
from iam.clients.document_policy import DocumentPolicy
from iam.clients.metadata import MetadataError
from iam.clients.registrants import Registrants
from iam.clock import Clock
from iam.networks import network
from iam.oauth.reasons import Reason, shown
from iam.outbound.destinations import FetchError
from iam.outbound.fetching import STRICT_DOCUMENT, Fetched, Fetcher
from iam.records import actor
from iam.records.client import PRIVATE_KEY_JWT, PUBLIC, Client
from iam.records.client_metadata import Metadata
from iam.secrets import minted
from iam.secrets.minted import Kind
from iam.service import service
from iam.store.client_documents import ClientDocuments, Reading
from iam.store.clients import Clients
from iam.store.registrations import Newcomer
from iam.throttles.throttle import Throttle

PURPOSE: Final = "client_id"
DOCUMENTS: Final = "document"
SECRETS: Final = ("client_secret", "client_secret_expires_at")
METHODS: Final = (PUBLIC, PRIVATE_KEY_JWT)  # the others are by a secret, which nobody could have agreed on
UNREAD: Final = "It cannot be read there now, as JSON over https and without a redirect; the log says why."


class DocumentError(Exception):
    """No client has this URL as its id; the text is a sentence that says why."""

    def reason(self, client_id: str) -> Reason:
        """Returns the reason for a refusal."""
        expected = "a URL at which there is the metadata of a client that may be one here"
        return Reason("client id", expected, shown(str(self)), client_id=client_id)


@service
class Documents:
    """Keeps the clients as their documents say; `most` is how many clients there may be that nobody answers for."""

    candidates: Candidates
    registrants: Registrants
    policy: DocumentPolicy
    clients: Clients
    table: ClientDocuments
    fetcher: Fetcher
    throttle: Throttle
    clock: Clock
    most: int | None

    async def admit(self, client_id: str, address: str, *, reads: bool, new: bool) -> None:
        """Has the client be what its document says now; what was read a while ago may still be good.

        With `reads` the document may be read again for the caller at this address, and with `new` for the first time.
        Raises DocumentError, and Throttled after too many readings for one network.
        """
        if sentence := self.policy.complaint(client_id):
            raise DocumentError(sentence)
        known = await self.table.known(client_id, document_identity.host_of(client_id))
        if known.disabled:
            raise DocumentError("Documents of this host are disabled here.")
        fresh_until = known.fresh_until
        if not reads or (fresh_until is None and not new) or (fresh_until and self.clock.now() < fresh_until):
            return
        await self.throttle.take(DOCUMENTS, self.throttle.of_network(address, DOCUMENTS), address)
        await self._store(client_id, await self._fetch(client_id, network(address)), address)

    async def _fetch(self, client_id: str, asker: str) -> Fetched:
        try:
            return await self.fetcher.strangers.read(client_id, STRICT_DOCUMENT, PURPOSE, asker=asker)
        except FetchError:
            raise DocumentError(UNREAD) from None

    async def _store(self, client_id: str, fetched: Fetched, address: str) -> None:
        """Makes or changes the client. Raises DocumentError if the document is no client's."""
        old = await self.clients.read(client_id)
        metadata = await self._judge(client_id, fetched.document, old, address)
        reading = self._reading(client_id, fetched)
        if old is not None:
            return await self.table.update(reading, metadata)
        by = actor.registrant(None, address)
        made = await self.table.create(reading, newcomer(client_id, metadata), self.most, by)
        if not made and await self.clients.read(client_id) is None:
            raise DocumentError("There are as many clients here that nobody answers for as there may be.")
        return None

    async def _judge(self, client_id: str, document: object, old: Client | None, address: str) -> Metadata:
        """Returns the metadata of the client; raises DocumentError.

        Nobody has registered it, so that it must use PKCE even if it has a key. Scopes that an administrator has given
        it stay, unless the document names its own.
        """
        registrant = self.registrants.document(named=self.policy.names(client_id))
        try:
            said = own(client_id, document)
            asked = client_metadata.read(said)
            judged = await self.candidates.judge(asked, evolve(registrant, network=network(address)), old)
        except MetadataError as error:
            raise DocumentError(str(error)) from None
        kept = old.scopes if old is not None and "scope" not in said else ()
        return evolve(
            judged,
            require_pkce=True,
            scopes=tuple(dict.fromkeys((*judged.scopes, *kept))),
            grant_types=tuple(filter(registrant.may_use, judged.grant_types)),
        )

    def _reading(self, client_id: str, fetched: Fetched) -> Reading:
        now: datetime = self.clock.now()
        fresh_until = now + timedelta(seconds=fetched.until - fetched.at)
        return Reading(client_id, document_identity.host_of(client_id), now, fresh_until)


def own(client_id: str, document: object) -> Mapping[str, Any]:
    """Returns the metadata in a document that is this client's; raises DocumentError (draft-02 §4.1).

    A client that does not say how it authenticates does not.
    """
    if not isinstance(document, Mapping):
        raise DocumentError("The document is no JSON object.")
    if document.get("client_id") != client_id:
        raise DocumentError("The client_id in the document is not the URL of the document, letter by letter.")
    if secret := next((name for name in SECRETS if name in document), None):
        raise DocumentError(f"The document has the member {secret}: whatever is in it, everybody can read.")
    said = {name: value for name, value in document.items() if value is not None and value != ""}
    method = said.setdefault("token_endpoint_auth_method", PUBLIC)
    if method not in METHODS:
        raise DocumentError(f"The token_endpoint_auth_method of a document is one of {', '.join(METHODS)}.")
    return said


def newcomer(client_id: str, metadata: Metadata) -> Newcomer:
    """Returns a client that registers itself by its document, with a registration access token that nobody knows."""
    nobodys = minted.digest(minted.mint(Kind.REGISTRATION_ACCESS_TOKEN))
    return Newcomer(client_id, metadata, minted.identifier(), None, nobodys)
