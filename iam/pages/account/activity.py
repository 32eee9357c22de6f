"""What happened to an account lately, in words for its person."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from attrs import frozen

from iam.administration.sentences import tell
from iam.http.answers import Answer, AnswerNow
from iam.http.parameters import ParameterError, query_parameters
from iam.http.request import Request
from iam.pages.account.holders import Holders
from iam.records.activity import Activity
from iam.records.session import Session
from iam.service import service
from iam.store.activities import Activities

SHOWN: Final = 25  # events on a page
PLACE: Final = re.compile(r"(?P<microseconds>[0-9]{1,17})\.(?P<number>[0-9]{1,18})")
BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)


@frozen
class Shown:
    """An event as the page shows it; the address is left out if it is somebody else's."""

    sentence: str
    activity: Activity
    address: str | None


@service
class ActivityPage:
    """The page /account/activity."""

    holders: Holders
    activities: Activities

    async def show(self, request: Request) -> Answer:
        """Shows the latest events, or those before a place in the log."""
        session, before = await self.holders.session(request), self._before(request)
        found = await self.activities.of_person(session.user_id, SHOWN + 1, before)
        return self.holders.page(
            "activity.html",
            session,
            events=[show(each, session) for each in found[:SHOWN]],
            before=before is not None,
            older=write(found[SHOWN - 1]) if len(found) > SHOWN else None,
        )

    def _before(self, request: Request) -> tuple[datetime, int] | None:
        """Returns the place that the query names, or None. Raises AnswerNow, 400, for what is no place."""
        try:
            given = query_parameters(request).get("before")
            return read(given) if given is not None else None
        except (ParameterError, ValueError, OverflowError):
            raise AnswerNow(self.holders.theme.error_of(400)) from None


def show(activity: Activity, session: Session) -> Shown:
    """Returns the event as the page shows it."""
    sentence = tell(activity.kind, own=activity.own(session.user_id))
    return Shown(sentence, activity, activity.address_for(session.user_id))


def write(activity: Activity) -> str:
    """Returns the place of an event in the log, as an address has it."""
    return f"{(activity.at - BEGINNING) // MICROSECOND}.{activity.number}"


def read(text: str) -> tuple[datetime, int]:
    """Returns the place that `write` wrote. Raises ValueError, or OverflowError, for another text."""
    found = PLACE.fullmatch(text)
    if found is None:
        raise ValueError(text)
    return BEGINNING + int(found["microseconds"]) * MICROSECOND, int(found["number"])
