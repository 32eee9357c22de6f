"""What goes with an action, told before it is done: for each action with losses one more, which changes nothing."""

from typing import cast, get_args

from pydantic import Field, SecretStr, create_model

from iam.administration.actions.action import Action, Input, Output
from iam.administration.actions.models import Model
from iam.administration.actions.operator import Operator
from iam.administration.actions.performing import check
from iam.administration.administration import Administration
from iam.administration.losses import Losses, Section


class Part(Model):
    """A heading, and the items it is about."""

    heading: str
    items: list[str]


class Foretold(Model):
    """What an action would end."""

    question: str | None = Field(description="The question to confirm; null if nothing that is in use goes with it.")
    sections: list[Part] = Field(description="What goes with it.")
    for_good: bool = Field(description="Whether it cannot be made good again.")

    @classmethod
    def of(cls, losses: Losses | None) -> "Foretold":
        """Returns what is said about these losses."""
        if losses is None:
            return cls(question=None, sections=[], for_good=False)
        sections = [Part(heading=each.heading, items=list(each.items)) for each in losses.sections]
        return cls(question=losses.question, sections=sections, for_good=losses.for_good)

    def losses(self) -> Losses | None:
        """Returns the losses that are told; None if there are none."""
        if self.question is None:
            return None
        return Losses(self.question, [Section(part.heading, part.items) for part in self.sections], self.for_good)


def without_secrets(model: type[Input]) -> type[Input]:
    """Returns an input without the secrets in it, which what goes with an action does not depend on."""
    kept = {name: (told.annotation, told) for name, told in model.model_fields.items() if not secret(told.annotation)}
    if len(kept) == len(model.model_fields):
        return model
    return cast("type[Input]", create_model(f"{model.__name__}Foretold", __base__=Model, **kept))  # type: ignore[call-overload]


def secret(annotation: object) -> bool:
    """Whether a member of this type holds a secret."""
    return annotation is SecretStr or SecretStr in get_args(annotation)


def foretelling(action: Action[Input, Output]) -> Action[Input, Foretold]:
    """Returns the action that tells what would go with this one, to whoever may perform it."""

    async def foretell(on: Administration, wish: Input, operator: Operator) -> Foretold:
        await check(on, action, wish, operator)
        return Foretold.of(await action.losses(on, wish) if action.losses else None)

    return Action(
        f"{action.name}.losses",
        f"Tell what would go with this: {action.summary[0].lower()}{action.summary[1:]}",
        "GET",
        f"{action.path}/delete" if action.method == "DELETE" else action.path,
        without_secrets(action.input),
        Foretold,
        foretell,
        roles=action.roles,
        owns=action.owns,
        sensitive=action.sensitive,
        foretells=True,
    )
