"""The members of client metadata, each with its rule."""

from collections.abc import Iterable
from typing import Final

from iam.clients import key_rules, rules
from iam.clients.rules import Case, Rule
from iam.records.client_metadata import MEMBERS
from iam.records.member import Member

# A rule that neither module has makes the import fail.
RULES: Final[dict[str, Rule]] = {
    each.attribute: {**vars(rules), **vars(key_rules)}[each.rule] for each in MEMBERS if each.rule
}


def complaints(case: Case, members: Iterable[Member] = MEMBERS) -> dict[str, str]:
    """Returns what is wrong with the metadata: a sentence for each attribute at fault."""
    found = ((each.attribute, complaint(each.attribute, case)) for each in members)
    return {attribute: sentence for attribute, sentence in found if sentence}


def complaint(attribute: str, case: Case) -> str | None:
    """Returns what is wrong with one member, or None."""
    rule = RULES.get(attribute)
    return rule and rule(getattr(case.metadata, attribute), case, attribute)
