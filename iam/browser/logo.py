"""The operator's logo: a small picture that is checked at the start, since every page shows it."""

import re
from pathlib import Path
from typing import Final
from xml.parsers import expat

LARGEST: Final = 64 << 10  # bytes
PNG: Final = b"\x89PNG\r\n\x1a\n"
SVG: Final = "http://www.w3.org/2000/svg svg"
ACTIVE: Final = ("script", "foreignObject", "iframe", "object", "embed", "handler", "listener", "set", "animate")
ELSEWHERE: Final = re.compile(rb"""@import|<\?xml-stylesheet|url\((?!\s*['"]?(?:\#|data:image/))""", re.IGNORECASE)
OTHER: Final = "an address of something else"


class LogoError(Exception):
    """The logo cannot be used; the text is one sentence that names the option."""


def read(path: Path) -> tuple[str, bytes]:
    """Returns the name under which the logo is served, and its content. Raises LogoError."""
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise LogoError(f"--logo: {path} cannot be read: {error.strerror}.") from None
    if len(content) > LARGEST:
        raise LogoError(f"--logo: {path} has more than {LARGEST >> 10} kB.")
    ending = kind(content)
    if ending is None:
        raise LogoError(f"--logo: {path} is no PNG, WebP or SVG.")
    if ending == ".svg" and (found := active(content)):
        raise LogoError(f"--logo: {path} has {found}: save it as a plain SVG, or as PNG.")
    return f"logo{ending}", content


def kind(content: bytes) -> str | None:
    """Returns the ending of the picture's type, by what is in it; None for any other type."""
    if content.startswith(PNG):
        return ".png"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return ".webp"
    return ".svg" if next(iter(elements(content)), ("", {}))[0] == SVG else None


def active(content: bytes) -> str | None:
    """Returns what in an SVG could act or load something, in words; None if there is nothing of that kind."""
    for name, attributes in elements(content):
        if name.rpartition(" ")[2] in ACTIVE:
            return f"an element {name.rpartition(' ')[2]}"
        for attribute, value in attributes.items():
            if attribute.rpartition(" ")[2].lower().startswith("on"):
                return f"an attribute {attribute}"
            if attribute.rpartition(" ")[2] == "href" and not value.startswith(("#", "data:image/")):
                return OTHER
    return OTHER if ELSEWHERE.search(content) else None


def elements(content: bytes) -> list[tuple[str, dict[str, str]]]:
    """Returns the names of all elements of an XML document, with their namespace, and their attributes; of others, nothing."""
    found: list[tuple[str, dict[str, str]]] = []
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = lambda name, attributes: found.append((name, attributes))
    parser.EntityDeclHandler = refuse
    try:
        parser.Parse(content, True)  # noqa: FBT003 - expat takes no keyword
    except expat.ExpatError:
        return []
    return found


def refuse(*_: object) -> None:
    """Ends the parsing: a picture needs no entities of its own, which can grow without end."""
    raise expat.ExpatError
