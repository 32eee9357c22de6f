"""A connection string is taken apart as libpq would understand it."""

import pytest

from iam.database.addresses import Host, target
from iam.database.errors import Unavailable


def test_a_uri_and_keywords_mean_the_same() -> None:
    uri = target("postgresql://alice:secret@db.example:5433/iam?sslmode=require")
    keywords = target("host=db.example port=5433 dbname=iam user=alice password=secret sslmode=require")

    assert uri == keywords
    assert uri.hosts == (Host("db.example", "", "5433"),)
    assert uri.keywords["password"] == "secret"


def test_each_attempt_names_one_address_and_keeps_the_name_for_tls() -> None:
    place = target("host=a.example,b.example hostaddr=192.0.2.1,192.0.2.2 port=5433 dbname=iam")

    told = place.at(place.hosts[1], "192.0.2.2")

    assert (told["host"], told["hostaddr"], told["port"]) == ("b.example", "192.0.2.2", "5433")


def test_one_of_several_hosts_is_used_only_if_it_takes_writes() -> None:
    assert target("host=a,b").keywords["target_session_attrs"] == "read-write"
    assert target("host=a,b target_session_attrs=any").keywords["target_session_attrs"] == "any"
    assert "target_session_attrs" not in target("host=a").keywords


def test_ports_go_with_their_hosts() -> None:
    assert target("host=a,b port=1,2").hosts == (Host("a", "", "1"), Host("b", "", "2"))
    assert target("postgresql://a:1,b:2/iam").hosts == (Host("a", "", "1"), Host("b", "", "2"))
    assert target("hostaddr=::1,127.0.0.1").hosts == (Host("", "::1", ""), Host("", "127.0.0.1", ""))


def test_h44_dead_peers_are_noticed_unless_the_operator_says_otherwise() -> None:
    customary = target("host=a connect_timeout=100").keywords

    assert customary["tcp_user_timeout"] == "10000"
    assert (customary["keepalives_idle"], customary["keepalives_count"]) == ("5", "3")
    assert "connect_timeout" not in customary
    assert target("host=a keepalives_idle=60").keywords["keepalives_idle"] == "60"


@pytest.mark.parametrize("dsn", ["postgresql//alice:secret@db", "host=a password=secret port", "secret"])
def test_an_unreadable_string_is_refused_without_repeating_it(dsn: str) -> None:
    with pytest.raises(Unavailable) as refusal:
        target(dsn)

    assert "secret" not in str(refusal.value)
    assert refusal.value.__suppress_context__


def test_a_mismatch_of_hosts_and_ports_is_refused() -> None:
    with pytest.raises(Unavailable, match="--database: names 3 hosts and 2 ports"):
        target("host=a,b,c port=1,2")


def test_a_password_is_not_shown_with_the_target() -> None:
    assert "secret" not in repr(target("host=a password=secret"))


@pytest.mark.parametrize(
    ("dsn", "local"),
    [("host=/run/postgresql", True), ("host=@abstract", True), ("host=db", False), ("hostaddr=::1", False)],
)
def test_a_socket_is_told_from_a_name(dsn: str, *, local: bool) -> None:
    assert target(dsn).hosts[0].local is local
