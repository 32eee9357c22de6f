"""The numbers of rules and invariants have a key: each is defined on one page, cited somewhere, and held by tests that exist."""

import re
from pathlib import Path

from attrs import frozen

from tests.docs.conftest import ROOT

PAGE = (ROOT / "docs" / "reference" / "hardening.md").read_text()
RULE = re.compile(r"^### (?P<number>H\d+): (?P<name>.+)$\n(?P<text>(?:(?!^##).*\n?)*)", re.MULTILINE)
INVARIANT = re.compile(r"^### (I\d+): .+$", re.MULTILINE)
NAMED = re.compile(r"`(test_\w+)`")
HERE = Path(__file__)

# A number that a reader cannot look up: of a table, a list or a plan that is not in the repository.
KEYLESS = re.compile(r"(?i:\brows? \d+\b(?! seconds))|\b[BKPRSW]\d{1,2}\b")
SQL_ROWS = re.compile(r"\bstable rows 1\b", re.IGNORECASE)  # of a function: how many PostgreSQL expects
NOT_OURS = re.compile(r"\bS\d{3}\b|\b[RPHE]S\d{3}\b|S256")


@frozen
class Rule:
    """A rule: its sentences and reason, and the tests that hold it; none where there is nothing yet to hold."""

    number: str
    text: str

    @property
    def tests(self) -> list[str]:
        return NAMED.findall(self.text)

    @property
    def pending(self) -> bool:
        return "\n*Not yet:* " in self.text


RULES = [Rule(found["number"], found["text"]) for found in RULE.finditer(PAGE)]


def texts(*places: str, endings: tuple[str, ...] = (".py", ".sql", ".md", ".html", ".css", ".js")) -> dict[str, str]:
    """What stands in the files of these directories, by their names; this file apart, which speaks of all numbers."""
    found = [path for place in places for path in (ROOT / place).rglob("*") if path.suffix in endings]
    paths = [path for path in found if path.is_file() and "node_modules" not in path.parts]  # other people's
    return {str(path.relative_to(ROOT)): path.read_text() for path in paths if path != HERE}


def cited(letter: str, *texts: str) -> set[str]:
    """The numbers with this letter in the texts, those in names of tests included."""
    text = "\n".join(texts)
    in_prose = re.findall(rf"\b{letter}\d+\b", text)
    spans = re.findall(rf"\b{letter}(\d+)-{letter}(\d+)\b", text)  # H1-H11: all of them
    in_names = [
        f"{letter}{digits}"
        for name in re.findall(r"def test_(\w+)", text)
        for digits in re.findall(rf"(?:^|_){letter.lower()}(\d+)(?=_)", name)
    ]
    within = [f"{letter}{number}" for first, last in spans for number in range(int(first), int(last) + 1)]
    return {*in_prose, *in_names, *within}


def test_every_rule_is_there_once_and_in_order() -> None:
    assert [rule.number for rule in RULES] == [f"H{number}" for number in range(1, len(RULES) + 1)]


def test_every_rule_has_its_reason() -> None:
    assert [rule.number for rule in RULES if "\n*Why:* " not in rule.text] == []


def test_a_rule_has_tests_unless_what_it_is_about_does_not_exist_yet() -> None:
    assert [rule.number for rule in RULES if rule.pending == bool(rule.tests)] == []


def test_the_tests_of_a_rule_exist() -> None:
    defined = {
        name
        for text in texts("tests", endings=(".py",)).values()
        for name in re.findall(r"^ *(?:async )?def (test_\w+)", text, re.MULTILINE)
    }

    assert {(rule.number, name) for rule in RULES for name in rule.tests if name not in defined} == set()


def test_every_number_that_is_cited_is_defined() -> None:
    numbers = {rule.number for rule in RULES}

    for name, text in texts("iam", "tests", "templates", "bench", "docs").items():
        assert cited("H", text) <= numbers, name


def test_every_rule_is_cited_in_the_code_or_in_a_test() -> None:
    numbers = cited("H", *texts("iam", "tests", endings=(".py", ".sql")).values())

    assert [rule.number for rule in RULES if rule.number not in numbers and not rule.pending] == []


def test_every_invariant_that_is_cited_is_defined_and_the_other_way_round() -> None:
    defined = INVARIANT.findall(PAGE)

    assert cited("I", *texts("iam", "tests", endings=(".py", ".sql")).values()) == set(defined)


def test_no_number_is_without_a_key() -> None:
    found = {
        (name, number)
        for name, text in texts("iam", "templates", "docs").items()
        for number in KEYLESS.findall(NOT_OURS.sub("", SQL_ROWS.sub("", text)))
    }

    assert found == set()


def test_no_test_is_named_by_a_number_without_a_key() -> None:
    names = re.findall(r"def (test_\w+)", "\n".join(texts("tests", endings=(".py",)).values()))

    assert [name for name in names if re.search(r"_(row_\d+|[bkprsw]\d+)_", name)] == []
