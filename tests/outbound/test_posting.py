"""Posting to other people's addresses keeps the rules of fetching (H35)."""

from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from twisted.internet import reactor
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.protocol import Factory, Protocol

from iam.outbound.destinations import FetchError
from iam.outbound.posting import Poster
from tests.authority import Authority
from tests.outbound.conftest import LOOPBACK, NAME, Names, Other


@pytest.fixture
def poster(authority: Authority, names: Names) -> Poster:
    """One that may reach loopback."""
    return make(authority, names)


def make(authority: Authority, names: Names, **options: Any) -> Poster:
    private = options.pop("private", LOOPBACK)
    return Poster(reactor, private, look=names.look, trust_root=authority.trust_root, **options)


async def refusal(poster: Poster, url: str) -> str:
    with pytest.raises(FetchError) as refused:
        await poster.post(url, {"a": "b"})
    return str(refused.value)


def url(other: Other, host: str = NAME, scheme: str = "https") -> str:
    return f"{scheme}://{host}:{other.number}/x?y=z"


@pytest.mark.parametrize("status", [200, 204, 302, 400, 404, 500, 503])
async def test_the_status_is_what_comes_back_and_no_redirect_is_followed(
    poster: Poster, other: Other, status: int
) -> None:
    other.status, other.headers = status, {"Location": url(other)}

    found = await poster.post(url(other), {"a": "b c&d"})

    assert found == status
    (request,) = other.requests
    assert request["content-type"] == "application/x-www-form-urlencoded"
    assert request["content-length"] == str(len("a=b+c%26d"))
    assert request["host"] == f"{NAME}:{other.number}"


@pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "fd00::1", "::ffff:127.0.0.1"])
async def test_an_address_that_is_not_everybodys_is_never_dialled(
    authority: Authority, names: Names, other: Other, address: str
) -> None:
    names.addresses[NAME] = [address, "93.184.215.14"]

    sentence = await refusal(make(authority, names, private=()), url(other))

    assert "not a public address" in sentence
    assert other.requests == []


async def test_only_https_is_spoken_to_everybody_else(authority: Authority, names: Names) -> None:
    names.addresses[NAME] = ["93.184.215.14"]

    assert "only https" in await refusal(make(authority, names, private=()), f"http://{NAME}/")


async def test_the_name_is_looked_up_once_and_its_address_is_the_one_that_is_dialled(
    poster: Poster, other: Other, names: Names
) -> None:
    await poster.post(url(other), {"a": "b"})

    assert names.asked == [NAME]


async def test_a_certificate_of_another_name_is_refused(poster: Poster, other: Other, names: Names) -> None:
    names.addresses["another.test"] = ["127.0.0.1"]

    assert await refusal(poster, url(other, host="another.test"))
    assert other.requests == []


async def test_a_certification_authority_in_ssl_cert_file_is_believed(
    authority: Authority, names: Names, other: Other, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that a server can be tried with the servers of one's own network."""
    (tmp_path / "authority.pem").write_bytes(authority.pair[1].public_bytes(Encoding.PEM))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))

    found = await Poster(reactor, LOOPBACK, look=names.look).post(url(other), {"a": "b"})

    assert found == other.status


async def test_who_does_not_answer_in_time_is_left(authority: Authority, names: Names, other: Other) -> None:
    other.answer = other.hold

    sentence = await refusal(make(authority, names, patience=0.3), url(other))

    assert "no answer within 0.3 seconds" in sentence


class Endless(Protocol):
    """Sends headers for ever."""

    def connectionMade(self) -> None:
        self.transport.write(b"HTTP/1.1 200 OK\r\n" + b"X: " + b"x" * 200_000)


async def test_who_sends_too_much_is_left(poster: Poster) -> None:
    port = reactor.listenTCP(0, Factory.forProtocol(Endless), interface="127.0.0.1")

    sentence = await refusal(poster, f"http://127.0.0.1:{port.getHost().port}/")
    await port.stopListening()

    assert sentence


async def test_many_are_posted_to_at_once(poster: Poster, other: Other) -> None:
    other.answer = lambda request: request.setResponseCode(204) or b""

    found = await gatherResults([Deferred.fromCoroutine(poster.post(url(other), {"n": str(n)})) for n in range(40)])

    assert found == [204] * 40
