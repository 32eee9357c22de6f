"""Problem details (RFC 9457): the errors of the API, in JSON."""

import json
from http import HTTPStatus
from typing import Final

from iam.http.answers import Answer, Headers

TYPE: Final[Headers] = ((b"Content-Type", b"application/problem+json"),)
BELOW: Final = "/api/"  # the addresses, from the issuer's path on, whose errors are problems


def problem(status: int, detail: str, headers: Headers = (), **members: object) -> Answer:
    """Returns a problem as an answer; `detail` is a sentence, `members` are what else the document has."""
    title = HTTPStatus(status).phrase
    document = {"type": "about:blank", "title": title, "status": status, "detail": detail, **members}
    return Answer(status, (json.dumps(document) + "\n").encode(), TYPE + headers)
