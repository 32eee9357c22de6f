"""URI schemes: the usual ports of http and https, and private-use schemes, which open apps (RFC 8252 §7.1)."""

import re
from typing import Final

USUAL_PORTS: Final = {"http": 80, "https": 443}  # RFC 9110 §4.2
NAMES: Final = "urn"  # leads nowhere (RFC 8141)

# Schemes that browsers open themselves, that run script, or that open files, mail or other programs.
NEVER: Final = (
    frozenset(
        {"http", "https", "ws", "wss", "ftp", "javascript", "vbscript", "data", "blob", "about", "file", "filesystem"}
    )
    | {"view-source", "jar", "resource", "chrome", "chrome-extension", "moz-extension"}
    | {"mailto", "tel", "sms", "intent", "ms-msdt", "search-ms"}
)
PRIVATE: Final = re.compile(r"[a-z][a-z0-9+-]{1,62}")  # RFC 3986 §3.1, without a dot and in lower case


def complaint(scheme: str) -> str | None:
    """Returns what is wrong with a scheme without a dot that an operator wants to allow, as the rest of a sentence, or None."""
    if scheme in NEVER or scheme == NAMES:
        return f"is a scheme that no app may have: {scheme}"
    if not PRIVATE.fullmatch(scheme):
        return "is a scheme such as cursor: lower-case letters, digits, + and -, without a dot and a colon"
    return None
