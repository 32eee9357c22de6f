"""Why requests were refused, as the pages of the administration tell it: in words, how often, and with what mends it."""

from collections.abc import Sequence
from typing import Final, cast

from attrs import frozen

from iam.administration.actions import performing, refusals
from iam.administration.actions.application import Application
from iam.administration.actions.models import MOST, Model
from iam.administration.actions.operator import Operator
from iam.administration.actions.person import Person
from iam.administration.actions.refusals import Refusal, RefusalListing
from iam.administration.administration import Administration
from iam.clients import redirect_uri_difference
from iam.pages.admin.mending import Mend, mends
from iam.pages.advice import Advice, advise
from iam.records.refusal import Trace

FEW: Final = 10  # causes on a page
OTHERWISE: Final = Advice("This check failed", "")


@frozen
class Cause:
    """Refusals that say the same: the latest of them, how many there were, what it means, and what mends it."""

    latest: Refusal
    count: int
    advice: Advice
    mends: Sequence[Mend]

    @property
    def compared(self) -> Sequence[tuple[str, Sequence[tuple[str, bool]]]]:
        """The registered address and the one that came, in parts, each with whether it differs; nothing for other checks."""
        wanted, given = self.latest.expected, self.latest.presented or ""
        marked = redirect_uri_difference.marked
        return [("Registered", marked(wanted, given)), ("Sent", marked(given, wanted))] if given else []


async def of_refusal(on: Administration, shown: Model, operator: Operator) -> Cause:
    """Returns why this request was refused."""
    return await cause(on, [cast("Refusal", shown)], operator)


async def of_application(on: Administration, shown: Model, operator: Operator) -> list[Cause]:
    """Returns why requests of an application were refused lately, the latest first."""
    return await grouped(on, RefusalListing(client=cast("Application", shown).client_id, limit=MOST), operator)


async def of_person(on: Administration, shown: Model, operator: Operator) -> list[Cause]:
    """Returns why requests were refused while this person was logged in, the latest first."""
    return await grouped(on, RefusalListing(person=str(cast("Person", shown).id), limit=MOST), operator)


async def grouped(on: Administration, wish: RefusalListing, operator: Operator) -> list[Cause]:
    """Returns the causes of the refusals that are wanted, as the operator may read them."""
    found: dict[object, list[Refusal]] = {}
    for each in (await performing.perform(on, refusals.LIST, wish, operator)).items:
        said = each.client_id, each.endpoint, each.error, each.failed, each.expected, each.got, each.presented
        found.setdefault(said, []).append(each)
    return [await cause(on, each, operator) for each in list(found.values())[:FEW]]


async def cause(on: Administration, same: Sequence[Refusal], operator: Operator) -> Cause:
    """Returns what is said of refusals that say the same, the latest first."""
    latest = same[0]
    trace = Trace(**{**latest.model_dump(), "presented": latest.presented or ""})
    advice = advise(trace)
    return Cause(latest, len(same), advice or OTHERWISE, await mends(on, trace, advice, operator) if advice else ())
