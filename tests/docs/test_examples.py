"""The files of docs/examples fit together, and what is said beside them: times and hosts."""

import re

from iam.database.addresses import target
from iam.database.connection import CONNECT
from iam.settings import read
from tests.docs.conftest import ROOT

EXAMPLES = ROOT / "docs" / "examples"
PATRONI = (EXAMPLES / "patroni.yml").read_text()
HAPROXY = (EXAMPLES / "haproxy.cfg").read_text()
NODES = {f"10.0.0.{number}" for number in (1, 2, 3)}


def number(name: str, text: str, unit: str = "") -> int:
    found = re.search(rf"\b{name}:? (\d+){unit}$", text, re.MULTILINE)
    assert found is not None, name
    return int(found[1])


def test_the_servers_know_every_node_and_nothing_else() -> None:
    settings = read({}, EXAMPLES / "iam.toml")

    assert settings.database is not None
    assert {host.name for host in target(settings.database).hosts} == NODES


def test_the_proxy_asks_patroni_about_every_node_and_cuts_sessions() -> None:
    assert set(re.findall(r"^    server node\d (.*):5432 check port 8008$", HAPROXY, re.MULTILINE)) == NODES
    assert "uri /primary\n" in HAPROXY
    assert "on-marked-down shutdown-sessions" in HAPROXY


def test_an_attempt_to_connect_is_given_up_by_the_proxy_first() -> None:
    assert number("timeout connect", HAPROXY, "s") < CONNECT


def test_patroni_agrees_to_its_times_and_a_refresh_may_be_repeated_for_longer() -> None:
    ttl, loop_wait = number("ttl", PATRONI), number("loop_wait", PATRONI)
    settings = read({}, EXAMPLES / "iam.toml")

    assert ttl >= max(20, loop_wait + 2 * number("retry_timeout", PATRONI))
    assert settings.refresh_token_retry_window > 2 * (ttl + loop_wait)
