"""What a person has allowed a client."""

from collections.abc import Mapping, Sequence
from typing import Final

from attrs import field, frozen

NOWHERE: Final = ""  # in place of a resource's URI, for scopes that belong to none


@frozen
class Consented:
    """The scopes that a person has allowed a client; `resources` holds those shown for each resource, and for NOWHERE."""

    scopes: frozenset[str] = frozenset()
    resources: Mapping[str, Sequence[str]] = field(factory=dict)

    def covers(self, scopes: Sequence[str], resources: Mapping[str, Sequence[str]]) -> bool:
        """Whether all of this is allowed: a resource only if it was shown, and only with the scopes that were shown for it."""
        return self.scopes.issuperset(scopes) and all(
            uri in self.resources and set(self.resources[uri]).issuperset(names) for uri, names in resources.items()
        )


NOTHING = Consented()


def placed(scopes: Sequence[str], resources: Mapping[str, Sequence[str]]) -> dict[str, Sequence[str]]:
    """Returns the scopes of each resource, and under NOWHERE those of none."""
    at_some = {name for names in resources.values() for name in names}
    return {NOWHERE: [name for name in scopes if name not in at_some], **resources}
