"""What a person has allowed a client."""

from collections.abc import Mapping, Sequence
from typing import Final

from attrs import field, frozen

NOWHERE: Final = ""  # in place of a resource's URI, for scopes that belong to none


@frozen
class Consented:
    """The scopes that a person has allowed a client; `resources` holds those shown for each resource, and for NOWHERE.

    `unasked` holds those of them that nobody has asked the person about, since the client was trusted.
    `client_digest` is of what the client said about itself then, if it is a document.
    """

    scopes: frozenset[str] = frozenset()
    resources: Mapping[str, Sequence[str]] = field(factory=dict)
    unasked: Mapping[str, Sequence[str]] = field(factory=dict)
    client_digest: bytes | None = None

    def covers(self, scopes: Sequence[str], resources: Mapping[str, Sequence[str]]) -> bool:
        """Whether all of this is allowed: a resource only if it was shown, and only with the scopes that were shown for it."""
        return self.scopes.issuperset(scopes) and all(
            uri in self.resources and set(self.resources[uri]).issuperset(names) and not self._presumed(uri, names)
            for uri, names in resources.items()
        )

    def _presumed(self, uri: str, names: Sequence[str]) -> bool:
        """Whether nobody has asked about the resource, or about one of these scopes there."""
        unasked = self.unasked.get(uri)
        return unasked is not None and (not names or not set(names).isdisjoint(unasked))


NOTHING = Consented()


def placed(scopes: Sequence[str], resources: Mapping[str, Sequence[str]]) -> dict[str, Sequence[str]]:
    """Returns the scopes of each resource, and under NOWHERE those of none."""
    at_some = {name for names in resources.values() for name in names}
    return {NOWHERE: [name for name in scopes if name not in at_some], **resources}
