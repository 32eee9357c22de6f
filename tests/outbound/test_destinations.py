"""Where a request may go (H35)."""

from ipaddress import IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iam.outbound.destinations import FetchError, check, complaint, parse, public

PUBLIC = ["8.8.8.8", "1.1.1.1", "93.184.215.14", "2606:4700::1111", "2a00:1450:4001::200e"]
NOT_PUBLIC = [
    *("127.0.0.1", "127.255.255.254", "0.0.0.0", "0.1.2.3", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254"),
    *("100.64.0.1", "192.0.0.8", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "192.88.99.1"),
    *("224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255"),
    *("::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00::1", "fec0::1", "ff02::1", "ff0e::1"),
    *("::ffff:127.0.0.1", "::ffff:8.8.8.8", "::127.0.0.1", "::8.8.8.8", "64:ff9b::7f00:1", "64:ff9b::808:808"),
    *(
        "64:ff9b:1::1",
        "2002:7f00:1::1",
        "2002:808:808::1",
        "2001::1",
        "2001:20::1",
        "2001:db8::1",
        "3fff::1",
        "5f00::1",
    ),
    *("2606:4700::1%eth0", "4000::1", "100::1"),
]
SPELLINGS = [
    *("127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "017700000001", "0", "0x0", "00"),
    *("127.0.0.1.", "localhost.", "client.test.", "0.0.0.0.", "[::1%25lo]", "[::ffff:127.0.0.1", "::1", "1.2.3.4.5"),
    *(
        "①②⑦.⓪.⓪.①",
        "127。0。0。1",
        "ⓛocalhost",
        "client..test",
        ".test",
        "-a.test",
        "a-.test",
        "a_b.test",
        "",
        "%31",
        "a%2e",
    ),
]


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_everybodys(address: str) -> None:
    assert public(ip_address(address))


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_h35_any_other_address_is_nobodys_business(address: str) -> None:
    assert not public(ip_address(address))


@given(st.ip_addresses(v=4), st.sampled_from(["::ffff:0:0", "64:ff9b::", "::"]))
def test_h35_no_ipv6_address_that_is_an_ipv4_address_in_disguise_is_public(address: object, prefix: str) -> None:
    disguised = IPv6Address(int(ip_address(prefix)) + int(address))  # type: ignore[call-overload]

    assert not public(disguised)


@pytest.mark.parametrize("host", SPELLINGS)
def test_h35_a_host_in_an_unusual_spelling_is_refused(host: str) -> None:
    assert complaint(f"https://{host}/jwks", private=True) is not None
    with pytest.raises(FetchError):
        parse(f"https://{host}/jwks")


@pytest.mark.parametrize(
    "url",
    [
        *(
            "ftp://client.test/",
            "file:///etc/passwd",
            "gopher://client.test/",
            "javascript:x",
            "data:,x",
            "//client.test/",
        ),
        *("https:client.test", "https:/client.test", "https://", "https:///x", "https://client.test:0/", "client.test"),
        *("https://client.test:99999/", "https://client.test:x/", "https://u@client.test/", "https://u:p@client.test/"),
        *(
            "https://client.test/#x",
            "https://client.test/#",
            "https://client.test/a b",
            "https://client.test\\@evil.test/",
        ),
        *(
            "https://client.test/\r\nHost: x",
            "https://cli\tent.test/",
            " https://client.test/",
            "https://client.test/\0",
        ),
        *("https://client.test/" + "a" * 3000, "https://[::1]x/", "https://[client.test]/", 'https://client.test/"'),
    ],
)
def test_h35_what_is_no_plain_address_is_refused(url: str) -> None:
    assert complaint(url, private=True) is not None
    with pytest.raises(FetchError):
        parse(url)


@given(st.text(max_size=60))
def test_any_text_is_judged_without_an_accident(text: str) -> None:
    for url in (text, f"https://{text}", f"https://{text}/x", f"https://client.test{text}"):
        if complaint(url, private=True) is None:
            assert parse(url).url.startswith(("https://", "http://"))


@pytest.mark.parametrize(
    ("url", "put_together"),
    [
        ("https://client.test", "https://client.test/"),
        ("https://CLIENT.test:443/a?b=c&d", "https://client.test/a?b=c&d"),
        ("https://client.test:8443/", "https://client.test:8443/"),
        ("https://[2606:4700::1]/x", "https://[2606:4700::1]/x"),
        ("http://8.8.8.8/", "http://8.8.8.8/"),
    ],
)
def test_an_address_is_read_once_and_put_together_again(url: str, put_together: str) -> None:
    assert parse(url).url == put_together


@pytest.mark.parametrize("url", ["http://client.test/", "https://client.test:8443/", "http://client.test:443/"])
def test_h35_where_no_private_network_may_be_reached_an_address_is_https_on_443(url: str) -> None:
    assert "https://" in (complaint(url, private=False) or "")
    assert complaint(url, private=True) is None


def test_h35_one_bad_address_among_several_is_enough() -> None:
    addresses = [ip_address(text) for text in ("8.8.8.8", "2606:4700::1", "10.0.0.1")]

    check(parse("https://client.test/"), addresses[:2], ())

    with pytest.raises(FetchError, match=r"10\.0\.0\.1 is not a public address"):
        check(parse("https://client.test/"), addresses, ())


@pytest.mark.parametrize("url", ["http://client.test/", "https://client.test:8443/", "http://client.test:8080/"])
def test_h35_http_and_other_ports_are_for_private_networks_only(url: str) -> None:
    private = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))

    check(parse(url), [ip_address("10.1.2.3"), ip_address("fd00::1")], private)

    with pytest.raises(FetchError, match="only https on port 443"):
        check(parse(url), [ip_address("10.1.2.3"), ip_address("8.8.8.8")], private)


def test_a_private_network_that_may_be_reached_lets_no_other_be_reached() -> None:
    with pytest.raises(FetchError):
        check(parse("https://client.test/"), [ip_address("192.168.0.1")], (ip_network("10.0.0.0/8"),))
