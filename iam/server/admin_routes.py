"""The pages of the administration: paths, methods and handlers, made of the actions."""

from iam.http.dispatch import Handler
from iam.pages.admin.acts import Acts
from iam.pages.admin.desk import Desk
from iam.pages.admin.overview import AdminOverview
from iam.pages.admin.people import PeoplePages
from iam.pages.admin.places import CHANGES, PEOPLE, PLACE, address
from iam.server.api_routes import VARIABLE
from iam.server.application import Application


def admin(application: Application) -> list[tuple[str, str, Handler]]:
    """Returns the rows of the pages below /admin: two for each action that changes something."""
    desk = Desk(application.holders, application.administration, application.visitors, application.theme)
    people, acts = PeoplePages(desk), Acts(desk)
    places = [(VARIABLE.sub(r"<\1>", address(action)), action) for action in CHANGES]
    return [
        (PLACE, "GET", AdminOverview(desk).show),
        (PEOPLE, "GET", people.list),
        (PEOPLE + "/<person>", "GET", people.show),
        *((place, "GET", acts.asking(action)) for place, action in places),
        *((place, "POST", acts.doing(action)) for place, action in places),
    ]
