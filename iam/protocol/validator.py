"""The validator: oauthlib asks, the store answers.

oauthlib asks in the order that tests/oauth/test_hook_order.py keeps. What a request needs travels on oauthlib's request
object: `claim` (who it says it is from), `client`, `scopes`. A hook that says no raises the error that oauthlib would
raise, with the reason. A code or refresh token is not looked up by the hooks that validate it but claimed, judged and
answered for in one statement by the grant, which raises InvalidGrantError where there is nothing to claim (H40).
"""

from attrs import evolve
from oauthlib.oauth2 import RequestValidator
from oauthlib.oauth2.rfc6749.errors import (
    InvalidClientError,
    InvalidClientIdError,
    InvalidGrantError,
    InvalidRequestError,
    InvalidScopeError,
    MismatchingRedirectURIError,
    UnauthorizedClientError,
)

from iam.clients import ids, redirect_uri_difference, redirect_uris, scopes
from iam.clients.authentication import ClientAuthentication
from iam.clients.directory import Directory
from iam.clients.targets import Targets
from iam.oauth.grant_types import WITHOUT_A_PERSON
from iam.oauth.reasons import Reason, carrying
from iam.oauth.scopes import OPENID
from iam.openid import claims
from iam.openid.id_tokens import IDTokens
from iam.protocol.bridge import hooks
from iam.protocol.request import OAuthlibRequest
from iam.records.client import Client
from iam.records.consent import placed
from iam.records.resource import Resource
from iam.secrets import minted
from iam.secrets.minted import Kind
from iam.store.scopes import Scopes


@hooks
class Validator(RequestValidator):  # type: ignore[misc]
    """Decides for oauthlib; holds no state of a request."""

    def __init__(
        self,
        directory: Directory,
        known_scopes: Scopes,
        targets: Targets,
        authentication: ClientAuthentication,
        id_tokens: IDTokens,
    ) -> None:
        self._directory = directory
        self._scopes = known_scopes
        self._targets = targets
        self._authentication = authentication
        self._id_tokens = id_tokens

    # The authorization endpoint

    async def validate_client_id(self, client_id: str, request: OAuthlibRequest, *_: object, **__: object) -> bool:
        """RFC 6749 §4.1.1: is this a client we know?"""
        client = await self._directory.find(client_id)
        if client is None:
            raise carrying(InvalidClientIdError(), await ids.unknown(self._directory, client_id))
        if not client.enabled:
            reason = Reason("client", "an application that is enabled", "disabled", client_id=client.id)
            raise carrying(InvalidClientIdError(), reason)
        request.client = client
        return True

    def validate_redirect_uri(
        self, client_id: str, redirect_uri: str, request: OAuthlibRequest, *_: object, **__: object
    ) -> bool:
        """RFC 6749 §3.1.2.3, RFC 9700 §2.1: did the client register exactly this one?"""
        registered = request.client.redirect_uris
        native = request.client.native
        if any(redirect_uris.matches(uri, redirect_uri, native=native) for uri in registered):
            return True
        reason = redirect_uri_difference.refusal(registered, redirect_uri)
        raise carrying(MismatchingRedirectURIError(), reason)

    def get_default_redirect_uri(
        self, client_id: str, request: OAuthlibRequest, *_: object, **__: object
    ) -> str | None:
        """RFC 6749 §3.1.2.3: the only one registered. At the token endpoint the code's own counts, which saving compares."""
        registered = request.client.redirect_uris
        return registered[0] if len(registered) == 1 or request.grant_type else None

    def validate_response_type(
        self, client_id: str, response_type: str, client: Client, request: OAuthlibRequest, *_: object, **__: object
    ) -> bool:
        """RFC 6749 §3.1.1: may this client ask for codes, or for tokens at once?"""
        return check_registered(request.granting, client, request)

    def is_pkce_required(self, client_id: str, request: OAuthlibRequest) -> bool:
        """RFC 9700 §2.1.1: of public clients always, and where the answer goes to a port that nobody registered.

        At the token endpoint saving compares challenge and verifier.
        """
        if request.grant_type:
            return False
        client = request.client
        return not client.confidential or client.require_pkce or request.redirect_uri not in client.redirect_uris

    async def get_default_scopes(self, client_id: str, request: OAuthlibRequest, *_: object, **__: object) -> list[str]:
        """RFC 6749 §3.3: what a request without scope gets."""
        targets = await self._targets_of(request)
        alone = request.grant_type in WITHOUT_A_PERSON
        more = set() if alone else await self._targets.scopes_of(request.client, request.audience)
        return scopes.default_for(request.client, targets, more)

    async def validate_scopes(
        self, client_id: str, names: list[str], client: Client, request: OAuthlibRequest, *_: object, **__: object
    ) -> bool:
        """RFC 6749 §3.3: what of these scopes is there for this client? RFC 8707 §2: and for resources that exist?

        What cannot be is left out, and the client's makers can read why. Claims that the person is not asked for are
        forgotten: else the client would be told them once it may ask for more.
        """
        alone = request.grant_type in WITHOUT_A_PERSON
        granted = await scopes.judge(names, client, self._scopes, await self._targets_of(request), alone=alone)
        if not granted.enough:
            raise carrying(InvalidScopeError(), granted.refusal(client, names))
        request.scopes, request.granted = list(granted.names), granted
        request.consented = await self._consented(request, client)
        request.allowed = placed(request.consented, granted.at)
        return True

    async def _targets_of(self, request: OAuthlibRequest) -> tuple[Resource, ...]:
        """The resources of a request, looked up once, and called from then on as they are registered."""
        if request.targets is None:
            request.targets = await self._targets.find(request.audience, request.client)
            request.audience = tuple(target.uri for target in request.targets)
        return request.targets

    async def _consented(self, request: OAuthlibRequest, client: Client) -> list[str]:
        """The scopes that the person is asked for: those granted, and those of claims asked for one by one (Core §5.5)."""
        names = list(request.scopes or ())
        if not request.claims or OPENID not in names:
            request.claims = {}
            return names
        known = await self._scopes.all()
        named = claims.find_granting(known, request.claims, names)
        consented = [*names, *(name for name in named if name in client.scopes)]
        request.claims = claims.narrow(request.claims, claims.names(known, consented))
        return consented

    async def check_hint(self, request: OAuthlibRequest) -> dict[str, object]:
        """An id_token_hint that is no ID token of this client says nothing about who is meant (OpenID Connect Core §3.1.2.1)."""
        hint = request.parameters.get("id_token_hint") if OPENID in (request.scopes or ()) else None
        if hint is None:
            return {}
        subject = await self._id_tokens.subject(hint, request.client)
        if subject is None:
            got = f"a text of {len(hint)} characters"
            reason = Reason("id_token_hint", "an ID token that was given to this application", got)
            sentence = "The id_token_hint must be an ID token of this client."
            raise carrying(InvalidRequestError(sentence), reason)
        request.authentication = evolve(request.authentication, hinted=subject)
        return {}

    # The token endpoint

    def client_authentication_required(self, request: OAuthlibRequest, *_: object, **__: object) -> bool:
        """A secret or assertion that is brought is checked; without one only a public client gets on."""
        return request.claim.with_proof

    async def authenticate_client(self, request: OAuthlibRequest, *_: object, **__: object) -> bool:
        """RFC 6749 §2.3: does the secret or the assertion prove the client?"""
        return await self._settle(request, await self._authentication.confidential(request.claim))

    async def authenticate_client_id(self, client_id: str, request: OAuthlibRequest, *_: object, **__: object) -> bool:
        """RFC 6749 §3.2.1: is it a public client, which names itself?"""
        return await self._settle(request, await self._authentication.public(request.claim))

    def validate_grant_type(
        self, client_id: str, grant_type: str, client: Client, request: OAuthlibRequest, *_: object, **__: object
    ) -> bool:
        """RFC 6749 §5.2: is this client registered for the grant type?"""
        return check_registered(grant_type, client, request)

    def validate_code(
        self, client_id: str, code: str, client: Client, request: OAuthlibRequest, *_: object, **__: object
    ) -> bool:
        """Could we have made this code? Saving decides the rest."""
        if minted.well_formed(code, Kind.AUTHORIZATION_CODE):
            return True
        reason = Reason("code", "a code of this server, whole", f"a text of {len(code)} characters")
        raise carrying(InvalidGrantError(), reason)

    def get_code_challenge(self, code: str, request: OAuthlibRequest) -> None:
        """Saving compares the challenge, so that a wrong verifier spends nothing."""

    def confirm_redirect_uri(
        self,
        client_id: str,
        code: str,
        redirect_uri: str,
        client: Client,
        request: OAuthlibRequest,
        *_: object,
        **__: object,
    ) -> bool:
        """Saving compares the redirect URI that was presented."""
        return True

    def validate_refresh_token(
        self, refresh_token: str, client: Client, request: OAuthlibRequest, *_: object, **__: object
    ) -> bool:
        """Could we have made this refresh token? Saving decides the rest."""
        if minted.well_formed(refresh_token, Kind.REFRESH_TOKEN):
            return True
        got = f"a text of {len(refresh_token)} characters"
        reason = Reason("refresh token", "a refresh token of this server, whole", got)
        raise carrying(InvalidGrantError(), reason)

    def get_original_scopes(self, refresh_token: str, request: OAuthlibRequest, *_: object, **__: object) -> str | None:
        """Saving compares with the original scopes."""
        return request.scope

    async def _settle(self, request: OAuthlibRequest, client: Client | None) -> bool:
        if client is None:
            reason = await self._authentication.reason(request.claim)
            raise carrying(InvalidClientError(), reason)
        request.client, request.client_id = client, client.client_id
        return True


def check_registered(grant_type: str, client: Client, request: OAuthlibRequest) -> bool:
    """Is the client registered for the grant type? Raises UnauthorizedClientError."""
    if grant_type in client.grant_types:
        return True
    expected = f"one that the application is registered for: {', '.join(client.grant_types) or 'none'}"
    raise carrying(UnauthorizedClientError(), Reason("grant type", expected, grant_type))
