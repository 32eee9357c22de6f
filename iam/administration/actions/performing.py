"""Performs actions: the one place that decides who may do what."""

from typing import Final
from uuid import UUID

from iam.administration.actions.action import Action, Forbidden, Input, LoginNeeded, Output, Unscoped
from iam.administration.actions.models import Model
from iam.administration.actions.operator import Operator
from iam.administration.administration import Administration

NO_ROLE: Final = "You have no role here that may do this. Ask an administrator."
RESERVED: Final = "Only an administrator may give these: {}."
ABOVE: Final = "Only an administrator may change the account of somebody who has a role."
NOBODYS: Final = "Only an administrator may end what an application has for itself."
NO_LOGIN: Final = (
    "This wants a login, and a token that you made by hand is none: use a token that you get by logging in."
)


async def perform(on: Administration, action: Action[Input, Output], wish: Input, operator: Operator) -> Output:
    """Performs the action if the operator may, and returns what came of it.

    Raises Forbidden; Invalid, which names the members at fault; and Missing for what is not there.
    """
    await check(on, action, wish, operator)
    return await action.function(on, wish, operator)


def may(action: Action[Input, Output], operator: Operator) -> bool:
    """Whether the roles of the operator, and the scopes of their token, allow the action at all."""
    return operator.has_one_of(action.roles) and (operator.scopes is None or action.scope in operator.scopes)


async def check(on: Administration, action: Action[Input, Output], wish: Input, operator: Operator) -> None:
    """Raises Forbidden unless the operator may do this."""
    if operator.scopes is not None and action.scope not in operator.scopes:
        raise Unscoped(action.scope)
    if operator.administrator:
        return prove(action, operator)
    if not operator.has_one_of(action.roles) and not (action.owns and await action.owns(on, wish, operator)):
        raise Forbidden(NO_ROLE)
    if given := [name for name in sorted(action.reserved) if gives(wish, name)]:
        raise Forbidden(RESERVED.format(", ".join(given)))
    if action.changes and action.person:
        await spare(on, await action.person(on, wish))
    return prove(action, operator)


def gives(wish: Model, name: str) -> bool:
    """Whether the input gives this member; a default that is written out gives nothing."""
    return name in wish.model_fields_set and getattr(wish, name) != type(wish).model_fields[name].default


def prove(action: Action[Input, Output], operator: Operator) -> None:
    """Raises Forbidden if the action is sensitive and the operator has not proved lately who they are."""
    if not action.sensitive or operator.recent:
        return
    raise Forbidden(NO_LOGIN) if operator.made else LoginNeeded(operator.lacking)


async def spare(on: Administration, person: UUID | None) -> None:
    """Raises Forbidden if the person has a role themselves, or if it is no person's but a client's own."""
    if person is None:
        raise Forbidden(NOBODYS)
    if await on.store.roles.of_person(person):
        raise Forbidden(ABOVE)
