"""Forwarding headers are believed from our own proxies only (H11)."""

import json
from collections.abc import Callable
from ipaddress import ip_network

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from twisted.logger import capturedLogs
from twisted.web.http_headers import Headers

from iam.http.forwarded import UNKNOWN, Proxies, Whence, node_of, parse_address
from iam.settings import SettingsError, read
from tests.http.conftest import Edge

PROXIES = Proxies.among([ip_network("10.0.0.0/8"), ip_network("fd00::/8")])
PEER = "10.0.0.1"

header_text = st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=60)


def headers(**lines: str | list[str]) -> Headers:
    return Headers(
        {name.replace("_", "-"): [value] if isinstance(value, str) else value for name, value in lines.items()}
    )


def whence(peer: str, lines: Headers, header: str | None = None) -> Whence:
    return evolve(PROXIES, header=header).whence(peer, lines)


@given(header_text, header_text, header_text, header_text)
def test_h11_from_a_peer_that_is_no_proxy_nothing_changes(one: str, other: str, proto: str, host: str) -> None:
    spoofed = headers(x_forwarded_for=one, forwarded=other, x_forwarded_proto=proto, x_forwarded_host=host)

    assert whence("192.0.2.1", spoofed) == Whence("192.0.2.1")
    assert Proxies().whence(PEER, spoofed) == Whence(PEER)


@given(header_text)
def test_h11_from_a_proxy_any_text_is_an_address_or_loudly_unknown(text: str) -> None:
    for line in (headers(x_forwarded_for=text), headers(forwarded=text)):
        found = whence(PEER, line)
        assert (found.address == UNKNOWN) is bool(found.complaint)
        assert found.address == UNKNOWN or parse_address(found.address)


@pytest.mark.parametrize(
    ("lines", "address"),
    [
        ({}, PEER),
        ({"x_forwarded_for": "198.51.100.7"}, "198.51.100.7"),
        ({"x_forwarded_for": "1.2.3.4, 198.51.100.7"}, "198.51.100.7"),
        ({"x_forwarded_for": "1.2.3.4, 198.51.100.7, 10.0.0.9"}, "198.51.100.7"),
        ({"x_forwarded_for": ["1.2.3.4", "198.51.100.7"]}, "198.51.100.7"),
        ({"x_forwarded_for": "10.0.0.8, 10.0.0.9"}, "10.0.0.8"),
        ({"x_forwarded_for": "198.51.100.7,"}, "198.51.100.7"),
        ({"x_forwarded_for": "203.0.113.9:51234"}, "203.0.113.9"),
        ({"x_forwarded_for": "1.2.3.4:1, 203.0.113.9:51234, 10.0.0.9:80"}, "203.0.113.9"),
        ({"x_forwarded_for": '"203.0.113.9:51234"'}, "203.0.113.9"),
        ({"x_forwarded_for": "[2001:db8::1]:51234"}, "2001:db8::1"),
        ({"x_forwarded_for": "[2001:db8::1]"}, "2001:db8::1"),
        ({"x_forwarded_for": "[fe80::1%eth0]:51234"}, "fe80::1"),
        ({"x_forwarded_for": "fe80::1%25eth0"}, "fe80::1"),
        ({"x_forwarded_for": "::ffff:203.0.113.9"}, "203.0.113.9"),
        ({"x_forwarded_for": "198.51.100.7, ::ffff:10.0.0.9"}, "198.51.100.7"),
        ({"x_forwarded_for": "2001:db8::1"}, "2001:db8::1"),
        ({"x_forwarded_for": "2001:DB8:0::1, fd00::1"}, "2001:db8::1"),
        ({"forwarded": "for=198.51.100.7"}, "198.51.100.7"),
        ({"forwarded": 'for="198.51.100.7:4711"'}, "198.51.100.7"),
        ({"forwarded": 'For="[2001:db8::1]:4711";proto=https'}, "2001:db8::1"),
        ({"forwarded": 'for="[2001:db8::1]:51234"'}, "2001:db8::1"),
        ({"forwarded": 'for="[2001:db8::1]:_hidden"'}, "2001:db8::1"),
        ({"forwarded": "for=[2001:db8::1]:51234"}, "2001:db8::1"),
        ({"forwarded": 'proto=https ; by="10.0.0.1:443" ; for=198.51.100.7'}, "198.51.100.7"),
        ({"forwarded": 'host="a, for=9.9.9.9";for=198.51.100.7'}, "198.51.100.7"),
        ({"forwarded": "for=1.2.3.4, for=198.51.100.7;by=10.0.0.1"}, "198.51.100.7"),
        ({"forwarded": ["for=1.2.3.4;", "for=198.51.100.7"]}, "198.51.100.7"),
        ({"x_forwarded_for": "198.51.100.7", "x_forwarded_proto": "https, http"}, "198.51.100.7"),
        ({"x_forwarded_for": "198.51.100.7", "x_forwarded_host": ["a.example", "a.example"]}, "198.51.100.7"),
    ],
)
def test_h11_the_client_is_the_rightmost_address_that_is_no_proxy(
    lines: dict[str, str | list[str]], address: str
) -> None:
    assert whence(PEER, headers(**lines)) == Whence(address)
    assert whence("::ffff:" + PEER, headers(**lines)) == Whence(address)


@pytest.mark.parametrize(
    "lines",
    [
        {"x_forwarded_for": "198.51.100.7, nonsense"},
        {"x_forwarded_for": "unknown"},
        {"x_forwarded_for": ""},
        {"x_forwarded_for": "198.51.100.7:https"},
        {"x_forwarded_for": "198.51.100.07"},
        {"x_forwarded_for": "nonsense, 10.0.0.9"},
        {"forwarded": "for=unknown"},
        {"forwarded": "for=_hidden"},
        {"forwarded": "proto=https"},
        {"forwarded": "for=198.51.100.7, proto=https"},
        {"forwarded": 'for="198.51.100.7'},
        {"forwarded": 'x=", for="198.51.100.7"'},
        {"forwarded": "for=198.51.100.7;for=198.51.100.8"},
        {"x_real_ip": "198.51.100.7"},
    ],
)
def test_what_cannot_be_read_is_never_the_proxy_s_address(lines: dict[str, str]) -> None:
    found = whence(PEER, headers(**lines))

    assert found.address == UNKNOWN
    assert found.complaint


BOTH = {"forwarded": "for=198.51.100.7", "x_forwarded_for": "198.51.100.8"}


def test_of_two_headers_the_one_that_was_named_is_believed_and_the_other_dropped() -> None:
    assert whence(PEER, headers(**BOTH), "forwarded") == Whence("198.51.100.7")
    assert whence(PEER, headers(**BOTH), "X-Forwarded-For") == Whence("198.51.100.8")


def test_of_two_headers_of_which_none_was_named_the_usual_one_is_believed_loudly() -> None:
    found = whence(PEER, headers(**BOTH))

    assert found.address == "198.51.100.8"
    assert "came together" in found.complaint


def test_a_named_header_that_is_missing_beside_others_makes_the_client_unknown() -> None:
    assert whence(PEER, headers(x_forwarded_for="198.51.100.7"), "CF-Connecting-IP").address == UNKNOWN
    assert whence(PEER, headers(), "CF-Connecting-IP") == Whence(PEER)


@pytest.mark.parametrize(
    ("proxies", "header", "lines", "address"),
    [
        # AWS: an Application Load Balancer that preserves ports, one that does not
        ("172.31.0.0/16", None, {"x_forwarded_for": "203.0.113.9:51234", "x_forwarded_port": "443"}, "203.0.113.9"),
        ("172.31.0.0/16", None, {"x_forwarded_for": "10.9.9.9, 2001:db8:85a3::7334"}, "2001:db8:85a3::7334"),
        # Google: the client, then the load balancer's own public address
        ("172.31.0.0/16 34.120.0.7/32", None, {"x_forwarded_for": "6.6.6.6,203.0.113.9,34.120.0.7"}, "203.0.113.9"),
        # Azure: Application Gateway writes ports, Front Door does not
        ("172.31.0.0/16", None, {"x_forwarded_for": "203.0.113.9:61000"}, "203.0.113.9"),
        ("172.31.0.0/16", "X-Azure-ClientIP", {"x_azure_clientip": "203.0.113.9"}, "203.0.113.9"),
        # Cloudflare
        (
            "172.31.0.0/16",
            "CF-Connecting-IP",
            {"cf_connecting_ip": "2001:db8::7", "x_forwarded_for": "6.6.6.6,2001:db8::7"},
            "2001:db8::7",
        ),
        (
            "172.31.0.0/16",
            "True-Client-IP",
            {"true_client_ip": "203.0.113.9", "x_forwarded_for": "6.6.6.6"},
            "203.0.113.9",
        ),
        # Fly, Heroku
        (
            "172.31.0.0/16",
            "Fly-Client-IP",
            {"fly_client_ip": "203.0.113.9", "x_forwarded_for": "6.6.6.6, 66.241.0.1", "fly_forwarded_port": "443"},
            "203.0.113.9",
        ),
        ("172.31.0.0/16", None, {"x_forwarded_for": "6.6.6.6, 203.0.113.9", "via": "1.1 vegur"}, "203.0.113.9"),
    ],
)
def test_the_proxies_of_the_large_clouds_are_understood(
    proxies: str, header: str | None, lines: dict[str, str], address: str
) -> None:
    settings = read({"proxy_headers": proxies, "proxy_header": header})
    believed = Proxies.among(settings.proxy_headers, settings.proxy_header)

    assert believed.whence("172.31.7.7", headers(**lines)) == Whence(address)


def test_peers_on_unix_sockets_are_believed_where_they_are_named() -> None:
    line = headers(x_forwarded_for="203.0.113.9")

    assert Proxies.among(["unix"]).whence("", line) == Whence("203.0.113.9")
    assert Proxies.among(["unix"]).whence("127.0.0.1", line) == Whence("127.0.0.1")
    assert PROXIES.whence("", line) == Whence("")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"proxy_header": "Forwarded"}, "--proxy-header: needs --proxy-headers"),
        ({"proxy_header": "a b", "proxy_headers": "unix"}, "--proxy-header: is not the name of a header"),
    ],
)
def test_a_header_that_would_decide_nothing_stops_the_start(options: dict[str, object], sentence: str) -> None:
    with pytest.raises(SettingsError, match=sentence):
        read(options)


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


async def test_h11_a_proxy_that_contradicts_itself_is_answered(start: Callable[..., Edge]) -> None:
    edge = start(proxy_headers="127.0.0.1/32")

    assert await asked(edge, SPOOFED + SPOOFED + b"X-Forwarded-Proto: https, http\r\n") == (200, "198.51.100.7")
    assert await asked(edge, SPOOFED + b"Forwarded: for=198.51.100.8\r\n") == (200, "198.51.100.7")


async def test_an_unreadable_header_is_logged_once_and_counted(start: Callable[..., Edge]) -> None:
    edge = start(proxy_headers="127.0.0.1/32")

    with capturedLogs() as events:
        for number in range(3):
            assert await asked(edge, b"X-Forwarded-For: nonsense %d\r\n" % number) == (200, UNKNOWN)

    assert len([event for event in events if "complaint" in event]) == 1
    assert list(edge.site.misunderstood.values()) == [3]


def test_a_long_text_is_no_address_and_nothing_to_remember() -> None:
    before = node_of.cache_info().currsize

    assert parse_address("[2001:db8::1]:_" + "x" * 200) is None
    assert node_of.cache_info().currsize == before
