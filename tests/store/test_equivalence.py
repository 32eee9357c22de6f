"""Which URIs mean the same (RFC 3986 §6.2.2, §6.2.3)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iam.equivalence import normal

SAME = [
    ("https://mcp2.example.com", "https://mcp2.example.com/"),
    ("https://mcp2.example.com", "HTTPS://MCP2.Example.COM"),
    ("https://mcp2.example.com", "https://mcp2.example.com:443"),
    ("https://mcp2.example.com", "https://mcp2.example.com:/"),
    ("https://api.example/v1", "https://API.example:443/v1"),
    ("https://api.example/~a", "https://api.example/%7Ea"),
    ("https://api.example/~a", "https://api.example/%7ea"),
    ("https://api.example/%C3%A9", "https://api.example/%c3%a9"),
    ("https://api.example/a/c", "https://api.example/a/./b/../c"),
    ("https://api.example/", "https://api.example/a/.."),
    ("https://api.example/a/", "https://api.example/a/b/.."),
    ("https://api.example/a", "https://api.example/%2e%2E/a"),
    ("https://api.example?a=b", "https://api.example/?%61=b"),
    ("http://127.0.0.1", "http://127.0.0.1:80/"),
    ("http://[2001:db8::1]/", "http://[2001:DB8::1]:80"),
    ("urn:example:a", "URN:example:a"),
]
DIFFERENT = [
    ("https://api.example", "http://api.example"),
    ("https://api.example", "https://api.example:8443"),
    ("https://api.example", "https://api.example:80"),
    ("https://api.example", "https://api.example."),
    ("https://api.example/v1", "https://api.example/v1/"),
    ("https://api.example/v1", "https://api.example/V1"),
    ("https://api.example/a%2Fb", "https://api.example/a/b"),
    ("https://api.example/a", "https://api.example//a"),
    ("https://api.example/?", "https://api.example/"),
    ("https://a@api.example/", "https://api.example/"),
    ("urn:example:a", "urn:Example:a"),
    ("urn:example:a", "urn:example:%61"),
    ("custom://Host", "custom://host"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_these_are_equivalent(one: str, other: str) -> None:
    assert normal(one) == normal(other)


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_these_are_not(one: str, other: str) -> None:
    assert normal(one) != normal(other)


@given(st.text() | st.text("htps:/@.%2eE5Aa~?#[]:0").map("https://".__add__))
def test_what_is_normal_stays_so(text: str) -> None:
    assert normal(normal(text)) == normal(text)
