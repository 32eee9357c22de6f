"""The one cookie: read strictly, written with every protection (H17)."""

import re

from iam.settings import Settings
from iam.web.request import Request

VALUE = re.compile(r"[A-Za-z0-9_]{1,128}")
LONGEST = 4096


def name_of(settings: Settings) -> str:
    """With https a name that no subdomain and no http page can set (RFC 6265bis §4.1.3.2)."""
    return "__Host-iam" if settings.secure else "iam"


def read(request: Request, name: str) -> str | None:
    """The value of the cookie; None where it is absent, doubtful, or there are two."""
    lines = request.requestHeaders.getRawHeaders(b"cookie") or []
    if sum(map(len, lines)) > LONGEST:
        return None
    pairs = [pair.strip().partition("=") for line in lines for pair in line.decode("latin-1").split(";")]
    if any(not key.strip() and separator for key, separator, _ in pairs):
        return None  # a nameless cookie may stand for another one
    values = {value for key, _, value in pairs if key == name}
    value = values.pop() if len(values) == 1 else ""
    return value if VALUE.fullmatch(value) else None


def setting(settings: Settings, value: str, maximum_age: int | None = None) -> tuple[bytes, bytes]:
    """The header that sets the cookie, for `maximum_age` seconds or until the browser closes; 0 removes it."""
    parts = [f"{name_of(settings)}={value}", "Path=/", "HttpOnly", "SameSite=Lax"]
    if settings.secure:
        parts.append("Secure")
    if maximum_age is not None:
        parts.append(f"Max-Age={maximum_age}")
    return b"Set-Cookie", "; ".join(parts).encode()
