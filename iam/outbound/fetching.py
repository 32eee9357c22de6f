"""Documents from other people's addresses (H35): limited in time, size and number, and cached."""

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, Final, NoReturn, TypeVar

from attrs import field, frozen
from twisted.internet.defer import CancelledError, Deferred, DeferredSemaphore
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web.iweb import IResponse

from iam import strict_json
from iam.clock import Clock
from iam.outbound.connecting import LOOK_UPS, Look, NameResolver, system
from iam.outbound.destinations import Crowded, Destination, FetchError, Networks, parse
from iam.outbound.exchanges import Exchanges
from iam.reactor import Reactor

TOTAL: Final = 5.0  # seconds for one fetch, and as many to wait for its turn
LONGEST: Final = 64 << 10  # octets of a body
AT_ONCE: Final = 8
AT_ONE_HOST: Final = 2
WAITING: Final = 64
OF_ONE: Final = 4  # of the waiting ones, for one client or one network that registers
PLACES: Final = (
    64  # fetches, and names, at once in each of a server's two lanes: a silent host holds its place for seconds
)
CROWDED: Final = "too many addresses are waited for"
CROWDED_AT_ONE: Final = "too many addresses at one host are waited for"
CROWDED_BY_ONE: Final = "too many addresses of one client or registrant are waited for"
REMEMBERED: Final = 1000  # addresses
KEPT_OCTETS: Final = 2 << 20  # of all cached documents; parsed JSON takes up to twenty times as much memory

KEPT: Final = 300  # seconds that an answer without Cache-Control is fresh
KEPT_AT_LEAST, KEPT_AT_MOST = 60, 3600
REFUSED: Final = 60  # seconds before an address that failed is tried again

OK, NOT_MODIFIED = 200, 304
JSON: Final = re.compile(r"application/(?:json|[a-z0-9.!#$&^_-]{1,64}\+json) *(?:;.*)?", re.IGNORECASE)

K = TypeVar("K")

log = Logger()


@frozen
class Fetched:
    """A document, when it was fetched or last confirmed, and until when it is fresh (seconds)."""

    document: Any
    at: float
    until: float


@frozen
class Kept:
    """A cached document, and the validators that ask whether it has changed (RFC 9111 §4.3)."""

    fetched: Fetched
    octets: int
    validators: Mapping[bytes, bytes] = field(factory=dict)


@frozen
class Backoff:
    """Why a fetch failed, and the moment (seconds) until which it is not tried again."""

    reason: str
    until: float


@frozen
class Form:
    """The media type to ask for, and the function that reads an answer with this body; `kept` says whether it may be cached.

    The address of what is `secret` must not be guessed. Failures are remembered, unless it is `retried`, and by form too: a client may
    name another's document as something else, and that failure says nothing about it.
    """

    accept: bytes
    read: Callable[[IResponse, bytes], Any]
    kept: bool
    secret: bool = False
    retried: bool = False

    def logged(self, url: str) -> str:
        """Returns the URL as the log has it: without its query, and without its path too if that may be the secret (H30)."""
        origin = re.match(r"[^/]*//[^/?]*", url) if self.secret else None
        return origin[0] if origin else url.partition("?")[0]


Asked = tuple[str, Form]


class Fetcher:
    """Fetches documents within one set of limits; `private` networks may be reached besides the public ones.

    `strangers` is another fetcher with places of its own, for clients that nobody here answers for: they can only starve each other.
    """

    def __init__(
        self,
        reactor: Reactor,
        clock: Clock,
        private: Networks = (),
        *,
        look: Look = system,
        trust_root: Any = None,
        patience: float = TOTAL,
        places: int = AT_ONCE,
        strangers: "Fetcher | None" = None,
    ) -> None:
        self.strangers = strangers or self
        self._reactor = reactor
        self._patience = patience
        self._clock = clock
        self._exchanges = Exchanges(reactor, NameResolver(reactor, look, max(places, LOOK_UPS)), private, trust_root)
        self._kept: dict[str, Kept] = {}
        self._refusals: dict[Asked, Backoff] = {}
        self._waiters: dict[Asked, list[Deferred[Fetched]]] = {}
        self._places = DeferredSemaphore(places)
        self._waiting = max(WAITING, 2 * places)
        self._askers: Counter[str] = Counter()
        self._hosts: Counter[str] = Counter()
        self._places_at: dict[str, DeferredSemaphore] = {}

    async def fetch(self, url: str, purpose: str, *, anew: bool = False, asker: str = "") -> Fetched:
        """Returns the JSON document at `url`, from the cache (an hour at most) or, with `anew`, as it is now; raises FetchError.

        `asker` is who named the address; one asker may have OF_ONE fetches at a time, all of them half of those that wait at one
        host, and "" any number.
        """
        now = self._clock.seconds()
        kept = self._kept.get(url)
        if kept is not None and not anew and kept.fetched.at <= now < kept.fetched.until:
            return kept.fetched
        return await self._together(url, DOCUMENT, purpose, asker)

    async def text(self, url: str, purpose: str, accept: bytes, *, asker: str = "") -> str:
        """Returns the ASCII text at `url`, a secret, as it is now, without surrounding white space; raises FetchError."""
        form = Form(accept, text_of, kept=False, secret=True)
        return str((await self.read(url, form, purpose, asker=asker)).document)

    async def read(self, url: str, form: Form, purpose: str, *, asker: str = "") -> Fetched:
        """Returns what is at `url` now, in this form; raises FetchError."""
        return await self._together(url, form, purpose, asker)

    def _together(self, url: str, form: Form, purpose: str, asker: str) -> Deferred[Fetched]:
        """Joins the fetch that is under way, or begins one; it goes on even if nobody waits for it. Raises FetchError or Crowded."""
        now, refusal, waiter = self._clock.seconds(), self._refusals.get((url, form)), Deferred[Fetched]()
        host = url.partition("//")[2].partition("/")[0]
        if refusal is not None and now < refusal.until <= now + REFUSED:
            raise FetchError(refusal.reason)
        if (url, form) in self._waiters:
            self._waiters[url, form].append(waiter)
        elif len(self._waiters) >= self._waiting:
            raise Crowded(CROWDED)
        elif asker and self._askers[asker] >= OF_ONE:
            raise Crowded(CROWDED_BY_ONE)
        elif asker and self._hosts[host] >= self._waiting // 2:
            raise Crowded(CROWDED_AT_ONE)
        else:
            self._waiters[url, form] = [waiter]
            self._askers[asker] += 1
            self._hosts[host] += 1
            Deferred.fromCoroutine(self._fetched(url, form, purpose)).addBoth(self._answer, (url, form), asker, host)
        return waiter

    def _answer(self, outcome: Fetched | Failure, asked: Asked, asker: str, host: str) -> None:
        self._askers -= Counter([asker])
        self._hosts -= Counter([host])
        for waiter in self._waiters.pop(asked):
            if not waiter.called:
                waiter.callback(outcome)

    async def _fetched(self, url: str, form: Form, purpose: str) -> Fetched:
        """Fetches, and remembers the document or the failure."""
        try:
            kept = await self._in_turn(url, form)
        except Crowded as error:
            log.warn(
                "not fetched for {purpose}: {url}: {reason}", purpose=purpose, url=form.logged(url), reason=str(error)
            )
            raise
        except FetchError as error:
            raise self._refused((url, form), purpose, str(error)) from None
        if form.kept:
            self._remember(url, kept)
        self._refusals.pop((url, form), None)
        log.info("fetched for {purpose}: {url}", purpose=purpose, url=form.logged(url))
        return kept.fetched

    def _refused(self, asked: Asked, purpose: str, reason: str) -> FetchError:
        if not asked[1].retried:
            remember(self._refusals, asked, Backoff(reason, self._clock.seconds() + REFUSED))
        log.warn(
            "not fetched for {purpose}: {url}: {reason}", purpose=purpose, url=asked[1].logged(asked[0]), reason=reason
        )
        return FetchError(reason)

    def _remember(self, url: str, kept: Kept) -> None:
        if sum(other.octets for other in self._kept.values()) + kept.octets > KEPT_OCTETS:
            self._kept.clear()
        remember(self._kept, url, kept)

    async def _in_turn(self, url: str, form: Form) -> Kept:
        """Waits for a place and fetches, each within the patience; raises FetchError or Crowded."""
        destination = parse(url)
        turn = Deferred.fromCoroutine(self._turn(destination.host))
        await turn.addTimeout(self._patience, self._reactor, refuse_for_crowding)
        try:
            asked = Deferred.fromCoroutine(self._once(url, form, destination))
            return await asked.addTimeout(self._patience, self._reactor, refuse_for_lateness)
        finally:
            self._places.release()
            self._leave(destination.host)

    async def _turn(self, host: str) -> None:
        """Waits for a place at this host, and then for one of all places."""
        await self._places_at.setdefault(host, DeferredSemaphore(AT_ONE_HOST)).acquire()
        try:
            await self._places.acquire()
        except CancelledError:
            self._leave(host)
            raise

    def _leave(self, host: str) -> None:
        places = self._places_at[host]
        places.release()
        if places.tokens == AT_ONE_HOST:
            del self._places_at[host]

    async def _once(self, url: str, form: Form, destination: Destination) -> Kept:
        """Sends one GET, conditional if the document is cached (RFC 9110 §13.1)."""
        kept = self._kept.get(url) if form.kept else None

        async def read(response: IResponse) -> Kept:
            if response.code == NOT_MODIFIED and kept is not None:
                return self._keep(kept.fetched.document, kept.octets, response, kept.validators)
            body = await body_of(response)
            return self._keep(form.read(response, body), len(body), response, validators(response))

        headers = {b"Accept": form.accept, **(kept.validators if kept else {})}
        return await self._exchanges.made(b"GET", destination, headers, read)

    def _keep(self, document: Any, octets: int, response: IResponse, known: Mapping[bytes, bytes]) -> Kept:
        now = self._clock.seconds()
        until = now + lifetime(header(response, "cache-control"))
        return Kept(Fetched(document, now, until), octets, known)


def document_of(response: IResponse, body: bytes) -> Any:
    """Parses the JSON of an answer; raises FetchError if its type or its text is not JSON."""
    check_type(response)
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise FetchError("the answer is not JSON") from None


def strict_document_of(response: IResponse, body: bytes) -> Any:
    """Parses JSON that says who somebody is; raises FetchError for what two parsers may understand differently too."""
    check_type(response)
    try:
        return strict_json.parse(body)
    except strict_json.NotJSON as error:
        raise FetchError(f"the answer cannot be used: {error}") from None


def check_type(response: IResponse) -> None:
    """Raises FetchError unless the answer is JSON by its media type (RFC 6839 §3.1)."""
    if not JSON.fullmatch(header(response, "content-type").strip()):
        raise FetchError("the answer is not JSON by its headers")


def text_of(_: IResponse, body: bytes) -> str:
    """Returns the ASCII text of an answer, without surrounding white space; raises FetchError for other octets."""
    try:
        return body.decode("ascii").strip()
    except UnicodeDecodeError:
        raise FetchError("the answer is not ASCII text") from None


async def body_of(response: IResponse) -> bytes:
    """Reads the body of an answer; raises FetchError if it is longer than LONGEST octets, encoded, or not 200."""
    if response.code != OK:
        raise FetchError(f"the answer is {response.code}, and only 200 counts")
    if header(response, "content-encoding"):
        raise FetchError("the answer is encoded, and plain was asked for")
    import treq

    body = bytearray()

    def collect(octets: bytes) -> None:
        body.extend(octets)
        if len(body) > LONGEST:
            raise FetchError(f"the answer is longer than {LONGEST} octets")

    await treq.collect(response, collect)
    return bytes(body)


DOCUMENT: Final = Form(b"application/json", document_of, kept=True)
STRICT_DOCUMENT: Final = Form(b"application/json", strict_document_of, kept=False, retried=True)


def refuse_for_crowding(_outcome: object, _seconds: float) -> NoReturn:
    """Raises Crowded, because no place became free in time."""
    raise Crowded(CROWDED)


def refuse_for_lateness(_outcome: object, seconds: float) -> NoReturn:
    """Raises FetchError, because the answer did not come in time."""
    raise FetchError(f"no answer within {seconds:g} seconds")


def header(response: IResponse, name: str) -> str:
    """Returns the value of a header, several lines joined by commas (RFC 9110 §5.3); "" without one."""
    return ", ".join(response.headers.getRawHeaders(name) or [])


def validators(response: IResponse) -> Mapping[bytes, bytes]:
    """Returns the headers that make the next request conditional (RFC 9110 §13.1)."""
    pairs = ((b"If-None-Match", "etag"), (b"If-Modified-Since", "last-modified"))
    return {asked: value.encode("latin-1", "replace") for asked, name in pairs if (value := header(response, name))}


def lifetime(cache_control: str) -> int:
    """Returns the seconds that an answer is fresh: its max-age, within bounds (RFC 9111 §5.2.2)."""
    from werkzeug.datastructures import ResponseCacheControl
    from werkzeug.http import parse_cache_control_header

    told = parse_cache_control_header(cache_control.lower(), cls=ResponseCacheControl)
    if told.no_store or told.no_cache:
        return KEPT_AT_LEAST
    return KEPT if told.max_age is None or told.max_age < 0 else min(max(told.max_age, KEPT_AT_LEAST), KEPT_AT_MOST)


def remember(known: dict[K, Any], key: K, what: object) -> None:
    """Stores an entry; at REMEMBERED entries the dictionary is emptied first."""
    if len(known) >= REMEMBERED and key not in known:
        known.clear()
    known[key] = what
