"""Plain requests: whole in one read and without anything that two parsers might read differently (H5).

What is not plain is left to Twisted's parser, which answers for the limits and for everything that is malformed. So this
expression is stricter than that parser: whatever it takes, the parser would take too, with the same result.
"""

import re
from functools import lru_cache
from typing import Final, NamedTuple

from twisted.web.http_headers import Headers

from iam.limits import Limits

NAME: Final = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]++"
VALUE: Final = rb"[!-~][ -~]*+(?<! )"  # no obs-fold, no tab, no byte beyond ASCII, no space at its ends
# Possessive, so that no input makes it try twice.
HEAD: Final = re.compile(
    rb"(?P<line>(?P<method>GET|POST) (?P<target>/[!-~]*+) HTTP/1\.1)\r\n"
    rb"(?P<fields>(?>" + NAME + rb": " + VALUE + rb"\r\n)++)\r\n"
)
FIELD: Final = re.compile(rb"([^:]++): ([^\r]++)\r\n")
FOR_THE_PARSER: Final = frozenset((b"Transfer-Encoding", b"Expect", b"Upgrade"))
KEEPING: Final = (None, [b"keep-alive"], [b"Keep-Alive"])  # what Connection may say
EMPTY: Final = (None, [b"0"])  # what Content-Length may say without a body


class Fields(Headers):
    """The headers of a plain request, in Twisted's own form: lists of one value by canonical name."""

    __slots__ = ()

    def __init__(self, fields: dict[bytes, list[bytes]]) -> None:
        self._rawHeaders = fields


class Plain(NamedTuple):
    """A plain request."""

    method: bytes
    target: bytes
    headers: Fields
    body: bytes


def read(data: bytes, limits: Limits) -> Plain | None:
    """Returns the request that these bytes are, neither more nor less; None if it is not plain, or beyond a limit."""
    head = HEAD.match(data)
    if head is None:
        return None
    line, method, target, lines = head.groups()
    body, found = data[head.end() :], FIELD.findall(lines)
    fields = {canonical(name): [value] for name, value in found}
    repeated = len(fields) != len(found)
    large = len(line) > limits.request_line or len(lines) > limits.head or len(body) > limits.body
    if repeated or large or len(fields) > limits.headers or not framed(method, fields, body):
        return None
    return Plain(method, target, Fields(fields), body)


def framed(method: bytes, fields: dict[bytes, list[bytes]], body: bytes) -> bool:
    """Whether the body is exactly as long as Content-Length says, and nothing else has a say in where the request ends."""
    if not FOR_THE_PARSER.isdisjoint(fields) or fields.get(b"Connection") not in KEEPING:
        return False
    length = fields.get(b"Content-Length")
    return length == [b"%d" % len(body)] if method == b"POST" else not body and length in EMPTY


@lru_cache(maxsize=1024)
def canonical(name: bytes) -> bytes:
    """Returns the name of a header as Twisted spells it, in one case for all of its spellings."""
    return next(name for name, _ in Headers({name: [b""]}).getAllRawHeaders())
