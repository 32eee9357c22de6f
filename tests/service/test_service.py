"""`twist iam` as a process: what it says when it starts, what it says when it cannot, and how it ends."""

import os
import signal
import socket
import stat
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path

import psycopg2
import pytest
import requests
from psycopg2.extensions import make_dsn

from iam.embedded.supervisor import Embedded
from iam.secrets import minted
from tests.databases import make_database
from tests.faults.launching import Launched, speaking
from tests.harness import free_port
from tests.processes import BIN, PATIENCE, postmasters

ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("IAM_")}
READY = "iam answers at "


Start = Callable[..., Launched]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts servers, which are gone afterwards."""

    def start(*options: str, twist_options: tuple[str, ...] = (), **environment: str) -> Launched:
        command = (BIN / "twist", *twist_options, "iam", "--data-dir", tmp_path / "data", *options)
        return begin(command, ENVIRONMENT | environment)

    with speaking() as begin:
        yield start


@pytest.fixture
def dsn(cluster: Embedded) -> Iterator[str]:
    """A migrated database."""
    dsn = make_database(cluster)
    yield dsn
    drop(cluster, dsn)


@pytest.fixture
def empty_dsn(cluster: Embedded) -> Iterator[str]:
    """A database without tables."""
    name = f"service_{minted.identifier().hex}"
    administer(cluster, f"create database {name} owner iam")
    dsn = make_dsn(cluster.dsn, dbname=name)
    yield dsn
    drop(cluster, dsn)


def administer(cluster: Embedded, sql: str) -> None:
    with closing(psycopg2.connect(cluster.admin_dsn)) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        cursor.execute(sql)


def drop(cluster: Embedded, dsn: str) -> None:
    administer(cluster, f"drop database {psycopg2.extensions.parse_dsn(dsn)['dbname']} with (force)")


def refused(*options: str, before: tuple[str, ...] = (), **environment: str) -> tuple[int, list[str]]:
    """The exit status of a server that cannot start, and what it says."""
    ran = subprocess.run(
        [*before, str(BIN / "twist"), "iam", "--wait-for-database", "0", *options],
        capture_output=True,
        text=True,
        cwd="/",
        env=ENVIRONMENT | environment,
        timeout=PATIENCE,
        check=False,
    )
    assert "Traceback" not in ran.stdout + ran.stderr
    assert "log_failure" not in ran.stdout
    return ran.returncode, ran.stderr.splitlines()


class OverUnix(HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost")
        self.path = str(path)

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.path)


# -- ready --


def test_the_last_line_says_where_it_answers_and_it_does(start: Start, dsn: str) -> None:
    port = free_port()

    twist = start("--database", dsn, "--port", str(port))
    line = twist.says(READY)

    assert line == f"iam answers at http://localhost:{port}"
    assert requests.get(f"http://localhost:{port}/readyz", timeout=30).json() == {"status": "ready"}
    assert twist.end() == 0
    assert [said for said in twist.lines if said.startswith(READY)] == twist.lines[-1:] == [line]


def test_it_says_what_is_not_safe_for_others(start: Start, dsn: str) -> None:
    twist = start("--database", dsn, "--port", str(free_port()), "--no-rate-limits")
    twist.says(READY)

    assert any("rate limits are off" in line for line in twist.lines)
    assert any("cookies are not Secure" in line for line in twist.lines)


def test_it_says_which_scopes_were_made_by_hand_under_the_names_of_derived_ones(start: Start, dsn: str) -> None:
    with closing(psycopg2.connect(dsn)) as connection, connection, connection.cursor() as cursor:
        cursor.execute("update scopes set derived = false where name = 'groups'")

    twist = start("--database", dsn, "--port", str(free_port()))
    twist.says(READY)

    assert [line.split()[:7] for line in twist.lines if "by hand" in line] == [
        ["The", "scope", "groups", "was", "made", "by", "hand,"]
    ]


def test_it_listens_only_on_the_interface_that_is_named(start: Start, dsn: str) -> None:
    port = free_port()

    start("--database", dsn, "--port", str(port), "--interface", "127.0.0.2").says(READY)

    assert requests.get(f"http://127.0.0.2:{port}/healthz", timeout=30).status_code == 200
    with pytest.raises(requests.ConnectionError):
        requests.get(f"http://127.0.0.1:{port}/healthz", timeout=30)


def test_it_listens_on_each_endpoint_that_is_named_and_on_no_port(start: Start, dsn: str, tmp_path: Path) -> None:
    one, other, path = free_port(), free_port(), tmp_path / "socket"

    twist = start(
        *("--database", dsn, "--port", str(one)),
        *("--listen", f"tcp:{other}:interface=127.0.0.1", "--listen", f"unix:{path}"),
    )
    twist.says(READY)

    assert requests.get(f"http://localhost:{other}/healthz", timeout=30).status_code == 200
    over_unix = OverUnix(path)
    over_unix.request("GET", "/login")
    assert over_unix.getresponse().status == 200
    assert stat.S_IMODE(path.stat().st_mode) == 0o660
    over_unix.close()
    with pytest.raises(requests.ConnectionError):
        requests.get(f"http://localhost:{one}/healthz", timeout=30)
    assert twist.end() == 0
    assert not path.exists()


@pytest.mark.parametrize("believed", [True, False])
def test_the_proxy_behind_a_socket_is_believed_where_it_is_named(
    start: Start, dsn: str, tmp_path: Path, believed: bool
) -> None:
    path = tmp_path / "a:b"
    escaped = str(path).replace(":", "\\:")
    options = ("--proxy-headers", "unix") if believed else ()
    twist = start("--database", dsn, *options, "--listen", f"unix:{escaped}:mode=600")

    said = twist.says("Listening on the socket ")
    twist.says(READY)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "mode 0600" in said
    assert ("--proxy-headers unix" in said) is not believed


def test_an_https_issuer_makes_cookies_secure_and_pins_https(start: Start, dsn: str) -> None:
    port = free_port()
    twist = start("--database", dsn, "--port", str(port), "--issuer", "https://login.example.org")
    line = twist.says(READY)

    reply = requests.get(f"http://localhost:{port}/login", headers={"Host": "login.example.org"}, timeout=30)

    name, *attributes = reply.headers["Set-Cookie"].split("; ")
    assert name.startswith("__Host-iam=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} == set(attributes)
    assert reply.headers["Strict-Transport-Security"] == "max-age=63072000"
    assert line == "iam answers at https://login.example.org"
    assert not any("Secure" in said for said in twist.lines)


def test_without_https_cookies_work_on_this_machine(start: Start, dsn: str) -> None:
    port = free_port()
    start("--database", dsn, "--port", str(port)).says(READY)

    reply = requests.get(f"http://localhost:{port}/login", timeout=30)

    assert reply.headers["Set-Cookie"].startswith("iam=")
    assert "Secure" not in reply.headers["Set-Cookie"]
    assert "Strict-Transport-Security" not in reply.headers


def test_the_environment_and_the_file_say_what_options_say(start: Start, dsn: str, tmp_path: Path) -> None:
    port = free_port()
    config = tmp_path / "iam.toml"
    config.write_text(f'port = 1\ndatabase = "{dsn}"\nissuer = "http://localhost:1001"\n')

    twist = start("--config", str(config), "--issuer", f"http://localhost:{port}", IAM_PORT=str(port))

    assert twist.says(READY) == f"iam answers at http://localhost:{port}"


def test_a_theme_is_seen(start: Start, dsn: str, tmp_path: Path) -> None:
    port = free_port()
    (tmp_path / "login.html").write_text("Our own login")

    start("--database", dsn, "--port", str(port), "--templates", str(tmp_path)).says(READY)

    assert requests.get(f"http://localhost:{port}/login", timeout=30).text == "Our own login"


@pytest.mark.parametrize(
    ("option", "file", "said"),
    [
        ("--templates", "login.html", "line 1: 'nobody' is undefined."),
        ("--logo", "logo.png", "is no PNG, WebP or SVG."),
    ],
)
def test_a_theme_or_logo_that_cannot_be_used_stops_the_start(
    start: Start, dsn: str, tmp_path: Path, option: str, file: str, said: str
) -> None:
    place = tmp_path / "theme" / file
    place.parent.mkdir()
    place.write_text("{{ nobody }}")

    twist = start(
        "--database", dsn, "--port", str(free_port()), option, str(place.parent if option == "--templates" else place)
    )

    assert twist.says(f"iam: {option}: {place}").endswith(said)
    assert twist.ended() == 1


# -- migrations --


def test_two_servers_that_start_at_once_migrate_once(start: Start, empty_dsn: str) -> None:
    both = [start("--database", empty_dsn, "--port", str(free_port())) for _ in range(2)]

    for twist in both:
        twist.says(READY)

    migrated = [line for twist in both for line in twist.lines if line.startswith("Migrated: ")]
    assert len(migrated) == len(set(migrated)) >= 1
    assert [twist.end() for twist in both] == [0, 0]


def test_a_server_that_may_not_migrate_says_what_is_missing(empty_dsn: str, tmp_path: Path) -> None:
    status, lines = refused("--database", empty_dsn, "--no-migrate", "--data-dir", str(tmp_path))

    assert (status, len(lines)) == (1, 1)
    assert "its tables do not fit this version of iam" in lines[0]


# -- the end --


@pytest.mark.parametrize("beginning", ["Creating the database", "Starting PostgreSQL", READY])
def test_a_signal_stops_it_cleanly_at_any_moment_of_the_first_start(
    start: Start, tmp_path: Path, beginning: str
) -> None:
    twist = start("--port", str(free_port()))
    twist.says(beginning)

    status = twist.end()

    assert status == 0
    assert postmasters(str(tmp_path / "data")) == []
    assert not list((tmp_path / "data").glob("postgresql.new*"))


def test_ctrl_c_is_a_good_end_too(start: Start, dsn: str) -> None:
    twist = start("--database", dsn, "--port", str(free_port()))
    twist.says(READY)

    assert twist.end(signal.SIGINT) == 0


def test_a_start_after_one_that_was_stopped_on_its_way_works(start: Start, tmp_path: Path) -> None:
    first = start("--port", str(free_port()))
    first.says("Creating the database")
    first.end()

    second = start("--port", str(free_port()))
    second.says(READY)

    assert second.end() == 0
    assert postmasters(str(tmp_path / "data")) == []


# -- what cannot start --


def test_a_port_that_is_taken(dsn: str, tmp_path: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]

        status, lines = refused("--database", dsn, "--port", str(port), "--data-dir", str(tmp_path))

    assert (status, lines) == (
        1,
        [f"iam: Cannot listen on 127.0.0.1 port {port}: Address already in use. Choose another --port."],
    )


def test_an_interface_that_is_not_ours(dsn: str, tmp_path: Path) -> None:
    status, lines = refused("--database", dsn, "--interface", "192.0.2.1", "--data-dir", str(tmp_path))

    assert (status, len(lines)) == (1, 1)
    assert lines[0].endswith("Cannot assign requested address. Choose another --interface.")


@pytest.mark.parametrize(
    ("endpoint", "reason"),
    [
        ("unix:/nowhere/socket", "No such file or directory"),
        ("tcp:8000:interface=192.0.2.1", "Cannot assign requested address"),
    ],
)
def test_an_endpoint_that_cannot_be_listened_on(dsn: str, tmp_path: Path, endpoint: str, reason: str) -> None:
    options = ("--database", dsn, "--data-dir", str(tmp_path), "--listen", f"unix:{tmp_path}/socket")

    status, lines = refused(*options, "--listen", endpoint)

    assert (status, lines) == (1, [f"iam: Cannot listen on {endpoint}: {reason}. Change --listen."])


@pytest.mark.parametrize(
    "endpoint",
    ["", "nonsense", "tcp", "tcp:http", "bogus:80", "ssl:443:privateKey=/nowhere", "systemd:domain=INET:index=0"],
)
def test_an_endpoint_that_is_none_is_wrong_usage(tmp_path: Path, endpoint: str) -> None:
    status, lines = refused("--listen", endpoint, "--data-dir", str(tmp_path))

    assert (status, len(lines)) == (2, 1)
    assert lines[0].startswith("twist iam: --listen: ")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("options", [("--bake",), ("--port", "0"), ("stray",)])
def test_wrong_usage_is_exit_status_2(options: tuple[str, ...]) -> None:
    status, lines = refused(*options)

    assert (status, len(lines)) == (2, 1)


def test_a_wrong_variable_is_exit_status_2() -> None:
    status, lines = refused(IAM_PORT="http")

    assert (status, len(lines)) == (2, 1)
    assert lines[0].startswith("twist iam: --port: ")


def test_a_data_directory_that_may_not_be_written(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o555)
    unprivileged = ("setpriv", "--bounding-set=-dac_override") if os.geteuid() == 0 else ()

    status, lines = refused("--data-dir", str(closed / "data"), before=unprivileged)

    assert (status, len(lines)) == (1, 1)
    assert lines[0].endswith("cannot be used: Permission denied. Check --data-dir.")


def test_a_data_directory_that_is_a_file() -> None:
    status, lines = refused("--data-dir", "/dev/null/iam")

    assert (status, len(lines)) == (1, 1)
    assert lines[0].endswith("cannot be used: Not a directory. Check --data-dir.")


@pytest.mark.parametrize(
    ("database", "sentence"),
    [
        ("host=/nowhere password=hunter2", "PostgreSQL cannot be used: "),
        ("postgresql://iam:hunter2@127.0.0.1:1/iam", "PostgreSQL cannot be used: "),
        ("postgresql://iam:hunter2@nowhere.invalid/iam", "PostgreSQL cannot be used: "),
    ],
)
def test_a_database_that_cannot_be_reached(tmp_path: Path, database: str, sentence: str) -> None:
    status, lines = refused("--database", database, "--data-dir", str(tmp_path))

    assert (status, len(lines)) == (1, 1)
    assert lines[0].startswith(f"iam: {sentence}")
    assert "hunter2" not in lines[0]


def test_a_postgresql_older_than_version_14(tmp_path: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        old = threading.Thread(target=greet_as_postgresql_13, args=(listening,))
        old.start()

        status, lines = refused(
            "--database", f"host=127.0.0.1 port={listening.getsockname()[1]}", "--data-dir", str(tmp_path)
        )

        old.join()
    assert (status, len(lines)) == (1, 1)
    assert lines[0].endswith(": it is older than version 14, and iam needs 14 or later")


def greet_as_postgresql_13(listening: socket.socket) -> None:
    """PostgreSQL's side of a connection's beginning, whoever it is, and nothing more (no PostgreSQL 13 is to be had)."""
    told = {"server_version": "13.23", "server_encoding": "UTF8", "client_encoding": "UTF8", "DateStyle": "ISO, MDY"}
    statuses = b"".join(message(b"S", f"{name}\0{value}\0".encode()) for name, value in told.items())
    with closing(listening.accept()[0]) as connection:
        while int.from_bytes(connection.recv(4096)[4:8]) != 196608:  # protocol 3.0; before it, wishes for encryption
            connection.sendall(b"N")
        connection.sendall(message(b"R", bytes(4)) + statuses + message(b"K", bytes(8)) + message(b"Z", b"I"))
        connection.recv(4096)


def message(kind: bytes, body: bytes) -> bytes:
    """One message of PostgreSQL's protocol 3."""
    return kind + (len(body) + 4).to_bytes(4) + body


def test_a_database_that_is_not_in_utf_8(cluster: Embedded, tmp_path: Path) -> None:
    name = f"service_{minted.identifier().hex}"
    administer(cluster, f"create database {name} owner iam encoding 'LATIN1' locale 'C' template template0")

    status, lines = refused("--database", make_dsn(cluster.dsn, dbname=name), "--data-dir", str(tmp_path))

    administer(cluster, f"drop database {name} with (force)")
    assert (status, lines) == (1, ["iam: The database is not in UTF-8: create one with `encoding 'UTF8'`."])


def test_a_key_that_is_too_short(dsn: str, tmp_path: Path) -> None:
    status, lines = refused("--database", dsn, "--data-dir", str(tmp_path), IAM_SECRET_KEY="short")

    assert (status, lines) == (1, ["iam: The secret key is shorter than 32 characters: give a longer IAM_SECRET_KEY."])


# -- logging --


@pytest.mark.parametrize(("log_format", "first"), [("json", "{"), ("text", "2")])
def test_the_log_is_on_standard_output_in_the_format_that_is_named(tmp_path: Path, log_format: str, first: str) -> None:
    ran = subprocess.run(
        [
            BIN / "twist",
            "iam",
            *("--database", "port=1 host=/nowhere", "--wait-for-database", "0"),
            "--data-dir",
            tmp_path,
            "--log-format",
            log_format,
        ],
        capture_output=True,
        text=True,
        env=ENVIRONMENT,
        timeout=PATIENCE,
        check=False,
    )

    assert ran.stdout.startswith(first)


def test_a_log_level_hides_what_is_below(tmp_path: Path) -> None:
    ran = subprocess.run(
        [
            BIN / "twist",
            "iam",
            *("--database", "port=1 host=/nowhere", "--wait-for-database", "0"),
            "--data-dir",
            tmp_path,
            "--log-level",
            "critical",
        ],
        capture_output=True,
        text=True,
        env=ENVIRONMENT,
        timeout=PATIENCE,
        check=False,
    )

    assert (ran.returncode, ran.stdout) == (1, "")


@pytest.mark.parametrize(("told", "count"), [((), 0), (("--log-level", "debug"), 1)], ids=["info", "debug"])
def test_answers_to_programs_are_in_the_log_that_twist_is_told_to_write_in_detail(
    start: Start, dsn: str, tmp_path: Path, told: tuple[str, ...], count: int
) -> None:
    port, written = free_port(), tmp_path / "written"
    twist = start("--database", dsn, "--port", str(port), twist_options=("--log-file", str(written), *told))
    twist.says(READY)

    requests.get(f"http://localhost:{port}/healthz", timeout=30)

    twist.end()
    assert written.read_text().count("GET /healthz 200") == count


def test_twist_lists_it() -> None:
    ran = subprocess.run([BIN / "twist", "--help"], capture_output=True, text=True, cwd="/", check=True)

    assert "iam              An OAuth 2.0 and OpenID Connect authorization server." in ran.stdout
