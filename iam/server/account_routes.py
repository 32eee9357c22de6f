"""The pages of an account: paths, methods and handlers."""

from iam.http.dispatch import Handler
from iam.server.application import Application


def account(application: Application) -> list[tuple[str, str, Handler]]:
    """Returns the rows of the pages below /account."""
    allowed, sessions = application.allowed_applications, application.sessions_page
    return [
        ("/account", "GET", application.overview.show),
        ("/account/applications", "GET", allowed.list),
        ("/account/applications/remove", "GET", allowed.confirm_remove_all),
        ("/account/applications/remove", "POST", allowed.remove_all),
        ("/account/applications/<client_id>/remove", "GET", allowed.confirm_remove),
        ("/account/applications/<client_id>/remove", "POST", allowed.remove),
        ("/account/sessions", "GET", sessions.list),
        ("/account/sessions", "POST", sessions.end),
        ("/account/sessions/end", "GET", sessions.confirm_end_others),
        ("/account/sessions/end", "POST", sessions.end_others),
    ]
