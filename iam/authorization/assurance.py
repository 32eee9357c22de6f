"""How well a person must have proved who they are for a request: step-up (OpenID Connect Core §5.5.1.1, RFC 9470)."""

from collections.abc import Sequence

from attrs import evolve, frozen

from iam.authorization.person import Person
from iam.authorization.request import AuthorizationRequest
from iam.people.factors.factors import Factors
from iam.records import acr
from iam.service import service
from iam.store.scopes import Scopes


@frozen
class Assurance:
    """The class (acr) that a login `must` reach, and the one that it is to reach if the person `may`; None: any."""

    must: str | None = None
    may: str | None = None

    def lacking(self, person: Person) -> str | None:
        """Returns the class that the person has yet to reach; None if nothing is missing."""
        had = person.acr
        essential = None if acr.reaches(had, self.must) else self.must
        wanted = None if acr.reaches(had, self.may) or not acr.reaches(person.reachable, self.may) else self.may
        return acr.highest((essential, wanted))


@service
class Assurances:
    """Finds what requests require of logins, and what the people who are logged in can still prove."""

    scopes: Scopes
    factors: Factors

    async def required(self, request: AuthorizationRequest) -> Assurance:
        """Returns what the client's request, the client itself and the scopes that it asks for require together.

        A login that a request demands anew is one by all that the person is asked for, whichever way they took to it: where
        a browser is not asked for a second factor, their password alone is none.
        """
        known = await self.scopes.by_name()
        policy = [known[name].acr for name in request.consented if name in known]
        asked = request.authentication
        essential = acr.lowest(asked.claims.essential_acr)
        anew = acr.TWO_FACTORS if asked.wants_login or asked.max_age is not None else None
        may = acr.highest((acr.lowest(asked.acr_values), anew))
        return Assurance(acr.highest((*policy, request.client.acr, essential)), may)

    async def informed(self, people: Sequence[Person], person: Person | None, assurance: Assurance) -> list[Person]:
        """Returns the people, with what this one among them can reach, which is looked up only if they lack something."""
        if person is None or not unmet(person, assurance):
            return list(people)
        able = evolve(person, reachable=await self.factors.reachable(person.session.user_id))
        return [able if each is person else each for each in people]


def unmet(person: Person, assurance: Assurance) -> bool:
    """Whether the login is short of anything that is required or wished for."""
    return not (acr.reaches(person.acr, assurance.must) and acr.reaches(person.acr, assurance.may))
