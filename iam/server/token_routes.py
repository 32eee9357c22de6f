"""The pages of personal and service tokens: paths, methods and handlers."""

from iam.http.dispatch import Handler
from iam.pages.applications.pending_secret import Issuer
from iam.pages.tokens.keepers import PLACE, Keepers, OfAnApplication, OfThePerson
from iam.pages.tokens.tokens import TokenPages
from iam.server.application import Application


def tokens(application: Application) -> list[tuple[str, str, Handler]]:
    """Returns the rows of the pages of a person's own tokens, and of those of their applications."""
    personal, service = OfThePerson(application.holders), OfAnApplication(application.owners)
    return [*rows(PLACE, application, personal), *rows("/applications/<client_id>/tokens", application, service)]


def rows(place: str, application: Application, keepers: Keepers) -> list[tuple[str, str, Handler]]:
    """Returns the rows of the pages below `place`."""
    issuer = Issuer(application.key, keepers.kind)
    pages = TokenPages(keepers, application.administration, issuer, application.visitors, application.theme)
    return [
        (place, "GET", pages.list),
        (place + "/new", "GET", pages.new),
        (place + "/new", "POST", pages.make),
        (place + "/<token_id>/remove", "GET", pages.confirm_remove),
        (place + "/<token_id>/remove", "POST", pages.remove),
    ]
