"""The cookies: read strictly, written with every protection (H17).

One has the secret of the session that acts, another those of further sessions of the same browser. No cookie stands for
a browser: whoever plants one gets at no session that is begun later. The third says which accounts have logged in here before,
which is good for nothing but being tried again while strangers try too.
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
DEVICES = 8  # accounts that have logged in in one browser
MARKS = re.compile(rf"{VALUE.pattern}(?:\{BETWEEN}{VALUE.pattern}){{0,{DEVICES - 1}}}")
YEAR = 365 * 86400
PATH = re.compile(r"[\x21-\x3a\x3c-\x7e]*")  # without what would end the attribute
BLANKS = " \t"  # what may stand round a pair; not what else Python takes for a blank


def name_of(settings: Settings) -> str:
    """With https a name that no subdomain and no http page can set (RFC 6265bis §4.1.3.2)."""
    return f"{prefix_of(settings)}iam" if settings.secure else "iam"


def others_name_of(settings: Settings) -> str:
    """The name of the cookie with the other sessions of the browser."""
    return f"{prefix_of(settings)}iam-others" if settings.secure else "iam_others"


def prefix_of(settings: Settings) -> str:
    """What browsers hold a name to: `__Host-` wants `Path=/`, and so is not for an issuer with a path (RFC 6265bis §4.1.3)."""
    return "__Secure-" if settings.path else "__Host-"


def devices_name_of(settings: Settings) -> str:
    """The name of the cookie that says who has logged in here before."""
    return f"{prefix_of(settings)}iam-devices" if settings.secure else "iam_devices"


def read(request: Request, name: str) -> str | None:
    """The value of the cookie; None where it is absent or doubtful."""
    return match(request, name, VALUE)


def read_others(request: Request, name: str) -> tuple[str, ...]:
    """The values in the cookie, each once; none where it is absent or doubtful in any part."""
    values = match(request, name, VALUES)
    return tuple(dict.fromkeys(values.split(BETWEEN))) if values else ()


def read_devices(request: Request, settings: Settings) -> tuple[str, ...]:
    """What the cookie says of who has logged in here before, the latest first."""
    values = match(request, devices_name_of(settings), MARKS)
    return tuple(dict.fromkeys(values.split(BETWEEN))) if values else ()


def match(request: Request, name: str, pattern: re.Pattern[str]) -> str | None:
    """The one value of the cookie, if it is wholly of this form, however many cookies of others come with it."""
    given = values(request, name)
    value = given.pop() if len(given) == 1 else ""
    return value if pattern.fullmatch(value) else None


def values(request: Request, name: str) -> set[str]:
    """Every value that comes under this very name."""
    lines = request.requestHeaders.getRawHeaders(b"cookie") or []
    pairs = [pair.strip(BLANKS).partition("=") for line in lines for pair in line.decode("latin-1").split(";")]
    return {value for key, _, value in pairs if key == name}


def doubtful(request: Request, settings: Settings) -> bool:
    """Do several values come under one of our names, so that somebody else has set one of them?"""
    return bool(doubtful_names(request, settings))


def doubtful_names(request: Request, settings: Settings) -> list[str]:
    """The names of ours under which several values come."""
    ours = (name_of(settings), others_name_of(settings), devices_name_of(settings))
    return [name for name in ours if len(values(request, name)) > 1]


def remove(request: Request, settings: Settings) -> Headers:
    """What removes the cookies under those names of ours that came with several values, whoever has set them.

    One may have been set for any domain and any path that this request is below (RFC 6265 §5.1.3, §5.1.4).
    """
    if settings.secure and not settings.path:
        return ()  # nobody else can set them
    return tuple(
        write(settings, name, "", 0, path=path, domain=domain)
        for name in doubtful_names(request, settings)
        for domain in domains(settings.issuer_host)
        for path in paths(request.uri.partition(b"?")[0].decode("ascii", "replace"))
    )


def domains(host: str) -> tuple[str | None, ...]:
    """For whom a cookie may have been set that comes to this host: for it alone, for it and those below it, or those above."""
    labels = host.split(".")
    if any(part.isdigit() or ":" in part for part in labels[-1:]):
        return (None,)  # an address has nothing above it
    return (None, *(".".join(labels[index:]) for index in range(max(len(labels) - 1, 1))))


def paths(path: str) -> tuple[str, ...]:
    """For which paths a cookie may have been set that comes with a request for this one."""
    segments = [part for part in path.split("/") if part]
    above = ["/" + "/".join(segments[:length]) for length in range(1, len(segments) + 1)]
    found = ("/", *(spelled for one in above for spelled in (one, one + "/")))
    return tuple(one for one in found if PATH.fullmatch(one))


def set_session(settings: Settings, value: str, maximum_age: int | None = None) -> tuple[bytes, bytes]:
    """The header that sets the cookie, for `maximum_age` seconds or until the browser closes; 0 removes it."""
    return write(settings, name_of(settings), value, maximum_age)


def set_others(settings: Settings, values: Iterable[str], maximum_age: int | None = None) -> tuple[bytes, bytes]:
    """The header that sets the cookie with the other sessions."""
    return write(settings, others_name_of(settings), BETWEEN.join(values), maximum_age)


def set_devices(settings: Settings, values: Iterable[str]) -> tuple[bytes, bytes]:
    """The header that sets the cookie with these, of which it has room for a few."""
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
    """The header that sets a cookie with every protection: ours, or one of another path and domain."""
    parts = [f"{name}={value}", f"Path={path or settings.path + '/'}", "HttpOnly", "SameSite=Lax"]
    if domain:
        parts.append(f"Domain={domain}")
    if settings.secure:
        parts.append("Secure")
    if maximum_age is not None:
        parts.append(f"Max-Age={maximum_age}")
    return b"Set-Cookie", "; ".join(parts).encode()
