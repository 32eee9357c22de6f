"""A theme is tried at the start: each of its pages once, with sample values (H34)."""

import json
from pathlib import Path
from typing import Any

import pytest

from iam.browser import rehearsal
from iam.browser.rehearsal import ThemeError
from iam.browser.theme import BUNDLED, Theme, folders, names
from tests import theme_page
from tests.http.conftest import settings

(TEMPLATES,) = (path for path in BUNDLED if path.is_dir())
PAGES = names([TEMPLATES])


def themed(directory: Path, **texts: str) -> Theme:
    for name, text in texts.items():
        path = directory / name.replace("__", "/").replace("_html", ".html").replace("_txt", ".txt")
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return Theme(settings(templates=directory))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("\n{% if x %}", "line 2: Unexpected end of template"),
        ("\n\n{{ cilent.name }}", "line 3: 'cilent' is undefined."),
        ("\n{{ client.nmae }}", "line 2: client.nmae is not among what this page is given."),
        ("{{ form.logni.data }}", "line 1: form.logni is not among what this page is given."),
        ("\n{% for name, address in client.lniks %}{% endfor %}", "line 2: client.lniks is not among"),
        ("{% include 'gone.html' %}", "line 1: there is no template gone.html."),
        ("\n\n{% extends 'base.htm' %}", "line 3: there is no template base.htm."),
        ('{% import "fields.html" as fields %}\n{{ fields.txt(form.login) }}', "line 2: "),
        ("\n{{ asset('gone.css') }}", "line 2: there is no file static/gone.css."),
        ("{{ site | shout }}", "line 1: No filter named 'shout'."),
        ("{{ csrf_token() }}{{ cookie }}", "line 1: 'cookie' is undefined."),
        # wherever a mistake is, also where no page of today gets
        ("{% if false %}\n{{ nobody }}{% endif %}", "line 2: 'nobody' is undefined."),
        ("{% if true %}{% elif again %}{% else %}\n{{ nobody }}{% endif %}", "line 2: 'nobody' is undefined."),
        ("{{ 1 if again else nobody }}", "line 1: 'nobody' is undefined."),
        ("{{ again or nobody }}", "line 1: 'nobody' is undefined."),
        ("{{ (again and nobody) }}", "line 1: 'nobody' is undefined."),
        ("{% for name, uri in client.links %}{% else %}\n{{ nobody }}{% endfor %}", "line 2: 'nobody' is undefined."),
        ("{% extends next %}{% block any %}\n{{ nobody }}{% endblock %}", "line 2: 'nobody' is undefined."),
        ("{% extends 'base.html' %}{% block content %}\n{{ nobody }}{% endblock %}", "line 2: 'nobody' is undefined."),
    ],
)
def test_a_mistake_stops_the_start_with_its_template_and_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ThemeError) as refused:
        themed(tmp_path, login_html=text)

    assert str(refused.value).startswith(f"--templates: {tmp_path / 'login.html'}, {said}")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "text",
    [
        "Plain",
        "{{ session.email }}{{ session.username | upper }}{{ stale.value }}",
        "{{ client.name }}{{ client['host'] }}{{ client.links[0] }}{{ client.links | length + 1 }}",
        "{% for name, uri in client.links %}{{ loop.index }} {{ name.anything.at.all }}{{ uri | urlencode }}{% endfor %}",
        "{{ form.login.data or '' }}{{ form.password.errors | join(' ') }}{{ form.login.flags.required }}",
        "{{ next.year }}{% for name, value in client.items() %}{{ name }}{% endfor %}",
        "{% set greeting = 'Hello' %}{% if again %}{{ greeting }}{% endif %}{{ next | replace('a', 'b') }}",
        "{% macro m(x) %}{{ x.name.z }}{{ caller() }}{% endmacro %}{% call m(client) %}{{ site }}{% endcall %}",
        "{% if client.name > 3 or 2 * client.host < 1 %}{{ client.host - 1 }}{% endif %}",
        "{{ login is defined }}{{ asset('iam.css') }}{{ base }}{{ help_url }}",
        "{% extends 'base.html' %}{% block title %}{{ super() }}{{ self.content() }}{% endblock %}",
    ],
)
def test_what_a_page_is_given_may_be_used_in_any_way(tmp_path: Path, text: str) -> None:
    if "login is" in text:
        text = text.replace("login is", "next is")

    assert themed(tmp_path, login_html=text).names


def test_what_only_fails_with_a_sample_is_no_mistake(tmp_path: Path, logged: list[dict[str, Any]]) -> None:
    themed(tmp_path, login_html="{{ '%d' | format(next) }}")

    assert [event["name"] for event in logged if "could not be tried" in event["log_format"]] == ["login.html"]


def test_a_part_that_a_theme_replaces_is_tried_in_every_page_that_uses_it(tmp_path: Path) -> None:
    text = (TEMPLATES / "fields.html").read_text().replace("macro tick", "macro tock")

    with pytest.raises(ThemeError, match=r"fields\.html, line \d+: 'tick' is undefined"):
        themed(tmp_path, fields_html=text)


def test_a_frame_may_use_what_every_page_is_given(tmp_path: Path) -> None:
    text = (TEMPLATES / "base.html").read_text()

    assert themed(tmp_path, base_html=text + "{{ session.name }}{{ stale }}").names
    with pytest.raises(ThemeError, match=r"base\.html, line \d+: 'client' is undefined"):
        themed(tmp_path, base_html=text + "{{ client.name }}")


@pytest.mark.parametrize("name", ["mail__verify_txt", "mail__verify_html", "mail__layout_txt"])
def test_mail_is_tried_too(tmp_path: Path, name: str) -> None:
    assert themed(
        tmp_path, **{name: "{{ link if name == 'mail' else when }}" if "verify" in name else "{{ when }}"}
    ).names
    with pytest.raises(ThemeError, match="'nobody' is undefined"):
        themed(tmp_path, **{name: "{{ nobody }}"})


@pytest.fixture
def logged() -> Any:
    """The events of the log of themes."""
    from twisted.logger import globalLogPublisher

    events: list[dict[str, Any]] = []
    globalLogPublisher.addObserver(events.append)
    yield events
    globalLogPublisher.removeObserver(events.append)


def test_files_that_nothing_uses_are_named(tmp_path: Path, logged: list[dict[str, Any]]) -> None:
    for name in ("iam.css", "static/photo.jpeg", "static/good.webp", "static/deep/iam.css", ".git/config", "notes.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")

    themed(tmp_path, logn_html="Misspelt", part_html="A part", login__login_html="{% include 'part.html' %}")

    warned = [event for event in logged if event["log_format"].startswith("--templates: ")]
    named = {event.get("name") or str(Path(event["path"]).relative_to(tmp_path)) for event in warned}
    assert named == {"logn.html", "iam.css", "static/photo.jpeg", "static/deep/iam.css", "notes.md"}


def test_without_templates_nothing_is_tried(tmp_path: Path) -> None:
    (tmp_path / "static").mkdir()
    (tmp_path / "static" / "iam.css").write_text("body { color: red }")

    assert b"red" in getattr(Theme(settings(templates=tmp_path)).static("iam.css"), "body", b"")


def test_every_bundled_page_may_be_a_theme_of_its_own(tmp_path: Path) -> None:
    for name in PAGES:
        (found,) = (each / name for each in folders(TEMPLATES) if (each / name).is_file())
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(found.read_text())

    assert Theme(settings(templates=tmp_path)).names == PAGES


def test_all_of_a_page_is_known() -> None:
    """Against what pages are really given: each variable of the templates is one that some handler passes."""
    templates = theme_page.environment(Theme(settings()))

    known = rehearsal.grouped(rehearsal.interface(templates, "login.html"))

    assert {"client", "form", "next", "csrf_token", "stale", "session"} <= known.keys()
    assert {"name", "host", "links"} <= set(known["client"])
    assert json.dumps(dict(known)) == json.dumps(dict(rehearsal.grouped(rehearsal.interface(templates, "login.html"))))
