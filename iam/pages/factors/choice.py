"""The address that leads to the strongest factor a person has; each factor's page offers the others."""

from iam.browser.addresses import leading_to, next_address
from iam.http.answers import Answer, see_other
from iam.http.request import Request
from iam.pages.factors.proving import Proving, level_of, page_of, stepping
from iam.service import service


@service
class FactorChoice:
    """The page /login/factor."""

    proving: Proving

    async def show(self, request: Request) -> Answer:
        """Leads to the page of the first factor; who has none is led to add one, or logs in again."""
        choices = await self.proving.choices(request, await self.proving.candidate(request))
        if not choices and stepping(request) and (level := level_of(request)):
            needed = leading_to("/account/security/needed", next_address(request), request.base)
            return see_other(f"{needed}&acr={level}")
        if not choices:
            return see_other(leading_to("/login", next_address(request), request.base) + "&login=again")
        return see_other(page_of(choices[0], request))
