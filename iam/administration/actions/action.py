"""Actions, and the errors of who may not perform one."""

from collections.abc import Awaitable, Callable
from typing import Final, Generic, TypeVar
from uuid import UUID

from attrs import frozen

from iam.administration.actions.models import Model
from iam.administration.actions.operator import Operator
from iam.administration.administration import Administration
from iam.administration.losses import Losses
from iam.oauth.scopes import ADMINISTRATION
from iam.records.role import Role

Input = TypeVar("Input", bound=Model)
Output = TypeVar("Output", bound=Model)

READ: Final = "read"
WRITE: Final = "write"
LONG_AGO: Final = "This wants a login of the last ten minutes: log in again."


class Forbidden(Exception):
    """The operator may not do this; the text is a sentence for them."""


class Unscoped(Forbidden):
    """The token that the API is called with lacks the scope of the action."""

    def __init__(self, scope: str) -> None:
        super().__init__(f"The access token lacks the scope {scope}.")
        self.scope = scope


class LoginNeeded(Forbidden):
    """The login of the operator is too old for this, or does not reach the class `acr`, if there is one."""

    def __init__(self, acr: str | None) -> None:
        super().__init__(LONG_AGO)
        self.acr = acr


@frozen(eq=False)
class Action(Generic[Input, Output]):
    """What can be done, declared once for page, API and command.

    `method` and `path` are its address below `/api/v1`; the variables of the path are members of the input. `roles` may
    do it besides administrators, and so may who `owns` what the input names. Who is not an administrator may not use
    the `reserved` members, nor touch what belongs to somebody with a role, whom `person` finds; nobody has what a client
    has for itself. `losses` says what
    goes with it, before it is done; a `sensitive` action wants a login of the last minutes. One that only `looks` changes
    nothing, though what it is told is too secret for an address; one that `foretells` says what another would end, and
    needs the scope of that.
    What it `creates` or shows is found by the member `identity` of the output.
    """

    name: str
    summary: str
    method: str
    path: str
    input: type[Input]
    output: type[Output]
    function: Callable[[Administration, Input, Operator], Awaitable[Output]]
    roles: frozenset[Role] = frozenset()
    owns: Callable[[Administration, Input, Operator], Awaitable[bool]] | None = None
    person: Callable[[Administration, Input], Awaitable[UUID | None]] | None = None
    reserved: frozenset[str] = frozenset()
    losses: Callable[[Administration, Input], Awaitable[Losses | None]] | None = None
    creates: bool = False
    identity: str = "id"
    sensitive: bool = False
    looks: bool = False
    foretells: bool = False

    @property
    def noun(self) -> str:
        """What it is about, in the plural."""
        return self.path.split("/")[1]

    @property
    def changes(self) -> bool:
        """Whether it changes anything."""
        return self.method != "GET" and not self.looks

    @property
    def scope(self) -> str:
        """The scope that a token needs for it."""
        return f"{ADMINISTRATION}{self.noun}:{WRITE if self.changes or self.foretells else READ}"
