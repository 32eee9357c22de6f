"""Which actions an operator may do: by their roles, or as the owner of what the actions are about."""

from collections.abc import Mapping

from iam.administration.actions.operator import Operator
from iam.administration.administration import Administration
from iam.pages.admin.noun import Act, Noun
from iam.records.invalid import Missing


async def permitted(on: Administration, noun: Noun, around: Mapping[str, object], operator: Operator) -> list[Act]:
    """Returns the actions of a noun that are done by a form and that the operator may, on or within what is named."""
    changing = [each for each in (*noun.actions, *noun.also) if each.changes or each.looks]
    return [each for each in changing if operator.has_one_of(each.roles) or await owns(on, each, around, operator)]


async def owns(on: Administration, action: Act, named: Mapping[str, object], operator: Operator) -> bool:
    """Whether the action is open to the owner of what is named, and the operator is that."""
    if action.owns is None or not named:
        return False
    try:
        return await action.owns(on, action.input.model_construct(None, **named), operator)
    except Missing:
        return False
