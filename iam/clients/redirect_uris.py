"""Redirect URIs: which may be registered, and which of those a request means (RFC 6749 §3.1.2, RFC 8252 §7, RFC 9700 §2.1)."""

import re
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final
from urllib.parse import unquote_plus, urlencode

from attrs import frozen

from iam import schemes
from iam.outbound.destinations import NAME

LONGEST: Final = 2048
WRITTEN: Final = re.compile(r"(?:[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+")  # RFC 3986 §2
BRACKET: Final = re.compile(r"[\[\]]")
SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
AUTHORITY: Final = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::(?P<port>[0-9]{1,5}))?")
DOT_SEGMENT: Final = re.compile(r"(?:\.|%2e){1,2}(?:;[^/]*)?", re.IGNORECASE)
HIGHEST_PORT: Final = 65535

# What the answer to the client carries: a registered URI that carries it too would be an answer already.
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

# RFC 8252 §7.3: a native app listens on whatever port it was given. `localhost` alone: names below it, and with a dot at
# its end, some resolvers look up elsewhere.
LOOPBACK: Final = re.compile(
    r"(?P<host>http://(?:127\.0\.0\.1|\[::1\]|(?P<name>localhost)))(?::(?P<port>[0-9]{1,5}))?(?P<rest>(?:[/?].*)?)",
    re.DOTALL,
)

# Where http may lead besides this machine, if an administrator says so: RFC 1918, RFC 4193, and names without a dot. Such a
# name begins with a letter, since browsers read numbers in many spellings as addresses.
PRIVATE: Final = tuple(map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")))
UNIQUE_LOCAL: Final = IPv6Network("fc00::/7")
SINGLE_LABEL: Final = re.compile(r"[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?", re.IGNORECASE)


@frozen
class Rules:
    """What is unusual and still allowed to whoever registers the client.

    `private_schemes` have no dot, and somebody here has named them. `unusual` is what an administrator may say: any scheme of
    an app's own, for a client with a secret too. `http` leads to private networks in the clear. `given` are addresses that the
    client has already: whoever may give them gave them.
    """

    private_schemes: frozenset[str] = frozenset()
    unusual: bool = False
    http: bool = False
    given: frozenset[str] = frozenset()


STRICT: Final = Rules()


def complaint(uri: str, *, confidential: bool, rules: Rules = STRICT) -> str | None:
    """What is wrong with a URI that somebody wants to register, if anything."""
    return danger(uri) or misfit(uri, confidential=confidential, rules=rules)


def danger(uri: str) -> str | None:
    """What is wrong with a URI that nobody may register: who sends such a one does not get the others either."""
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
    """What is wrong with a URI that is in order, for this client: it can be left out where others remain."""
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
    """The URIs without those that do not fit (RFC 7591 §2, §3.2.1): all of them where one is dangerous, or where none would remain."""
    given = tuple(uris)
    fitting = tuple(uri for uri in given if not misfit(uri, confidential=confidential, rules=rules))
    return given if any(map(danger, given)) or not fitting else fitting


def scheme_of(uri: str) -> str:
    """The scheme in lower case."""
    return uri.partition(":")[0].lower()


def scheme_complaint(uri: str) -> str | None:
    """What is wrong with a scheme that no client may have: it runs what stands in the address, or opens what is on the machine."""
    scheme = scheme_of(uri)
    dangerous = scheme in schemes.NEVER and not web(uri)
    return f"A redirect URI never begins with {scheme}: begin it with https://." if dangerous else None


def authority_of(uri: str) -> str:
    """Host, port and whatever else stands between // and the path; empty without //."""
    rest = uri.partition(":")[2]
    return re.split(r"[/?]", rest[2:], maxsplit=1)[0] if rest.startswith("//") else ""


def authority_complaint(uri: str) -> str | None:
    """What is wrong with the host."""
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
    """What is wrong with http: what it carries can be read on the way."""
    found = well_formed(authority_of(uri))
    host = found["host"] if found else ""
    if loopback(host) or (rules.http and private(host)):
        return None
    if rules.http:
        return "Over http a redirect URI leads to this machine, to a private address, or to a host name without a dot."
    return "A redirect URI begins with https://; http is only for this machine: localhost, 127.0.0.1 or [::1]."


def private(host: str) -> bool:
    """Is this surely a host of a network of one's own?"""
    if SINGLE_LABEL.fullmatch(host):
        return True
    try:
        address = ip_address(host.strip("[]"))
    except ValueError:
        return False
    networks = (UNIQUE_LOCAL,) if isinstance(address, IPv6Address) else PRIVATE
    return any(address in network for network in networks)


def well_formed(authority: str) -> re.Match[str] | None:
    """The host and the port of what stands between // and the path, if it is that and nothing more."""
    found = AUTHORITY.fullmatch(authority)
    return found if found and int(found["port"] or 0) <= HIGHEST_PORT and named(found["host"]) else None


def named(host: str) -> bool:
    """Is this a host name or an address?"""
    if host.startswith("["):
        try:
            IPv6Address(host[1:-1])
        except ValueError:
            return False
        return True
    return all(label and not label.startswith("-") for label in host.removesuffix(".").split("."))


def loopback(host: str) -> bool:
    """Is this the very machine that the browser runs on?"""
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def bracket_complaint(uri: str) -> str | None:
    """What is wrong with brackets: they stand only round an address in the host (RFC 3986 §3.2.2)."""
    if BRACKET.search(uri.replace(authority_of(uri), "", 1)):
        return "A redirect URI has brackets only round an IPv6 address: write %5B and %5D elsewhere."
    return None


def path_complaint(uri: str) -> str | None:
    """What is wrong with the path: a segment that proxies and servers understand differently."""
    path = uri.partition("?")[0].partition(":")[2]
    segments = re.split(r"/|%2f|%5c", path, flags=re.IGNORECASE)
    if any(DOT_SEGMENT.fullmatch(segment) for segment in segments):
        return "A redirect URI has no . or .. in its path: write where it leads."
    return None


def query_complaint(uri: str) -> str | None:
    """What is wrong with the query: a parameter that belongs to the answer."""
    for name in query_names(uri):
        if name in ANSWERED:
            return f"A redirect URI has no parameter {name}: the answer adds its own."
    return None


def query_names(uri: str) -> Iterator[str]:
    """The names of the parameters, by the reading of whoever reads most into them."""
    for pair in re.split("[&;]", uri.partition("?")[2]):
        yield unquote_plus(pair.partition("=")[0]).strip().lower()


def matches(registered: str, requested: str, *, native: bool = False) -> bool:
    """Does a request mean this registered URI? Letter by letter, but for the port of a loopback address (RFC 8252 §7.3).

    Of a native client that is `localhost` too.
    """
    if registered == requested:
        return True
    one, other = LOOPBACK.fullmatch(registered), LOOPBACK.fullmatch(requested)
    if one is None or other is None or int(other["port"] or 0) > HIGHEST_PORT or (one["name"] and not native):
        return False
    return one["host"] == other["host"] and one["rest"] == other["rest"]


def unprotected(uris: Iterable[str]) -> tuple[str, ...]:
    """Those that lead by http to another machine."""
    return tuple(uri for uri in uris if scheme_of(uri) == "http" and not here(uri))


def native(uris: Iterable[str]) -> bool:
    """Do these lead nowhere but to the person's own machine, so that the client must run there?"""
    given = tuple(uris)
    return bool(given) and all(not web(uri) or here(uri) for uri in given)


def here(uri: str) -> bool:
    """Does it lead to a program on the person's own machine, by http?"""
    found = well_formed(authority_of(uri))
    return scheme_of(uri) == "http" and found is not None and loopback(found["host"])


def answering(uri: str, members: Iterable[tuple[str, str]], *, fragment: bool) -> str:
    """The address with the members of an answer behind it; what is registered stays as it is (RFC 6749 §3.1.2).

    oauthlib would take the address apart and write it anew: other bytes than the client registered, or another address.
    """
    mark = "#" if fragment else "?"
    separator = mark if mark not in uri else "" if uri.endswith((mark, "&")) else "&"
    return uri + separator + urlencode(list(members))


def web(uri: str) -> bool:
    """Does it lead to a page, and not to an app by its own scheme?"""
    return scheme_of(uri) in ("http", "https")


def claimed(uri: str) -> bool:
    """Does it lead to a host that proves by its certificate whose it is? One on this machine is anybody's (RFC 8252 §7.2, §8.6)."""
    found = AUTHORITY.fullmatch(authority_of(uri))
    return scheme_of(uri) == "https" and found is not None and elsewhere(found["host"])


def elsewhere(host: str) -> bool:
    """Is it surely another machine? `localhost` has names below it (RFC 6761 §6.3), and 127.0.0.1 many spellings."""
    name = host.lower().removesuffix(".")
    if NAME.fullmatch(name):
        return name.rpartition(".")[2] != "localhost"
    try:
        return ip_address(name.strip("[]")).is_global
    except ValueError:
        return False


def origin(uri: str) -> str:
    """The source of a Content-Security-Policy that lets a form lead to this registered URI.

    No policy can name an IPv6 address (CSP3 §2.3.1), so that there the scheme stands alone, as it does for an app's own.
    """
    scheme, authority = scheme_of(uri), authority_of(uri).lower()
    if scheme not in ("http", "https") or not AUTHORITY.fullmatch(authority) or authority.startswith("["):
        return f"{scheme}:"
    return f"{scheme}://{authority}"
