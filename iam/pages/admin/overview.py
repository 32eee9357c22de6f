"""The first page of the administration: what needs attention, and how the server fares."""

from collections.abc import Iterator, Sequence
from typing import Final, cast

from iam.administration.actions import applications, overview, performing, scopes
from iam.administration.actions.operator import Operator
from iam.administration.actions.overview import Attention, NoTerms, Overview
from iam.http.answers import Answer, see_other
from iam.http.request import Request
from iam.pages.admin.desk import Desk, listed, sections
from iam.pages.admin.noun import Act
from iam.pages.admin.places import PLACE, address
from iam.records.numbers import MOST
from iam.records.role import Role
from iam.service import service

UNITS: Final = ("bytes", "kB", "MB", "GB", "TB")


@service
class AdminOverview:
    """The page /admin."""

    desk: Desk

    async def show(self, request: Request) -> Answer:
        """Shows it; whose roles see none of it are led to the first list that is theirs."""
        session, operator = await self.desk.admit(request, frozenset(Role))
        if not operator.has_one_of(overview.SHOW.roles):
            return see_other(sections(session)[0][0])
        on = self.desk.administration
        shown: Overview = await performing.perform(on, overview.SHOW, NoTerms(), operator)
        now = on.clock.now()
        return self.desk.page(
            "admin_overview.html",
            session,
            overview=shown,
            attention=[(each, list(mends(each, operator, listed(session)))) for each in shown.attention],
            people=estimated(shown.people),
            applications_counted=estimated(shown.applications or 0),
            ages=[(key, (now - key.active_at).days) for key in shown.keys or ()],
            database_size=in_words(shown.storage.database_bytes if shown.storage else None),
            free=in_words(shown.storage.free_bytes if shown.storage else None),
            nouns=listed(session),
            leading=operator.has_one_of(applications.SHOW.roles),
        )


def mends(concern: Attention, operator: Operator, nouns: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yields the pages that mend something, each with what its link says: for one scope those that make it anew."""
    if concern.noun == "scopes" and concern.key and operator.administrator:
        told = {"name": concern.key, "derived": "true"}
        yield address(cast("Act", scopes.DELETE), {"scope": concern.key}), "Delete it"
        yield address(cast("Act", scopes.CREATE), told), "Make it again"
    elif concern.noun in nouns:
        yield f"{PLACE}/{concern.noun}", f"Go to {concern.noun}"


def estimated(number: int) -> str:
    """Returns how many people or applications there are, as people say it: beyond MOST it is an estimate."""
    return f"about {number:,}" if number > MOST + 1 else f"more than {MOST:,}" if number > MOST else str(number)


def in_words(size: int | None) -> str | None:
    """Returns a number of bytes as people say it."""
    if size is None:
        return None
    power = min((len(str(size)) - 1) // 3, len(UNITS) - 1)
    number = float(f"{size / 1000**power:.3g}")
    return f"{number:g} {UNITS[power]}"
