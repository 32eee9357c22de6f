"""The cookies: read strictly, written with every protection (H17).

One has the secret of the session that acts, another those of further sessions of the same browser. No cookie stands for
a browser: whoever plants one gets at no session that is begun later. The third says which accounts have logged in here before,
which is good for nothing but being tried again while strangers try too.
"""

import re
from collections.abc import Iterable

from iam.settings import Settings
from iam.web.request import Request

VALUE = re.compile(r"[A-Za-z0-9_]{1,128}")
MOST = 4  # other sessions in one browser
BETWEEN = "."
VALUES = re.compile(rf"{VALUE.pattern}(?:\{BETWEEN}{VALUE.pattern}){{0,{MOST - 1}}}")
DEVICES = 8  # accounts that have logged in in one browser
MARKS = re.compile(rf"{VALUE.pattern}(?:\{BETWEEN}{VALUE.pattern}){{0,{DEVICES - 1}}}")
YEAR = 365 * 86400
LONGEST = 4096


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
    """The value of the cookie; None where it is absent, doubtful, or there are two."""
    return matching(request, name, VALUE)


def read_others(request: Request, name: str) -> tuple[str, ...]:
    """The values in the cookie, each once; none where it is absent or doubtful in any part."""
    values = matching(request, name, VALUES)
    return tuple(dict.fromkeys(values.split(BETWEEN))) if values else ()


def read_devices(request: Request, settings: Settings) -> tuple[str, ...]:
    """What the cookie says of who has logged in here before, the latest first."""
    values = matching(request, devices_name_of(settings), MARKS)
    return tuple(dict.fromkeys(values.split(BETWEEN))) if values else ()


def matching(request: Request, name: str, pattern: re.Pattern[str]) -> str | None:
    """The value of the cookie that is wholly of this form, in a header without anything doubtful."""
    lines = request.requestHeaders.getRawHeaders(b"cookie") or []
    if sum(map(len, lines)) > LONGEST:
        return None
    pairs = [pair.strip().partition("=") for line in lines for pair in line.decode("latin-1").split(";")]
    if any(not key.strip() and separator for key, separator, _ in pairs):
        return None  # a nameless cookie may stand for another one
    values = {value for key, _, value in pairs if key == name}
    value = values.pop() if len(values) == 1 else ""
    return value if pattern.fullmatch(value) else None


def setting(settings: Settings, value: str, maximum_age: int | None = None) -> tuple[bytes, bytes]:
    """The header that sets the cookie, for `maximum_age` seconds or until the browser closes; 0 removes it."""
    return written(settings, name_of(settings), value, maximum_age)


def setting_others(settings: Settings, values: Iterable[str], maximum_age: int | None = None) -> tuple[bytes, bytes]:
    """The header that sets the cookie with the other sessions."""
    return written(settings, others_name_of(settings), BETWEEN.join(values), maximum_age)


def setting_devices(settings: Settings, values: Iterable[str]) -> tuple[bytes, bytes]:
    """The header that sets the cookie with these, of which it has room for a few."""
    return written(settings, devices_name_of(settings), BETWEEN.join(list(values)[:DEVICES]), YEAR)


def written(settings: Settings, name: str, value: str, maximum_age: int | None) -> tuple[bytes, bytes]:
    """The header that sets a cookie with every protection."""
    parts = [f"{name}={value}", f"Path={settings.path}/", "HttpOnly", "SameSite=Lax"]
    if settings.secure:
        parts.append("Secure")
    if maximum_age is not None:
        parts.append(f"Max-Age={maximum_age}")
    return b"Set-Cookie", "; ".join(parts).encode()
