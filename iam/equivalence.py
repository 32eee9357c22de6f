"""The normal form of URIs that differ in spelling alone (RFC 3986 §6.2.2, §6.2.3)."""

import re
from typing import Final

from iam.schemes import USUAL_PORTS

PARTS: Final = re.compile(r"([^:/?#]+):(?://([^/?#]*))?([^?#]*)(\?[^#]*)?(#.*)?", re.DOTALL)  # RFC 3986, appendix B
AUTHORITY: Final = re.compile(r"((?:.*@)?)(\[[^\[\]@]*\]|[^:\[\]@]*)(?::([0-9]*))?", re.DOTALL)
ESCAPED: Final = re.compile(r"%([0-9A-Fa-f]{2})")
UNRESERVED: Final = re.compile(r"[A-Za-z0-9._~-]")


def normal(uri: str) -> str:
    """Returns the normal form that all equivalent URIs share; a text that is no URI stays as it is.

    Of schemes other than http and https only the name is normalised, to lower case.
    """
    found = PARTS.fullmatch(uri)
    if found is None:
        return uri
    scheme, authority, path, query, fragment = found.groups()
    scheme = scheme.lower()
    if scheme not in USUAL_PORTS or not authority:
        return scheme + uri[len(scheme) :]
    path = without_dots(unescaped(path)) or "/"
    return (
        f"{scheme}://{authority_of(authority, str(USUAL_PORTS[scheme]))}{path}{unescaped(query or '')}{fragment or ''}"
    )


def authority_of(authority: str, usual: str) -> str:
    """Returns the authority with its host in lower case and without the scheme's usual port (RFC 3986 §6.2.2.1, §6.2.3)."""
    found = AUTHORITY.fullmatch(authority)
    if found is None:
        return authority
    user, host, port = found.groups()
    return user + unescaped(host).lower() + (f":{port}" if port and port != usual else "")


def unescaped(text: str) -> str:
    """Decodes escapes of unreserved characters, and writes the others in upper case (RFC 3986 §6.2.2.1, §6.2.2.2)."""

    def told(found: re.Match[str]) -> str:
        character = chr(int(found[1], 16))
        return character if UNRESERVED.fullmatch(character) else found[0].upper()

    return ESCAPED.sub(told, text)


def without_dots(path: str) -> str:
    """Returns the path without its `.` and `..` segments (RFC 3986 §5.2.4)."""
    kept: list[str] = []
    segments = path.split("/")[1:]
    for number, segment in enumerate(segments):
        last = number == len(segments) - 1
        if segment == "..":
            kept = kept[:-1]
        elif segment != ".":
            kept.append(segment)
        if last and segment in (".", ".."):
            kept.append("")
    return "".join(f"/{segment}" for segment in kept)
