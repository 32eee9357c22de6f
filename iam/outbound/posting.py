"""Telling something at somebody else's address (H35): a form is posted, and only the status of the answer is looked at."""

from collections.abc import Mapping
from io import BytesIO
from typing import Any, Final, NoReturn
from urllib.parse import urlencode

from twisted.internet.defer import Deferred
from twisted.web.client import FileBodyProducer
from twisted.web.iweb import IResponse

from iam.outbound.connecting import Look, NameResolver, system
from iam.outbound.destinations import FetchError, Networks, parse
from iam.outbound.exchanges import Exchanges
from iam.reactor import Reactor

TOTAL: Final = 5.0  # seconds for all of it
LOOK_UPS: Final = 64  # at once
FORM: Final = {b"Content-Type": b"application/x-www-form-urlencoded", b"Cache-Control": b"no-store"}


class Poster:
    """Posts; whoever calls it sees to it that there are not too many at once."""

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
        """The status of the answer, redirects being followed nowhere; raises FetchError where there is no answer in time."""
        return await Deferred.fromCoroutine(self._posted(url, fields)).addTimeout(
            self._patience, self._reactor, refuse_for_lateness
        )

    async def _posted(self, url: str, fields: Mapping[str, str]) -> int:
        body = FileBodyProducer(BytesIO(urlencode(fields).encode()))
        return await self._exchanges.made(b"POST", parse(url), FORM, status_of, body)


async def status_of(response: IResponse) -> int:
    """What counts of the answer."""
    return int(response.code)


def refuse_for_lateness(_outcome: object, seconds: float) -> NoReturn:
    """Time is up."""
    raise FetchError(f"no answer within {seconds:g} seconds")
