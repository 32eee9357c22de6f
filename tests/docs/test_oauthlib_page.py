"""The table of oauthlib's gaps says what is there: each gap once, modules and tests that exist."""

import re

import pytest
from attrs import frozen

from tests.docs.conftest import ROOT

PAGE = (ROOT / "docs" / "reference" / "oauthlib.md").read_text()
CELLS = re.compile(r"^\| (G\d+|trap \d) \|(.+)\|(.+)\|(.+)\|$", re.MULTILINE)
CODE = re.compile(r"`([^`]+)`")
DEFINED = {
    name
    for path in (ROOT / "tests" / "oauth").glob("test_gaps_*.py")
    for name in re.findall(r"^(?:async )?def (test_\w+)", path.read_text(), re.MULTILINE)
}


@frozen
class Row:
    """A gap, the modules that close it, and its tests."""

    gap: str
    modules: list[str]
    tests: list[str]


ROWS = [
    Row(gap, [code for code in CODE.findall(here) if code.startswith("iam/")], CODE.findall(tests))
    for gap, _, here, tests in CELLS.findall(PAGE)
]


def test_every_gap_and_every_trap_has_one_row() -> None:
    expected = [*(f"G{number}" for number in range(1, 51)), *(f"trap {number}" for number in range(1, 7))]

    assert [row.gap for row in ROWS] == expected


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.gap)
def test_a_row_names_modules_and_tests_that_exist(row: Row) -> None:
    beginning = f"test_{row.gap.lower().replace(' ', '_')}_"

    assert row.modules
    assert [module for module in row.modules if not (ROOT / module).is_file()] == []
    assert set(row.tests) == {name for name in DEFINED if name.startswith(beginning)}
    assert row.tests
