"""The first page of the administration: what needs attention, and how the server fares."""

from typing import Final

from iam.administration.actions import applications, overview, performing
from iam.administration.actions.overview import NoTerms, Overview
from iam.http.answers import Answer
from iam.http.request import Request
from iam.pages.admin.desk import Desk
from iam.pages.admin.places import NOUNS
from iam.service import service

UNITS: Final = ("bytes", "kB", "MB", "GB", "TB")


@service
class AdminOverview:
    """The page /admin."""

    desk: Desk

    async def show(self, request: Request) -> Answer:
        """Shows it."""
        session, operator = await self.desk.admit(request, overview.SHOW.roles)
        on = self.desk.administration
        shown: Overview = await performing.perform(on, overview.SHOW, NoTerms(), operator)
        now = on.clock.now()
        return self.desk.page(
            "admin_overview.html",
            session,
            overview=shown,
            ages=[(key, (now - key.active_at).days) for key in shown.keys or ()],
            database_size=in_words(shown.storage.database_bytes if shown.storage else None),
            free=in_words(shown.storage.free_bytes if shown.storage else None),
            nouns=NOUNS,
            leading="applications" in NOUNS and operator.has_one_of(applications.SHOW.roles),
        )


def in_words(size: int | None) -> str | None:
    """Returns a number of bytes as people say it."""
    if size is None:
        return None
    power = min((len(str(size)) - 1) // 3, len(UNITS) - 1)
    number = float(f"{size / 1000**power:.3g}")
    return f"{number:g} {UNITS[power]}"
