"""The OAuth server, built once at start: validates requests with oauthlib and returns the responses of the RFCs."""

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
from iam.authorization.objects import RequestObjects, UnpackedRequest, UnreadRequestError
from iam.authorization.pushed_requests import Asked
from iam.authorization.request import Answerable, AuthorizationRequest, InvalidAuthorizationRequest, Permission
from iam.authorization.response import AuthorizationResponse
from iam.authorization.signed_responses import SignedResponses
from iam.clients import dpop
from iam.clients.authentication import ClientAuthentication, read_claim
from iam.clients.directory import Directory
from iam.clients.dpop import DPoPProofs, Proof
from iam.clients.targets import Targets
from iam.clock import Clock
from iam.oauth.errors import SENTENCES
from iam.oauth.parameters import Parameters
from iam.oauth.reasons import Reason, carrying, of
from iam.protocol import authorization_request, bindings, bridge, device_authorization
from iam.protocol.document_clients import DocumentClients
from iam.protocol.endpoints import Endpoints
from iam.protocol.grant import BoundGrant, Flow, Issuance, TokenGrant
from iam.protocol.grants.supported import build_grants
from iam.protocol.request import AUTHORIZATION, TOKEN, OAuthlibRequest, make_request
from iam.protocol.token_request import Proofs, TokenRequest
from iam.protocol.user_codes import UserCodes
from iam.protocol.validator import Validator
from iam.records.client import Client
from iam.records.session import Session
from iam.settings import Settings
from iam.store.store import Store
from iam.throttles.throttle import Throttle
from iam.tokens.bearer_tokens import BearerTokens
from iam.tokens.response import TokenResponse

# oauthlib's debug messages contain tokens and codes (G40): neither our settings nor the root logger's may enable them.
logging.getLogger("oauthlib").setLevel(logging.WARNING)


@frozen
class TokenAnswer:
    """A token response (RFC 6749 §5.1); `left_out` says which requested scopes are not granted, and why."""

    members: Mapping[str, object]
    left_out: Reason | None = None


class Server:
    """The protocol, as the HTTP endpoints use it."""

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
        documents: DocumentClients,
        proofs: DPoPProofs,
        throttle: Throttle,
        user_codes: UserCodes,
        responses: SignedResponses,
    ) -> None:
        issuance = Issuance(store, settings, clock, response, BearerTokens.of(settings))
        validator = Validator(directory, store.scopes, targets, authentication, response.id_tokens)
        self.grants = build_grants(issuance)
        self.devices = device_authorization.build(issuance, validator, user_codes, documents)
        self._token_grants = {grant.name: grant for grant in self.grants if isinstance(grant, TokenGrant)}
        self._bound_grants = {grant.name: grant for grant in self.grants if isinstance(grant, BoundGrant)}
        self._flows = {grant.name: grant for grant in self.grants if isinstance(grant, Flow)}
        self._clock = clock
        self._objects = objects
        self.documents = documents
        self._proofs = proofs
        self._throttle = throttle
        self._responses = responses
        self._issuer = settings.issuer
        self._scopes = store.scopes
        self._endpoints = Endpoints(self.grants, validator)

    @property
    def grant_types(self) -> tuple[str, ...]:
        """All offered grant types, also those of the authorization endpoint alone (RFC 8414 §2)."""
        return tuple(grant.name for grant in self.grants)

    @property
    def response_types(self) -> tuple[str, ...]:
        """The response types of the authorization endpoint."""
        return tuple(self._endpoints.response_types)

    async def scopes_supported(self) -> list[str]:
        """Returns the scopes to publish: without restricted ones, which only administrators assign."""
        return [scope.name for scope in await self._scopes.shown() if not scope.restricted]

    async def claims_supported(self) -> list[str]:
        """Returns the claims of all scopes, sorted by name."""
        return sorted({name for scope in await self._scopes.shown() for name in scope.claims})

    async def token(self, parameters: Parameters, proofs: Proofs, address: str | None = None) -> TokenAnswer:
        """Answers a token request (RFC 6749 §3.2). Raises OAuth2Error, which carries the reason."""
        grant = self._token_grants.get(parameters.get("grant_type") or "")
        request = make_request(parameters, (*TOKEN, *(grant.parameters if grant else ())))
        request.address = address
        try:
            return await self._token(request, grant, proofs)
        except OAuth2Error as error:
            error.description = error.description or SENTENCES.get(error.error, "")
            raise carrying(error, client_id=request.client_id, grant_type=request.grant_type) from None

    async def _token(self, request: OAuthlibRequest, grant: TokenGrant | None, proofs: Proofs) -> TokenAnswer:
        """Validates a token request and stores what its grant issues. Raises OAuth2Error (RFC 6749 §5.2)."""
        if request.grant_type is None:
            raise InvalidRequestError("The request has no grant_type.")
        if grant is None:
            raise UnsupportedGrantTypeError(f"Known grant types: {', '.join(self._token_grants)}.")
        if "authorization_details" in request.parameters:
            raise CustomOAuth2Error("invalid_authorization_details", "No authorization_details are supported.")
        received = self._clock.now()
        request.claim = read_claim(request.parameters, proofs.authorization, request.address, proofs.certificate)
        request.client_id = request.claim.client_id
        await self.documents.at_token(request.claim, grant.name)
        await bridge.call(self._endpoints.token, request)
        proof = self._proof(request.client, proofs)
        confirmation = bindings.confirmation(request.client, proofs.certificate, proof)
        validated = build_token_request(request, proofs, received, confirmation)
        return TokenAnswer(await self._saved(grant, validated, proof), request.left_out)

    def _proof(self, client: Client, proofs: Proofs) -> Proof | None:
        """Returns the proof of the key that the tokens are to be bound to, or None (RFC 9449 §5).

        Raises InvalidProofError, for a missing one too if the client is registered for bound tokens alone, and
        NonceNeededError.
        """
        if proofs.dpop is not None:
            proof = self._proofs.read(proofs.dpop)
            dpop.check_strength(proof, client)
            return proof
        if client.dpop_bound_access_tokens:
            raise dpop.invalid(dpop.ABSENT)
        return None

    async def _saved(self, grant: TokenGrant, request: TokenRequest, proof: Proof | None) -> dict[str, object]:
        """Uses up the proof and stores the tokens. Raises OAuth2Error."""
        if proof is None:
            return await grant.save(request)
        bound = self._bound_grants.get(grant.name)
        if bound is not None:
            return await bound.save_bound(request, proof)
        if request.client.confidential:
            await self._proofs.use(proof)
            return await grant.save(request)
        return await self._saved_for_anybody(grant, request, proof)

    async def _saved_for_anybody(self, grant: TokenGrant, request: TokenRequest, proof: Proof) -> dict[str, object]:
        """Does the same for a client that does not authenticate. Raises OAuth2Error and Throttled.

        Whoever makes codes up would fill the table of what was used (H14), so that only so many may be wrong.
        """
        self._throttle.look_up(request.address)
        await self._proofs.use(proof)
        try:
            return await grant.save(request)
        except OAuth2Error:
            await self._throttle.wrong(request.address)
            raise

    async def authorization(
        self, parameters: Parameters, handle: bytes | None = None, address: str | None = None
    ) -> AuthorizationRequest:
        """Returns the validated authorization request (RFC 6749 §4.1.1); `handle` is of one that was pushed (RFC 9126).

        If the client is a document, that is read again, for the caller at the `address`; without one it is not.

        Raises FatalClientError if the client or the redirect URI is wrong, so that nothing may be sent there, and
        InvalidAuthorizationRequest for any error to return to the client.
        """
        await self.documents.at_authorization(parameters, address)
        request = build_request(await self._objects.read(parameters))
        request.handle, request.pushed_key = handle, parameters.get("dpop_jkt") if handle else None
        try:
            await bridge.call(self._endpoints.validate, request)
        except FatalClientError as error:
            raise carrying(unread(request) or error, client_id=request.client_id) from None
        except OAuth2Error as error:
            raise authorization_request.build_invalid(request, error) from None
        return authorization_request.build(request)

    async def check(self, asked: Asked) -> None:
        """Validates a request that is being pushed. Raises OAuth2Error, for the client itself (RFC 9126 §2.3)."""
        try:
            await self.authorization(asked.parameters, asked.handle)
        except InvalidAuthorizationRequest as invalid:
            error = invalid.error.of_client(invalid.client.id)
            raise carrying(CustomOAuth2Error(error.error, error.sentence), error.reason) from None
        except FatalClientError as error:
            raise carrying(CustomOAuth2Error(error.error, error.description), of(error)) from None

    async def allow(
        self,
        authorization: AuthorizationRequest,
        session: Session,
        address: str | None = None,
        *,
        asked: bool = True,
        trusted: bool = False,
    ) -> AuthorizationResponse:
        """Returns the response to a request that this person allowed. Raises AuthorizationError and UnanswerableError.

        `asked` is false if consent given earlier was enough, or if the client is `trusted` with all of it. The scopes are
        those determined when the request was validated, so they are the ones that the person saw.
        """
        permission = Permission(authorization, session, address, asked, trusted)
        await self._responses.check(authorization.client, authorization.mode)
        try:
            members = await self._flows[authorization.grant_type].answer(permission)
        except OAuth2Error as error:
            raise authorization_request.translate(error) from None
        return await self._response(authorization, {name: str(value) for name, value in members.items()})

    async def refuse(self, asked: Answerable, error: AuthorizationError, error_uri: str) -> AuthorizationResponse:
        """Returns the error response for the client (RFC 6749 §4.1.2.1), without empty members. Raises UnanswerableError."""
        members = {"error": error.error, "error_description": error.sentence, "error_uri": error_uri}
        return await self._response(asked, {name: value for name, value in members.items() if value})

    async def _response(self, asked: Answerable, members: Mapping[str, str]) -> AuthorizationResponse:
        """Adds the client's state, and our issuer, which prevents mix-up attacks (RFC 9207)."""
        state = () if asked.state is None else (("state", asked.state),)
        told = (*members.items(), *state, ("iss", self._issuer))
        return await self._responses.secured(asked.client, AuthorizationResponse(asked.redirect_uri, told, asked.mode))


def unread(request: OAuthlibRequest) -> UnreadRequestError | None:
    """Returns the error of the request object, if there is one: it says more than that what is in it is missing."""
    wrong = request.object_error
    return None if wrong is None else carrying(UnreadRequestError(wrong), wrong.refusal)


def build_request(asked: UnpackedRequest) -> OAuthlibRequest:
    """Returns the authorization request, from its request object if it has one (RFC 9101 §6.3)."""
    request = make_request(asked.parameters, AUTHORIZATION)
    request.signed, request.object_error, request.fetched = asked.signed, asked.error, asked.fetched
    return request


def build_token_request(
    request: OAuthlibRequest, proofs: Proofs, received: datetime, confirmation: str | None
) -> TokenRequest:
    """Returns the record of a token request that oauthlib has validated."""
    return TokenRequest(
        request.client,
        request.parameters,
        proofs,
        request.address,
        received,
        tuple(request.scopes or ()),
        request.audience,
        confirmation,
    )
