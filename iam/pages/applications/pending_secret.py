"""The client id and secret that a form shows before it is saved.

The server derives them from a ticket in the form: random, with the time, and good for one person, one session and one
purpose only. Only the ticket counts when the form comes back, so nobody chooses their own secret, nothing is stored
before the person saves, and the same form saved twice is the same client.
"""

import secrets
from datetime import datetime

from attrs import field, frozen

from iam.secrets import minted, signed
from iam.secrets.master_key import ServerKey
from iam.secrets.minted import Kind
from iam.service import service

LIFETIME = 12 * 3600  # seconds


class TicketError(Exception):
    """The ticket was not made by this server, was made for somebody or something else, or is too old."""


@frozen
class PendingSecret:
    """A ticket, and the id and secret derived from it."""

    ticket: str
    client_id: str
    secret: str = field(repr=False)


@service
class Issuer:
    """Makes and recognises tickets for secrets of this kind."""

    key: ServerKey
    kind: Kind = Kind.CLIENT_SECRET

    def issue(self, bound_to: str, now: datetime) -> PendingSecret:
        """Returns a new id and secret for a form `bound_to` a person, a session and a purpose."""
        return self._make(f"{int(now.timestamp())}.{secrets.token_urlsafe(32)}", bound_to)

    def recognise(self, ticket: str, bound_to: str, now: datetime) -> PendingSecret:
        """Returns the id and secret of a form that was sent. Raises TicketError."""
        body, made_at = ticket.rpartition(".")[0], signed.second(ticket)
        if made_at is None or not signed.equal(ticket, self._ticket(body, bound_to)):
            raise TicketError
        if made_at + LIFETIME < now.timestamp():
            raise TicketError
        return self._make(body, bound_to)

    def _make(self, body: str, bound_to: str) -> PendingSecret:
        said = f"{bound_to}\n{body}"
        secret = minted.compose(self.kind, signed.mac(self._key("secret"), said))
        client_id = minted.client_id(signed.mac(self._key("id"), said))
        return PendingSecret(self._ticket(body, bound_to), client_id, secret)

    def _ticket(self, body: str, bound_to: str) -> str:
        return signed.write(body, self._key("ticket"), f"{bound_to}\n{body}", bytes.hex)

    def _key(self, use: str) -> bytes:
        return self.key.derive(f"application form {use}")
