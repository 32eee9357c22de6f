"""oauthlib's server, built once at start: requests in, answers of the RFCs out."""

import logging
from collections.abc import Mapping
from datetime import datetime

from attrs import frozen
from oauthlib.oauth2.rfc6749.errors import (
    CustomOAuth2Error,
    FatalClientError,
    InvalidRequestError,
    OAuth2Error,
    UnsupportedGrantTypeError,
)

from iam.authorization.errors import AuthorizationError
from iam.authorization.objects import RequestObjects, UnpackedRequest
from iam.authorization.request import Answerable, AuthorizationRequest, Permission
from iam.authorization.response import AuthorizationResponse
from iam.clients.authentication import ClientAuthentication, read_claim
from iam.clients.directory import Directory
from iam.clients.targets import Targets
from iam.clock import Clock
from iam.oauth.errors import SENTENCES
from iam.oauth.parameters import Parameters
from iam.oauth.reasons import Reason, carrying
from iam.protocol import authorization_request, bridge
from iam.protocol.endpoints import Endpoints
from iam.protocol.grant import Flow, Issuance, TokenGrant
from iam.protocol.grants.supported import build_grants
from iam.protocol.request import AUTHORIZATION, TOKEN, OAuthlibRequest, make_request
from iam.protocol.token_request import Proofs, TokenRequest
from iam.protocol.validator import Validator
from iam.records.session import Session
from iam.settings import Settings
from iam.store.store import Store
from iam.tokens.response import TokenResponse

# What oauthlib says at debug level holds tokens and codes (G40): no setting of ours or of the root logger lets it out.
logging.getLogger("oauthlib").setLevel(logging.WARNING)


@frozen
class TokenAnswer:
    """What a token request is answered with (RFC 6749 §5.1); `left_out` is what was asked for and is not granted."""

    members: Mapping[str, object]
    left_out: Reason | None = None


class Server:
    """The protocol as the endpoints see it."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        directory: Directory,
        clock: Clock,
        targets: Targets,
        response: TokenResponse,
        authentication: ClientAuthentication,
        objects: RequestObjects,
    ) -> None:
        self.grants = build_grants(Issuance(store, settings, clock, response))
        self._token_grants = {grant.name: grant for grant in self.grants if isinstance(grant, TokenGrant)}
        self._flows = {grant.name: grant for grant in self.grants if isinstance(grant, Flow)}
        self._clock = clock
        self._objects = objects
        self._issuer = settings.issuer
        self._scopes = store.scopes
        self._endpoints = Endpoints(
            self.grants, Validator(directory, store.scopes, targets, authentication, response.id_tokens)
        )

    @property
    def grant_types(self) -> tuple[str, ...]:
        """All grant types, those of the authorization endpoint alone included (RFC 8414 §2)."""
        return tuple(grant.name for grant in self.grants)

    @property
    def response_types(self) -> tuple[str, ...]:
        """The response types that the authorization endpoint knows."""
        return tuple(self._endpoints.response_types)

    async def scopes_supported(self) -> list[str]:
        """The scopes that clients may ask for, without those that only administrators give: nobody need know of these."""
        return [scope.name for scope in await self._scopes.shown() if not scope.restricted]

    async def claims_supported(self) -> list[str]:
        """What may be said of people: the claims of all scopes."""
        return sorted({name for scope in await self._scopes.shown() for name in scope.claims})

    async def token(self, parameters: Parameters, proofs: Proofs, address: str | None = None) -> TokenAnswer:
        """Answer a token request (RFC 6749 §3.2); raises OAuth2Error, with the reason."""
        grant = self._token_grants.get(parameters.get("grant_type") or "")
        request = make_request(parameters, (*TOKEN, *(grant.parameters if grant else ())))
        request.address = address
        try:
            return await self._token(request, grant, proofs)
        except OAuth2Error as error:
            error.description = error.description or SENTENCES.get(error.error, "")
            raise carrying(error, client_id=request.client_id, grant_type=request.grant_type) from None

    async def _token(self, request: OAuthlibRequest, grant: TokenGrant | None, proofs: Proofs) -> TokenAnswer:
        """Validate a token request and store what its grant issues; raises oauthlib's errors (RFC 6749 §5.2)."""
        if request.grant_type is None:
            raise InvalidRequestError("The request has no grant_type.")
        if grant is None:
            raise UnsupportedGrantTypeError(f"Known grant types: {', '.join(self._token_grants)}.")
        if "authorization_details" in request.parameters:
            raise CustomOAuth2Error("invalid_authorization_details", "No authorization_details are supported.")
        received = self._clock.now()
        request.claim = read_claim(request.parameters, proofs.authorization, request.address)
        request.client_id = request.claim.client_id
        await bridge.call(self._endpoints.token, request)
        return TokenAnswer(await grant.save(build_token_request(request, proofs, received)), request.left_out)

    async def authorization(self, parameters: Parameters) -> AuthorizationRequest:
        """The validated authorization request (RFC 6749 §4.1.1).

        Raises FatalClientError where client or redirect URI are wrong, so that nobody may be redirected, and
        InvalidAuthorizationRequest for what is for the client.
        """
        request = build_request(await self._objects.read(parameters))
        try:
            await bridge.call(self._endpoints.validate, request)
        except FatalClientError as error:
            raise carrying(error, client_id=request.client_id) from None
        except OAuth2Error as error:
            raise authorization_request.build_invalid(request, error) from None
        return authorization_request.build(request)

    async def allow(
        self, authorization: AuthorizationRequest, session: Session, address: str | None = None, *, asked: bool = True
    ) -> AuthorizationResponse:
        """The answer for what this person allowed of a request, just now or before; raises AuthorizationError.

        What is granted was worked out when the request was validated, and is not worked out again: it is what was shown.
        """
        permission = Permission(authorization, session, address, asked)
        try:
            members = await self._flows[authorization.grant_type].answer(permission)
        except OAuth2Error as error:
            raise authorization_request.translate(error) from None
        return self._response(authorization, {name: str(value) for name, value in members.items()})

    def refuse(self, asked: Answerable, error: AuthorizationError, error_uri: str) -> AuthorizationResponse:
        """The answer that tells the client what is wrong (RFC 6749 §4.1.2.1)."""
        members = {"error": error.error, "error_description": error.sentence, "error_uri": error_uri}
        return self._response(asked, {name: value for name, value in members.items() if value})

    def _response(self, asked: Answerable, members: Mapping[str, str]) -> AuthorizationResponse:
        """The answer with the client's state, and our issuer, so that those of two servers cannot be mixed up (RFC 9207)."""
        state = () if asked.state is None else (("state", asked.state),)
        return AuthorizationResponse(asked.redirect_uri, (*members.items(), *state, ("iss", self._issuer)), asked.mode)


def build_request(asked: UnpackedRequest) -> OAuthlibRequest:
    """The authorization request, out of its request object if it has one (RFC 9101 §6.3)."""
    request = make_request(asked.parameters, AUTHORIZATION)
    request.signed, request.object_error, request.fetched = asked.signed, asked.error, asked.fetched
    return request


def build_token_request(request: OAuthlibRequest, proofs: Proofs, received: datetime) -> TokenRequest:
    """The token request that oauthlib found nothing wrong with."""
    return TokenRequest(
        request.client,
        request.parameters,
        proofs,
        request.address,
        received,
        tuple(request.scopes or ()),
        request.audience,
    )
