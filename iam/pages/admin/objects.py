"""The pages of objects: what each is, what is connected with it, and what can be done."""

from attrs import evolve

from iam.administration.actions import performing
from iam.administration.actions.action import Forbidden
from iam.administration.actions.models import Model
from iam.administration.actions.operator import Operator
from iam.administration.actions.performing import NO_ROLE
from iam.http.answers import Answer
from iam.http.dispatch import Handler
from iam.http.parameters import query_text
from iam.http.request import Request
from iam.pages.admin.case import page_of
from iam.pages.admin.desk import Desk, seen
from iam.pages.admin.facts import facts
from iam.pages.admin.form import grouped, naming
from iam.pages.admin.noun import Act, Noun
from iam.pages.admin.permitted import permitted
from iam.pages.admin.places import address, label
from iam.pages.admin.related import sections
from iam.pages.admin.rows import marks, possible, titled
from iam.records.invalid import Invalid
from iam.service import service


@service
class ObjectPages:
    """The pages of one object each."""

    desk: Desk

    def showing(self, noun: Noun, action: Act) -> Handler:
        """Returns the handler of the page of an object."""

        async def show(request: Request, **path: str) -> Answer:
            """Shows the object."""
            named = self.desk.named(path)
            session, operator = await self.desk.admit_to(request, action, named)
            on = self.desk.administration
            try:
                shown = await performing.perform(on, action, naming(action.input, named), operator)
            except (Invalid, Forbidden):
                raise self.desk.theme.missing() from None
            page, visible = page_of(noun, shown) or "", seen(operator)
            more = {name: await gather(on, shown, operator) for name, gather in noun.more.items()}
            actions, obstacles = await self._allowed(noun, shown, operator)
            return self.desk.page(
                noun.template,
                session,
                here=noun.place,
                title=titled(noun, shown),
                marks=marks(noun, shown),
                parts=[
                    (heading, told)
                    for heading, names in grouped(noun, list(type(shown).model_fields)).items()
                    if (told := facts(noun, shown, [name for name in names if name != noun.title], visible))
                ],
                lists=await sections(on, noun, shown, operator, visible, page),
                actions=actions,
                obstacles_of_actions=obstacles,
                done=query_text(request) == "done",
                **more,  # type: ignore[arg-type]
            )

        return show

    async def _allowed(
        self, noun: Noun, shown: Model, operator: Operator
    ) -> tuple[list[tuple[str, str, str]], list[str]]:
        """Returns the address, label and summary of what the operator may do, and why they may not do the rest."""
        allowed, obstacles = [], set[str]()
        own = {name: str(getattr(shown, member)) for name, member in noun.names.items()}
        acts = await permitted(self.desk.administration, noun, own, operator)
        within = {each.name for related in noun.related for each in related.noun.actions}
        for action, named in possible(noun, shown, [each for each in acts if each.name not in within], {}):
            wish = action.input.model_construct(set(named), **{name: str(value) for name, value in named.items()})
            try:
                await performing.check(self.desk.administration, action, wish, evolve(operator, recent=True))
            except (Forbidden, Invalid) as error:
                obstacles.add(str(error))
            else:
                allowed.append((address(action, named), label(action), action.summary))
        return allowed, sorted(obstacles - {NO_ROLE})
