"""The roles that may do what several nouns have in common."""

from typing import Final

from iam.records.role import Role

AUDITORS: Final = frozenset({Role.AUDITOR})
HELPERS: Final = frozenset({Role.SUPPORT})
HELPERS_AND_AUDITORS: Final = frozenset({Role.SUPPORT, Role.AUDITOR})
DEVELOPERS: Final = frozenset({Role.DEVELOPER})
