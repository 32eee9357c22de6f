"""Pages out of templates: the bundled ones, and a theme before them."""

from pathlib import Path

import jinja2
import pytest

from iam.browser.rehearsal import ThemeError
from iam.browser.theme import BUNDLED, JOURNEYS, SENTENCES, Theme
from iam.http.answers import Answer
from tests.http.conftest import settings


def themed(directory: Path, **files: str) -> Theme:
    (directory / "static").mkdir()
    for name, text in files.items():
        (directory / name.replace("_", ".").replace("static.", "static/")).write_text(text)
    return Theme(settings(templates=directory))


def text_of(answer: Answer | None) -> str:
    assert answer is not None
    return answer.body.decode()


def test_a_theme_comes_before_the_bundled_templates_and_may_use_the_rest(tmp_path: Path) -> None:
    theme = themed(
        tmp_path, home_html='{% extends "base.html" %}{% block content %}Hello from {{ site }}{% endblock %}'
    )

    page = text_of(theme.page("home.html"))

    assert "Hello from localhost" in page
    assert '<html lang="en">' in page
    assert "There is nothing here" in text_of(theme.error_of(404))


@pytest.mark.parametrize("name", ["consent.html", "authorize/consent.html"])
def test_a_theme_has_a_template_by_itself_or_in_the_folder_of_its_journey(tmp_path: Path, name: str) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text('{% extends "base.html" %}{% block content %}{% include "part.html" %}{% endblock %}')
    (tmp_path / "part.html").write_text("May {{ client }} in?")

    page = text_of(Theme(settings(templates=tmp_path)).page("consent.html", client="Ada's"))

    assert "May Ada&#39;s in?" in page
    assert '<html lang="en">' in page


def test_each_template_has_a_name_of_its_own_and_stands_in_a_known_folder() -> None:
    (templates,) = (path for path in BUNDLED if path.is_dir())
    pages = [
        path for path in templates.rglob("*.html") if path.parent.name != "mail"
    ]  # which has its folder in its name
    names = [path.name for path in pages]

    assert len(names) == len(set(names))
    assert {path.parent.name for path in pages} == {templates.name, *JOURNEYS}


def test_a_theme_may_bring_a_style_of_its_own_whose_address_differs(tmp_path: Path) -> None:
    bundled, theme = Theme(settings()), themed(tmp_path, static_iam_css="body { color: red }")

    assert text_of(theme.static("iam.css")) == "body { color: red }"
    assert theme.static("iam.svg") == bundled.static("iam.svg")
    assert theme.asset("iam.css") != bundled.asset("iam.css")


def test_a_theme_writes_addresses_below_the_issuers_path(tmp_path: Path) -> None:
    text = '<a href="{{ base }}/login"><img src="{{ asset("iam.svg") }}">'
    (tmp_path / "home.html").write_text(text)

    pages = [
        text_of(Theme(settings(templates=tmp_path, issuer=f"https://login.example{path}")).page("home.html"))
        for path in ("", "/o")
    ]

    assert [page.partition("?v=")[0] for page in pages] == [
        '<a href="/login"><img src="/static/iam.svg',
        '<a href="/o/login"><img src="/o/static/iam.svg',
    ]


def test_a_theme_that_cannot_be_read_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(ThemeError, match=r"home\.html, line 1: Expected an expression"):
        themed(tmp_path, home_html="{% if %}")


def test_every_bundled_template_can_be_read() -> None:
    theme = Theme(settings())

    for name in theme.names:
        theme.compile(name)

    assert {"base.html", "consent.html", "home.html"} <= set(theme.names)


def test_what_a_template_is_not_given_is_a_mistake_and_not_empty(tmp_path: Path) -> None:
    theme = themed(tmp_path, error_html="{{ sentence }}")

    with pytest.raises(jinja2.UndefinedError):
        theme.page("error.html")


def test_h34_no_template_switches_escaping_off() -> None:
    unescaped = (jinja2.nodes.MarkSafe, jinja2.nodes.ScopedEvalContextModifier, jinja2.nodes.EvalContextModifier)
    (templates,) = (path for path in BUNDLED if path.is_dir())

    guilty = [
        path.name
        for path in templates.rglob("*.html")
        for node in jinja2.Environment().parse(path.read_text()).find_all(jinja2.nodes.Node)
        if isinstance(node, unescaped) or (isinstance(node, jinja2.nodes.Filter) and node.name == "safe")
    ]

    assert guilty == []


def test_h34_a_value_is_a_text_and_no_html(tmp_path: Path) -> None:
    theme = themed(tmp_path, error_html="{{ sentence }}")

    assert text_of(theme.page("error.html", sentence="<b>{{ 7 * 7 }}")) == "&lt;b&gt;{{ 7 * 7 }}"


@pytest.mark.parametrize("status", [*SENTENCES, 415, 418])
def test_an_error_page_says_what_to_do(status: int) -> None:
    page = Theme(settings()).error_of(status, "the-id")

    assert page.status == status
    assert "<h1>" in text_of(page)
    assert "the-id" in text_of(page)


@pytest.mark.parametrize("name", ["base.html", "../base.html", "x", "iam.css/", ""])
def test_only_known_files_are_static(name: str) -> None:
    assert Theme(settings()).static(name) is None
