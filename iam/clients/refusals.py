"""Explanations of refused requests, stored under an id for those who answer for the client."""

import re
import secrets
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from attrs import evolve
from twisted.logger import Logger

from iam.clients.directory import Directory
from iam.clock import Clock
from iam.networks import network
from iam.oauth import reasons
from iam.oauth.bearer import Challenge
from iam.oauth.reasons import Reason
from iam.records.refusal import Presented, Trace
from iam.records.role import ADMINISTERING
from iam.secrets import minted
from iam.service import service
from iam.store import refusals, refused_counts
from iam.store.refused_counts import RefusedCounts

DIGITS: Final = 12  # in base 62: more than 71 bits
log = Logger()

IDENTIFIER: Final = re.compile(r"[0-9A-Za-z]{12}")
PATH: Final = "/errors/"
FEW: Final = 10
LEFT_OUT: Final = "left_out"  # stands for the error code if the rest was granted
COUNTED: Final = {  # counted in the audit log by minute and network
    "invalid_client": refused_counts.CLIENT_AUTHENTICATION,
    "access_denied": refused_counts.CONSENT,
}


@service
class Explanations:
    """Stores why requests were refused, and shows the reasons to those who may read them."""

    table: refusals.Refusals
    directory: Directory
    clock: Clock
    issuer: str
    counts: RefusedCounts

    def kept(
        self, endpoint: str, error: Exception, address: str, code: str | None = None, user_id: UUID | None = None
    ) -> str:
        """Stores why a request was refused; returns the error_uri (RFC 6749 §5.2) where the reason can be read.

        `user_id` is who was logged in.
        """
        identifier = self._keep(endpoint, reasons.of(error), address, code or getattr(error, "error", None), user_id)
        kind = COUNTED.get(getattr(error, "error", ""))
        if kind is not None:
            self.counts.add(kind, network(address))
        return self.issuer + PATH + identifier

    def noted(
        self, endpoint: str, reason: Reason, address: str, user_id: UUID | None = None, error: str = LEFT_OUT
    ) -> None:
        """Stores what was left out of an otherwise granted request, or the `error` of which a person alone was told."""
        self._keep(endpoint, reason, address, error, user_id)

    def _keep(self, endpoint: str, reason: Reason, address: str, error: str | None, user_id: UUID | None = None) -> str:
        """Stores the reason and logs it, unless there are too many; returns its id."""
        identifier = minted.base62(secrets.token_bytes(16), DIGITS)
        trace = Trace(
            id=identifier,
            at=self.clock.now(),
            endpoint=endpoint,
            error=error or "invalid_request",
            failed=reason.check,
            expected=reason.expected,
            got=reason.got,
            client_id=reason.client_id,
            grant_type=reason.grant_type,
            address=address or None,
            presented=reason.presented,
            user_id=user_id,
        )
        if self.table.add(trace, Presented(reason.secret_digest, reason.token_digest, reason.token_day)):
            log.info(
                "{endpoint} {did} client {client}: {error}, {failed} (iam explain {id})",
                endpoint=endpoint,
                did="left something out for" if error == LEFT_OUT else "refused",
                client=reasons.shown(trace.client_id or "unknown"),
                error=trace.error,
                failed=trace.failed,
                id=identifier,
            )
        return identifier

    def challenging(self, endpoint: str, challenge: Challenge, address: str) -> Challenge:
        """Returns the challenge (RFC 6750 §3), with an error_uri if it has an error; stores the reason.

        A nonce that a client lacks is no error of its.
        """
        error = challenge.parameters.get("error")
        if error is None or challenge.nonce is not None:
            return challenge
        uri = self.kept(endpoint, challenge, address, error)
        return evolve(challenge, parameters={**challenge.parameters, "error_uri": uri})

    async def explained(self, identifier: str, session: Any) -> Trace | None:
        """Returns the refusal with this id to the client's owner and to who administers the server; None to others."""
        if not IDENTIFIER.fullmatch(identifier):
            return None
        trace = await self.table.find(identifier, self.clock.now())
        if trace is None or not ADMINISTERING.isdisjoint(session.roles):
            return trace
        client = await self.directory.find(trace.client_id) if trace.client_id else None
        return trace if client is not None and client.owner_id == session.user_id else None

    async def latest(self, client_id: str) -> Sequence[Trace]:
        """Returns the last 10 refusals of a client."""
        return await self.table.latest(client_id, self.clock.now(), FEW)


def identifier_of(text: str) -> str:
    """Returns the id in an id or in a whole error_uri."""
    return text.strip().rpartition("/")[2]
