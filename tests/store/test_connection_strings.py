"""A wrong `--database` is told in a sentence that names the option and the part, and repeats nothing that may be a password."""

from pathlib import Path

import pytest

from iam.database.addresses import target
from iam.database.errors import Misdirected

SECRET = "hunter2"
WRONG = [
    ("", "is empty"),
    (" \n", "is empty"),
    (SECRET, "must be given as a PostgreSQL URI or keyword string"),
    ("postgresql//alice:hunter2@db", "must be given as a PostgreSQL URI or keyword string"),
    ("mysql://alice:hunter2@db/iam?sslmode=require", "holds a keyword that libpq does not know"),
    ("host=a password=hunter2 port", "must be given as a PostgreSQL URI or keyword string"),
    ("host=a password='hunter2", "must be given as a PostgreSQL URI or keyword string"),
    ("postgresql://iam:hunter2@[::1/iam", "must be given as a PostgreSQL URI or keyword string"),
    ("postgresql://iam:hunter2%zz@db/iam", "holds a % that is followed by no two hexadecimal digits"),
    ("postgresql://iam:hunter2%00@db/iam", "holds a % that is followed by no two hexadecimal digits"),
    ("postgresql://iam:hunter2@\x00db/iam", "holds a NUL character"),
    ("postgresql://iam:hunter2@\udcffdb/iam", "must be given as a PostgreSQL URI or keyword string"),
    ("postgresql://iam:hun@hunter2@db/iam", "holds an @ too many"),
    ("postgresql://iam:hun/hunter2@db/iam", "holds an @ too many"),
    ("postgresql://iam:hun?hunter2@db/iam", "holds an @ too many"),
    ("postgresql://iam:hun?user=hunter2@db/iam", "holds an @ too many"),
    ("host=a hunter2=b", "holds a keyword that libpq does not know"),
    ("host=a sslmod=require password=hunter2", "sslmod is no keyword of libpq; is it sslmode?"),
    (
        "postgresql://a/iam?target_session_attr=any",
        "target_session_attr is no keyword of libpq; is it target_session_attrs?",
    ),
    ("host=a,b,c port=1,2", "names 3 hosts and 2 ports: give one port for all, or each host its own"),
    ("host=a port=1,2", "names 1 host and 2 ports"),
    ("host=a hostaddr=192.0.2.1,192.0.2.2", "names 1 host and 2 hostaddrs: give each host its own"),
    ("host=a,b hostaddr=192.0.2.1", "names 2 hosts and 1 hostaddr: give each host its own"),
    ("host=a,,b", "the 2nd of 3 hosts is empty: name it, or leave out the comma"),
    ("postgresql://a,/iam", "the 2nd of 2 hosts is empty"),
    ("postgresql://a:1,:2/iam", "the 2nd of 2 hosts is empty"),
    ("host=a port=0", "the 1st port is no number from 1 to 65535"),
    ("host=a,b port=5432,70000", "the 2nd port is no number from 1 to 65535"),
    ("postgresql://db:abc/iam", "the 1st port is no number from 1 to 65535"),
    ("host=a port=-1", "the 1st port is no number from 1 to 65535"),
    ("host=a port=٥٤٣٢", "the 1st port is no number from 1 to 65535"),
    ("hostaddr=db.example", "the 1st hostaddr is no IP address"),
    ("host=a,b hostaddr=192.0.2.1,192.0.2.300", "the 2nd hostaddr is no IP address"),
    ("host=run/postgresql", "the 1st host is neither a name nor an address"),
    ("host='a b'", "the 1st host is neither a name nor an address"),
    ("host=http://db", "the 1st host is neither a name nor an address"),
    ("host=a,a", "the 1st and the 2nd host are the same: name each once"),
    ("postgresql://a:5432,b,A./iam", "the 1st and the 3rd host are the same"),
    ("host=localhost,127.0.0.1", "the 1st and the 2nd host are the same"),
    ("host=::1,0:0::1", "the 1st and the 2nd host are the same"),
    ("host=127.0.0.1,::ffff:127.0.0.1", "the 1st and the 2nd host are the same"),
    ("host=a,b hostaddr=192.0.2.1,192.0.2.1", "the 1st and the 2nd host are the same"),
    ("host=/run/postgresql,/run/postgresql/", "the 1st and the 2nd host are the same"),
    ("host=a sslmode=requir", "sslmode must be disable, allow, prefer, require, verify-ca or verify-full"),
    ("host=a target_session_attrs=write", "target_session_attrs must be any, read-write, primary"),
    ("host=a target_session_attrs=standby", "target_session_attrs=standby asks for a standby, and iam writes"),
    ("host=a,b target_session_attrs=prefer-standby", "target_session_attrs=prefer-standby asks for a standby"),
    ("host=a,b target_session_attrs=read-only", "target_session_attrs=read-only asks for a server that is only read"),
    ("host=a,b load_balance_hosts=random", "load_balance_hosts=random spreads connections"),
    ("host=a,b load_balance_hosts=yes", "load_balance_hosts must be disable or random"),
    ("host=a channel_binding=on", "channel_binding must be disable, prefer or require"),
    ("host=a connect_timeout=soon", "connect_timeout must be a number"),
    ("host=a keepalives_idle=5s", "keepalives_idle must be a number"),
    ("host=a replication=database", "replication makes a connection on which iam cannot work"),
    ("service=nobody_knows_it", "names a service (or PGSERVICE does) that is in no service file"),
]


@pytest.mark.parametrize(("dsn", "sentence"), WRONG)
def test_a_wrong_one_is_told_by_its_part_and_without_its_values(dsn: str, sentence: str) -> None:
    with pytest.raises(Misdirected) as refusal:
        target(dsn)

    assert str(refusal.value).startswith(f"--database: {sentence}")
    assert SECRET not in str(refusal.value)
    assert refusal.value.__context__ is None or refusal.value.__suppress_context__


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"PGHOST": "a,a"}, "the 1st and the 2nd host are the same"),
        ({"PGHOST": "a,b", "PGPORT": "1,2,3"}, "names 2 hosts and 3 ports"),
        ({"PGHOSTADDR": "db"}, "the 1st hostaddr is no IP address"),
        ({"PGPORT": "0"}, "the 1st port is no number from 1 to 65535"),
        ({"PGSSLMODE": "yes"}, "sslmode must be disable"),
        ({"PGTARGETSESSIONATTRS": "standby"}, "target_session_attrs=standby asks for a standby"),
        ({"PGSERVICE": "nobody_knows_it"}, "names a service (or PGSERVICE does) that is in no service file"),
    ],
)
def test_what_libpq_takes_from_the_environment_is_looked_at_too(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], sentence: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    with pytest.raises(Misdirected) as refusal:
        target("dbname=iam")

    assert str(refusal.value).startswith(f"--database: {sentence}")


@pytest.mark.parametrize(
    "dsn",
    [
        "postgresql://",
        "postgresql:///iam",
        "postgres://iam:p%40ss%2Fw%3Ford%25@db.example:5433/iam?sslmode=verify-full&options=-c%20search_path%3Dx",
        "postgresql://iam:a:b@db/iam",
        "postgresql://db/iam?user=iam@azure&password=p@ss",
        "postgresql://[2001:db8::1]:5432,[2001:db8::2]/iam",
        "host=/run/postgresql,db.example port=5432",
        "host=@abstract",
        "host=fe80::1%eth0",
        "host=a,b port=1,",
        "host=a,a port=1,2",
        "host=a,b hostaddr=192.0.2.1,",
        "host=bücher.example",
        "host=a_b.example",
        "host=a load_balance_hosts=disable connect_timeout=-1 keepalives=0",
    ],
)
def test_a_right_one_is_read(dsn: str) -> None:
    assert target(dsn).hosts


def test_several_hosts_of_the_environment_are_several(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGHOST", "a,b")

    read = target("dbname=iam")

    assert [host.name for host in read.hosts] == ["a", "b"]
    assert read.keywords["target_session_attrs"] == "read-write"


def test_the_hosts_of_a_service_are_known_and_the_string_is_stronger(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    services = tmp_path / "services"
    services.write_text("# ours\n[other]\nhost=x\n\n[iam]\nhost=a,b\nport=5433\nuser=alice\npassword=50%;x#y\n")
    monkeypatch.setenv("PGSERVICEFILE", str(services))

    read = target("service=iam user=bob")

    assert [(host.name, host.port) for host in read.hosts] == [("a", "5433"), ("b", "5433")]
    assert (read.keywords["user"], read.keywords["password"]) == ("bob", "50%;x#y")
    assert "service" not in read.keywords


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ("host=a,b\nport=1,2,3", "names 2 hosts and 3 ports"),
        ("sslmod=require", "sslmod is no keyword of libpq; is it sslmode?"),
        ("password hunter2", "the service file "),
    ],
)
def test_a_service_that_is_wrong_is_told_in_the_same_way(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, lines: str, sentence: str
) -> None:
    services = tmp_path / "services"
    services.write_text(f"[iam]\n{lines}\n")
    monkeypatch.setenv("PGSERVICEFILE", str(services))

    with pytest.raises(Misdirected) as refusal:
        target("service=iam")

    assert str(refusal.value).startswith(f"--database: {sentence}")
    assert SECRET not in str(refusal.value)


def test_a_string_written_anew_means_the_same() -> None:
    read = target("host=a,/run/x hostaddr=192.0.2.1, port=1,2 user=o'neill password='a b\\'' options='-c x=y'")

    assert target(read.dsn) == read
