"""The token endpoint (RFC 6749 §3.2)."""

from iam.clients.refusals import Explanations
from iam.endpoints.dpop import sent_proof
from iam.http.answers import Answer, json_answer
from iam.http.parameters import authorization, form_parameters
from iam.http.request import Request
from iam.protocol.server import Server
from iam.protocol.token_request import Proofs
from iam.service import service


@service
class TokenEndpoint:
    """Issues tokens for authorization codes, for refresh tokens, and to clients for themselves."""

    server: Server
    refusals: Explanations

    async def post(self, request: Request) -> Answer:
        """Answers a token request. Raises OAuth2Error and ParameterError."""
        parameters = form_parameters(request)
        proofs = Proofs(authorization(request), sent_proof(request), request.certificate)
        answer = await self.server.token(parameters, proofs, request.client_address)
        if answer.left_out is not None:
            self.refusals.noted("/token", answer.left_out, request.client_address)
        return json_answer(200, answer.members)
