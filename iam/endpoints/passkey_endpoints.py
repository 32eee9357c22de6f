"""Where people make and look after passkeys, for programs that keep them (W3C, A Well-Known URL for Relying Party Passkey Endpoints)."""

from typing import Final

from iam.http.answers import Answer, json_answer
from iam.http.request import Request
from iam.people.factors.relying_party import RelyingParty
from iam.service import service

PATH: Final = "/.well-known/passkey-endpoints"
PAGES: Final = "/account/security/passkeys"


@service
class PasskeyEndpoints:
    """Names the pages of this issuer; `party` is None where there are no passkeys."""

    issuer: str
    party: RelyingParty | None

    async def get(self, _: Request) -> Answer:
        """Returns the addresses; 404 where no browser has passkeys."""
        if self.party is None:
            return json_answer(404, {"error": "not_found"})
        return json_answer(200, {"enroll": f"{self.issuer}{PAGES}/new", "manage": self.issuer + PAGES})
