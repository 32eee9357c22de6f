"""The pushed authorization request endpoint (RFC 9126 §2)."""

from collections.abc import Mapping, Sequence
from typing import Final

from iam.authorization.objects import REFERENCE
from iam.authorization.pushed_requests import LIFETIME, PREFIX, PushedRequests, asked, written
from iam.clients.authentication import ClientAuthentication, read_claim
from iam.clients.dpop import DPoPProofs, Proof, check_strength, invalid
from iam.endpoints.dpop import sent_proof
from iam.endpoints.errors import LATER, TOO_MANY, described
from iam.http.answers import Answer, json_answer, retry_after
from iam.http.parameters import authorization, form_parameters
from iam.http.request import Request
from iam.oauth.errors import InvalidRequestError
from iam.oauth.reasons import carrying
from iam.protocol.server import Server
from iam.records.client import Client
from iam.secrets import minted
from iam.secrets.minted import Kind
from iam.service import service
from iam.throttles.write_budget import WriteBudget

PATH: Final = "/par"
JKT: Final = "dpop_jkt"
NESTED: Final = "A pushed request must not have a request_uri."
OTHER_KEY: Final = "The DPoP proof is of another key than dpop_jkt."
OF_NETWORK: Final = "Your network has sent a lot; Retry-After says when it goes on."


@service
class PushedRequestEndpoint:
    """Takes the authorization requests of clients that authenticate, and gives handles for them."""

    authentication: ClientAuthentication
    server: Server
    requests: PushedRequests
    budget: WriteBudget
    proofs: DPoPProofs

    async def post(self, request: Request) -> Answer:
        """Stores a request that /authorize would accept (RFC 9126 §2.1). Raises OAuth2Error and ParameterError."""
        parameters = form_parameters(request)
        claim = read_claim(parameters, authorization(request), request.client_address, request.certificate)
        await self.server.documents.at_pushing(claim, parameters)
        client = await self.authentication.authenticate(claim)
        if wait := await self._wait(client, request):
            return json_answer(TOO_MANY, described(LATER, OF_NETWORK), retry_after(wait))
        if REFERENCE in parameters:
            raise carrying(InvalidRequestError(NESTED), client_id=client.client_id)
        proof = self._proof(client, request)
        text = written(client.id, bound({name: parameters.all(name) for name in parameters}, proof))
        handle = minted.mint(Kind.PUSHED_REQUEST)
        await self.server.check(asked(text, minted.digest(handle)))
        if proof is not None:
            await self.proofs.use(proof)
        await self.requests.push(handle, client.id, text)
        return json_answer(201, {"request_uri": PREFIX + handle, "expires_in": LIFETIME})

    def _proof(self, client: Client, request: Request) -> Proof | None:
        """Returns the proof of the key to which the code is to be bound, if there is one (RFC 9449 §10.1)."""
        sent = sent_proof(request)
        if sent is None:
            return None
        proof = self.proofs.read(sent)
        check_strength(proof, client)
        return proof

    async def _wait(self, client: Client, request: Request) -> int:
        """Returns the seconds until this network may push again for a client that proves nothing, 0 if it may now."""
        if client.confidential:
            return 0
        return await self.budget.wait(request.client_address, None, len(request.body))


def bound(given: Mapping[str, Sequence[str]], proof: Proof | None) -> Mapping[str, Sequence[str]]:
    """Returns the parameters with the key of the proof as `dpop_jkt`. Raises InvalidProofError if they name another."""
    if proof is None:
        return given
    if proof.thumbprint != given.get(JKT, [proof.thumbprint])[0]:
        raise invalid(OTHER_KEY)
    return {**given, JKT: [proof.thumbprint]}
