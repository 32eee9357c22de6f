"""The headers of every answer (H9), laid out in bytes at start."""

from collections.abc import Callable
from functools import lru_cache
from http import HTTPStatus
from time import gmtime, strftime

from iam.settings import Settings
from iam.web.answers import Answer, Headers
from iam.web.cors import FOR_NOBODY

POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:{}; form-action 'self'{}; "
    "frame-ancestors 'none'; base-uri 'none'{}"
)
COMMON = (
    (b"X-Content-Type-Options", b"nosniff"),
    (b"Referrer-Policy", b"no-referrer"),
    (
        b"Permissions-Policy",
        b"accelerometer=(), camera=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), payment=(), usb=()",
    ),
    (b"Cross-Origin-Opener-Policy", b"same-origin"),
)
TRANSPORT_SECURITY = (b"Strict-Transport-Security", b"max-age=63072000")
NO_STORE = b"Cache-Control: no-store\r\nPragma: no-cache\r\n"
BODILESS = (204, 304)


class Layout:
    """Turns answers into bytes; `seconds` is the time since the epoch."""

    def __init__(self, settings: Settings, seconds: Callable[[], float]) -> None:
        self._seconds = seconds
        self._base = settings.path.encode()
        self._date = 0, b""
        self._common = lines(COMMON + ((TRANSPORT_SECURITY,) if settings.secure else ()))
        self._policy = lru_cache(maxsize=256)(policy)
        self._sharing = lru_cache(maxsize=256)(lines)

    def wire(
        self, answer: Answer, sharing: Headers = FOR_NOBODY, *, with_body: bool = True, close: bool = False
    ) -> bytes:
        """The answer as it goes over the wire, in one piece; `sharing` says whose pages may read it."""
        cached = any(name == b"Cache-Control" for name, _ in answer.headers)
        length = b"" if answer.status in BODILESS else b"Content-Length: %d\r\n" % len(answer.body)
        return b"".join(
            (
                status_line(answer.status),
                self.date(),
                self._common,
                self._sharing(sharing),
                self._policy(answer.form_action, answer.image_source, answer.frame_sources, scripted=answer.scripted),
                b"" if cached else NO_STORE,
                lines(placed(answer.headers, self._base) if self._base else answer.headers),
                length,
                b"Connection: close\r\n\r\n" if close else b"\r\n",
                answer.body if with_body and answer.status not in BODILESS else b"",
            )
        )

    def date(self) -> bytes:
        """The Date header, made once a second (RFC 9110 §6.6.1)."""
        now = int(self._seconds())
        if now != self._date[0]:
            self._date = now, strftime("Date: %a, %d %b %Y %H:%M:%S GMT\r\n", gmtime(now)).encode()
        return self._date[1]


@lru_cache(maxsize=64)
def status_line(status: int) -> bytes:
    """The first line (RFC 9112 §4)."""
    return f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n".encode()


def policy(
    form_action: str | None,
    image_source: str | None = None,
    frame_sources: tuple[str, ...] = (),
    *,
    scripted: bool = False,
) -> bytes:
    """Content-Security-Policy: nothing but our own style and pictures, and forms that lead here (or to `form_action`).

    A client's logo is shown where the client is introduced, from its `image_source`.
    Pages of others are shown by the one page that has to (Front-Channel Logout 1.0), and only those of `frame_sources`;
    our own scripts run in the one page that needs one (Form Post Response Mode).
    """
    forms = f" {form_action}" if form_action else ""
    images = f" {image_source}" if image_source else ""
    frames = "; frame-src " + " ".join(frame_sources) if frame_sources else ""
    scripts = "; script-src 'self'" if scripted else ""
    return lines(((b"Content-Security-Policy", POLICY.format(images, forms, frames + scripts).encode()),))


def placed(headers: Headers, base: bytes) -> Headers:
    """The headers, a Location of ours put below the issuer's path."""
    return tuple(
        (name, base + value if name == b"Location" and value.startswith(b"/") else value) for name, value in headers
    )


def lines(headers: Headers) -> bytes:
    """Header lines, whose values an Answer has judged (H10)."""
    return b"".join(b"%s: %s\r\n" % header for header in headers)
