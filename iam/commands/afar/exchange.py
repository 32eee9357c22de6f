"""One request to the server, and what came back."""

import json
import ssl
from collections.abc import Iterator, Mapping
from email.message import Message
from http.client import HTTPException, HTTPResponse
from typing import Final
from urllib.error import HTTPError, URLError
from urllib.request import HTTPRedirectHandler, Request, build_opener

import click
from attrs import field, frozen

PATIENCE: Final = 30.0  # seconds without a byte
MOST: Final = 64 << 20  # bytes of an answer that is read as a whole
PART: Final = 64 << 10  # bytes of a file that are read at once
BROKEN_OFF: Final = (ConnectionResetError, BrokenPipeError, TimeoutError)
UNVERIFIED: Final = (
    "The certificate of {} does not verify: {}. Check the address; if an authority of your own signed it, "
    "name the file of its certificate in SSL_CERT_FILE."
)
UNREACHABLE: Final = "{} cannot be reached: {}. Check the address and the network, and whether the server runs."
NO_IAM: Final = "{} is no iam server, or none at this address: give the address that it was started with as --issuer."


class Broken(Exception):
    """The connection broke off, so that nobody knows whether the request was done."""


@frozen
class Reply:
    """An answer; of a file that is read while it comes, the `rest`."""

    status: int
    headers: Message
    body: bytes = field(repr=False)
    rest: HTTPResponse | None = None

    def parts(self) -> Iterator[bytes]:
        """Yields the file, part by part. Raises Broken if it ends before its end."""
        try:
            while self.rest is not None and (part := self.rest.read(PART)):
                yield part
        except (OSError, HTTPException) as error:
            raise Broken(str(error) or type(error).__name__) from None

    def document(self) -> dict[str, object] | None:
        """Returns the JSON object that it is; None if it is none."""
        try:
            found = json.loads(self.body)
        except ValueError:
            return None
        return found if isinstance(found, dict) else None


class Staying(HTTPRedirectHandler):
    """Follows nobody to another address, who would get the token too."""

    def redirect_request(self, *_: object) -> None:
        """Returns no request."""


def ask(
    server: str, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None, *, whole: bool = True
) -> Reply:
    """Returns the answer to a request at this server, read as a `whole` if it is no file.

    Raises ClickException if the server cannot be reached or does not prove who it is, and Broken.
    """
    request = Request(url, body, {"Accept": "application/json", **headers}, method=method)  # noqa: S310 - http and https alone: `address.checked`
    try:
        answer = build_opener(Staying).open(request, timeout=PATIENCE)
        if not whole:
            return Reply(answer.status, answer.headers, b"", answer)
        with answer:
            return Reply(answer.status, answer.headers, answer.read(MOST))
    except HTTPError as error:
        return Reply(error.code, error.headers, error.read(MOST))
    except URLError as error:
        raise unreached(server, error.reason) from None
    except (OSError, HTTPException) as error:
        raise Broken(str(error) or type(error).__name__) from None


def unreached(server: str, reason: object) -> Exception:
    """Returns the error for a server that the request did not reach."""
    if isinstance(reason, ssl.SSLCertVerificationError):
        return click.ClickException(UNVERIFIED.format(server, reason.verify_message))
    if isinstance(reason, BROKEN_OFF):
        return Broken(str(reason))
    told = reason.strerror if isinstance(reason, OSError) and reason.strerror else reason
    return click.ClickException(UNREACHABLE.format(server, told))


def no_iam(server: str) -> click.ClickException:
    """Returns the error for a server that answers otherwise than iam does."""
    return click.ClickException(NO_IAM.format(server))
