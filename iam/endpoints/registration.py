"""The client registration and configuration endpoints (RFC 7591 §3, RFC 7592 §2)."""

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any, Final

from attrs import frozen

from iam.clients import metadata
from iam.clients.dynamic_registration import OPEN, PATH, ClosedError, DynamicRegistration, FullError, QuotaError
from iam.clients.metadata import MetadataError
from iam.clients.refusals import Explanations
from iam.endpoints.resource import refused
from iam.http.answers import Answer, Headers, json_answer
from iam.http.json_body import json_object
from iam.http.parameters import ParameterError, authorization
from iam.http.request import Request
from iam.oauth import bearer
from iam.oauth.reasons import Reason, shown
from iam.throttles.write_budget import WriteBudget

Method = Callable[..., Awaitable[Answer]]


@frozen
class BudgetError(Exception):
    """Whoever pays for this has none left for now; they may again after `wait` seconds."""

    wait: int
    sentence: str


TOO_MUCH = {
    QuotaError: "This network has tried to register enough clients for today; an initial access token still works.",
    FullError: "There are as many clients here that nobody answers for as there may be; an initial access token still works.",
}
OF_NETWORK: Final = (
    "Your network has sent a lot; Retry-After says when it goes on. An initial access token still works."
)
OF_TOKEN: Final = "This initial access token has been used a lot lately; Retry-After says when it goes on."
OF_CLIENT: Final = "This client has sent a lot of changes; Retry-After says when it goes on."


def answering(method: Method) -> Method:
    """The method, with the error of RFC 7591 §3.2.2 or RFC 6750 §3 as the answer where it raises one."""

    @wraps(method)
    async def answered(self: "RegistrationEndpoint", request: Request, **path: str) -> Answer:
        """Answer the errors of the method as RFC 7591 §3.2.2 and RFC 6750 §3 have them."""
        try:
            return await method(self, request, **path)
        except bearer.Challenge as challenge:
            return refused(self.refusals.challenging(PATH, challenge, request.client_address))
        except ClosedError as error:
            return self.problem(request, error, 403, "access_denied", "Clients are not registered here by themselves.")
        except (QuotaError, FullError, BudgetError) as error:
            return self.too_much(request, error)
        except MetadataError as error:
            return self.problem(request, error, 400, error.error, error.description)
        except ParameterError as error:
            return self.problem(request, error, error.status, "invalid_request", str(error))

    return answered


def described(code: str, sentence: str) -> dict[str, Any]:
    """The error in the members of RFC 7591 §3.2.2."""
    return {"error": code, "error_description": metadata.printable(sentence)}


@frozen
class RegistrationEndpoint:
    """Lets clients register, and look after their own registration.

    For what that writes a stranger, and a client that was one, pays from the budget of the network; who brings a good initial access
    token, from the token's, and a client that came by one, from its own: strangers of the same network hold up neither.
    """

    dynamic: DynamicRegistration
    refusals: Explanations
    budget: WriteBudget

    @property
    def open(self) -> bool:
        """May anybody register, and so any page too?"""
        return self.dynamic.mode == OPEN

    @answering
    async def register(self, request: Request) -> Answer:
        """RFC 7591 §3.1: a new client."""
        token = authorization(request)
        if token is None:
            await self._spend_of_network(request)
        caller = await self.dynamic.caller(token, request.client_address)
        if caller.token_id is not None:
            await self._spend(request, f"initial access token {caller.token_id}", OF_TOKEN)
        told = await self.dynamic.register(caller, json_object(request), request.client_address)
        return json_answer(201, self._explained(told, request))

    @answering
    async def read(self, request: Request, client_id: str) -> Answer:
        """RFC 7592 §2.1: what the client is registered with."""
        client, access = await self.dynamic.client(client_id, authorization(request), request.client_address)
        return json_answer(200, await self.dynamic.read(client, access))

    @answering
    async def update(self, request: Request, client_id: str) -> Answer:
        """RFC 7592 §2.2: other metadata in place of all that there are."""
        client, access = await self.dynamic.client(client_id, authorization(request), request.client_address)
        await self._spend_of_client(request, client)
        document = json_object(request)
        told = await self.dynamic.update(client, access, document, request.client_address)
        return json_answer(200, self._explained(told, request))

    @answering
    async def delete(self, request: Request, client_id: str) -> Answer:
        """RFC 7592 §2.3: the client is gone."""
        client, _ = await self.dynamic.client(client_id, authorization(request), request.client_address)
        await self._spend_of_client(request, client)
        await self.dynamic.delete(client, request.client_address)
        return Answer(204)

    def _explained(self, told: dict[str, Any], request: Request) -> dict[str, Any]:
        """The answer with where to read what was left out, if something was."""
        if "left_out" not in told:
            return told
        got = " ".join(f"{name}: {sentence}" for name, sentence in told["left_out"].items())
        error = MetadataError("left_out", got, Reason("wishes", "what there is", shown(got), told["client_id"]))
        return {**told, "left_out_uri": self.refusals.kept(PATH, error, request.client_address)}

    async def _spend_of_network(self, request: Request) -> None:
        """Take what this costs from the budget of strangers of the network; raises BudgetError."""
        if wait := await self.budget.wait(request.client_address, None, len(request.body)):
            raise BudgetError(wait, OF_NETWORK)

    async def _spend_of_client(self, request: Request, client: Any) -> None:
        """Take it from the client's, and from that of its network where nobody here answers for it; raises BudgetError."""
        if not client.answered_for:
            await self._spend_of_network(request)
        await self._spend(request, f"client {client.id}", OF_CLIENT)

    async def _spend(self, request: Request, actor: str, sentence: str) -> None:
        if wait := await self.budget.wait(None, actor, len(request.body)):
            raise BudgetError(wait, sentence)

    def too_much(self, request: Request, error: QuotaError | FullError | BudgetError) -> Answer:
        """The error, with when to come back; of a budget that is spent nothing is kept, for that would be written."""
        code, wait = "temporarily_unavailable", ((b"Retry-After", str(error.wait).encode()),)
        if isinstance(error, BudgetError):
            return json_answer(429, described(code, error.sentence), wait)
        return self.problem(request, error, 429, code, TOO_MUCH[type(error)], wait)

    def problem(
        self, request: Request, error: Exception, status: int, code: str, sentence: str, headers: Headers = ()
    ) -> Answer:
        """The error as RFC 7591 §3.2.2 has it."""
        error_uri = self.refusals.kept(PATH, error, request.client_address, code)
        return json_answer(status, {**described(code, sentence), "error_uri": error_uri}, headers)
