"""The lists of CONTRIBUTING are complete and true: what they name is there, and they name every file of an example."""

import re
from pathlib import Path

from tests.docs.conftest import ROOT

PAGE = (ROOT / "CONTRIBUTING.md").read_text()
CODE = re.compile(r"`([^`\n]+)`")
PATH = re.compile(r"(?:iam|templates|docs|tests|requirements)/[\w./-]*|[\w.-]+\.(?:md|yaml)|\.[\w-]+")
SYMBOL = re.compile(r"[A-Za-z_]*[a-z]_[a-z_]+|[A-Z][A-Z_]+|(?:[A-Z][a-z]+){2,}")
MAKE = re.compile(r"\bmake ([a-z-]+)")
PLACEHOLDER = {"NAME": r"\\w+", "NNNN_word": r"\\d{4}_\\w+"}

# What an example is called: wherever that is written, somebody who adds another one has to look. Of grants, tests use the word on
# every page; only what is said of the grant itself counts there.
EXAMPLES = {
    "A grant": (
        r"\b(client_credentials|CLIENT_CREDENTIALS|ClientCredentials)\b",
        r"\b(CLIENT_CREDENTIALS|ClientCredentials)\b",
    ),
    "An endpoint": (r"(?i)webfinger", ""),
    "A client member": (r"initiate_login_uri", ""),
    "A setting": (r"(?i)registration.quota", ""),
    "A migration": (r"client_uses", ""),
    "A factor": (r"\b(totp|AuthenticatorApps|TOTPSecrets)\b", r"\b(totp_secrets|authenticator_apps|\"totp\")\b"),
    "A mail": (r"recovery_code_used", ""),
    "A command": (r"audit prune|\bprune_audit\b|\bdef prune\b|\bPRUNE\b|\.prune\(|\"prune\"", ""),
}
SEARCHED = (".py", ".sql", ".html", ".md")
GENERAL = {
    "docs/architecture.md",
    "docs/reference/performance.md",
    "docs/reference/pages.md",
    "docs/reference/api.md",
    "tests/administration/test_work_of_lists.py",
}  # two are about everything, one is of what was measured, and two are written from the templates and the actions


def sections() -> dict[str, str]:
    """The lists, by their headings."""
    how = PAGE.partition("\n## How to add what\n")[2]
    return {part.partition("\n")[0]: part for part in how.split("\n### ")[1:]}


def files(*places: str) -> list[Path]:
    """The files below these directories that somebody writes."""
    paths = (path for place in places for path in (ROOT / place).rglob("*"))
    return [path for path in paths if path.suffix in SEARCHED and "test_contributing" not in path.name]


def paths_in(text: str) -> set[str]:
    """The paths that a text names, those with a placeholder as patterns."""
    return {code for code in CODE.findall(text) if PATH.fullmatch(code)}


def pattern(path: str) -> re.Pattern[str]:
    """What a path stands for, if part of it is only a name for something."""
    for name, meant in PLACEHOLDER.items():
        path = path.replace(name, meant.replace("\\\\", "\\"))
    return re.compile(path.replace(".", r"\."))


def of_example(title: str) -> set[str]:
    """The files in which the example of a list appears."""
    everywhere, in_tests = EXAMPLES[title]
    found = {path for path in files("iam", "templates", "docs") if re.search(everywhere, path.read_text())}
    found |= {path for path in files("tests") if re.search(in_tests or everywhere, path.read_text())}
    return {str(path.relative_to(ROOT)) for path in found} - GENERAL


def test_there_are_eight_lists() -> None:
    assert set(sections()) == set(EXAMPLES)


def test_every_path_is_there_or_stands_for_one_that_is() -> None:
    there = {str(path.relative_to(ROOT)) for path in files("iam", "templates", "docs", "tests")}
    named = paths_in(PAGE)

    lost = [
        path
        for path in named
        if not (ROOT / path).exists() and not any(pattern(path).fullmatch(each) for each in there)
    ]

    assert len(named) > 60
    assert lost == []


def test_every_symbol_is_in_the_code() -> None:
    code = "\n".join(path.read_text() for path in files("iam", "tests"))
    symbols = {each for each in CODE.findall(PAGE) if SYMBOL.fullmatch(each)} - set(PLACEHOLDER)

    assert symbols
    assert [symbol for symbol in symbols if not re.search(rf"\b{symbol}\b", code)] == []


def test_every_target_of_make_is_there() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))

    assert set(MAKE.findall(PAGE)) <= targets


def test_a_list_names_every_file_that_its_example_is_in() -> None:
    for title, text in sections().items():
        patterns = [pattern(path) for path in paths_in(text)]
        found = of_example(title)

        assert found, title
        assert [file for file in found if not any(each.fullmatch(file) for each in patterns)] == [], title


def test_the_glossary_is_in_order_and_has_no_word_that_nobody_uses() -> None:
    text = (ROOT / "docs" / "reference" / "glossary.md").read_text()
    words = re.findall(r"^\| ([\w ]+) \| (?!meaning)", text, re.MULTILINE)
    code = "\n".join(path.read_text() for path in files("iam", "templates", "tests")).lower().replace("_", " ")

    assert len(words) >= 40
    assert words == sorted(words)
    assert [word for word in words if word not in code] == []
