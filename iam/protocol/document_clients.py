"""Clients that are documents, at the endpoints at which they may first be heard of."""

from oauthlib.oauth2.rfc6749.errors import InvalidClientError, InvalidClientIdError, UnauthorizedClientError

from iam.authorization.document_requests import well_formed
from iam.clients.authentication import Claimed
from iam.clients.document_identity import is_document
from iam.clients.documents import DocumentError, Documents
from iam.oauth.grant_types import WITHOUT_A_PERSON
from iam.oauth.parameters import Parameters
from iam.oauth.reasons import Reason, carrying
from iam.service import service


@service
class DocumentClients:
    """Has documents read before requests of their clients are judged."""

    documents: Documents

    async def at_authorization(self, asked: Parameters, address: str | None) -> None:
        """Reads the document for a request that is otherwise well formed; raises InvalidClientIdError, Throttled."""
        client_id = asked.get("client_id") or ""
        if not is_document(client_id):
            return
        reads = address is not None and well_formed(asked)
        try:
            await self.documents.admit(client_id, address or "", reads=reads, new=reads)
        except DocumentError as error:
            raise carrying(InvalidClientIdError(), error.reason(client_id)) from None

    async def at_pushing(self, claim: Claimed, asked: Parameters) -> None:
        """Reads the document of a client that pushes a request (RFC 9126); raises InvalidClientError, Throttled."""
        await self._admit(claim, reads=is_document(claim.client_id) and well_formed(asked))

    async def at_device(self, claim: Claimed) -> None:
        """Reads the document of a client that asks by a device (RFC 8628); raises InvalidClientError, Throttled."""
        await self._admit(claim, reads=True)

    async def _admit(self, claim: Claimed, *, reads: bool) -> None:
        """Reads the document of a client that may be new here, if it is one; raises InvalidClientError, Throttled."""
        if not is_document(claim.client_id):
            return
        try:
            await self.documents.admit(claim.client_id, claim.address or "", reads=reads, new=reads)
        except DocumentError as error:
            raise carrying(InvalidClientError(), error.reason(claim.client_id)) from None

    async def at_token(self, claim: Claimed, grant_type: str) -> None:
        """Reads the document again for a client that proves itself by its keys; raises InvalidClientError, Throttled.

        A client that acts for itself may be heard of here first. It needs a host that is named: raises
        UnauthorizedClientError for others.
        """
        client_id = claim.client_id
        if not is_document(client_id):
            return
        alone, named = grant_type in WITHOUT_A_PERSON, self.documents.policy.names(client_id)
        reads = claim.assertion is not None and (named or not alone)
        try:
            await self.documents.admit(client_id, claim.address or "", reads=reads, new=alone)
        except DocumentError as error:
            raise carrying(InvalidClientError(), error.reason(client_id)) from None
        if alone and not named:
            expected = "that of a person, or a host of the document that is among --client-document-host"
            raise carrying(UnauthorizedClientError(), Reason("grant type", expected, grant_type, client_id))
