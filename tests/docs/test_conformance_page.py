"""The page on conformance is true: each module has its test, and each test its module."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance.conftest import CLAIMS
from tests.docs.conftest import ROOT, blocks

SECTION = re.compile(r"^## .*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"Test file: `(tests/conformance/\w+\.py)`")
ROW = re.compile(
    r"^\| `(?P<module>(?:oidcc|fapi2)-[\w-]+)` \|[^|]+\| `(?P<test>test_\w+)` \| (?P<result>[^|]+) \|$", re.MULTILINE
)
RESULT = re.compile(r"(passes|skipped: .+|gap: .+?)(; person)?")


def plans() -> Iterator[tuple[str, list[re.Match[str]]]]:
    """The file with the tests of each section that has one, and its rows."""
    for section in SECTION.findall((ROOT / "docs" / "reference" / "conformance.md").read_text()):
        if found := FILE.search(section):
            rows = list(ROW.finditer(section))
            assert len(rows) == section.count("\n| `"), section.partition("\n")[0]
            yield found[1], rows


PLANS = dict(plans())


def functions_of(file: str) -> set[str]:
    """The tests of a file, which all belong to a module."""
    tree = ast.parse((ROOT / file).read_text())
    functions = [node for node in tree.body if isinstance(node, ast.AsyncFunctionDef | ast.FunctionDef)]
    return {function.name for function in functions if function.name.startswith("test_")}


@pytest.mark.parametrize("file", PLANS)
def test_every_module_has_a_test_of_its_name(file: str) -> None:
    rows = PLANS[file]

    assert {row["test"] for row in rows} <= functions_of(file)
    for row in rows:
        assert row["test"].startswith("test_" + row["module"].replace("-", "_").lower())


@pytest.mark.parametrize("file", PLANS)
def test_every_test_belongs_to_a_module(file: str) -> None:
    named = tuple(row["test"] for row in PLANS[file])

    assert [test for test in functions_of(file) if not test.startswith(named)] == []


@pytest.mark.parametrize("file", PLANS)
def test_every_module_has_a_result(file: str) -> None:
    assert [row["module"] for row in PLANS[file] if not RESULT.fullmatch(row["result"])] == []


def test_the_person_of_the_page_has_every_claim_that_the_suite_asks_for() -> None:
    """`oidcc-scope-profile` and its like warn of each that is missing at UserInfo."""
    (block,) = blocks("docs/reference/conformance.md")

    assert set(re.findall(r"--claim '?(\w+)=", block.text)) == set(CLAIMS)


def test_every_file_of_tests_has_its_plan() -> None:
    files = {str(path.relative_to(ROOT)) for path in Path(ROOT, "tests", "conformance").glob("test_*.py")}

    assert set(PLANS) == files
