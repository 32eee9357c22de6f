"""The list of people, and the page of one: what they are, and why they cannot log in."""

from typing import Final

from pydantic import ValidationError

from iam.administration.actions import people, performing
from iam.administration.actions.models import Listing
from iam.administration.actions.operator import Operator
from iam.administration.actions.performing import ABOVE
from iam.administration.actions.person import NamedPerson, Person
from iam.administration.administration import Administration
from iam.administration.people import find
from iam.administration.sessions import list_living
from iam.http.answers import Answer
from iam.http.parameters import ParameterError, decode, query_parameters, query_text
from iam.http.request import Request
from iam.pages.admin.desk import Desk
from iam.pages.admin.places import address, label, offered
from iam.people import names
from iam.records.invalid import Invalid
from iam.records.user import User
from iam.service import service

UNREADABLE: Final = ("There is no such list", "The address may be cut off. Begin at the first page of the list.")
DISABLED: Final = "Their account is disabled: whatever they type is refused until somebody enables it."
NO_PASSWORD: Final = "They have no password yet: invite them, so that they choose one."
FACTOR: Final = "After their password they are asked for a second factor: reset their factors if they have lost it."
DELETING: Final = "Their account is about to be deleted, as they have asked: a login offers them to keep it."


@service
class PeoplePages:
    """The pages /admin/people and /admin/people/PERSON."""

    desk: Desk

    async def list(self, request: Request) -> Answer:
        """Lists the people whose username or, if there is an @ in what is sought, address begins so."""
        session, operator = await self.desk.admit(request, people.LIST.roles)
        told = self._told(request)
        done = "done" in query_text(request).split("&")
        try:
            wish = Listing.model_validate(told)
            page = await performing.perform(self.desk.administration, people.LIST, wish, operator)
        except (Invalid, ValidationError):
            raise self.desk.theme.refusal(400, *UNREADABLE) from None
        actions = [(address(action), label(action)) for action in offered(operator, about=None)]
        return self.desk.page(
            "admin_people.html", session, people=page.items, next=page.next, wish=wish, actions=actions, done=done
        )

    async def show(self, request: Request, person: str) -> Answer:
        """Shows one person with what can be done about them."""
        session, operator = await self.desk.admit(request, people.SHOW.roles)
        on = self.desk.administration
        try:
            shown = await performing.perform(on, people.SHOW, NamedPerson(person=decode(person)), operator)
            user = await find(on, str(shown.id))
        except (Invalid, ParameterError):
            raise self.desk.theme.missing() from None
        roles = await on.store.roles.of_person(user.id)
        above = bool(roles) and not operator.administrator
        return self.desk.page(
            "admin_person.html",
            session,
            person=shown,
            obstacles=await obstacles(on, user),
            sessions=await list_living(on, user),
            groups=await on.store.groups.of_person(user.id),
            roles=roles,
            actions=[] if above else actions(operator, shown),
            above=ABOVE if above else None,
            done=query_text(request) == "done",
        )

    def _told(self, request: Request) -> dict[str, str]:
        """Returns the filters in the address. Raises AnswerNow, 400."""
        try:
            told = query_parameters(request)
        except ParameterError as error:
            raise self.desk.theme.refusal(error.status, *UNREADABLE) from None
        return {name: text for name, text in told.items() if name != "done"}


async def obstacles(on: Administration, user: User) -> list[str]:
    """Returns what keeps a person from logging in, or holds them up, in sentences."""
    if user.disabled_at is not None:
        return [DISABLED]
    login = await on.store.users.login(names.username_key(user.username))
    found = {
        NO_PASSWORD: login is None or login.password_hash is None,
        FACTOR: login is not None and login.asked_more,
        DELETING: await on.store.deletions.planned(user.id) is not None,
    }
    return [sentence for sentence, holds in found.items() if holds]


def actions(operator: Operator, person: Person) -> list[tuple[str, str, str]]:
    """Returns the path, label and summary of what can be done about a person."""
    senseless = people.DISABLE.name if person.disabled else people.ENABLE.name
    return [
        (address(action).replace("{person}", str(person.id)), label(action), action.summary)
        for action in offered(operator, about="person")
        if action.name != senseless
    ]
