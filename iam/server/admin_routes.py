"""The pages of the administration: paths, methods and handlers, made of the actions."""

from iam.http.dispatch import Handler
from iam.pages.admin.acts import Acts
from iam.pages.admin.desk import Desk
from iam.pages.admin.files import FilePages
from iam.pages.admin.lists import ListPages
from iam.pages.admin.objects import ObjectPages
from iam.pages.admin.overview import AdminOverview
from iam.pages.admin.places import CHOSEN, PLACE, place
from iam.pages.admin.several import SeveralPages
from iam.pages.admin.table import MEMBERS, NOUNS
from iam.server.api_routes import VARIABLE
from iam.server.application import Application


def admin(application: Application) -> list[tuple[str, str, Handler]]:
    """Returns the rows of the pages below /admin: of lists, of objects, and two for each action that changes something."""
    desk = Desk(application.holders, application.administration, application.visitors, application.theme)
    lists, objects, acts = ListPages(desk), ObjectPages(desk), Acts(desk)
    selections, downloads = SeveralPages(desk), FilePages(desk)
    files = [(noun, noun.file, named(PLACE + noun.file.path)) for noun in NOUNS if noun.file]
    changes = [
        (noun, action, named(place(action)))
        for noun in NOUNS
        for action in noun.actions
        if action.changes or action.looks
    ]
    listed = [(noun, noun.list) for noun in (*NOUNS, MEMBERS) if noun.list]
    return [
        (PLACE, "GET", AdminOverview(desk).show),
        *((named(PLACE + action.path), "GET", lists.showing(noun, action)) for noun, action in listed),
        *((named(PLACE + noun.show.path), "GET", objects.showing(noun, noun.show)) for noun in NOUNS if noun.show),
        *((path, "GET", downloads.asking(noun, action)) for noun, action, path in files),
        *((path, "POST", downloads.sending(noun, action)) for noun, action, path in files),
        *((path, "GET", acts.asking(noun, action)) for noun, action, path in changes),
        *((path, "POST", acts.doing(noun, action)) for noun, action, path in changes),
        (f"{CHOSEN}/<noun>/<verb>", "GET", selections.ask),
        (f"{CHOSEN}/<noun>/<verb>", "POST", selections.do),
    ]


def named(path: str) -> str:
    """Returns the path of an action as Klein writes it."""
    return VARIABLE.sub(r"<\1>", path)
