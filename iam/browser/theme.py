"""Pages made from templates: those of a theme first, then the bundled ones (H34).

A template has a unique name; it may be in the top folder or in the folder of its journey, in a theme as in the bundled
ones.
"""

import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property, partial
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from twisted.logger import Logger

from iam.browser import logo, palette
from iam.browser.rehearsal import rehearse
from iam.http.answers import Answer, AnswerNow, Headers, Script, html_answer
from iam.records.brand import Brand, written
from iam.settings import Settings

if TYPE_CHECKING:
    from jinja2 import Environment

log = Logger()

PACKAGE = Path(__file__).parent.parent
BUNDLED = (PACKAGE / "templates", PACKAGE.parent / "templates")  # installed; in a checkout
JOURNEYS = ("authorize", "login", "applications", "setup", "errors", "account", "factors", "links", "tokens", "admin")
KINDS = ("*.html", "*.txt")  # pages and mail; the text of a mail
TYPES = {
    ".css": b"text/css; charset=utf-8",
    ".ico": b"image/x-icon",
    ".js": b"text/javascript; charset=utf-8",
    ".png": b"image/png",
    ".svg": b"image/svg+xml",
    ".webp": b"image/webp",
}
STYLE = "brand.css"
ACCENT = re.compile(r"accent-([0-9a-f]{6})\.css")
SANDBOX = (
    (b"Content-Security-Policy", b"sandbox"),
)  # a picture that is opened by itself is a document, which could act
FOR_EVER = b"public, max-age=31536000, immutable"
ANEW = b"no-cache"

SENTENCES = {
    400: ("This request cannot be used", "The address or the form is malformed. Go back and try again."),
    403: ("This is not allowed", "Go back, reload the page, and try again."),
    404: ("There is nothing here", "The address may be mistyped, or what was here is gone."),
    405: ("This address works differently", "It cannot be used in this way. Go back and try again."),
    408: ("That took too long", "Try again."),
    413: ("That is too much", "The form is too large. Go back and shorten it."),
    421: ("Wrong address", "This server does not answer for that host."),
    429: ("That was too often", "Too much has come from you or your network. Wait a minute, then try again."),
    500: (
        "Something went wrong on our side",
        "It is in our log. Try again; if it happens again, tell us the id below.",
    ),
    503: ("We cannot answer right now", "Try again in a moment."),
}


def directories(settings: Settings) -> list[Path]:
    """Returns the directories of templates and static files, the preferred one first."""
    bundled = next(path for path in BUNDLED if path.is_dir())
    return [*([settings.templates] if settings.templates else []), bundled]


def folders(place: Path) -> list[Path]:
    """Returns the folders of a directory in which templates are looked up, the preferred one first."""
    return [place, *(place / journey for journey in JOURNEYS)]


def names(places: Iterable[Path]) -> list[str]:
    """Returns the names of the templates in these directories; those of journeys have none with their folder."""
    inside = [folder for place in places for folder in folders(place)]
    found = {str(path.relative_to(folder)) for folder in inside for kind in KINDS for path in folder.rglob(kind)}
    return sorted(name for name in found if name.partition("/")[0] not in JOURNEYS)


class Theme:
    """The templates and static files. Those of a theme are tried at the start, so that mistakes in them are found then.

    The bundled templates, which have none, may be compiled later.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._base = settings.path
        self._places = directories(settings)
        self._files = {
            name: content for place in reversed(self._places) for name, content in static(place / "static").items()
        }
        self._logo: str | None = None
        self._wear(settings)
        if settings.templates:
            self._rehearse(settings.templates)

    def _wear(self, settings: Settings) -> None:
        """Adds what the operator's brand needs: a logo, and a style sheet for the accent. Raises LogoError."""
        if settings.logo:
            self._logo, self._files[self._logo] = logo.read(settings.logo)
        if accent := settings.brand.accent:
            self._files[STYLE] = palette.style_sheet(accent).encode()

    def _rehearse(self, directory: Path) -> None:
        """Tries the pages of a theme, and warns of its files that nothing uses. Raises ThemeError."""
        from iam.browser.every_branch import Compiled, Rehearsal, tuples

        compiled = Compiled()

        def make(places: Iterable[Path]) -> "Environment":
            environment = self._make(Rehearsal, places)
            environment.bytecode_cache = compiled
            environment.filters["tuples"] = tuples
            environment.globals["asset"] = self._tried_asset
            return environment

        bundled, own = self._places[-1], names([directory])
        if own:
            pages = names([bundled])
            rehearse(make, directory, bundled, pages, (name for name in own if name not in pages))
        for path in strays(directory):
            log.warn("--templates: {path} is not used", path=str(path))

    @cached_property
    def _environment(self) -> "Environment":
        """Jinja's templates; made when they are first needed, since importing Jinja takes long."""
        from iam.browser.escaping import Escaped

        return self._make(Escaped, self._places)

    def _make(self, kind: "type[Environment]", places: Iterable[Path]) -> "Environment":
        """Returns an environment of the templates in these directories, with all that templates may use."""
        from jinja2 import FileSystemLoader, StrictUndefined, select_autoescape

        environment = kind(
            loader=FileSystemLoader([folder for place in places for folder in folders(place)]),
            autoescape=select_autoescape(disabled_extensions=("txt",), default=True),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        settings, brand = self._settings, self._settings.brand
        environment.globals.update(
            asset=self.asset,
            base=self._base,
            site=brand.name,
            help_url=brand.help_url,
            privacy_url=brand.privacy_url,
            terms_url=brand.terms_url,
            logo=self._logo,
            branded=brand.accent is not None,
            theme_colours=theme_colours(brand),
            applications=settings.applications,
            password_length=settings.password_length,
            sign_up=settings.sign_up,
        )
        environment.filters["shell"] = shlex.quote
        environment.filters["segment"] = partial(quote, safe="")
        return environment

    @property
    def names(self) -> list[str]:
        """Returns the names of all templates."""
        return names(self._places)

    def compile(self, name: str) -> None:
        """Compiles the template of this name, which takes milliseconds, unless it was compiled before."""
        self._environment.get_template(name)

    def asset(self, name: str) -> str:
        """Returns the address of a static file, which changes with its content."""
        if self._content(name) is None:
            raise LookupError(f"there is no file static/{name}")
        return f"{self._base}/static/{name}?{self._version(name)}"

    def _content(self, name: str) -> bytes | None:
        """Returns a static file; None if there is none. Those of an application's accent are made when they are asked for."""
        accent = ACCENT.fullmatch(name)
        return palette.style_sheet(palette.parse(accent[1])).encode() if accent else self._files.get(name)

    def _tried_asset(self, name: str | None) -> str:
        """Returns the address of a static file; of those that only a brand has, also where there is none."""
        return "" if name in (STYLE, None) else self.asset(str(name))

    def static(self, name: str, query: str = "") -> Answer | None:
        """Returns a static file; None if there is none.

        The answer is cached for ever under the address of its current content, and revalidated under any other. During
        a rolling upgrade the pages of one server name a version that another server does not have yet, and its answer
        must not stay in caches.
        """
        kind, content = TYPES.get(Path(name).suffix), self._content(name)
        if content is None or kind is None:
            return None
        lasting = FOR_EVER if query == self._version(name) else ANEW
        headers = ((b"Content-Type", kind), (b"Cache-Control", lasting), *(SANDBOX if kind == TYPES[".svg"] else ()))
        return Answer(200, content, headers)

    def _version(self, name: str) -> str:
        """Returns the query that names the content of a file."""
        return f"v={sha256(self._content(name) or b'').hexdigest()[:12]}"

    def page(
        self,
        name: str,
        status: int = 200,
        headers: Headers = (),
        *,
        image_source: str | None = None,
        leaving: bool = False,
        framing: bool = False,
        script: Script | None = None,
        **context: object,
    ) -> Answer:
        """Returns a page made from the template of this name; the flags are those of Answer."""
        text = self._environment.get_template(name).render({"session": None, "stale": None, **context})
        may = {"image_source": image_source, "leaving": leaving, "framing": framing, "script": script}
        return html_answer(status, text, headers, **may)

    def text(self, name: str, /, **context: object) -> str:
        """Returns what the template of this name makes of the values; they are escaped unless it is plain text (.txt)."""
        return self._environment.get_template(name).render(context)

    def site(self) -> str:
        """Returns the name of this service, as templates have it."""
        return str(self._environment.globals["site"])

    def error(
        self, status: int, title: str, sentence: str, identifier: str | None = None, error_uri: str | None = None
    ) -> Answer:
        """Returns a page that says what is wrong and what to do.

        The makers of the application can read more at `error_uri`.
        """
        return self.page(
            "error.html", status, title=title, sentence=sentence, identifier=identifier, error_uri=error_uri
        )

    def error_of(self, status: int, identifier: str | None = None) -> Answer:
        """Returns the page for an error about which only the status is known."""
        title, sentence = SENTENCES.get(status, SENTENCES[400])
        return self.error(status, title, sentence, identifier)

    def refusal(self, status: int, title: str, sentence: str) -> AnswerNow:
        """Returns an error page as an exception to raise."""
        return AnswerNow(self.error(status, title, sentence))

    def missing(self) -> AnswerNow:
        """Returns the 404 page to raise, also for pages that this person may not see."""
        return AnswerNow(self.error_of(404))


def strays(theme: Path) -> Iterator[Path]:
    """Yields the files of a theme that are neither templates nor static files of a type that is served; hidden ones apart."""
    for path in sorted(path for path in theme.rglob("*") if path.is_file()):
        inside = path.relative_to(theme)
        hidden = any(part.startswith(".") for part in inside.parts)
        served = inside.parent == Path("static") and path.suffix in TYPES
        if not hidden and not served and not any(path.match(kind) for kind in KINDS):
            yield path


def theme_colours(brand: Brand) -> tuple[str, str]:
    """Returns the colours of the browser's bar, in light and in dark: the accent's, or else that of the page's head."""
    if brand.accent:
        return (written(brand.accent),) * 2
    return written(palette.LIGHT.card), written(palette.DARK.card)


def static(place: Path) -> Mapping[str, bytes]:
    """Reads the static files of one directory."""
    return {path.name: path.read_bytes() for path in place.glob("*") if path.is_file()}
