"""Strict parsing of a JSON body (RFC 8259; H2, H7)."""

import re
from collections.abc import Iterator
from typing import Any, Final

from iam import strict_json
from iam.http.parameters import ParameterError, shown
from iam.http.request import Request

JSON: Final = re.compile(rb'application/json\s*(?:;\s*(?:charset="?(?:utf-?8|us-ascii)"?\s*)?)*', re.IGNORECASE)
DEPTH: Final = 8
DIGITS: Final = 18  # of a whole number, which then fits into 64 bits


def json_object(request: Request) -> dict[str, Any]:
    """Returns the JSON object in the body; raises ParameterError, also if there is a query besides."""
    if request.query:
        raise ParameterError("Metadata belong into the body, not into the address.")
    content_type = request.requestHeaders.getRawHeaders(b"content-type") or [b""]
    if len(content_type) != 1 or not JSON.fullmatch(content_type[0].strip()):
        raise ParameterError("The body must be application/json in UTF-8.", 415)
    return parse(request.body)


def parse(octets: bytes) -> dict[str, Any]:
    """Parses a JSON object without repeated names, NaN, or text that PostgreSQL cannot store; raises ParameterError."""
    document = strictly(octets)
    if not isinstance(document, dict):
        raise ParameterError("The body must be a JSON object.")
    for text in texts(document):
        refuse_unkept(text)
    return document


def strictly(octets: bytes) -> object:
    """Parses a JSON text; raises ParameterError with a sentence that says what is wrong."""
    try:
        return strict_json.parse(octets.decode(), longest_number=DIGITS)
    except UnicodeDecodeError:
        raise ParameterError("The body is not UTF-8.") from None
    except strict_json.Repeated as error:
        raise ParameterError(f"The member {shown(error.name)} is repeated.") from None
    except strict_json.NotJSON as error:
        raise ParameterError(f"The body cannot be read: {error}.") from None


def texts(value: object, depth: int = 0) -> Iterator[str]:
    """Yields every text in a document, names included; raises ParameterError below DEPTH levels."""
    if depth > DEPTH:
        raise ParameterError("The body is nested too deeply.")
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from value
        for member in value.values():
            yield from texts(member, depth + 1)
    elif isinstance(value, list):
        for element in value:
            yield from texts(element, depth + 1)


def refuse_unkept(text: str) -> None:
    """Raises ParameterError for a text that PostgreSQL cannot store: with a NUL or half of a surrogate pair."""
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise ParameterError("A text holds a NUL or half of a surrogate pair.")
