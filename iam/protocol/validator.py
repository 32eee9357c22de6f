"""The request validator: oauthlib calls its hooks, and they look things up in the store.

tests/oauth/test_hook_order.py checks the order of the calls. Hooks pass data on in attributes of oauthlib's request
object: `claim` (the client that the request claims to be from), `client`, `scopes`. A hook that refuses raises the
error that oauthlib would raise, with the reason. The hooks that validate a code or refresh token do not look it up:
the grant claims, checks and exchanges it in one statement, and raises InvalidGrantError if there is nothing to claim
(H40).
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

from iam.clients import fapi, ids, redirect_uri_difference, redirect_uris, scopes
from iam.clients.authentication import ClientAuthentication
from iam.clients.directory import Directory
from iam.clients.targets import Targets
from iam.oauth.grant_types import NONE, WITHOUT_A_PERSON
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
from iam.secrets.minted import CODES, Kind
from iam.store.scopes import Scopes


@hooks
class Validator(RequestValidator):  # type: ignore[misc]
    """Implements oauthlib's hooks; holds no state of a request."""

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
        """Looks up the client, which must be known and enabled (RFC 6749 §4.1.1). Raises InvalidClientIdError."""
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
        """Checks that the client registered this redirect URI (RFC 6749 §3.1.2.3, RFC 9700 §2.1).

        Raises MismatchingRedirectURIError.
        """
        registered = request.client.redirect_uris
        native = request.client.native
        if fapi.unencrypted(request.client, redirect_uri):
            reason = Reason("redirect_uri", "one of https: FAPI 2.0 allows no other on the way", "http")
            raise carrying(MismatchingRedirectURIError(), reason)
        if any(redirect_uris.matches(uri, redirect_uri, native=native) for uri in registered):
            return True
        reason = redirect_uri_difference.refusal(registered, redirect_uri)
        raise carrying(MismatchingRedirectURIError(), reason)

    def get_default_redirect_uri(
        self, client_id: str, request: OAuthlibRequest, *_: object, **__: object
    ) -> str | None:
        """Returns the redirect URI if only one is registered (RFC 6749 §3.1.2.3).

        At the token endpoint any will do: redeeming the code compares with the redirect URI of the authorization
        request.
        """
        registered = request.client.redirect_uris
        return registered[0] if len(registered) == 1 or request.grant_type else None

    def validate_response_type(
        self, client_id: str, response_type: str, client: Client, request: OAuthlibRequest, *_: object, **__: object
    ) -> bool:
        """Checks that the client is registered for the grant type of this response type (RFC 6749 §3.1.1).

        Raises UnauthorizedClientError.
        """
        return check_registered(request.granting, client, request)

    def is_pkce_required(self, client_id: str, request: OAuthlibRequest) -> bool:
        """Requires PKCE of public clients, and if the redirect URI has an unregistered port (RFC 9700 §2.1.1).

        Clients may also be registered to require it. At the token endpoint redeeming the code compares challenge and
        verifier. Where there is no code it protects nothing.
        """
        if request.grant_type or request.response_type == NONE:
            return False
        client = request.client
        return not client.confidential or client.require_pkce or request.redirect_uri not in client.redirect_uris

    async def get_default_scopes(self, client_id: str, request: OAuthlibRequest, *_: object, **__: object) -> list[str]:
        """Returns the scopes of a request without a scope parameter (RFC 6749 §3.3)."""
        targets = await self._targets_of(request)
        alone = request.grant_type in WITHOUT_A_PERSON
        more = set() if alone else await self._targets.scopes_of(request.client, request.audience)
        return scopes.default_for(request.client, targets, more)

    async def validate_scopes(
        self, client_id: str, names: list[str], client: Client, request: OAuthlibRequest, *_: object, **__: object
    ) -> bool:
        """Sets the granted scopes (RFC 6749 §3.3) for the requested resources, which must exist (RFC 8707 §2).

        Leaves out the scopes that cannot be granted and keeps the reason for the client's developers. Raises
        InvalidScopeError if too little is left. Drops the requested claims that the person is not asked about:
        otherwise the client would receive them as soon as it is registered for more scopes.
        """
        alone = request.grant_type in WITHOUT_A_PERSON
        granted = await scopes.judge(names, client, self._scopes, await self._targets_of(request), alone=alone)
        if not granted.enough:
            raise carrying(InvalidScopeError(), granted.refusal(client, names))
        request.scopes, request.granted = list(granted.names), granted
        if not alone:  # nobody consents to what the client does for itself
            request.consented = await self._consented(request, client)
            request.allowed = placed(request.consented, granted.at)
        return True

    async def _targets_of(self, request: OAuthlibRequest) -> tuple[Resource, ...]:
        """Returns the resources of a request, looked up once; sets its audience to their registered URIs."""
        if request.targets is None:
            request.targets = await self._targets.find(request.audience, request.client)
            request.audience = tuple(target.uri for target in request.targets)
        return request.targets

    async def _consented(self, request: OAuthlibRequest, client: Client) -> list[str]:
        """Returns the scopes to consent to: those granted, and those behind claims requested by name (Core §5.5)."""
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
        """Sets the subject of the id_token_hint, if there is one (OpenID Connect Core §3.1.2.1).

        Raises InvalidRequestError if it is not an ID token of this client, since its subject cannot be relied on.
        """
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
        """Tells whether the request brings a secret or an assertion, which is then checked.

        Without one only a public client is accepted, or one that its certificate proves.
        """
        return request.claim.with_proof

    async def authenticate_client(self, request: OAuthlibRequest, *_: object, **__: object) -> bool:
        """Authenticates a client by its secret or assertion (RFC 6749 §2.3). Raises InvalidClientError."""
        return await self._settle(request, await self._authentication.confidential(request.claim))

    async def authenticate_client_id(self, client_id: str, request: OAuthlibRequest, *_: object, **__: object) -> bool:
        """Accepts a client that only names itself: a public one (RFC 6749 §3.2.1), or one with its certificate (RFC 8705 §2).

        Raises InvalidClientError.
        """
        return await self._settle(request, await self._authentication.named(request.claim))

    def validate_grant_type(
        self, client_id: str, grant_type: str, client: Client, request: OAuthlibRequest, *_: object, **__: object
    ) -> bool:
        """Checks that the client is registered for the grant type (RFC 6749 §5.2).

        Raises UnauthorizedClientError.
        """
        return check_registered(grant_type, client, request)

    def validate_code(
        self, client_id: str, code: str, client: Client, request: OAuthlibRequest, *_: object, **__: object
    ) -> bool:
        """Checks that the code is well-formed; redeeming it checks the rest. Raises InvalidGrantError."""
        if any(minted.well_formed(code, kind) for kind in CODES):
            return True
        reason = Reason("code", "a code of this server, whole", f"a text of {len(code)} characters")
        raise carrying(InvalidGrantError(), reason)

    def get_code_challenge(self, code: str, request: OAuthlibRequest) -> None:
        """Returns None: redeeming compares the challenge, so that a wrong verifier does not use up the code."""

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
        """Accepts any: redeeming the code compares the redirect URI."""
        return True

    def validate_refresh_token(
        self, refresh_token: str, client: Client, request: OAuthlibRequest, *_: object, **__: object
    ) -> bool:
        """Checks that the refresh token is well-formed; rotating it checks the rest. Raises InvalidGrantError."""
        if minted.well_formed(refresh_token, Kind.REFRESH_TOKEN):
            return True
        got = f"a text of {len(refresh_token)} characters"
        reason = Reason("refresh token", "a refresh token of this server, whole", got)
        raise carrying(InvalidGrantError(), reason)

    def get_original_scopes(self, refresh_token: str, request: OAuthlibRequest, *_: object, **__: object) -> str | None:
        """Returns the requested scope, so that oauthlib accepts it: rotating compares it with the grant's."""
        return request.scope

    async def _settle(self, request: OAuthlibRequest, client: Client | None) -> bool:
        """Sets the authenticated client on the request. Raises InvalidClientError if there is none."""
        if client is None:
            reason = await self._authentication.reason(request.claim)
            raise carrying(InvalidClientError(), reason)
        request.client, request.client_id = client, client.client_id
        return True


def check_registered(grant_type: str, client: Client, request: OAuthlibRequest) -> bool:
    """Checks that the client is registered for the grant type. Raises UnauthorizedClientError."""
    if grant_type in client.grant_types:
        return True
    expected = f"one that the application is registered for: {', '.join(client.grant_types) or 'none'}"
    raise carrying(UnauthorizedClientError(), Reason("grant type", expected, grant_type))
