"""Whose login it is: what an operator may say about it."""

import re
from typing import Annotated, Final
from urllib.parse import urlsplit

from attrs import frozen
from pydantic import AfterValidator

LONGEST_NAME: Final = 60
ADDRESS: Final = re.compile(r"""[!#-&(-;=?-\[\]_a-z~]{1,2000}""")  # printable ASCII, less what no URL has (RFC 3986 §2)

Colour = tuple[float, float, float]  # red, green and blue of sRGB, from 0 to 1


@frozen
class Brand:
    """The service's name, the addresses in its footer, and its colour; None where there is none."""

    name: str
    help_url: str | None = None
    privacy_url: str | None = None
    terms_url: str | None = None
    accent: Colour | None = None


def check_name(name: str) -> str:
    """Returns the name without blanks around it. Raises ValueError if it does not fit on a line, or cannot be seen."""
    if not name.strip() or len(name) > LONGEST_NAME or not name.isprintable():
        raise ValueError(f"is not a name of 1 to {LONGEST_NAME} visible characters")
    return name.strip()


def check_link(address: str) -> str:
    """Returns an http or https address, which pages may link to. Raises ValueError for any other."""
    try:
        url = urlsplit(address)
        good = url.scheme in ("http", "https") and bool(url.hostname) and "@" not in url.netloc and url.port != 0
    except ValueError:
        good = False
    if not good or not ADDRESS.fullmatch(address):
        raise ValueError("is not an address such as https://example.org/help")
    return address


Link = Annotated[str, AfterValidator(check_link)]


def check_colour(text: str) -> str:
    """Returns the text of a colour that `parse_colour` knows. Raises ValueError for any other."""
    parse_colour(text)
    return text


def parse_colour(text: str) -> Colour:
    """Returns a colour of CSS Color 4 that is one of sRGB: by name, hexadecimal, rgb(), hsl() or hwb(). Raises ValueError."""
    from tinycss2 import color4

    parsed = color4.parse_color(text)
    try:
        colour = None if parsed is None or isinstance(parsed, str) or parsed.alpha != 1 else parsed.to("srgb")
    except NotImplementedError:
        colour = None
    if colour is None:
        raise ValueError("is not an opaque colour such as #2a55cf, rebeccapurple or hsl(225 66% 49%)")
    red, green, blue = (min(1.0, max(0.0, float(part))) for part in colour.coordinates)
    return red, green, blue


def written(colour: Colour) -> str:
    """Returns the colour as #rrggbb."""
    return "#" + bytes(round(part * 255) for part in colour).hex()
