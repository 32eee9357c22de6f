"""What a person allowed a client before."""

from collections.abc import Mapping, Sequence
from typing import Final

from attrs import field, frozen

NOWHERE: Final = ""  # stands, in place of a resource, for what is about none


@frozen
class Consented:
    """What a person allowed a client so far; `resources` are the scopes that were shown for each resource, and NOWHERE."""

    scopes: frozenset[str] = frozenset()
    resources: Mapping[str, Sequence[str]] = field(factory=dict)

    def covers(self, scopes: Sequence[str], resources: Mapping[str, Sequence[str]]) -> bool:
        """Is all of this allowed? A resource is, only where it was shown, and only with the scopes shown there."""
        return self.scopes.issuperset(scopes) and all(
            uri in self.resources and set(self.resources[uri]).issuperset(names) for uri, names in resources.items()
        )


NOTHING = Consented()


def placed(scopes: Sequence[str], resources: Mapping[str, Sequence[str]]) -> dict[str, Sequence[str]]:
    """The scopes at each resource, and NOWHERE those that are at none of them."""
    at_some = {name for names in resources.values() for name in names}
    return {NOWHERE: [name for name in scopes if name not in at_some], **resources}
