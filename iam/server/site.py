"""The HTTP site of an application."""

from iam.database.errors import Unavailable
from iam.http.site import Site
from iam.limits import Limits
from iam.pages.budget import Budget
from iam.server.application import Application
from iam.server.routes import all_routes
from iam.throttles.throttle import Throttled
from iam.throttles.turns import Busy


def build_site(application: Application, limits: Limits | None = None) -> Site:
    """Builds the site with all routes of the application; `limits` replace those of the settings."""
    settings = application.settings
    return Site(
        application.reactor,
        settings,
        all_routes(application, settings.path),
        error_page=application.theme.error_of,
        unavailable=(Unavailable, Busy),
        throttled=(Throttled,),
        registered=application.store.clients.live_at,
        budget=Budget(application.visitors, application.budget).wait,
        finish=application.visitors.renew,
        limits=limits or settings.limits,
    )
