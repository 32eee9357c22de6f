"""Finds what the page of an action is about."""

from collections.abc import Mapping, Sequence

from attrs import evolve
from pydantic import ValidationError

from iam.administration import clients, groups, people
from iam.administration.actions import performing
from iam.administration.actions.action import Action, Forbidden
from iam.administration.actions.foretelling import without_secrets
from iam.administration.actions.models import Model
from iam.administration.actions.operator import Operator
from iam.administration.administration import Administration
from iam.administration.losses import Losses
from iam.pages.admin.case import Case
from iam.pages.admin.choices import SCOPE
from iam.pages.admin.desk import seen
from iam.pages.admin.facts import Fact, facts
from iam.pages.admin.form import ActionForm, naming
from iam.pages.admin.noun import Noun
from iam.pages.admin.words import called
from iam.records.invalid import Invalid, Missing
from iam.records.scope import Scope


async def find(on: Administration, case: Case) -> Case:
    """Returns the case with its object and what dies, or the obstacle. Raises Missing if there is no such object."""
    try:
        case = evolve(case, shown=await subject(on, case.noun, case.named, case.operator), obstacle=None)
        case = evolve(case, losses=await lost(on, case.action, case.named, case.operator))
        return evolve(case, facts=await known(on, case), scopes=await scopes(on, case))
    except Missing:
        raise
    except (Forbidden, Invalid) as error:
        return evolve(case, obstacle=str(error))


async def subject(on: Administration, noun: Noun, named: Mapping[str, str], operator: Operator) -> Model | None:
    """Returns the object that is named, if one is. Raises Forbidden, and Missing if it is not there."""
    name = next((each for each in noun.names if each in named), None)
    if name is None:
        return None
    if noun.show is not None:
        return await performing.perform(on, noun.show, naming(noun.show.input, {name: named[name]}), operator)
    return await noun.find(on, named[name]) if noun.find else None


async def lost(
    on: Administration, action: Action[Model, Model], named: Mapping[str, str], operator: Operator
) -> Losses | None:
    """Returns what dies, if that is known before anything is typed. Raises Forbidden, and Invalid if it cannot be done."""
    try:
        wish = (without_secrets(action.input) if action.losses else action.input).model_validate(named)
    except ValidationError as error:
        if any(each["type"] != "missing" for each in error.errors()):
            raise Missing({"": "There is nothing of this name."}) from None
        if named:
            await performing.check(on, action, action.input.model_construct(set(named), **named), operator)
        return None
    return await judged(on, action, wish, operator)


async def meant(on: Administration, case: Case, form: ActionForm) -> Case:
    """Returns the case with what dies by what is typed; as it is if that cannot be used, which is said when it is done."""
    try:
        return evolve(case, losses=await judged(on, case.action, form.wish(case.named), case.operator))
    except (Forbidden, Invalid):
        return case


async def judged(on: Administration, action: Action[Model, Model], wish: Model, operator: Operator) -> Losses | None:
    """Returns what dies by what is wished, to who may do it. Raises Forbidden and Invalid."""
    await performing.check(on, action, wish, operator)
    return await action.losses(on, wish) if action.losses else None


async def known(on: Administration, case: Case) -> list[Fact]:
    """Returns what a page says of the object and of what else the address names. Raises Missing."""
    own = facts(case.noun, case.shown, case.noun.hint, seen(case.operator)) if case.shown else []
    rest = {name: text for name, text in case.named.items() if case.shown is None or name not in case.noun.names}
    return own + [Fact(name, called(name), "text", await spoken(on, name, text)) for name, text in rest.items()]


async def scopes(on: Administration, case: Case) -> Sequence[Scope]:
    """Returns the scopes that there are, if the form of the action asks for some."""
    return await on.store.scopes.all() if SCOPE in case.action.input.model_fields.keys() - case.named.keys() else ()


async def spoken(on: Administration, name: str, text: str) -> str:
    """Returns what people call the object that an input names so. Raises Missing."""
    if name in ("person", "user"):
        return (await people.find(on, text)).username
    if name in ("application", "client"):
        return (await clients.find(on, text)).name
    return (await groups.find(on, text)).name if name == "group" else text
