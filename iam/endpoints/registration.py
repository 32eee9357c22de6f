"""The client registration and configuration endpoints (RFC 7591 §3, RFC 7592 §2)."""

from typing import Any, Final

from attrs import frozen

from iam.clients.dynamic_registration import OPEN, PATH, DynamicRegistration
from iam.clients.metadata import MetadataError
from iam.clients.refusals import Explanations
from iam.http.answers import Answer, json_answer
from iam.http.json_body import json_object
from iam.http.parameters import authorization
from iam.http.request import Request
from iam.oauth.reasons import Reason, shown
from iam.service import service
from iam.throttles.write_budget import WriteBudget


@frozen
class BudgetError(Exception):
    """The budget for this is spent; there is some again after `wait` seconds. `sentence` is the error_description."""

    wait: int
    sentence: str


OF_NETWORK: Final = (
    "Your network has sent a lot; Retry-After says when it goes on. An initial access token still works."
)
OF_TOKEN: Final = "This initial access token has been used a lot lately; Retry-After says when it goes on."
OF_CLIENT: Final = "This client has sent a lot of changes; Retry-After says when it goes on."


@service
class RegistrationEndpoint:
    """Registers clients, and lets them read, replace and delete their own registration.

    What is written is charged to a budget: for a stranger that of the network, for the bearer of an initial access
    token that of the token, for a client its own, and also its network's if nobody answers for the client. So strangers
    do not hold up those in their network who have a token, or a client that somebody answers for.
    """

    dynamic: DynamicRegistration
    refusals: Explanations
    budget: WriteBudget

    @property
    def open(self) -> bool:
        """Whether anybody may register, and so pages of any origin too."""
        return self.dynamic.mode == OPEN

    async def register(self, request: Request) -> Answer:
        """Registers a new client (RFC 7591 §3.1).

        Raises Challenge, ClosedError, QuotaError, FullError, BudgetError, MetadataError and ParameterError.
        """
        token = authorization(request)
        if token is None:
            await self._spend_of_network(request)
        caller = await self.dynamic.caller(token, request.client_address)
        if caller.token_id is not None:
            await self._spend(request, f"initial access token {caller.token_id}", OF_TOKEN)
        told = await self.dynamic.register(caller, json_object(request), request.client_address)
        return json_answer(201, self._explained(told, request))

    async def read(self, request: Request, client_id: str) -> Answer:
        """Returns the client's registration (RFC 7592 §2.1). Raises Challenge."""
        client, access = await self.dynamic.client(client_id, authorization(request), request.client_address)
        return json_answer(200, await self.dynamic.read(client, access))

    async def update(self, request: Request, client_id: str) -> Answer:
        """Replaces all metadata of the client (RFC 7592 §2.2).

        Raises Challenge, BudgetError, MetadataError and ParameterError.
        """
        client, access = await self.dynamic.client(client_id, authorization(request), request.client_address)
        await self._spend_of_client(request, client)
        document = json_object(request)
        told = await self.dynamic.update(client, access, document, request.client_address)
        return json_answer(200, self._explained(told, request))

    async def delete(self, request: Request, client_id: str) -> Answer:
        """Deletes the client (RFC 7592 §2.3). Raises Challenge and BudgetError."""
        client, _ = await self.dynamic.client(client_id, authorization(request), request.client_address)
        await self._spend_of_client(request, client)
        await self.dynamic.delete(client, request.client_address)
        return Answer(204)

    def _explained(self, told: dict[str, Any], request: Request) -> dict[str, Any]:
        """Returns the members with the URI at which to read what was left out, if something was."""
        if "left_out" not in told:
            return told
        got = " ".join(f"{name}: {sentence}" for name, sentence in told["left_out"].items())
        error = MetadataError("left_out", got, Reason("wishes", "what there is", shown(got), told["client_id"]))
        return {**told, "left_out_uri": self.refusals.kept(PATH, error, request.client_address)}

    async def _spend_of_network(self, request: Request) -> None:
        """Takes the cost from the budget of the network's strangers. Raises BudgetError."""
        if wait := await self.budget.wait(request.client_address, None, len(request.body)):
            raise BudgetError(wait, OF_NETWORK)

    async def _spend_of_client(self, request: Request, client: Any) -> None:
        """Takes the cost from the client's budget, and its network's if nobody answers for it. Raises BudgetError."""
        if not client.answered_for:
            await self._spend_of_network(request)
        await self._spend(request, f"client {client.id}", OF_CLIENT)

    async def _spend(self, request: Request, actor: str, sentence: str) -> None:
        if wait := await self.budget.wait(None, actor, len(request.body)):
            raise BudgetError(wait, sentence)
