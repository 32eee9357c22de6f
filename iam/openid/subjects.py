"""The subjects by which clients know people, and the sids by which they know sessions.

See OpenID Connect Core §8 and Front-Channel Logout §3.
"""

import hmac
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from iam.records.client import Client
from iam.secrets import minted
from iam.service import service

PURPOSE: Final = "subjects"


@service
class Subjects:
    """Makes `sub` and `sid`; `key` is 32 bytes that no database holds."""

    key: bytes

    def sub(self, client: Client, user_id: UUID) -> str:
        """Returns the person's id, or for pairwise subjects a name that only clients of the sector know (Core §8.1).

        Ids of people are random and never reused, so neither form of `sub` is reused.
        """
        return self._name("sub", sector(client), user_id) if client.pairwise else str(user_id)

    def sid(self, client: Client, session_id: UUID) -> str:
        """Returns the session's name for this client.

        Two clients cannot find out from their names of a session that they serve the same person.
        """
        return self._name("sid", client.id, session_id)

    def _name(self, kind: str, whose: str, what: UUID) -> str:
        octets = b"\0".join((kind.encode(), whose.encode(), what.bytes))
        return minted.base64url(hmac.digest(self.key, octets, "sha256"))


def sector(client: Client) -> str:
    """Returns the host that stands for the client's sector (Core §8.1).

    It is that of sector_identifier_uri, else of the first redirect URI; without both, the client's id.
    """
    if client.sector is not None:
        return client.sector
    return urlsplit(client.redirect_uris[0]).hostname or client.id if client.redirect_uris else client.id
