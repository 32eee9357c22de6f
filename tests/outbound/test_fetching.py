"""The one guarded request to other people's addresses (H35)."""

import gzip
import json
import socket
import threading
from typing import Any

import pytest
from twisted.internet import reactor
from twisted.internet.defer import Deferred, DeferredList, gatherResults
from twisted.internet.protocol import Factory, Protocol
from twisted.logger import formatEvent, globalLogPublisher
from twisted.web.server import NOT_DONE_YET, Site

from iam.outbound import connecting
from iam.outbound.destinations import Crowded, FetchError
from iam.outbound.fetching import AT_ONCE, OF_ONE, PLACES, WAITING, Fetcher, lifetime
from tests.authority import Authority
from tests.harness import TurnedClock, pause
from tests.outbound.conftest import NAME, Names, Other, make
from tests.waiting import settled, until

WAITS = 2.0  # seconds that a test has patience


def url(other: Other, path: str = "/jwks", host: str = NAME, scheme: str = "https") -> str:
    return f"{scheme}://{host}:{other.number}{path}"


async def refusal(fetcher: Fetcher, address: str) -> str:
    with pytest.raises(FetchError) as refused:
        await fetcher.fetch(address, "test")
    return str(refused.value)


async def test_a_document_is_fetched_over_tls_from_the_name(fetcher: Fetcher, other: Other) -> None:
    other.body = b'{"a": ["b", 1]}'

    fetched = await fetcher.fetch(url(other), "test")

    assert fetched.document == {"a": ["b", 1]}
    assert other.requests[0]["host"] == f"{NAME}:{other.number}"


# TLS


async def test_a_certificate_of_another_name_is_refused(fetcher: Fetcher, other: Other, names: Names) -> None:
    names.addresses["another.test"] = ["127.0.0.1"]

    assert await refusal(fetcher, url(other, host="another.test"))
    assert other.requests == []


async def test_a_certificate_for_a_name_is_not_one_for_the_address(fetcher: Fetcher, other: Other) -> None:
    assert await refusal(fetcher, url(other, host="127.0.0.1"))
    assert other.requests == []


async def test_a_certificate_of_an_unknown_authority_is_refused(other: Other, names: Names, clock: TurnedClock) -> None:
    assert await refusal(make(Authority(), names, clock), url(other))
    assert other.requests == []


async def test_an_ip_address_with_its_own_certificate_is_good(fetcher: Fetcher, authority: Authority) -> None:
    other = Other()
    other.port = reactor.listenSSL(0, Site(other), authority.options("127.0.0.1"), interface="127.0.0.1")

    fetched = await fetcher.fetch(url(other, host="127.0.0.1"), "test")

    await other.port.stopListening()
    assert fetched.document == {"keys": []}


async def test_the_name_is_told_in_the_handshake(fetcher: Fetcher, authority: Authority) -> None:
    told: list[Any] = []
    options = authority.options(NAME)
    options.getContext().set_tlsext_servername_callback(lambda connection: told.append(connection.get_servername()))
    other = Other()
    other.port = reactor.listenSSL(0, Site(other), options, interface="127.0.0.1")

    await fetcher.fetch(url(other), "test")

    await other.port.stopListening()
    assert told == [NAME.encode()]


# Where it may go


@pytest.mark.parametrize("host", ["127.0.0.1", NAME, "localhost"])
async def test_h35_loopback_is_not_reached_unless_it_may_be(
    authority: Authority, other: Other, plain: Other, names: Names, clock: TurnedClock, host: str
) -> None:
    names.addresses["localhost"] = ["::1", "127.0.0.1"]
    fetcher = make(authority, names, clock, private=())

    for address in (url(other, host=host), url(plain, host=host, scheme="http"), f"https://{host}/"):
        assert "is not a public address" in await refusal(fetcher, address)

    assert (other.requests, plain.requests) == ([], [])


async def test_h35_http_is_good_where_a_private_network_may_be_reached(fetcher: Fetcher, plain: Other) -> None:
    assert (await fetcher.fetch(url(plain, scheme="http"), "test")).document == {"keys": []}


async def test_h35_any_private_address_of_a_name_is_enough_to_refuse(
    fetcher: Fetcher, other: Other, names: Names
) -> None:
    names.addresses[NAME] = ["127.0.0.1", "10.0.0.1"]

    assert "10.0.0.1" in await refusal(fetcher, url(other))
    assert other.requests == []


async def test_h35_a_name_that_changes_its_address_is_looked_up_once_and_dialled_as_judged(
    fetcher: Fetcher, other: Other, names: Names
) -> None:
    await fetcher.fetch(url(other), "test")

    assert names.asked == [NAME]


async def test_the_next_address_is_tried_where_one_does_not_answer(
    fetcher: Fetcher, other: Other, names: Names
) -> None:
    names.addresses[NAME] = ["127.0.0.2", "127.0.0.1"]

    assert (await fetcher.fetch(url(other), "test")).document == {"keys": []}


async def test_a_name_that_is_not_known_is_refused(fetcher: Fetcher) -> None:
    assert await refusal(fetcher, "https://nobody.test/") == "nobody.test is not known"


async def test_a_name_without_address_is_refused(fetcher: Fetcher, names: Names) -> None:
    names.addresses["empty.test"] = []

    assert await refusal(fetcher, "https://empty.test/") == "empty.test has no address"


@pytest.mark.parametrize("address", ["https://127.1/", "https://0/", "https://client.test./", "ftp://client.test/"])
async def test_h35_an_unusual_spelling_is_not_even_looked_up(fetcher: Fetcher, names: Names, address: str) -> None:
    assert await refusal(fetcher, address)
    assert names.asked == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(fetcher: Fetcher, other: Other, plain: Other, status: int) -> None:
    other.status = status
    other.headers = {"Content-Type": "application/json", "Location": url(plain, scheme="http")}

    assert str(status) in await refusal(fetcher, url(other))
    assert plain.requests == []


async def test_no_cookie_and_no_authorization_is_sent(fetcher: Fetcher, other: Other) -> None:
    other.headers["Set-Cookie"] = "a=b; Path=/"

    for path in ("/1", "/2"):
        await fetcher.fetch(url(other, path), "test")

    assert len(other.requests) == 2
    assert all(not {"cookie", "authorization", "proxy-authorization", "referer"} & set(sent) for sent in other.requests)


# What is taken


@pytest.mark.parametrize("status", [201, 204, 206, 304, 400, 401, 404, 500, 503])
async def test_only_200_is_an_answer(fetcher: Fetcher, other: Other, status: int) -> None:
    other.status = status

    assert str(status) in await refusal(fetcher, url(other))


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "application/json; charset=utf-8", "application/jwk-set+json", "Application/JSON"],
)
async def test_json_is_known_by_its_type(fetcher: Fetcher, other: Other, content_type: str) -> None:
    other.headers = {"Content-Type": content_type}

    assert (await fetcher.fetch(url(other), "test")).document == {"keys": []}


@pytest.mark.parametrize(
    "content_type", ["text/html", "text/json", "application/jsonp", "application/octet-stream", "+json"]
)
async def test_h35_another_type_is_refused(fetcher: Fetcher, other: Other, content_type: str) -> None:
    other.headers = {"Content-Type": content_type}

    assert "not JSON by its headers" in await refusal(fetcher, url(other))


async def test_h35_what_is_compressed_is_refused_before_it_unfolds(fetcher: Fetcher, other: Other) -> None:
    other.headers["Content-Encoding"] = "gzip"
    other.body = gzip.compress(b" " * 10_000_000 + b"{}")

    assert "encoded" in await refusal(fetcher, url(other))


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 60_000, b"{} {}", b"nothing"])
async def test_what_is_no_json_is_refused(fetcher: Fetcher, other: Other, body: bytes) -> None:
    other.body = body

    assert await refusal(fetcher, url(other)) == "the answer is not JSON"


async def test_h35_64_kib_are_taken_and_no_octet_more(fetcher: Fetcher, other: Other) -> None:
    longest = json.dumps("x" * (65536 - 2)).encode()
    other.body = longest

    taken = await fetcher.fetch(url(other, "/1"), "test")
    other.body = longest + b" "
    refused = await refusal(fetcher, url(other, "/2"))

    assert len(taken.document) == 65534
    assert refused


async def test_h35_an_answer_without_end_is_cut_off(fetcher: Fetcher, other: Other) -> None:
    def endless(request: Any) -> Any:
        gone: list[object] = []
        request.notifyFinish().addErrback(gone.append)
        request.setHeader("Content-Type", "application/json")

        def more() -> None:
            if not gone:
                request.write(b" " * 10_000)
                reactor.callLater(0, more)

        more()
        return NOT_DONE_YET

    other.answer = endless

    assert "longer than" in await refusal(fetcher, url(other))


class Headers(Protocol):
    """Sends headers without end."""

    def dataReceived(self, data: bytes) -> None:
        self.transport.write(b"HTTP/1.1 200 OK\r\n")  # type: ignore[union-attr]
        self.more()

    def more(self) -> None:
        if self.connected:
            self.transport.write(b"X-A: " + b"a" * 1000 + b"\r\n")  # type: ignore[union-attr]
            reactor.callLater(0, self.more)


async def test_h35_headers_without_end_are_cut_off(fetcher: Fetcher) -> None:
    port = reactor.listenTCP(0, Factory.forProtocol(Headers), interface="127.0.0.1")

    refused = await refusal(fetcher, f"http://{NAME}:{port.getHost().port}/")

    await port.stopListening()
    assert "seconds" not in refused


class Garbage(Protocol):
    """Speaks something else."""

    def connectionMade(self) -> None:
        self.transport.write(b"SSH-2.0-x\r\n\r\n")  # type: ignore[union-attr]
        self.transport.loseConnection()  # type: ignore[union-attr]


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_server_that_speaks_something_else_is_refused(fetcher: Fetcher, scheme: str) -> None:
    port = reactor.listenTCP(0, Factory.forProtocol(Garbage), interface="127.0.0.1")

    assert await refusal(fetcher, f"{scheme}://{NAME}:{port.getHost().port}/")
    await port.stopListening()


# How long


async def test_h35_who_does_not_answer_in_time_is_hung_up_on(
    authority: Authority, names: Names, clock: TurnedClock, other: Other
) -> None:
    fetcher = make(authority, names, clock, patience=WAITS)
    other.answer = other.hold

    refused = await refusal(fetcher, url(other))

    assert refused == f"no answer within {WAITS:g} seconds"
    await until(lambda: not other.open_)
    assert len(other.requests) == 1


async def test_h35_who_answers_by_the_drop_has_no_more_time(
    authority: Authority, names: Names, clock: TurnedClock, other: Other
) -> None:
    fetcher = make(authority, names, clock, patience=WAITS)

    def drops(request: Any) -> Any:
        gone: list[object] = []
        request.notifyFinish().addErrback(gone.append)
        request.setHeader("Content-Type", "application/json")

        def more() -> None:
            if not gone:
                request.write(b" ")
                reactor.callLater(0.05, more)

        more()
        return NOT_DONE_YET

    other.answer = drops

    assert await refusal(fetcher, url(other)) == f"no answer within {WAITS:g} seconds"


async def test_h35_a_resolver_that_is_dead_holds_up_nobody_for_long(
    authority: Authority, names: Names, clock: TurnedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    end = threading.Event()
    monkeypatch.setattr(connecting, "LOOK_UP", 0.2)
    fetcher = Fetcher(reactor, clock, look=lambda _: end.wait(10) and [])  # type: ignore[arg-type]

    outcomes = await gatherResults(
        [Deferred.fromCoroutine(refusal(fetcher, f"https://client{number}.test/")) for number in range(10)]
    )
    end.set()
    await pause(0.1)

    told = set(outcomes)
    assert "the resolver does not answer for client0.test" in told
    assert "too many names are being looked up" in told


# How many


async def test_h35_eight_at_once_and_two_at_one_host(
    fetcher: Fetcher, other: Other, names: Names, plain: Other
) -> None:
    hosts = [f"client{number}.test" for number in range(6)]
    names.addresses |= {host: ["127.0.0.1"] for host in hosts}
    plain.answer = plain.hold
    wanted = [url(plain, f"/{path}", host, "http") for host in hosts for path in range(3)]

    fetched = gatherResults([Deferred.fromCoroutine(fetcher.fetch(each, "test")) for each in wanted])
    await until(lambda: len(plain.open_) >= AT_ONCE)
    await settled()
    open_at_once = [request.requestHeaders.getRawHeaders("host")[0] for request in plain.open_]
    while not fetched.called:
        plain.release()
        await pause(0.02)

    assert len(open_at_once) == AT_ONCE == 8
    assert max(open_at_once.count(host) for host in open_at_once) == 2
    assert len(await fetched) == 18


async def test_who_asks_for_the_same_at_the_same_time_shares_one_request(fetcher: Fetcher, other: Other) -> None:
    fetched = await gatherResults([Deferred.fromCoroutine(fetcher.fetch(url(other), "test")) for _ in range(20)])

    assert len({id(each) for each in fetched}) == 1
    assert len(other.requests) == 1


async def test_who_leaves_takes_nothing_from_the_others(fetcher: Fetcher, other: Other) -> None:
    other.answer = other.hold
    asked = [Deferred.fromCoroutine(fetcher.fetch(url(other), "test")) for _ in range(2)]
    await until(lambda: bool(other.open_))

    asked[0].addErrback(lambda _: "left")
    asked[0].cancel()
    other.release()

    assert [success for success, _ in await DeferredList(asked)] == [True, True]
    assert (await fetcher.fetch(url(other), "test")).document == {"keys": []}


async def test_too_many_that_wait_are_refused(fetcher: Fetcher, plain: Other) -> None:
    plain.answer = plain.hold
    asked = [Deferred.fromCoroutine(fetcher.fetch(url(plain, f"/{n}", NAME, "http"), "test")) for n in range(64)]

    refused = await refusal(fetcher, url(plain, "/more", NAME, "http"))

    everybody = DeferredList(asked, consumeErrors=True)
    while not everybody.called:
        plain.release()
        await pause(0.02)
    assert refused == "too many addresses are waited for"


async def test_who_never_had_a_turn_may_ask_again_at_once(
    authority: Authority, names: Names, clock: TurnedClock, plain: Other
) -> None:
    fetcher = make(authority, names, clock, patience=WAITS)
    hosts = [f"client{number}.test" for number in range(AT_ONCE)]
    names.addresses |= {host: ["127.0.0.1"] for host in (*hosts, "last.test")}
    plain.answer = plain.hold
    slow = [url(plain, f"/{path}", host, "http") for host in hosts for path in range(2)]
    last = url(plain, "/", "last.test", "http")

    refusals = await gatherResults([Deferred.fromCoroutine(refusal(fetcher, each)) for each in (*slow, last)])
    plain.answer = None

    assert refusals == [f"no answer within {WAITS:g} seconds"] * len(slow) + ["too many addresses are waited for"]
    assert (await fetcher.fetch(last, "test")).document == {"keys": []}
    assert await refusal(fetcher, slow[0]) == f"no answer within {WAITS:g} seconds"  # for a minute
    assert not fetcher._places_at


# Whose turn it is


@pytest.mark.parametrize("honest", ["a known client", "a stranger"])
async def test_forty_silent_hosts_of_strangers_starve_nobody(
    authority: Authority, names: Names, clock: TurnedClock, plain: Other, other: Other, honest: str
) -> None:
    strangers = make(authority, names, clock, places=PLACES)
    fetcher = make(authority, names, clock, places=PLACES, strangers=strangers)
    silent = [f"silent{number}.test" for number in range(40)]
    names.addresses |= {host: ["127.0.0.1"] for host in silent}
    plain.answer = plain.hold
    asked = [
        Deferred.fromCoroutine(strangers.fetch(url(plain, "/", host, "http"), "test", asker=host)) for host in silent
    ]
    await until(lambda: len(plain.open_) == len(silent))

    lane = strangers if honest == "a stranger" else fetcher
    fetched = await lane.fetch(url(other), "test", asker="honest")

    assert fetched.document == {"keys": []}
    assert len(plain.open_) == len(silent)
    everybody = DeferredList(asked, consumeErrors=True)
    while not everybody.called:
        plain.release()
        await pause(0.02)


async def test_names_that_nobody_answers_for_take_no_look_up_from_others(
    authority: Authority, names: Names, clock: TurnedClock, other: Other, monkeypatch: pytest.MonkeyPatch
) -> None:
    end = threading.Event()
    look, silent = names.look, [f"https://silent{number}.test/" for number in range(40)]
    monkeypatch.setattr(
        names, "look", lambda name: end.wait(60) and [] if "silent" in name else look(name), raising=False
    )
    strangers = make(authority, names, clock, places=PLACES)
    asked = DeferredList([Deferred.fromCoroutine(refusal(strangers, each)) for each in silent])

    fetched = await strangers.fetch(url(other), "test")

    end.set()
    await asked
    assert fetched.document == {"keys": []}


async def test_one_host_has_half_of_those_that_wait_whoever_asks(fetcher: Fetcher, plain: Other, names: Names) -> None:
    names.addresses["honest.test"] = ["127.0.0.1"]
    plain.answer = plain.hold
    slow = [url(plain, f"/{number}", NAME, "http") for number in range(WAITING // 2 + 1)]
    asked = [
        Deferred.fromCoroutine(fetcher.fetch(each, "test", asker=f"network {number}"))
        for number, each in enumerate(slow[:-1])
    ]

    with pytest.raises(Crowded):
        await fetcher.fetch(slow[-1], "test", asker="another")
    honest = Deferred.fromCoroutine(fetcher.fetch(url(plain, "/", "honest.test", "http"), "test", asker="honest"))

    everybody = DeferredList([*asked, honest], consumeErrors=True)
    while not everybody.called:
        plain.release()
        await pause(0.02)
    assert (await honest).document == {"keys": []}


async def test_one_asker_has_a_share_of_the_places(fetcher: Fetcher, plain: Other, names: Names) -> None:
    hosts = [f"client{number}.test" for number in range(OF_ONE + 1)]
    names.addresses |= {host: ["127.0.0.1"] for host in hosts}
    plain.answer = plain.hold
    addresses = [url(plain, "/", host, "http") for host in hosts]
    asked = [Deferred.fromCoroutine(fetcher.fetch(each, "test", asker="one")) for each in addresses[:OF_ONE]]

    with pytest.raises(Crowded):
        await fetcher.fetch(addresses[-1], "test", asker="one")
    other = Deferred.fromCoroutine(fetcher.fetch(addresses[-1], "test", asker="another"))

    everybody = gatherResults([*asked, other])
    while not everybody.called:
        plain.release()
        await pause(0.02)
    assert (await fetcher.fetch(addresses[0], "test", asker="one")).document == {"keys": []}
    assert not fetcher._askers


async def test_a_failure_of_our_own_resolver_is_not_remembered_against_anybody(
    authority: Authority, names: Names, clock: TurnedClock, other: Other
) -> None:
    failures = [socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")]
    look = names.look
    names_of_today = Names(names.addresses)
    names_of_today.look = lambda name: look(name) if not failures else fail(failures.pop())  # type: ignore[method-assign]
    fetcher = make(authority, names_of_today, clock)

    early = await refusal(fetcher, url(other))
    fetched = await fetcher.fetch(url(other), "test")

    assert early == f"the resolver cannot tell now about {NAME}"
    assert fetched.document == {"keys": []}


def fail(error: Exception) -> list[str]:
    raise error


# What is kept


async def test_h35_what_failed_is_not_asked_again_for_a_minute(
    fetcher: Fetcher, other: Other, clock: TurnedClock
) -> None:
    other.status = 500
    refusals = [await refusal(fetcher, url(other)) for _ in range(3)]
    other.status = 200

    early = await refusal(fetcher, url(other))
    clock.advance(61)
    fetched = await fetcher.fetch(url(other), "test")

    assert {early, *refusals} == {"the answer is 500, and only 200 counts"}
    assert fetched.document == {"keys": []}
    assert len(other.requests) == 2


async def test_a_document_is_kept_as_long_as_it_says(fetcher: Fetcher, other: Other, clock: TurnedClock) -> None:
    other.headers["Cache-Control"] = "public, max-age=600"

    for seconds in (0, 590, 20):
        clock.advance(seconds)
        await fetcher.fetch(url(other), "test")

    assert len(other.requests) == 2


@pytest.mark.parametrize(
    ("cache_control", "seconds"),
    [
        ("", 300),
        ("public", 300),
        ("max-age=600", 600),
        ("public,max-age=600", 600),
        ('max-age="600"', 600),
        ("max-age=0", 60),
        ("max-age=1", 60),
        ("max-age=99999999", 3600),
        ("no-store", 60),
        ("max-age=600, no-cache", 60),
        ("s-maxage=600", 300),
        ("Max-Age=600", 600),
        ("No-Store", 60),
        ("max-age=" + "9" * 5000, 300),
        ("max-age=x", 300),
        ("max-age=-5", 300),
    ],
)
def test_h35_what_a_server_says_about_keeping_counts_within_bounds(cache_control: str, seconds: int) -> None:
    assert lifetime(cache_control) == seconds


async def test_what_has_run_out_is_asked_for_with_its_validators(
    fetcher: Fetcher, other: Other, clock: TurnedClock
) -> None:
    other.headers |= {"ETag": '"v1"', "Last-Modified": "Wed, 01 Jan 2025 00:00:00 GMT"}
    first = await fetcher.fetch(url(other), "test")
    clock.advance(301)
    other.status, other.body = 304, b""

    second = await fetcher.fetch(url(other), "test")
    third = await fetcher.fetch(url(other), "test")

    assert second.document is first.document
    assert second.at > first.at
    assert third is second
    assert other.requests[1]["if-none-match"] == '"v1"'
    assert other.requests[1]["if-modified-since"] == "Wed, 01 Jan 2025 00:00:00 GMT"


async def test_a_document_may_be_asked_for_anew_before_it_has_run_out(fetcher: Fetcher, other: Other) -> None:
    await fetcher.fetch(url(other), "test")
    other.body = b'{"new": true}'

    kept = await fetcher.fetch(url(other), "test")
    anew = await fetcher.fetch(url(other), "test", anew=True)
    after = await fetcher.fetch(url(other), "test")

    assert (kept.document, anew.document, after.document) == ({"keys": []}, {"new": True}, {"new": True})


@pytest.mark.parametrize(("octets", "asked"), [(65_536, 42), (1_000, 41)])
async def test_many_documents_are_kept_but_not_many_large_ones(
    fetcher: Fetcher, other: Other, octets: int, asked: int
) -> None:
    other.body = json.dumps("x" * (octets - 2)).encode()

    for number in (*range(41), 0):
        await fetcher.fetch(url(other, f"/{number}"), "test")

    assert len(other.requests) == asked


async def test_a_clock_that_is_put_back_keeps_nothing_for_ever(
    fetcher: Fetcher, other: Other, clock: TurnedClock
) -> None:
    other.status = 500
    await refusal(fetcher, url(other))
    other.status = 200
    clock.advance(-7200)

    assert (await fetcher.fetch(url(other), "test")).document == {"keys": []}


async def test_h35_texts_and_documents_are_fetched_within_the_same_limits(fetcher: Fetcher, plain: Other) -> None:
    plain.answer = plain.hold
    documents = [fetcher.fetch(url(plain, path, NAME, "http"), "test") for path in ("/one", "/other")]
    text = fetcher.text(url(plain, "/text", NAME, "http"), "test", b"application/jwt")

    fetched = gatherResults([Deferred.fromCoroutine(each) for each in (*documents, text)])
    await until(lambda: len(plain.open_) >= 2)
    await settled()
    open_at_once = len(plain.open_)
    while not fetched.called:
        plain.release()
        await pause(0.02)

    assert open_at_once == 2
    assert len(await fetched) == 3


async def test_what_is_no_document_is_fetched_as_a_text_all_the_same(fetcher: Fetcher, other: Other) -> None:
    other.body, other.headers = b"a.b.c", {"Content-Type": "application/jwt"}
    refused = await refusal(fetcher, url(other))

    text = await fetcher.text(url(other), "test", b"application/jwt")

    assert (refused, text) == ("the answer is not JSON by its headers", "a.b.c")


async def test_a_text_is_never_taken_for_a_document_that_is_kept(fetcher: Fetcher, other: Other) -> None:
    other.body = b'{"keys": []}'
    await fetcher.fetch(url(other), "test")

    text = await fetcher.text(url(other), "test", b"application/jwt")

    assert text == '{"keys": []}'
    assert (await fetcher.fetch(url(other), "test")).document == {"keys": []}


async def test_h30_the_log_has_no_query_of_an_address_and_no_path_of_a_text(
    fetcher: Fetcher, other: Other, request: pytest.FixtureRequest
) -> None:
    told: list[str] = []

    def note(event: Any) -> None:
        told.append(formatEvent(event))

    globalLogPublisher.addObserver(note)
    request.addfinalizer(lambda: globalLogPublisher.removeObserver(note))
    other.body = b'{"keys": []}'
    await fetcher.fetch(url(other, "/jwks?secret"), "test")
    await fetcher.text(url(other, "/secret?secret"), "test", b"application/jwt")
    other.body = b"\xff"
    await refusal(fetcher, url(other, "/other?secret"))
    with pytest.raises(FetchError):
        await fetcher.text(url(other, "/secret/secret"), "test", b"application/jwt")

    logged = [line for line in told if "fetched for test" in line]
    assert len(logged) == 4
    assert f"fetched for test: {url(other)}" in logged
    assert f"fetched for test: {url(other, '')}" in logged
    assert not [line for line in logged if "secret" in line]
