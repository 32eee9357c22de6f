"""The guide to the audit log names every kind of event that is written, and no other; each has its sentences."""

import re
from pathlib import Path

from iam.administration.sentences import KINDS
from iam.store import refused_counts
from iam.store.refused_counts import THROTTLED
from tests.store.test_writing_statements import statements

PAGE = Path(__file__).parents[2] / "docs/guides/audit.md"
FIRST = re.compile(r"audited\(\s*(case\b.*?\bend|'[^']*')", re.DOTALL)
KIND = re.compile(r"'([a-z_]+\.[a-z_]+)'")
COUNTED = {refused_counts.LOGIN, refused_counts.FACTOR, refused_counts.CLIENT_AUTHENTICATION, refused_counts.CONSENT}
HELD_UP = {
    f"{kind}{THROTTLED}" for kind in ("login", "secret", "factor", "link", "user_code", "device")
}  # by the names of the budgets


def written() -> set[str]:
    """The kinds that statements write."""
    return {kind for _, text in statements() for first in FIRST.findall(text) for kind in KIND.findall(first)}


def test_every_kind_of_the_guide_is_written_and_the_other_way_round() -> None:
    (table,) = re.findall(r"\| kind \| when \|\n.*?\n\n", PAGE.read_text(), re.DOTALL)
    named = {kind for row in table.splitlines() for kind in re.findall(r"`([a-z_]+\.[a-z_]+)`", row.split(" | ")[0])}

    assert named == written() | COUNTED | HELD_UP == set(KINDS)
