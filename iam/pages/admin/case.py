"""What the page of an action is about: who asks, the object, what else the address names, and what dies."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from attrs import frozen

from iam.administration.actions.models import Model
from iam.administration.actions.operator import Operator
from iam.administration.losses import Losses
from iam.browser import csrf
from iam.pages.admin.facts import Fact
from iam.pages.admin.noun import Act, Noun
from iam.pages.admin.places import BACK, PLACE, VARIABLE, filled, variables
from iam.pages.admin.rows import identity, titled
from iam.records.scope import Scope
from iam.records.session import Session

OURS: Final = re.compile(PLACE + r"/[A-Za-z0-9%._~+/-]+")
MOVING: Final = frozenset({"seen_at", "used_at", "last_used"})  # members that change without anybody's decision


@frozen
class Case:
    """What one request is about. An `obstacle` is why it cannot be done; `facts` say what is known of it.

    `scopes` are those that there are, if its form asks for some.
    """

    noun: Noun
    action: Act
    session: Session
    operator: Operator
    named: Mapping[str, str]
    came_from: str | None = None
    shown: Model | None = None
    facts: Sequence[Fact] = ()
    losses: Losses | None = None
    obstacle: str | None = None
    scopes: Sequence[Scope] = ()

    @property
    def purpose(self) -> str:
        """What the token of the form is good for."""
        return " ".join((self.action.name, *self.named.values()))

    @property
    def title(self) -> str | None:
        """What the object is called."""
        return titled(self.noun, self.shown) if self.shown else None

    @property
    def key(self) -> str | None:
        """What names the object."""
        return identity(self.noun, self.shown) if self.shown else None

    @property
    def told(self) -> dict[str, object]:
        """The members of the object; for the digest, as JSON."""
        return self.shown.model_dump(mode="json") if self.shown else {}

    @property
    def digest(self) -> str:
        """The digest of what the page shows."""
        lost = [[part.heading, *part.items] for part in self.losses.sections] if self.losses else []
        moving = MOVING | (type(self.shown).fleeting if self.shown else frozenset())
        told = {name: value for name, value in self.told.items() if name not in moving}
        return csrf.digest(told, lost, self.obstacle)

    @property
    def ends(self) -> bool:
        """Whether the object is gone after it."""
        return self.action.method == "DELETE" and set(variables(self.action)) <= self.noun.names.keys()

    @property
    def back(self) -> str:
        """The page from which the action is chosen."""
        return self.came_from or self.page or self.noun.place

    @property
    def after(self) -> str:
        """The page to see when it is done."""
        return (self.came_from or self.noun.place) if self.ends else self.back

    @property
    def page(self) -> str | None:
        """The page of the object, if it has one."""
        return page_of(self.noun, self.shown) if self.shown else None


def page_of(noun: Noun, shown: Model) -> str | None:
    """Returns the address of the page of an object, if it has one."""
    return filled(VARIABLE.sub("{id}", PLACE + noun.show.path), {"id": identity(noun, shown)}) if noun.show else None


def back(query: Mapping[str, str]) -> str | None:
    """Returns the page that led here, if it is one of the administration."""
    path = query.get(BACK, "")
    return path if OURS.fullmatch(path) and "//" not in path else None
