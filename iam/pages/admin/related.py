"""The lists that stand on an object's page, and the rows of each."""

from collections.abc import Sequence
from typing import Final, cast

from attrs import frozen

from iam.administration.actions import performing
from iam.administration.actions.models import Model, Page
from iam.administration.actions.operator import Operator
from iam.administration.administration import Administration
from iam.pages.admin.noun import Act, Noun, Related
from iam.pages.admin.permitted import owns, permitted
from iam.pages.admin.places import BACK, PLACE, address, filled, label, variables
from iam.pages.admin.rows import Row, identity, row

FEW: Final = 10  # rows of a list on the page of another object


@frozen
class Section:
    """A list on an object's page: its first rows, and where all of them are."""

    heading: str
    rows: Sequence[Row]
    empty: str
    all: str | None
    actions: Sequence[tuple[str, str]]


async def sections(
    on: Administration, noun: Noun, shown: Model, operator: Operator, seen: Sequence[str], page: str
) -> list[Section]:
    """Returns the lists of an object that the operator may read."""
    return [
        await section(on, each, each.noun.list, identity(noun, shown), operator, seen, page)
        for each in noun.related
        if each.noun.list and await open_to(on, each, each.noun.list, identity(noun, shown), operator)
    ]


async def open_to(on: Administration, related: Related, action: Act, of: str, operator: Operator) -> bool:
    """Whether the operator may read the list of this object."""
    return operator.has_one_of(action.roles) or await owns(on, action, {related.by: of}, operator)


async def section(
    on: Administration, related: Related, action: Act, of: str, operator: Operator, seen: Sequence[str], page: str
) -> Section:
    """Returns a list of this object."""
    around = {related.by: of}
    wish = action.input.model_validate({**around, "limit": FEW})
    part = cast("Page[Model]", await performing.perform(on, action, wish, operator))
    acts = await permitted(on, related.noun, around, operator)
    more = filled(PLACE + action.path, around) if part.next else None
    return Section(
        related.noun.label,
        [row(related.noun, each, acts, seen, around, page) for each in part.items],
        related.empty,
        more,
        [
            (address(each, {**around, BACK: page}), label(each))
            for each in acts
            if each.method == "POST" and related.by in each.input.model_fields and set(variables(each)) <= {related.by}
        ],
    )
