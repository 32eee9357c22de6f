"""The cookies: read strictly, written with every protection (H17).

One has the secret of the active session, another those of further sessions of the same browser. No session
begins under a cookie from before: whoever plants one cannot use it. The third tells which accounts have logged in in this
browser before; it only gives login attempts that strangers cannot use up. The fourth is of a login that still lacks a
factor, and which no address but those of the login knows. The fifth tells the browser that brought the handle
of a pushed request; it opens nothing without that handle.
"""

import re
from collections.abc import Iterable

from iam.http.answers import Headers
from iam.http.request import Request
from iam.settings import Settings

VALUE = re.compile(r"[A-Za-z0-9_]{1,128}")
MOST = 4  # other sessions in one browser
BETWEEN = "."
VALUES = re.compile(rf"{VALUE.pattern}(?:\{BETWEEN}{VALUE.pattern}){{0,{MOST - 1}}}")
DEVICES = 8  # remembered accounts that have logged in in one browser
MARKS = re.compile(rf"{VALUE.pattern}(?:\{BETWEEN}{VALUE.pattern}){{0,{DEVICES - 1}}}")
YEAR = 365 * 86400
PATH = re.compile(r"[\x21-\x3a\x3c-\x7e]*")  # without the semicolon, which would end the attribute
BLANKS = " \t"  # may surround a pair; Python's strip() would remove more than these


def name_of(settings: Settings) -> str:
    """Returns the session cookie's name; with https no subdomain or http page can set it (RFC 6265bis §4.1.3.2)."""
    return f"{prefix_of(settings)}iam" if settings.secure else "iam"


def others_name_of(settings: Settings) -> str:
    """Returns the name of the cookie with the other sessions of the browser."""
    return f"{prefix_of(settings)}iam-others" if settings.secure else "iam_others"


def prefix_of(settings: Settings) -> str:
    """Returns the prefix that makes browsers protect a cookie (RFC 6265bis §4.1.3).

    `__Host-` requires `Path=/`, so an issuer with a path gets `__Secure-`.
    """
    return "__Secure-" if settings.path else "__Host-"


def login_name_of(settings: Settings) -> str:
    """Returns the name of the cookie of a login that still lacks a factor."""
    return f"{prefix_of(settings)}iam-login" if settings.secure else "iam_login"


def request_name_of(settings: Settings) -> str:
    """Returns the name of the cookie of the browser that has brought the handle of a pushed request."""
    return f"{prefix_of(settings)}iam-request" if settings.secure else "iam_request"


def devices_name_of(settings: Settings) -> str:
    """Returns the name of the cookie that tells which accounts have logged in in this browser."""
    return f"{prefix_of(settings)}iam-devices" if settings.secure else "iam_devices"


def read(request: Request, name: str) -> str | None:
    """Returns the value of the cookie; None if it is missing, malformed, or there are several."""
    return match(request, name, VALUE)


def read_others(request: Request, name: str) -> tuple[str, ...]:
    """Returns the values in the cookie, each once; none if it is missing, partly malformed, or there are several."""
    values = match(request, name, VALUES)
    return tuple(dict.fromkeys(values.split(BETWEEN))) if values else ()


def read_devices(request: Request, settings: Settings) -> tuple[str, ...]:
    """Returns the marks of accounts that have logged in in this browser, the latest first."""
    values = match(request, devices_name_of(settings), MARKS)
    return tuple(dict.fromkeys(values.split(BETWEEN))) if values else ()


def match(request: Request, name: str, pattern: re.Pattern[str]) -> str | None:
    """Returns the only value of the cookie if all of it matches the pattern, or None; other cookies do not matter."""
    given = values(request, name)
    value = given.pop() if len(given) == 1 else ""
    return value if pattern.fullmatch(value) else None


def values(request: Request, name: str) -> set[str]:
    """Returns every distinct value sent under this name."""
    lines = request.requestHeaders.getRawHeaders(b"cookie") or []
    pairs = [pair.strip(BLANKS).partition("=") for line in lines for pair in line.decode("latin-1").split(";")]
    return {value for key, _, value in pairs if key == name}


def doubtful(request: Request, settings: Settings) -> bool:
    """Whether several values come under one of our names, so that somebody else has set one of them."""
    return bool(doubtful_names(request, settings))


def doubtful_names(request: Request, settings: Settings) -> list[str]:
    """Returns our cookie names under which several values come."""
    names = (name_of, others_name_of, devices_name_of, login_name_of, request_name_of)
    ours = [name(settings) for name in names]
    return [name for name in ours if len(values(request, name)) > 1]


def remove(request: Request, settings: Settings) -> Headers:
    """Returns headers that remove the cookies under our names that came with several values.

    Another site may have set them for any domain and any path that this request is below (RFC 6265 §5.1.3, §5.1.4).
    """
    if settings.secure and not settings.path:
        return ()  # the __Host- prefix lets nobody else set them
    return tuple(
        write(settings, name, "", 0, path=path, domain=domain)
        for name in doubtful_names(request, settings)
        for domain in domains(settings.issuer_host)
        for path in paths(request.uri.partition(b"?")[0].decode("ascii", "replace"))
    )


def domains(host: str) -> tuple[str | None, ...]:
    """Returns the domains of cookies that this host gets: None (the host alone), the host, and the domains above it."""
    labels = host.split(".")
    if any(part.isdigit() or ":" in part for part in labels[-1:]):
        return (None,)  # an IP address has no domain above it
    return (None, *(".".join(labels[index:]) for index in range(max(len(labels) - 1, 1))))


def paths(path: str) -> tuple[str, ...]:
    """Returns the paths of cookies that come with a request for this path."""
    segments = [part for part in path.split("/") if part]
    above = ["/" + "/".join(segments[:length]) for length in range(1, len(segments) + 1)]
    found = ("/", *(spelled for one in above for spelled in (one, one + "/")))
    return tuple(one for one in found if PATH.fullmatch(one))


def set_session(settings: Settings, value: str, maximum_age: int | None = None) -> tuple[bytes, bytes]:
    """Returns the header that sets the cookie, for `maximum_age` seconds or until the browser closes; 0 removes it."""
    return write(settings, name_of(settings), value, maximum_age)


def set_others(settings: Settings, values: Iterable[str], maximum_age: int | None = None) -> tuple[bytes, bytes]:
    """Returns the header that sets the cookie with the other sessions."""
    return write(settings, others_name_of(settings), BETWEEN.join(values), maximum_age)


def set_login(settings: Settings, value: str, maximum_age: int) -> tuple[bytes, bytes]:
    """Returns the header that sets the cookie of a login that lacks a factor, for so many seconds; 0 removes it."""
    return write(settings, login_name_of(settings), value, maximum_age)


def set_request(settings: Settings, value: str, maximum_age: int) -> tuple[bytes, bytes]:
    """Returns the header that sets the cookie of a browser that has pushed requests, for so many seconds."""
    return write(settings, request_name_of(settings), value, maximum_age)


def set_devices(settings: Settings, values: Iterable[str]) -> tuple[bytes, bytes]:
    """Returns the header that sets the cookie with the first DEVICES of these marks."""
    return write(settings, devices_name_of(settings), BETWEEN.join(list(values)[:DEVICES]), YEAR)


def write(
    settings: Settings,
    name: str,
    value: str,
    maximum_age: int | None,
    *,
    path: str | None = None,
    domain: str | None = None,
) -> tuple[bytes, bytes]:
    """Returns the header that sets a cookie with every protection, for our own path or another path and domain."""
    parts = [f"{name}={value}", f"Path={path or settings.path + '/'}", "HttpOnly", "SameSite=Lax"]
    if domain:
        parts.append(f"Domain={domain}")
    if settings.secure:
        parts.append("Secure")
    if maximum_age is not None:
        parts.append(f"Max-Age={maximum_age}")
    return b"Set-Cookie", "; ".join(parts).encode()
