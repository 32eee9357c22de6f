"""Limits: each that is an option can be set, and a wrong one stops the start with a sentence."""

import pytest

from iam import limits
from iam.limits import Limits
from iam.networks import network, site
from iam.settings import SettingsError, read


@pytest.mark.parametrize("name", limits.options())
def test_every_limit_that_is_an_option_can_be_set(name: str) -> None:
    least = int(limits.options()[name].metadata["least"])

    settings = read({"limit": (f"{name}={least + 1}",)})

    assert getattr(settings.limits, name.replace("-", "_")) == least + 1


@pytest.mark.parametrize(
    "pair", ["hat=1", "head", "head=", "head=ten", "head=-1", "head=٣٣٣٣٣٣", "head=0", f"head={2**31}"]
)
def test_a_limit_that_cannot_be_is_refused_by_its_name(pair: str) -> None:
    with pytest.raises(SettingsError, match=r"^--limit: (names no limit: 'hat'|head is a whole number)"):
        read({"limit": (pair,)})


def test_the_limits_of_connections_are_options_and_fall_with_all_rate_limits() -> None:
    some, none = read({"connections": 7, "connections_per_network": 3}), read({"no_rate_limits": True})

    assert (some.limits.connections, some.limits.connections_per_network) == (7, 3)
    assert (none.limits.connections, none.limits.connections_per_network) == (Limits().connections, None)


@pytest.mark.parametrize(
    ("address", "customer", "wider"),
    [
        ("192.0.2.1", "192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64", "2001:db8:1::/48"),
        ("fe80::1%eth0", "fe80::/64", "fe80::/48"),
        ("", "::", "::"),
        ("socket", "::", "::"),
    ],
)
def test_a_network_is_an_ipv4_address_or_the_part_of_an_ipv6_address_that_a_customer_has(
    address: str, customer: str, wider: str
) -> None:
    assert (network(address), site(address)) == (customer, wider)
