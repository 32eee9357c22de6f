"""By which name a client knows a person, and a person's session (OpenID Connect Core §8, Front-Channel Logout §3)."""

import hmac
from base64 import urlsafe_b64encode
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from attrs import field, frozen

from iam.records.client import Client

PURPOSE: Final = "subjects"


@frozen
class Subjects:
    """Makes `sub` and `sid`; `key` is 32 bytes that no database has."""

    key: bytes = field(repr=False)

    def sub(self, client: Client, user_id: UUID) -> str:
        """The person's id; for a client with pairwise subjects one that only clients of its sector know (Core §8.1).

        Ids of people are random and never used again, so neither is either form of `sub`.
        """
        return self._name("sub", sector(client), user_id) if client.pairwise else str(user_id)

    def sid(self, client: Client, session_id: UUID) -> str:
        """The session's name for this client: two clients cannot find out by it that they serve the same person."""
        return self._name("sid", client.id, session_id)

    def _name(self, kind: str, whose: str, what: UUID) -> str:
        octets = hmac.digest(self.key, b"\0".join((kind.encode(), whose.encode(), what.bytes)), "sha256")
        return urlsafe_b64encode(octets).rstrip(b"=").decode()


def sector(client: Client) -> str:
    """The host that stands for all clients of one owner (Core §8.1): that of the sector identifier, else of the redirect URIs."""
    if client.sector is not None:
        return client.sector
    return urlsplit(client.redirect_uris[0]).hostname or client.id if client.redirect_uris else client.id
