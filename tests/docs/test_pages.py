"""The pages say what is there: links lead somewhere, the options are the settings."""

import re
from pathlib import Path

import pytest
from pydantic_core import PydanticUndefined

from iam import limits
from iam.server.options import Options
from iam.settings import Settings
from tests.docs.conftest import ROOT

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "bench" / "README.md"])
LINK = re.compile(r"\[[^\]]*\]\(([^)#]+)(#[^)]*)?\)")
ROW = re.compile(r"^\| `(?P<name>[^`]+)` \| `(?P<variable>IAM_\w+)` \|(?P<default>[^|]*)\|", re.MULTILINE)
SPOKEN = {"issuer": "`http://localhost:PORT`", "data_dir": "the platform's"}  # defaults that depend on others


LIMIT = re.compile(r"^\| `(?P<name>[a-z-]+)` \| `(?P<default>\d+)` \| (?P<meaning>.*) \|$", re.MULTILINE)


def field_of(name: str) -> str:
    """`--no-migrate` and `no-migrate` are no_migrate."""
    return name.split(maxsplit=1)[0].removeprefix("--").replace("-", "_")


OPTIONS_PAGE = (ROOT / "docs" / "reference" / "options.md").read_text()
ROWS = {field_of(row["name"]): row for row in ROW.finditer(OPTIONS_PAGE)}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_to_a_file(page: Path) -> None:
    links = [target for target, _ in LINK.findall(page.read_text()) if not target.startswith(("http:", "https:"))]

    assert [target for target in links if not (page.parent / target).exists()] == []


def test_every_page_is_reached_from_the_first() -> None:
    seen, found = set(), [ROOT / "docs" / "index.md"]
    while found:
        page = found.pop().resolve()
        seen.add(page)
        targets = [page.parent / target for target, _ in LINK.findall(page.read_text()) if target.endswith(".md")]
        found += [target for target in targets if target.resolve() not in seen]

    assert {page for page in PAGES if page.is_relative_to(ROOT / "docs")} - seen == set()


def test_every_setting_is_in_the_table_and_nothing_else() -> None:
    assert set(ROWS) == set(Settings.model_fields)


@pytest.mark.parametrize("name", Settings.model_fields)
def test_variables_and_defaults_are_those_of_the_settings(name: str) -> None:
    default = Settings.model_fields[name].default

    assert ROWS[name]["variable"] == f"IAM_{name.upper()}"
    assert ROWS[name]["default"].strip() == SPOKEN.get(name, written(default))


def written(default: object) -> str:
    """A default as the table writes it."""
    if default in (None, (), "", PydanticUndefined):
        return ""
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    return f"`{' '.join(default) if isinstance(default, tuple) else default}`"


def test_what_is_written_with_dashes_is_an_option_of_the_command_line() -> None:
    options = {name.removesuffix("=").replace("-", "_") for name in Options().longOpt} - {"help", "version", "config"}

    assert {name for name, row in ROWS.items() if row["name"].startswith("--")} == options


def test_every_limit_is_in_its_table_with_its_default_and_meaning() -> None:
    rows = {row["name"]: (int(row["default"]), row["meaning"]) for row in LIMIT.finditer(OPTIONS_PAGE)}

    assert rows == {name: (one.default, one.metadata["meaning"]) for name, one in limits.options().items()}


CODE = re.compile(r"`([^`\n]+)`")
ROOMS = "|".join(sorted(path.name for path in (ROOT / "iam").iterdir() if path.is_dir() and path.name != "__pycache__"))
PLACE = re.compile(rf"(?:iam|tests|docs|bench|requirements)/[\w./-]+|(?:{ROOMS})/\w+(?:/\w+)*(?:\.\w+){{0,2}}")
SHORT = re.compile(r"(?P<module>[\w/]+)(?:\.(?:\w+\.)?(?P<name>\w+))?")
PLACEHOLDER = re.compile(r"NAME|NNNN")


def exists(place: str) -> bool:
    """Is there such a file or directory; or, of a room's module, the module and the name in it?"""
    if PLACEHOLDER.search(place) or any((ROOT / above / place).exists() for above in (".", "iam", "tests")):
        return True
    short = SHORT.fullmatch(place)
    file = ROOT / "iam" / f"{short['module']}.py" if short else ROOT
    if not file.is_file() or short is None:
        return False
    return short["name"] in (None, "py") or bool(re.search(rf"\b{short['name']}\b", file.read_text()))


def test_every_file_that_a_page_names_is_there() -> None:
    named = {(page, code) for page in PAGES for code in CODE.findall(page.read_text()) if PLACE.fullmatch(code)}

    assert {(str(page.relative_to(ROOT)), place) for page, place in named if not exists(place)} == set()
