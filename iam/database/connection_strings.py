"""Parses `--database` as libpq does, and refuses what would fail later or lead to a server that nobody meant.

No message repeats the string: a typing error may make any part of it part of the password.
"""

import os
import re
from configparser import ConfigParser, Error
from difflib import get_close_matches
from ipaddress import ip_address
from pathlib import Path
from typing import Final

import psycopg2
from psycopg2.extensions import make_dsn, parse_dsn

from iam.database.errors import Misdirected

KEYWORDS: Final = (
    *("host", "hostaddr", "port", "dbname", "user", "password", "passfile", "service", "options", "application_name"),
    *("sslmode", "sslrootcert", "sslcert", "sslkey", "sslcrl", "sslpassword", "sslnegotiation", "channel_binding"),
    *("target_session_attrs", "load_balance_hosts", "connect_timeout", "client_encoding", "gssencmode", "krbsrvname"),
    *("keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count", "tcp_user_timeout", "require_auth"),
)
VALUES: Final = {
    "sslmode": ("disable", "allow", "prefer", "require", "verify-ca", "verify-full"),
    "target_session_attrs": ("any", "read-write", "primary", "read-only", "standby", "prefer-standby"),
    "load_balance_hosts": ("disable", "random"),
    "channel_binding": ("disable", "prefer", "require"),
    "gssencmode": ("disable", "prefer", "require"),
    "sslnegotiation": ("postgres", "direct"),
}
VARIABLES: Final = {
    "sslmode": "PGSSLMODE",
    "target_session_attrs": "PGTARGETSESSIONATTRS",
    "channel_binding": "PGCHANNELBINDING",
    "gssencmode": "PGGSSENCMODE",
    "sslnegotiation": "PGSSLNEGOTIATION",
}
NUMBERS: Final = (
    *("connect_timeout", "keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count"),
    "tcp_user_timeout",
)
USELESS: Final = {
    ("target_session_attrs", "read-only"): "asks for a server that is only read, and iam writes: leave it out",
    ("target_session_attrs", "standby"): "asks for a standby, and iam writes: leave it out",
    ("target_session_attrs", "prefer-standby"): "asks for a standby, and iam writes: leave it out",
    ("load_balance_hosts", "random"): "spreads connections, and iam uses the one host that takes writes: leave it out",
}
NAME: Final = re.compile(r"[^\s/@?#\[\]<>\"'\\,=]+")  # of a host; libpq accepts anything
PORTS: Final = range(1, 65536)
ENCODED: Final = "write what is special in it percent-encoded (@ as %40, / as %2F, ? as %3F, % as %25)"


def parsed(dsn: str) -> dict[str, str]:
    """Returns the keywords of a libpq URI or keyword string, and of its service. Raises Misdirected."""
    if not dsn.strip():
        raise wrong("is empty; leave it out for a database of iam's own")
    if "\0" in dsn:
        raise wrong("holds a NUL character, at which libpq stops reading")
    check_authority(dsn)
    try:
        told: dict[str, str] = parse_dsn(dsn)
        told = service(told) | told
        make_dsn(**told)  # checks the keywords of the service
    except (psycopg2.Error, ValueError, TypeError) as error:
        raise wrong(complaint(str(error))) from None  # libpq's message repeats the string, and with it a password
    told.pop("service", None)
    check_values(told)
    return told


def wrong(what: str) -> Misdirected:
    """Returns the error with a sentence that begins with the option."""
    return Misdirected(f"--database: {what}.")


def check_authority(dsn: str) -> None:
    """Raises Misdirected for a URI in which user name, password and hosts cannot be told apart."""
    scheme, separator, rest = dsn.partition("://")
    if not separator or scheme not in ("postgresql", "postgres"):
        return
    place, _, query = rest.partition("?")
    authority, _, path = place.partition("/")
    if authority.count("@") > 1 or "@" in path or (":" in authority and "@" not in authority and "@" in query):
        raise wrong(f"holds an @ too many: where the user name or the password has special characters, {ENCODED}")


def complaint(told: str) -> str:
    """Returns libpq's complaint about a string, without the string."""
    if unknown := re.search(r'invalid (?:URI query parameter:|connection option) "(.*)"\s*\Z', told):
        return known(unknown[1])
    if "invalid percent-encoded token" in told or "percent-encoded value" in told:
        return "holds a % that is followed by no two hexadecimal digits; a % itself is written %25"
    return "must be given as a PostgreSQL URI or keyword string, such as postgresql://user:password@host/dbname"


def known(word: str) -> str:
    """Returns a sentence about an unknown keyword, which is repeated only if it resembles a known one."""
    near = get_close_matches(word, KEYWORDS, n=1, cutoff=0.75)
    return f"{word} is no keyword of libpq; is it {near[0]}?" if near else "holds a keyword that libpq does not know"


def check_values(told: dict[str, str]) -> None:
    """Raises Misdirected for values that libpq would refuse at each connection or that iam cannot work with."""
    for name, values in VALUES.items():
        value = told.get(name) or os.environ.get(VARIABLES.get(name, ""), "")
        if value and value not in values:
            raise wrong(f"{name} must be {', '.join(values[:-1])} or {values[-1]}")
        if (name, value) in USELESS:
            raise wrong(f"{name}={value} {USELESS[name, value]}")
    for name in NUMBERS:
        if told.get(name) and not re.fullmatch(r"\s*-?[0-9]{1,9}\s*", told[name]):
            raise wrong(f"{name} must be a number")
    if "replication" in told and told["replication"] not in ("", "0", "false", "off", "no"):
        raise wrong("replication makes a connection on which iam cannot work: leave it out")


def check_places(names: list[str], numbers: list[str], ports: list[str]) -> None:
    """Raises Misdirected unless hosts, addresses and ports are valid and fit together."""
    count = max(len(names), len(numbers))
    if len(names) != count and names != [""]:
        raise wrong(
            f"names {amount(len(names), 'host')} and {amount(len(numbers), 'hostaddr')}: give each host its own"
        )
    if len(numbers) != count and numbers != [""]:
        raise wrong(
            f"names {amount(len(names), 'host')} and {amount(len(numbers), 'hostaddr')}: give each host its own"
        )
    if len(ports) not in (1, count):
        raise wrong(
            f"names {amount(count, 'host')} and {amount(len(ports), 'port')}: give one port for all, or each host its own"
        )
    for place, port in enumerate(ports, 1):
        if port.strip() and not (re.fullmatch("[0-9]{1,5}", port.strip()) and int(port) in PORTS):
            raise wrong(f"the {nth(place)} port is no number from 1 to 65535; is it a part of the password, {ENCODED}")
    for place in range(count):
        check_place(place + 1, names[place] if names != [""] else "", numbers[place] if numbers != [""] else "", count)


def check_place(place: int, name: str, number: str, count: int) -> None:
    """Raises Misdirected for an invalid host; `place` is its position among `count` hosts, from 1."""
    if not name and not number:
        if count > 1:
            raise wrong(f"the {nth(place)} of {count} hosts is empty: name it, or leave out the comma")
        return
    try:
        if number:
            ip_address(number)
    except ValueError:
        raise wrong(f"the {nth(place)} hostaddr is no IP address; a name is given as host") from None
    if name and name[0] not in "/@" and not NAME.fullmatch(name):
        raise wrong(
            f"the {nth(place)} host is neither a name nor an address, nor the absolute path of a socket's directory"
        )


def amount(count: int, noun: str) -> str:
    """Returns a number with its noun, such as `3 hosts`."""
    return f"{count} {noun}" + ("" if count == 1 else "s")


def nth(place: int) -> str:
    """Returns the ordinal, such as `2nd`."""
    return str(place) + ({1: "st", 2: "nd", 3: "rd"}.get(place % 10, "th") if place % 100 not in (11, 12, 13) else "th")


def service(told: dict[str, str]) -> dict[str, str]:
    """Returns the keywords of the service that is named, if any, since its hosts must be tried by us too.

    Raises Misdirected.
    """
    name = told.get("service") or os.environ.get("PGSERVICE", "")
    if not name:
        return {}
    for path in service_files():
        services = ConfigParser(interpolation=None, delimiters=("=",), comment_prefixes=("#",), strict=False)
        services.optionxform = str  # type: ignore[assignment,method-assign]
        try:
            services.read_string(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            continue
        except (OSError, UnicodeDecodeError, Error):
            raise wrong(f"the service file {path} cannot be read") from None
        if services.has_section(name):
            return dict(services[name])
    raise wrong("names a service (or PGSERVICE does) that is in no service file: see PGSERVICEFILE, ~/.pg_service.conf")


def service_files() -> list[Path]:
    """Returns the files in which libpq looks for services, in its order."""
    own = os.environ.get("PGSERVICEFILE") or "~/.pg_service.conf"
    shared = os.environ.get("PGSYSCONFDIR") or "/etc/postgresql-common"
    return [Path(own).expanduser(), Path(shared) / "pg_service.conf"]
