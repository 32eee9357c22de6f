"""Strict parsing of the parameters in a query or a form (H2, H7)."""

import re
from collections.abc import Iterator
from urllib.parse import unquote_to_bytes

from iam.http.request import Request

FIELDS = 128
NAME = 128
VALUE = 16_384
# RFC 9110 §5.6.6: a parameter may be empty.
FORM = re.compile(
    rb'application/x-www-form-urlencoded\s*(?:;\s*(?:charset="?(?:utf-?8|us-ascii)"?\s*)?)*', re.IGNORECASE
)
USUAL = [b"application/x-www-form-urlencoded"]
BROKEN_PERCENT = re.compile(rb"%(?![0-9A-Fa-f]{2})")
REPEATABLE = frozenset({"resource", "audience"})  # RFC 8707 §2, RFC 8693 §2.1


class ParameterError(Exception):
    """A query, form or body is malformed: invalid_request with status 400, or 415 for another content type."""

    def __init__(self, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.status = status


class ParsedParameters(dict[str, str]):
    """Parameters by name, made of all their values; one without a value counts as absent (RFC 6749 §3.1)."""

    def __init__(self, values: dict[str, list[str]]) -> None:
        super().__init__({name: given[0] for name, given in values.items() if given})
        self._values = values

    __repr__ = object.__repr__  # names no value, for there are secrets among them

    def all(self, name: str) -> list[str]:
        """Returns every value of a parameter that may be repeated."""
        return self._values.get(name, [])


def query_parameters(request: Request) -> ParsedParameters:
    """Parses the parameters in the query; raises ParameterError."""
    return parse(request.query)


def form_parameters(request: Request, *, repeatable: frozenset[str] = REPEATABLE) -> ParsedParameters:
    """Parses the parameters in the body; raises ParameterError, also if there is a query besides."""
    if request.query:
        raise ParameterError("Parameters belong into the body, not into the address.")
    return form_fields(request, repeatable=repeatable)


def form_fields(request: Request, *, repeatable: frozenset[str] = REPEATABLE) -> ParsedParameters:
    """Parses the fields of a form whose address may have a query of its own; raises ParameterError."""
    content_type = request.requestHeaders.getRawHeaders(b"content-type") or [b""]
    if content_type != USUAL and (len(content_type) != 1 or not FORM.fullmatch(content_type[0].strip())):
        raise ParameterError("The body must be application/x-www-form-urlencoded in UTF-8.", 415)
    return parse(request.body, repeatable=repeatable)


def parse(text: bytes, *, repeatable: frozenset[str] = REPEATABLE) -> ParsedParameters:
    """Parses the parameters of a query or form, separated by `&` alone; raises ParameterError."""
    values: dict[str, list[str]] = {}
    for name, value in pairs(text):
        if len(name) > NAME or len(value) > VALUE:
            raise ParameterError("A parameter is too long.")
        if name in values and name not in repeatable:
            raise ParameterError(f"The parameter {shown(name)} is repeated.")
        if name or value:
            values.setdefault(name, []).extend([value] if value else ())
    return ParsedParameters(values)


def pairs(text: bytes) -> Iterator[tuple[str, str]]:
    """Yields each name with its value, decoded; raises ParameterError."""
    if text.count(b"&") >= FIELDS:
        raise ParameterError("There are too many parameters.")
    if BROKEN_PERCENT.search(text):
        raise ParameterError("A percent sign is not followed by two hexadecimal digits.")
    plain = text.isascii() and b"\0" not in text
    for pair in text.replace(b"+", b" ").decode("latin-1").split("&"):  # one character for each byte
        name, _, value = pair.partition("=")
        yield (name, value) if plain and "%" not in pair else (decode(name), decode(value))


def decode(part: str) -> str:
    """Decodes a percent-encoded name or value, given a character for each of its bytes; raises ParameterError."""
    try:
        text = unquote_to_bytes(part.encode("latin-1")).decode()
    except UnicodeDecodeError:
        raise ParameterError("A parameter is not UTF-8.") from None
    if "\0" in text:
        raise ParameterError("A parameter holds a NUL.")
    return text


def shown(name: str) -> str:
    """Returns the characters of a name that are harmless in an error_description (RFC 6749 §5.2)."""
    return "".join(
        character for character in name if (character.isascii() and character.isalnum()) or character in "_-."
    )


def authorization(request: Request) -> str | None:
    """Returns the Authorization header as text, or None."""
    values = request.requestHeaders.getRawHeaders(b"authorization")
    return values[0].decode("latin-1") if values else None


def query_text(request: Request) -> str:
    """Returns the query as it was sent, as ASCII text."""
    return request.query.decode("ascii", "replace")
