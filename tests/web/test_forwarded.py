"""Forwarding headers are believed from our own proxies only (H11)."""

import json
from collections.abc import Callable
from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.web.http_headers import Headers

from iam.web.forwarded import ForwardedError, client_address
from tests.web.conftest import Edge

PROXIES = [ip_network("10.0.0.0/8"), ip_network("fd00::/8")]
PEER = "10.0.0.1"

header_text = st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=60)


def headers(**lines: str | list[str]) -> Headers:
    return Headers(
        {name.replace("_", "-"): [value] if isinstance(value, str) else value for name, value in lines.items()}
    )


@given(header_text, header_text, header_text, header_text)
def test_h11_from_a_peer_that_is_no_proxy_nothing_changes(one: str, other: str, proto: str, host: str) -> None:
    spoofed = headers(x_forwarded_for=one, forwarded=other, x_forwarded_proto=proto, x_forwarded_host=host)

    assert client_address("192.0.2.1", spoofed, PROXIES) == "192.0.2.1"
    assert client_address(PEER, spoofed, []) == PEER


@given(header_text)
def test_h11_from_a_proxy_any_text_is_an_address_or_the_peer(text: str) -> None:
    for line in (headers(x_forwarded_for=text), headers(forwarded=text)):
        found = client_address(PEER, line, PROXIES)
        assert found == PEER or found in text


@pytest.mark.parametrize(
    ("lines", "address"),
    [
        ({}, PEER),
        ({"x_forwarded_for": "198.51.100.7"}, "198.51.100.7"),
        ({"x_forwarded_for": "1.2.3.4, 198.51.100.7"}, "198.51.100.7"),
        ({"x_forwarded_for": "1.2.3.4, 198.51.100.7, 10.0.0.9"}, "198.51.100.7"),
        ({"x_forwarded_for": ["1.2.3.4", "198.51.100.7"]}, "198.51.100.7"),
        ({"x_forwarded_for": "10.0.0.8, 10.0.0.9"}, PEER),
        ({"x_forwarded_for": "198.51.100.7, nonsense"}, PEER),
        ({"x_forwarded_for": "198.51.100.7,"}, "198.51.100.7"),
        ({"x_forwarded_for": "2001:db8::1"}, "2001:db8::1"),
        ({"x_forwarded_for": "2001:db8::1, fd00::1"}, "2001:db8::1"),
        ({"forwarded": "for=198.51.100.7"}, "198.51.100.7"),
        ({"forwarded": 'for="198.51.100.7:4711"'}, "198.51.100.7"),
        ({"forwarded": 'For="[2001:db8::1]:4711";proto=https'}, "2001:db8::1"),
        ({"forwarded": "for=1.2.3.4, for=198.51.100.7;by=10.0.0.1"}, "198.51.100.7"),
        ({"forwarded": "for=unknown"}, PEER),
        ({"forwarded": "for=_hidden"}, PEER),
        ({"forwarded": "proto=https"}, PEER),
    ],
)
def test_h11_the_client_is_the_rightmost_address_that_is_no_proxy(
    lines: dict[str, str | list[str]], address: str
) -> None:
    assert client_address(PEER, headers(**lines), PROXIES) == address


@pytest.mark.parametrize(
    "lines",
    [
        {"forwarded": "for=198.51.100.7", "x_forwarded_for": "198.51.100.8"},
        {"x_forwarded_proto": "https, http"},
        {"x_forwarded_proto": ["https", "http"]},
        {"x_forwarded_host": "a.example, b.example"},
        {"x_forwarded_host": ["a.example", "a.example"]},
    ],
)
def test_h11_headers_that_contradict_each_other_are_refused(lines: dict[str, str | list[str]]) -> None:
    with pytest.raises(ForwardedError):
        client_address(PEER, headers(**lines), PROXIES)


async def asked(edge: Edge, lines: bytes) -> tuple[int, str | None]:
    """The status, and who the server takes us for."""
    wire = await edge.exchange(b"GET /hello HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + lines + b"\r\n")
    body = json.loads(wire.received.partition(b"\r\n\r\n")[2])
    return wire.statuses[0], body.get("client")


SPOOFED = b"X-Forwarded-For: 198.51.100.7\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: evil.example\r\n"


async def test_h11_a_spoof_over_the_wire_changes_nothing(edge: Edge) -> None:
    assert await asked(edge, SPOOFED) == (200, "127.0.0.1")
    assert await asked(edge, b"Forwarded: for=198.51.100.7;host=evil.example\r\n") == (200, "127.0.0.1")
    assert await asked(edge, SPOOFED + SPOOFED) == (200, "127.0.0.1")


async def test_h11_a_proxy_that_is_believed_says_who_it_is(start: Callable[..., Edge]) -> None:
    edge = start(proxy_headers="127.0.0.1/32")

    assert await asked(edge, SPOOFED) == (200, "198.51.100.7")


async def test_h11_a_proxy_that_contradicts_itself_is_refused(start: Callable[..., Edge]) -> None:
    edge = start(proxy_headers="127.0.0.1/32")
    wire = await edge.exchange(b"GET /hello HTTP/1.0\r\nHost: localhost\r\n" + SPOOFED + SPOOFED + b"\r\n")

    assert wire.statuses == [400]
    assert edge.handled == 0
