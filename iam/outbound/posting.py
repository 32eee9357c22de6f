"""Posting a form to somebody else's address (H35); only the status of the answer is read."""

from collections.abc import Mapping
from io import BytesIO
from typing import Any, Final, NoReturn
from urllib.parse import urlencode

from twisted.internet.defer import Deferred
from twisted.web.iweb import IResponse

from iam.outbound.connecting import Look, NameResolver, system
from iam.outbound.destinations import FetchError, Networks, parse
from iam.outbound.exchanges import Exchanges
from iam.reactor import Reactor

TOTAL: Final = 5.0  # seconds for one request, from the lookup to the answer
LOOK_UPS: Final = 64  # at once
FORM: Final = {b"Content-Type": b"application/x-www-form-urlencoded", b"Cache-Control": b"no-store"}


class Poster:
    """Posts forms; the caller limits how many are under way at once."""

    def __init__(
        self,
        reactor: Reactor,
        private: Networks = (),
        *,
        look: Look = system,
        trust_root: Any = None,
        patience: float = TOTAL,
    ) -> None:
        self._reactor = reactor
        self._patience = patience
        self._exchanges = Exchanges(reactor, NameResolver(reactor, look, LOOK_UPS), private, trust_root)

    async def post(self, url: str, fields: Mapping[str, str]) -> int:
        """Posts a form and returns the status of the answer; redirects are not followed. Raises FetchError if no answer comes in time."""
        return await Deferred.fromCoroutine(self._posted(url, fields)).addTimeout(
            self._patience, self._reactor, refuse_for_lateness
        )

    async def _posted(self, url: str, fields: Mapping[str, str]) -> int:
        from twisted.web.client import FileBodyProducer

        body = FileBodyProducer(BytesIO(urlencode(fields).encode()))
        return await self._exchanges.made(b"POST", parse(url), FORM, status_of, body)


async def status_of(response: IResponse) -> int:
    """Returns the HTTP status of the answer."""
    return int(response.code)


def refuse_for_lateness(_outcome: object, seconds: float) -> NoReturn:
    """Raises FetchError, because the answer did not come in time."""
    raise FetchError(f"no answer within {seconds:g} seconds")
