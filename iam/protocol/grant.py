"""The interface of a grant: one way to get tokens, from the checks of a request to the response.

Each grant is a class in `grants/`, listed in `grants/supported`. `iam/oauth/grant_types` says what it requires of
clients.
"""

from typing import ClassVar, Protocol, runtime_checkable

from attrs import frozen

from iam.authorization.request import Permission
from iam.clients.dpop import Proof
from iam.clock import Clock
from iam.protocol.request import OAuthlibRequest
from iam.protocol.token_request import TokenRequest
from iam.protocol.validator import Validator
from iam.settings import Settings
from iam.store.store import Store
from iam.tokens.bearer_tokens import BearerTokens
from iam.tokens.response import TokenResponse


@frozen
class Issuance:
    """What grants need to issue tokens."""

    store: Store
    settings: Settings
    clock: Clock
    response: TokenResponse
    bearer: BearerTokens


class Checks(Protocol):
    """An oauthlib grant: it calls the validator's hooks, and raises the OAuth2Error to send to the client.

    It has the method of each endpoint that its grant serves.
    """

    def validate_authorization_request(self, request: OAuthlibRequest) -> object:
        """Validates an authorization request (RFC 6749 §4.1.1). Raises OAuth2Error."""

    def validate_token_request(self, request: OAuthlibRequest) -> object:
        """Validates a token request (RFC 6749 §3.2). Raises OAuth2Error."""


class Grant(Protocol):
    """A grant; the server makes one instance at start."""

    name: ClassVar[str]

    def __init__(self, issuance: Issuance) -> None: ...

    def checks(self, validator: Validator) -> Checks:
        """Returns oauthlib's grant, which calls the hooks of this validator."""


@runtime_checkable
class TokenGrant(Grant, Protocol):
    """A grant of the token endpoint. Besides TOKEN, oauthlib sees only these `parameters` of a request (G2)."""

    parameters: ClassVar[tuple[str, ...]]

    async def save(self, request: TokenRequest) -> dict[str, object]:
        """Stores new tokens and returns the members of the response (RFC 6749 §5.1). Raises OAuth2Error."""


@runtime_checkable
class BoundGrant(TokenGrant, Protocol):
    """A grant that uses up the proof of a key (RFC 9449) by itself, when that is due; for others it is done before."""

    async def save_bound(self, request: TokenRequest, proof: Proof) -> dict[str, object]:
        """Does what `save` does. Raises InvalidProofError besides, if the proof was used before."""


@runtime_checkable
class Flow(Grant, Protocol):
    """A grant of the authorization endpoint."""

    response_types: ClassVar[tuple[str, ...]]

    async def answer(self, permission: Permission) -> dict[str, object]:
        """Stores what a person allowed and returns the members of the response (RFC 6749 §4.1.2).

        Raises AuthorizationError.
        """
