"""OAuth's errors on the wire (RFC 6749 §5.2)."""

from iam.http.answers import Answer, Headers, json_answer
from iam.http.parameters import ParameterError
from iam.oauth.errors import OAuth2Error

MALFORMED = 400  # a body of another type too (RFC 6749 §5.2)
UNAUTHORIZED = 401
UNAVAILABLE = 503
SOON: Headers = ((b"Retry-After", b"1"),)
BASIC: Headers = ((b"WWW-Authenticate", b'Basic realm="iam", charset="UTF-8"'),)


def error_answer(error: OAuth2Error | ParameterError, error_uri: str) -> Answer:
    """The error as JSON; a client that failed to authenticate is challenged for Basic (G30)."""
    if isinstance(error, ParameterError):
        document = {"error": "invalid_request", "error_description": str(error), "error_uri": error_uri}
        return json_answer(MALFORMED, document)
    document = {**dict(error.twotuples), "error_uri": error_uri}
    return json_answer(error.status_code, document, advice(error.status_code))


def advice(status: int) -> Headers:
    """The challenge that belongs to a 401 of a client; when to come back, after a 503."""
    return {UNAUTHORIZED: BASIC, UNAVAILABLE: SOON}.get(status, ())
