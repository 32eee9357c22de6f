"""Whose login it is: name, logo, colour and links on each page."""

import re
from pathlib import Path

import pytest

from iam.browser import logo
from iam.browser.logo import LARGEST, PNG, LogoError
from iam.browser.theme import Theme
from iam.http.answers import Answer
from tests.http.conftest import settings

SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 4"><rect width="4" height="4" fill="red"/></svg>'
WEBP = b"RIFF\x1a\0\0\0WEBPVP8L"
LINKS = {"help_url": "https://acme.example/help", "privacy_url": "http://acme.example/p?a=1&b=2"}


def text_of(answer: Answer | None) -> str:
    assert answer is not None
    return answer.body.decode()


def home(**options: object) -> str:
    return text_of(Theme(settings(**options)).page("home.html"))


def file(directory: Path, content: bytes | str, name: str = "picture") -> Path:
    path = directory / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_a_page_says_whose_login_it_is() -> None:
    page = home(name="Acme & <Sons>")

    assert "<title>Welcome · Acme &amp; &lt;Sons&gt;</title>" in page
    assert ">Acme &amp; &lt;Sons&gt;</a>" in page
    assert "localhost" not in page


def test_without_a_name_it_is_the_host_of_the_issuer() -> None:
    assert "<title>Welcome · login.example</title>" in home(issuer="https://login.example/o")


def test_the_foot_of_a_page_has_the_links_that_are_given() -> None:
    page = home(**LINKS)

    assert re.findall(r'<a href="(http[^"]+)"[^>]*>([^<]+)</a>', page) == [
        ("https://acme.example/help", "Help"),
        ("http://acme.example/p?a=1&amp;b=2", "Privacy"),
    ]
    assert "<footer" not in home()


@pytest.mark.parametrize(
    ("content", "ending", "kind"),
    [(SVG, "svg", b"image/svg+xml"), (PNG + b"...", "png", b"image/png"), (WEBP, "webp", b"image/webp")],
    ids=["svg", "png", "webp"],
)
def test_the_logo_is_that_of_its_content_whatever_it_is_called(
    tmp_path: Path, content: bytes | str, ending: str, kind: bytes
) -> None:
    theme = Theme(settings(logo=str(file(tmp_path, content, "picture.gif"))))
    page = text_of(theme.page("home.html"))
    (address,) = set(re.findall(r'(?:src|href)="(/static/logo[^"]+)"', page))
    name, _, query = address.removeprefix("/static/").partition("?")

    answer = theme.static(name, query)

    assert name == f"logo.{ending}"
    assert answer is not None
    assert dict(answer.headers)[b"Content-Type"] == kind
    assert b"immutable" in dict(answer.headers)[b"Cache-Control"]
    assert page.count(address) == 2  # in the head of the page, and as the picture of its window
    assert "iam.svg" not in page


def test_an_svg_that_is_opened_by_itself_can_do_nothing(tmp_path: Path) -> None:
    theme = Theme(settings(logo=str(file(tmp_path, SVG))))

    for name in ("logo.svg", "iam.svg"):
        answer = theme.static(name)
        assert answer is not None
        assert dict(answer.headers)[b"Content-Security-Policy"] == b"sandbox"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is no PNG, WebP or SVG"),
        (b"GIF89a", "is no PNG, WebP or SVG"),
        (b"<html><svg/></html>", "is no PNG, WebP or SVG"),
        (b"<svg>", "is no PNG, WebP or SVG"),
        (b"<svg/>", "is no PNG, WebP or SVG"),
        (b'<!DOCTYPE svg [<!ENTITY a "b">]>' + SVG.encode(), "is no PNG, WebP or SVG"),
        (PNG + bytes(LARGEST), "has more than 64 kB"),
        (SVG.replace("<rect", "<script>1</script><rect"), "has an element script"),
        (SVG.replace("<rect", "<foreignObject/><rect"), "has an element foreignObject"),
        (SVG.replace("<rect", '<rect onclick="x"'), "has an attribute onclick"),
        (SVG.replace("<rect", '<image href="https://evil.example/x.png"/><rect'), "has an address of something else"),
        (SVG.replace("<rect", '<a href="javascript:1"/><rect'), "has an address of something else"),
        (
            SVG.replace("<rect", "<style>@import 'https://evil.example/x.css'</style><rect"),
            "has an address of something",
        ),
        (
            SVG.replace("<rect", "<style>rect{fill:url( https://evil.example/x)}</style><rect"),
            "has an address of something",
        ),
        (SVG.replace("red", "url('https://evil.example/x')"), "has an address of something else"),
        ('<?xml-stylesheet href="https://evil.example/x.css"?>' + SVG, "has an address of something else"),
    ],
)
def test_a_logo_that_cannot_be_used_stops_the_start(tmp_path: Path, content: bytes | str, said: str) -> None:
    path = file(tmp_path, content)

    with pytest.raises(LogoError, match=said) as refused:
        Theme(settings(logo=str(path)))

    assert str(refused.value).startswith(f"--logo: {path} ")


def test_an_svg_may_refer_to_itself(tmp_path: Path) -> None:
    inside = '<linearGradient id="a"/><style>rect{fill:url("#a")}</style><image href="data:image/png;base64,"/><rect'

    assert logo.read(file(tmp_path, SVG.replace("<rect", inside)))[0] == "logo.svg"


def test_a_logo_without_end_is_not_read_to_its_end() -> None:
    with pytest.raises(LogoError, match="has more than 64 kB"):
        logo.read(Path("/dev/zero"))


def test_a_logo_that_is_not_there_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(LogoError, match="cannot be read: No such file"):
        logo.read(tmp_path / "nothing.png")
    with pytest.raises(LogoError, match=r"is no PNG|cannot be read"):
        logo.read(tmp_path)


def test_the_accent_is_a_style_sheet_behind_the_bundled_one() -> None:
    theme = Theme(settings(accent="rebeccapurple"))
    page = text_of(theme.page("home.html"))

    sheets = re.findall(r'<link rel="stylesheet" href="/static/([\w.]+)\?(v=\w+)">', page)

    assert [name for name, _ in sheets] == ["iam.css", "brand.css"]
    assert "--fill: #663399" in text_of(theme.static("brand.css", sheets[1][1]))
    assert "style=" not in page
    assert page.count('<meta name="theme-color" content="#663399"') == 2


def test_without_an_accent_there_is_no_further_style_sheet() -> None:
    theme = Theme(settings())

    assert "brand.css" not in text_of(theme.page("home.html"))
    assert theme.static("brand.css") is None
    assert re.findall(r'theme-color" content="(#\w+)"', text_of(theme.page("home.html"))) == ["#ffffff", "#191e27"]


def test_the_address_of_the_style_sheet_changes_with_the_accent() -> None:
    assert Theme(settings(accent="#f00")).asset("brand.css") != Theme(settings(accent="#0f0")).asset("brand.css")


@pytest.mark.parametrize("part", ["txt", "html"])
def test_a_mail_says_whose_it_is_and_has_the_links(part: str) -> None:
    theme = Theme(settings(name="Acme Works", **LINKS))
    said = dict.fromkeys(("name", "when", "address", "device", "until", "issuer", "link"), "")

    mail = theme.text(f"mail/verify.{part}", **said)

    assert "This mail comes from Acme Works" in mail
    assert LINKS["help_url"] in mail
    assert "Terms of use" not in mail
