"""Pushed authorization requests: a client sends its request to the server, and the browser only a handle (RFC 9126).

The handle is good for a minute. The first browser that brings it has the request, which lasts from then on as long as a
person may take; no other browser may use it, and once it is answered nobody.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final

from attrs import frozen

from iam.authorization.objects import REFERENCE, ObjectParameters
from iam.clock import Clock
from iam.oauth.errors import FatalClientError
from iam.oauth.parameters import Parameters
from iam.oauth.reasons import Reason, carrying
from iam.secrets import minted
from iam.secrets.minted import Kind
from iam.service import service
from iam.store.pushed_requests import Push, PushedRequestTable

PREFIX: Final = "urn:ietf:params:oauth:request_uri:"  # RFC 9126 §2.2
LIFETIME: Final = 60  # seconds in which a browser must bring the handle
INTERACTION: Final = 3600  # seconds that a person may take from then on
OF_THE_CLIENT: Final = frozenset({"client_secret", "client_assertion", "client_assertion_type"})  # prove who pushes


class HandleError(FatalClientError):  # type: ignore[misc]
    """A handle is not good for this client and browser: nobody is redirected (RFC 9126 §4, RFC 9101 §7)."""

    error = "invalid_request_uri"


@frozen
class Asked:
    """The parameters of an authorization request; `handle` is the digest of its handle, if it was pushed."""

    parameters: Parameters
    handle: bytes | None = None


@service
class PushedRequests:
    """Keeps what clients push until it is answered."""

    table: PushedRequestTable
    clock: Clock

    async def push(self, handle: str, client_id: str, text: str) -> None:
        """Stores a request of this client under a new handle."""
        expires_at = self.clock.now() + timedelta(seconds=LIFETIME)
        await self.table.store(Push(minted.digest(handle), client_id, text, expires_at))

    async def take(self, outside: Parameters, browser: str) -> Asked:
        """Returns the pushed request, which is this browser's from now on. Raises HandleError."""
        client_id, digest = named(outside)
        now = self.clock.now()
        text = await self.table.take(
            digest, client_id, minted.digest(browser), now, now + timedelta(seconds=INTERACTION)
        )
        if text is None:
            got = await self.table.trouble(digest, client_id, now)
            raise refused(client_id, got or "one that is unknown, was answered, or expired long ago")
        return asked(text, digest)

    async def read(self, outside: Parameters) -> Asked:
        """Returns the pushed request, to show whose it is; it stays whose it was. Raises HandleError."""
        client_id, digest = named(outside)
        text = await self.table.read(digest, client_id, self.clock.now())
        if text is None:
            raise refused(client_id, "one that is not there")
        return asked(text, digest)

    async def answer(self, handle: bytes) -> bool:
        """Ends a request, since it is answered now. Returns False if it was answered before."""
        return await self.table.answer(handle)


def pushed(outside: Parameters) -> bool:
    """Whether these parameters bring a handle."""
    return (outside.get(REFERENCE) or "").startswith(PREFIX)


def named(outside: Parameters) -> tuple[str, bytes]:
    """Returns the client and the digest of the handle, all that counts of such parameters (RFC 9126 §4).

    Raises HandleError if there is no client_id, or the handle is none of ours.
    """
    client_id, handle = outside.get("client_id"), (outside.get(REFERENCE) or "").removeprefix(PREFIX)
    if client_id is None:
        raise refused(None, "one without the client_id of who pushed it")
    if not minted.well_formed(handle, Kind.PUSHED_REQUEST):
        raise refused(client_id, f"another text, of {len(handle)} characters")
    return client_id, minted.digest(handle)


def written(client_id: str, given: Mapping[str, Sequence[str]]) -> str:
    """Returns the text of a request of this client, without what proves who the client is."""
    kept = {name: values[0] if len(values) == 1 else list(values) for name, values in given.items()}
    told = {name: value for name, value in kept.items() if name not in OF_THE_CLIENT}
    return json.dumps({**told, "client_id": client_id})


def asked(text: str, handle: bytes) -> Asked:
    """Returns the request that was stored as this text."""
    return Asked(ObjectParameters(json.loads(text)), handle)


def refused(client_id: str | None, got: str) -> HandleError:
    """Returns the error for a handle that is not good."""
    expected = "one that this application pushed a moment ago, in the browser that brought it first"
    return carrying(HandleError(), Reason("request_uri", expected, got, client_id=client_id))
