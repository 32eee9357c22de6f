"""The device authorization endpoint (RFC 8628 §3.1)."""

from typing import Final
from urllib.parse import urlencode

from iam.browser import user_agents
from iam.clients.refusals import Explanations
from iam.endpoints.authorization_addresses import DEVICE_PATH
from iam.http.answers import Answer, json_answer
from iam.http.parameters import authorization, form_parameters
from iam.http.request import Request
from iam.protocol.device_authorization import INTERVAL, LIFETIME
from iam.protocol.server import Server
from iam.protocol.token_request import Proofs
from iam.service import service
from iam.throttles.throttle import Throttle

PATH: Final = "/device_authorization"
KIND: Final = "device"


@service
class DeviceAuthorizationEndpoint:
    """Gives devices their codes. Public clients, which anybody can pass for, are limited by network."""

    server: Server
    refusals: Explanations
    throttle: Throttle
    issuer: str

    async def post(self, request: Request) -> Answer:
        """Answers a device authorization request. Raises OAuth2Error, ParameterError and Throttled."""
        parameters, address = form_parameters(request), request.client_address
        proofs = Proofs(authorization(request), certificate=request.certificate)
        asked = await self.server.devices.validate(parameters, proofs, address)
        if not asked.client.confidential:
            await self.throttle.take(KIND, self.throttle.of_network(address, KIND), address)
        begun = await self.server.devices.begin(asked, address, user_agents.read(request))
        if asked.left_out is not None:
            self.refusals.noted(PATH, asked.left_out, address)
        uri = self.issuer + DEVICE_PATH
        answer = {
            "device_code": begun.device_code,
            "user_code": begun.user_code,
            "verification_uri": uri,
            "verification_uri_complete": f"{uri}?{urlencode({'user_code': begun.user_code})}",
            "expires_in": LIFETIME,
            "interval": INTERVAL,
        }
        told = {} if asked.left_out is None else {"scope": " ".join(asked.scopes)}
        return json_answer(200, {**answer, **told})
