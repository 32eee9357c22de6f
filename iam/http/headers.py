"""The headers of every answer (H9), prepared as bytes at the start."""

from collections.abc import Callable
from functools import lru_cache
from http import HTTPStatus
from time import gmtime, strftime

from iam.http.answers import FOR_NOBODY, JSON, Answer, Headers, Script
from iam.settings import Settings

POLICY = "default-src 'none'; style-src 'self'; img-src 'self' data:{}; {}frame-ancestors 'none'; base-uri 'none'{}"
COMMON = (
    (b"X-Content-Type-Options", b"nosniff"),
    (b"Referrer-Policy", b"no-referrer"),
)
NEVER = "accelerometer=(), camera=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), payment=(), usb=()"
SEVERING = b"Cross-Origin-Opener-Policy: same-origin\r\n"
TRANSPORT_SECURITY = (b"Strict-Transport-Security", b"max-age=63072000")
NO_STORE = b"Cache-Control: no-store\r\nPragma: no-cache\r\n"
BODILESS = (204, 304)


class Layout:
    """Turns answers into bytes; `seconds` returns the seconds since the epoch."""

    def __init__(self, settings: Settings, seconds: Callable[[], float]) -> None:
        self._seconds = seconds
        self._base = settings.path.encode()
        self._date = 0, b""
        self._common = lines(COMMON + ((TRANSPORT_SECURITY,) if settings.secure else ()))
        self._same = lru_cache(maxsize=256)(self._same_for)
        self._json = NO_STORE + lines(JSON)

    def wire(
        self,
        answer: Answer,
        sharing: Headers = FOR_NOBODY,
        *,
        passage: bool = False,
        with_body: bool = True,
        close: bool = False,
        chunked: bool = True,
    ) -> bytes:
        """Returns the whole answer in bytes, or its head if it is made in parts; `sharing` says which origins may read it.

        On a `passage` to a client, the window stays connected to the client's page that opened it and waits for the result.
        """
        bodiless = answer.status in BODILESS
        return b"".join(
            (
                status_line(answer.status),
                self.date(),
                self._same(
                    sharing,
                    b"" if passage else SEVERING,
                    (answer.image_source, answer.leaving, answer.framing, answer.script),
                ),
                self._json if answer.headers is JSON else self._own(answer.headers),
                b"" if bodiless else framing(answer, chunked=chunked),
                b"Connection: close\r\n\r\n" if close else b"\r\n",
                answer.body if with_body and not bodiless else b"",
            )
        )

    def _same_for(self, sharing: Headers, severing: bytes, page: tuple[str | None, bool, bool, Script | None]) -> bytes:
        """Returns the lines that are the same for all answers of which these are."""
        image_source, leaving, framing, script = page
        allowed = policy(image_source, leaving=leaving, framing=framing, scripted=script is not None)
        return self._common + lines(sharing) + severing + permissions(script) + allowed

    def _own(self, headers: Headers) -> bytes:
        """Returns the lines of an answer's own headers, and those that forbid to store it unless it has a Cache-Control."""
        cached = any(name == b"Cache-Control" for name, _ in headers)
        placed = place_location(headers, self._base) if self._base else headers
        return (b"" if cached else NO_STORE) + lines(placed)

    def date(self) -> bytes:
        """Returns the Date header, formatted once a second (RFC 9110 §6.6.1)."""
        now = int(self._seconds())
        if now != self._date[0]:
            self._date = now, strftime("Date: %a, %d %b %Y %H:%M:%S GMT\r\n", gmtime(now)).encode()
        return self._date[1]


@lru_cache(maxsize=64)
def status_line(status: int) -> bytes:
    """Returns the first line of an answer (RFC 9112 §4)."""
    return f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n".encode()


def permissions(script: Script | None) -> bytes:
    """Returns the Permissions-Policy: the one feature that the page's script uses, if it does, and nothing else."""
    features = [each for each in Script if each.value]
    value = ", ".join((NEVER, *(f"{each.value}={'(self)' if each is script else '()'}" for each in features)))
    return lines(((b"Permissions-Policy", value.encode()),))


def policy(
    image_source: str | None = None, *, leaving: bool = False, framing: bool = False, scripted: bool = False
) -> bytes:
    """Returns the Content-Security-Policy: only our own style sheets, pictures and form targets.

    Browsers hold every redirect after a form, and in a frame, to the policy of the page it stands on (CSP3 §6.4.2, §6.1.6). Where
    clients send people on to is their choice: forms that may end there are free (`leaving`), and so are the pages of clients
    that one page has to show (`framing`, Front-Channel Logout 1.0).
    `image_source` is the origin of a client's logo, on the page that introduces the client; our own scripts run in the pages that need one
    (`scripted`).
    """
    images = f" {image_source}" if image_source else ""
    forms = "" if leaving else "form-action 'self'; "
    frames = "; frame-src http: https:" if framing else ""
    scripts = "; script-src 'self'" if scripted else ""
    return lines(((b"Content-Security-Policy", POLICY.format(images, forms, frames + scripts).encode()),))


def place_location(headers: Headers, base: bytes) -> Headers:
    """Returns the headers, with a Location on this server put below the issuer's path."""
    return tuple(
        (name, base + value if name == b"Location" and value.startswith(b"/") else value) for name, value in headers
    )


def framing(answer: Answer, *, chunked: bool) -> bytes:
    """Returns the line that says where the body ends (RFC 9112 §6): none if it ends with the connection."""
    if answer.parts is None:
        return b"Content-Length: %d\r\n" % len(answer.body)
    return b"Transfer-Encoding: chunked\r\n" if chunked else b""


def lines(headers: Headers) -> bytes:
    """Returns the header lines in bytes; Answer has checked their values (H10)."""
    return b"".join(b"%s: %s\r\n" % header for header in headers)
