"""Answers, as handlers return them."""

import json
import re
from collections.abc import AsyncGenerator, Mapping
from enum import Enum
from typing import Any

from attrs import field, frozen

Headers = tuple[tuple[bytes, bytes], ...]
Parts = AsyncGenerator[bytes, None]

JSON: Headers = ((b"Content-Type", b"application/json"),)
HTML: Headers = ((b"Content-Type", b"text/html; charset=utf-8"),)
TEXT: Headers = ((b"Content-Type", b"text/plain; charset=utf-8"),)
UNREADABLE = (b"Cross-Origin-Resource-Policy", b"same-origin")
FOR_NOBODY: Headers = (UNREADABLE,)  # for an answer that pages of other origins may not read
PRINTABLE = re.compile(rb"[\x20-\x7e]*")
SOURCE = re.compile(r"[\x21-\x2b\x2d-\x3a\x3c-\x7e]+")  # CSP3 §2.3.1: no space, comma or semicolon


def printable(_: "Answer", __: object, headers: Headers) -> None:
    """Raises ValueError for a value that no header may have (H10), in the handler that made it."""
    if headers is JSON:
        return
    for name, value in headers:
        if not PRINTABLE.fullmatch(value):
            raise ValueError(f"the value of {name.decode()} is not printable ASCII")


def one_source(_: "Answer", __: object, source: str | None) -> None:
    """Raises ValueError for a text that is not exactly one source of a Content-Security-Policy."""
    if source is not None and not SOURCE.fullmatch(source):
        raise ValueError("it is not one source of a policy")


class Script(Enum):
    """What the static scripts of a page may do besides changing the page: one feature of the browser, or none."""

    PLAIN = None
    COPY = "clipboard-write"
    MAKE_PASSKEY = "publickey-credentials-create"
    USE_PASSKEY = "publickey-credentials-get"


@frozen
class Answer:
    """An answer; what every answer carries besides is added where it is written.

    `image_source` is whose picture the page may show. `leaving` is a page whose forms may end at a client, `framing` one that shows
    pages of clients, `script` says that our static scripts run in it. An answer that may be cached says so in a Cache-Control of its own.
    A Location that begins with a slash is an address of ours, from the issuer's path on. `parts` are a body that is made while it is
    sent, in place of `body`.
    """

    status: int
    body: bytes = b""
    headers: Headers = field(default=(), validator=printable)
    image_source: str | None = field(default=None, validator=one_source)
    leaving: bool = False
    framing: bool = False
    script: Script | None = None
    parts: Parts | None = field(default=None, eq=False)


class AnswerNow(Exception):
    """Raised by a handler, or what it calls, to answer at once."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


def file_answer(media_type: str, name: str, parts: Parts) -> Answer:
    """Returns a file that is made while it is sent, which a browser saves under this name."""
    told = ((b"Content-Type", media_type), (b"Content-Disposition", f'attachment; filename="{name}"'))
    return Answer(200, headers=tuple((header, value.encode()) for header, value in told), parts=parts)


def json_text(status: int, text: str, headers: Headers = ()) -> Answer:
    """Returns a JSON text as an answer, with a line break at its end for terminals."""
    return Answer(status, f"{text}\n".encode(), JSON + headers)


def json_answer(status: int, document: Mapping[str, object], headers: Headers = ()) -> Answer:
    """Returns a document as an answer in JSON."""
    return json_text(status, json.dumps(document), headers)


def html_answer(status: int, text: str, headers: Headers = (), **policy: Any) -> Answer:
    """Returns an answer in HTML; `policy` sets fields of Answer that say what the page may do."""
    return Answer(status, text.encode(), HTML + headers, **policy)


def found(location: str, headers: Headers = ()) -> Answer:
    """Returns a redirect after a GET, 302 (RFC 6749 §4.1.2)."""
    return Answer(302, b"", (location_header(location), *headers))


def see_other(location: str, headers: Headers = ()) -> Answer:
    """Returns a redirect that is followed by GET whatever the method was, 303 (RFC 9700 §4.12)."""
    return Answer(303, b"", (location_header(location), *headers))


def retry_after(seconds: int) -> Headers:
    """Returns the Retry-After header (RFC 9110 §10.2.3)."""
    return ((b"Retry-After", str(seconds).encode()),)


def location_header(location: str) -> tuple[bytes, bytes]:
    """Returns the header that names where a redirect leads (RFC 9110 §10.2.2)."""
    return b"Location", location.encode()
