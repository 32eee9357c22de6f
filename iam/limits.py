"""The limits of requests, connections, secrets and writes, and the options `--limit NAME=N` that set them."""

import resource
from collections.abc import Iterable
from typing import Any, Final

from attrs import evolve, field, fields_dict, frozen

DESCRIPTORS_PER_CONNECTION: Final = 4


class LimitError(ValueError):
    """A `NAME=N` cannot be used; the text is the rest of a sentence about the option."""


def limit(default: float | None, meaning: str, *, least: float = 1) -> Any:
    """Declares a limit that is an option; a test compares its meaning with docs/reference/options.md."""
    return field(default=default, metadata={"meaning": meaning, "least": least})


@frozen
class Limits:
    """All limits: sizes in bytes, times in seconds. Those with a meaning are options; the others change in tests alone."""

    body: int = limit(65_536, "bytes of a request's body")
    request_line: int = 32_768  # high, because the login's address quotes the whole authorization request
    head: int = limit(32_768, "bytes of a request's headers, cookies included", least=8_192)
    headers: int = limit(64, "headers of a request", least=16)
    registered_clients: int = limit(
        10_000, "clients that registered themselves without an initial access token, in all"
    )
    unused_client_days: int = limit(90, "days after which such a client goes that nobody has used")
    applications: int = limit(100, "applications of one person, unless an administrator registers them")
    personal_tokens: int = limit(
        100, "tokens that one person makes for themselves, or their application, unless an administrator makes them"
    )
    passkeys: int = limit(25, "passkeys of one person")
    connections: int = 1_024  # --connections
    connections_per_network: int | None = 128  # --connections-per-network; None: no limit
    connections_per_site: int = limit(512, "connections of one IPv6 /48, where more than one of its networks may have")
    password_queue: int = limit(32, "passwords that wait to be tested")
    password_queue_share: int | None = limit(
        8, "of these, how many may come from one network, and how many logins of one may be under way"
    )
    login_account: int = limit(10, "wrong logins of one account at once")
    login_account_pause: int = limit(60, "seconds until another")
    login_account_network: int = limit(10, "wrong logins of one account from one network at once")
    login_account_network_pause: int = limit(120, "seconds until another")
    login_network: int = limit(50, "wrong logins from one network (IPv4 address or IPv6 /64) at once")
    login_network_pause: int = limit(18, "seconds until another")
    login_site: int = limit(200, "wrong logins from one IPv6 /48 at once")
    login_site_pause: int = limit(5, "seconds until another")
    login_device: int = limit(
        10, "wrong logins of one account from a browser in which it has logged in before, at once"
    )
    login_device_pause: int = limit(60, "seconds until another")
    login_devices: int = limit(30, "wrong logins of one account from all such browsers together, at once")
    login_devices_pause: int = limit(30, "seconds until another")
    logins: int = limit(300, "right logins of one account at once")
    logins_pause: int = limit(1, "seconds until another")
    factor: int = limit(5, "wrong codes for one factor of a person at once")
    factor_pause: int = limit(300, "seconds until another")
    factor_network: int = limit(50, "wrong codes from one network at once")
    factor_network_pause: int = limit(18, "seconds until another")
    factor_site: int = limit(200, "wrong codes from one IPv6 /48 at once")
    factor_site_pause: int = limit(5, "seconds until another")
    session_rotation: int = limit(
        86_400,
        "seconds after which a remembered session gets a new cookie, at its next use; never sooner than session-rotation-grace",
    )
    session_rotation_grace: int = limit(
        60, "seconds that the old cookie is still good, from the first use of the new one"
    )
    secret_client: int = limit(20, "wrong secrets or assertions for one client from one network at once")
    secret_client_pause: int = limit(45, "seconds until another")
    secret_network: int = limit(100, "wrong secrets, registration tokens and links from one network at once")
    secret_network_pause: int = limit(9, "seconds until another")
    secret_site: int = limit(400, "the same from one IPv6 /48 at once")
    secret_site_pause: int = limit(3, "seconds until another")
    document_network: int = limit(60, "documents of clients that are read for one network at once")
    document_network_pause: int = limit(10, "seconds until another")
    document_site: int = limit(240, "the same for one IPv6 /48 at once")
    document_site_pause: int = limit(3, "seconds until another")
    link_account: int = limit(5, "mails with a link to one account or address at once; beyond that none is sent")
    link_account_pause: int = limit(720, "seconds until another")
    link_network: int = limit(30, "times that one network may ask for such a mail at once")
    link_network_pause: int = limit(60, "seconds until another")
    link_site: int = limit(120, "the same from one IPv6 /48 at once")
    link_site_pause: int = limit(15, "seconds until another")
    user_code: int = limit(10, "wrong codes of devices that one person types at once")
    user_code_pause: int = limit(60, "seconds until another")
    user_code_network: int = limit(50, "the same from one network at once")
    user_code_network_pause: int = limit(18, "seconds until another")
    user_code_site: int = limit(200, "the same from one IPv6 /48 at once")
    user_code_site_pause: int = limit(5, "seconds until another")
    device_network: int = limit(60, "codes that public clients of one network ask for, for devices, at once")
    device_network_pause: int = limit(10, "seconds until another")
    device_site: int = limit(240, "the same from one IPv6 /48 at once")
    device_site_pause: int = limit(3, "seconds until another")
    refusals: int = limit(
        200_000, "refusals that are kept a day, with the reason, and so many that are a line in the log"
    )
    refusals_per_network: int = limit(5_000, "of these, how many may come from one network")
    refused_counts: int = limit(5_000, "rows a day of the audit log that say how often a network was refused")
    writes: int = limit(
        200,
        "forms and registrations of one person, client or initial access token at once; 4096 bytes more count as one more",
    )
    writes_pause: int = limit(6, "seconds until it may be one more")
    writes_per_network: int = limit(
        600, "forms and registrations of one network at once; ten times as many of all who are logged in there"
    )
    writes_per_network_pause: int = limit(2, "seconds until it may be one more")
    database_look: int = limit(
        3, "seconds between two looks at the database's hosts, whether another one is the primary now"
    )
    head_time: float = 10.0  # these times are totals, which no further byte prolongs (H4)
    body_time: float = 15.0
    idle_time: float = 30.0
    write_time: float = 30.0
    handler_time: float = 20.0
    linger_time: float = 2.0
    farewell_time: float = 0.5  # at shutdown, for requests that are on their way on open connections
    drain_time: float = 8.0
    sweep: float = 1.0


def options() -> dict[str, Any]:
    """Returns the limits that are options, by their names on the command line."""
    return {name.replace("_", "-"): one for name, one in fields_dict(Limits).items() if "meaning" in one.metadata}


def parsed(pairs: Iterable[str]) -> dict[str, int]:
    """Parses texts such as `head=65536` into values by field name; raises LimitError."""
    return dict(map(parsed_pair, pairs))


def parsed_pair(pair: str) -> tuple[str, int]:
    """Parses one text into field name and value; raises LimitError."""
    name, _, text = pair.partition("=")
    known = options().get(name.strip())
    if known is None:
        raise LimitError(f"names no limit: {name.strip()[:64]!r}; there are {', '.join(options())}")
    text = text.strip()
    if not (text.isascii() and text.isdigit()) or not known.metadata["least"] <= int(text) < 2**31:
        raise LimitError(f"{name.strip()} is a whole number, at least {known.metadata['least']}")
    return known.name, int(text)


def within_descriptors(limits: Limits) -> Limits:
    """Raises this process's limit of open files to the hard one, and returns limits whose connections fit into a quarter of it (H6)."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if hard == resource.RLIM_INFINITY:
        return limits
    return evolve(limits, connections=min(limits.connections, hard // DESCRIPTORS_PER_CONNECTION))
