"""Redirect URIs: which may be registered, and which one a request means.

The rules are those of RFC 6749 §3.1.2, RFC 8252 §7 and RFC 9700 §2.1.
"""

import re
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final
from urllib.parse import unquote_plus, urlencode

from attrs import frozen

from iam import schemes
from iam.networks import loopback
from iam.outbound.destinations import NAME

LONGEST: Final = 2048
WRITTEN: Final = re.compile(r"(?:[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+")  # RFC 3986 §2
BRACKET: Final = re.compile(r"[\[\]]")
SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
AUTHORITY: Final = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::(?P<port>[0-9]{1,5}))?")
DOT_SEGMENT: Final = re.compile(r"(?:\.|%2e){1,2}(?:;[^/]*)?", re.IGNORECASE)
HIGHEST_PORT: Final = 65535

# Parameters of authorization responses: a registered URI that has one would look like a response already.
ANSWERED: Final = frozenset(
    {
        "code",
        "state",
        "iss",
        "error",
        "error_description",
        "error_uri",
        "access_token",
        "id_token",
        "response",
        "session_state",
    }
)

# RFC 8252 §7.3: a native app listens on any port. Only `localhost` itself: some resolvers look up names below it, or
# the name with a final dot, on other machines.
LOOPBACK: Final = re.compile(
    r"(?P<host>http://(?:127\.0\.0\.1|\[::1\]|(?P<name>localhost)))(?::(?P<port>[0-9]{1,5}))?(?P<rest>(?:[/?].*)?)",
    re.DOTALL,
)

# Hosts that http may lead to if an administrator allows it: RFC 1918, RFC 4193, and names without a dot. Such a name
# begins with a letter, since browsers read numbers in many spellings as addresses.
PRIVATE: Final = tuple(map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")))
UNIQUE_LOCAL: Final = IPv6Network("fc00::/7")
SINGLE_LABEL: Final = re.compile(r"[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?", re.IGNORECASE)


@frozen
class Rules:
    """The exceptions that a registrant may use.

    `private_schemes` are schemes without a dot that the operator allows. `unusual` is for administrators: any scheme of
    an app's own, also for a client with a secret. `http` allows http to private networks. `given` are URIs that the
    client already has, and may keep.
    """

    private_schemes: frozenset[str] = frozenset()
    unusual: bool = False
    http: bool = False
    given: frozenset[str] = frozenset()


STRICT: Final = Rules()


def complaint(uri: str, *, confidential: bool, rules: Rules = STRICT) -> str | None:
    """Returns what is wrong with a URI that is to be registered, or None."""
    return danger(uri) or misfit(uri, confidential=confidential, rules=rules)


def danger(uri: str) -> str | None:
    """Returns what is wrong with a URI that nobody may register, or None.

    A registration with such a URI is refused as a whole.
    """
    if len(uri) > LONGEST:
        return f"A redirect URI has at most {LONGEST} characters."
    if not uri.isascii():
        return "A redirect URI is in ASCII: write other letters as punycode in the host, percent-encoded after it."
    if not WRITTEN.fullmatch(uri):
        return "A redirect URI has no spaces, backslashes, quotes or other characters that no URI may have."
    if not SCHEME.match(uri):
        return "A redirect URI is absolute: begin it with https://."
    if "#" in uri:
        return "A redirect URI has no fragment: leave out the # and what follows."
    return (
        scheme_complaint(uri)
        or authority_complaint(uri)
        or bracket_complaint(uri)
        or path_complaint(uri)
        or query_complaint(uri)
    )


def misfit(uri: str, *, confidential: bool, rules: Rules = STRICT) -> str | None:
    """Returns why this client may not have a URI that is well formed, or None.

    A registration may be accepted without such a URI if others remain.
    """
    scheme = scheme_of(uri)
    if scheme == "https" or uri in rules.given:
        return None
    if scheme == "http":
        return http_complaint(uri, rules)
    if rules.unusual and scheme != schemes.NAMES:
        return None
    if "." not in scheme and scheme not in rules.private_schemes:
        return "A redirect URI begins with https://, or with an app's own scheme such as com.example.app:/."
    if confidential:
        return "An app's own scheme is for public clients: choose that type, or a redirect URI with https://."
    return None


def usable(uris: Iterable[str], *, confidential: bool, rules: Rules = STRICT) -> tuple[str, ...]:
    """Returns the URIs without those that do not fit the client (RFC 7591 §2, §3.2.1).

    Returns all of them if one is dangerous or none would remain, so that the registration is refused.
    """
    given = tuple(uris)
    fitting = tuple(uri for uri in given if not misfit(uri, confidential=confidential, rules=rules))
    return given if any(map(danger, given)) or not fitting else fitting


def scheme_of(uri: str) -> str:
    """Returns the scheme in lower case."""
    return uri.partition(":")[0].lower()


def scheme_complaint(uri: str) -> str | None:
    """Returns what is wrong with the scheme, or None.

    A forbidden scheme runs what the address contains, or opens files or programs on the device.
    """
    scheme = scheme_of(uri)
    dangerous = scheme in schemes.NEVER and not web(uri)
    return f"A redirect URI never begins with {scheme}: begin it with https://." if dangerous else None


def authority_of(uri: str) -> str:
    """Returns what stands between // and the path: host, port and anything else; empty without //."""
    rest = uri.partition(":")[2]
    return re.split(r"[/?]", rest[2:], maxsplit=1)[0] if rest.startswith("//") else ""


def authority_complaint(uri: str) -> str | None:
    """Returns what is wrong with the host, or None."""
    authority, scheme = authority_of(uri), scheme_of(uri)
    if web(uri) and not authority:
        return f"A redirect URI has a host: begin it with {scheme}://."
    if "@" in authority:
        return "A redirect URI has no user name: leave out the @ and what stands before it."
    if not authority or well_formed(authority):
        return None
    if web(uri):
        return "A redirect URI has a host that exists, such as https://app.example.org/callback."
    return "An app's redirect URI has a host after //, or no //: com.example.app:/callback."


def http_complaint(uri: str, rules: Rules) -> str | None:
    """Returns why the URI may not use http, which others on the way can read, or None."""
    found = well_formed(authority_of(uri))
    host = found["host"] if found else ""
    if loopback(host) or (rules.http and private(host)):
        return None
    if rules.http:
        return "Over http a redirect URI leads to this machine, to a private address, or to a host name without a dot."
    return "A redirect URI begins with https://; http is only for this machine: localhost, 127.0.0.1 or [::1]."


def private(host: str) -> bool:
    """Checks that the host is certainly in a private network: such an address, or a name without a dot."""
    if SINGLE_LABEL.fullmatch(host):
        return True
    try:
        address = ip_address(host.strip("[]"))
    except ValueError:
        return False
    networks = (UNIQUE_LOCAL,) if isinstance(address, IPv6Address) else PRIVATE
    return any(address in network for network in networks)


def well_formed(authority: str) -> re.Match[str] | None:
    """Matches an authority that is a host and perhaps a port, and nothing else; None for any other."""
    found = AUTHORITY.fullmatch(authority)
    return found if found and int(found["port"] or 0) <= HIGHEST_PORT and named(found["host"]) else None


def named(host: str) -> bool:
    """Checks that this is a host name, an IPv4 address or an IPv6 address in brackets."""
    if host.startswith("["):
        try:
            IPv6Address(host[1:-1])
        except ValueError:
            return False
        return True
    return all(label and not label.startswith("-") for label in host.removesuffix(".").split("."))


def bracket_complaint(uri: str) -> str | None:
    """Returns what is wrong with brackets, which are only allowed round an address in the host (RFC 3986 §3.2.2)."""
    if BRACKET.search(uri.replace(authority_of(uri), "", 1)):
        return "A redirect URI has brackets only round an IPv6 address: write %5B and %5D elsewhere."
    return None


def path_complaint(uri: str) -> str | None:
    """Returns what is wrong with the path: dot segments, which proxies and servers resolve differently."""
    path = uri.partition("?")[0].partition(":")[2]
    segments = re.split(r"/|%2f|%5c", path, flags=re.IGNORECASE)
    if any(DOT_SEGMENT.fullmatch(segment) for segment in segments):
        return "A redirect URI has no . or .. in its path: write where it leads."
    return None


def query_complaint(uri: str) -> str | None:
    """Returns what is wrong with the query: a parameter that belongs to the authorization response."""
    for name in query_names(uri):
        if name in ANSWERED:
            return f"A redirect URI has no parameter {name}: the answer adds its own."
    return None


def query_names(uri: str) -> Iterator[str]:
    """Yields the parameter names that any server might read from the query, in lower case and without blanks."""
    for pair in re.split("[&;]", uri.partition("?")[2]):
        yield unquote_plus(pair.partition("=")[0]).strip().lower()


def matches(registered: str, requested: str, *, native: bool = False) -> bool:
    """Checks that a requested redirect URI is this registered one (RFC 8252 §7.3).

    They must be equal, except for the port of a loopback address; `localhost` counts as one only for a native client.
    """
    if registered == requested:
        return True
    one, other = LOOPBACK.fullmatch(registered), LOOPBACK.fullmatch(requested)
    if one is None or other is None or int(other["port"] or 0) > HIGHEST_PORT or (one["name"] and not native):
        return False
    return one["host"] == other["host"] and one["rest"] == other["rest"]


def unprotected(uris: Iterable[str]) -> tuple[str, ...]:
    """Returns the URIs that lead to another machine over http."""
    return tuple(uri for uri in uris if scheme_of(uri) == "http" and not here(uri))


def native(uris: Iterable[str]) -> bool:
    """Checks that all URIs lead to the person's own device, so that the client must run there; False for no URIs."""
    given = tuple(uris)
    return bool(given) and all(not web(uri) or here(uri) for uri in given)


def here(uri: str) -> bool:
    """Checks that the URI leads over http to a program on the person's own device."""
    found = well_formed(authority_of(uri))
    return scheme_of(uri) == "http" and found is not None and loopback(found["host"])


def answering(uri: str, members: Iterable[tuple[str, str]], *, fragment: bool) -> str:
    """Returns the URI with the parameters of a response added; the registered part stays as it is (RFC 6749 §3.1.2).

    oauthlib would parse and rebuild the URI, which can change its bytes or even where it leads.
    """
    mark = "#" if fragment else "?"
    separator = mark if mark not in uri else "" if uri.endswith((mark, "&")) else "&"
    return uri + separator + urlencode(list(members))


def web(uri: str) -> bool:
    """Checks that the URI leads to a web page and not to an app by a scheme of its own."""
    return scheme_of(uri) in ("http", "https")


def claimed(uri: str) -> bool:
    """Checks that the URI leads to a host that proves its identity by a certificate (RFC 8252 §7.2, §8.6).

    On the person's own device any program can answer, so its hosts do not count.
    """
    found = AUTHORITY.fullmatch(authority_of(uri))
    return scheme_of(uri) == "https" and found is not None and elsewhere(found["host"])


def elsewhere(host: str) -> bool:
    """Checks that the host is a public name or address, so that it is certainly another machine.

    `localhost` has names below it (RFC 6761 §6.3), and 127.0.0.1 has many spellings.
    """
    name = host.lower().removesuffix(".")
    if NAME.fullmatch(name):
        return name.rpartition(".")[2] != "localhost"
    try:
        return ip_address(name.strip("[]")).is_global
    except ValueError:
        return False


def origin(uri: str) -> str:
    """Returns the Content-Security-Policy source that lets a form lead to this registered URI.

    No policy can name an IPv6 address (CSP3 §2.3.1), so for one, as for an app's own scheme, the scheme stands alone.
    """
    scheme, authority = scheme_of(uri), authority_of(uri).lower()
    if scheme not in ("http", "https") or not AUTHORITY.fullmatch(authority) or authority.startswith("["):
        return f"{scheme}:"
    return f"{scheme}://{authority}"
