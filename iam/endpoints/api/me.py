"""Who calls the API, as it sees them: for whoever has a token for it, of any scope."""

from typing import Final

from iam.administration.actions.me import Me
from iam.administration.actions.models import JSON
from iam.endpoints.api.api import NOT_ACCEPTABLE, acceptable
from iam.endpoints.api.bearers import Bearers
from iam.endpoints.api.refused import Refused
from iam.http.answers import Answer, json_answer
from iam.http.request import Request
from iam.records.role import known
from iam.service import service

PATH: Final = "/me"
SUMMARY: Final = "Show whose the token is, what it is for, and until when."


@service
class MeEndpoint:
    """Says to the bearer of a token who they are here."""

    bearers: Bearers

    async def get(self, request: Request) -> Answer:
        """Answers with the person or the client. Raises Challenge, Forbidden, Throttled and Refused."""
        found = await self.bearers.token(request)
        if not acceptable(request):
            raise Refused(406, NOT_ACCEPTABLE.format(media=JSON))
        roles = known(await self.bearers.roles.of_person(found.user_id)) if found.user_id else ()
        me = Me(
            id=found.user_id,
            username=found.username,
            client_id=found.client_id,
            roles=sorted(roles),
            scopes=found.scope.split(" "),
            expires_at=found.expires_at,
        )
        return json_answer(200, me.model_dump(mode="json"))
