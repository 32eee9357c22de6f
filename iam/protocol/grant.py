"""What a grant is: one way to get tokens, from the checks of a request to the answer.

A class in `grants/`, named in `grants/supported`. What clients have to be for it stands in `iam/oauth/grant_types`.
"""

from typing import ClassVar, Protocol, runtime_checkable

from attrs import frozen

from iam.authorization.request import Permission
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
    """What grants issue tokens with."""

    store: Store
    settings: Settings
    clock: Clock
    response: TokenResponse

    @property
    def bearer(self) -> BearerTokens:
        """The maker of tokens."""
        return BearerTokens(self.settings)


class Checks(Protocol):
    """oauthlib's grant: it asks the validator, and raises the OAuth2Error that says what is wrong with a request.

    Of its methods it has that for the endpoint that its grant is for.
    """

    def validate_authorization_request(self, request: OAuthlibRequest) -> object:
        """RFC 6749 §4.1.1."""

    def validate_token_request(self, request: OAuthlibRequest) -> object:
        """RFC 6749 §3.2."""


class Grant(Protocol):
    """A grant, made once at start."""

    name: ClassVar[str]

    def __init__(self, issuance: Issuance) -> None: ...

    def checks(self, validator: Validator) -> Checks:
        """oauthlib's grant on this validator."""


@runtime_checkable
class TokenGrant(Grant, Protocol):
    """A grant of the token endpoint; of a request, oauthlib gets the `parameters` and none besides (G2)."""

    parameters: ClassVar[tuple[str, ...]]

    async def save(self, request: TokenRequest) -> dict[str, object]:
        """Store new tokens for the request; the members of the answer (RFC 6749 §5.1). Raises OAuth2Error."""


@runtime_checkable
class Flow(Grant, Protocol):
    """A grant of the authorization endpoint."""

    response_types: ClassVar[tuple[str, ...]]

    async def answer(self, permission: Permission) -> dict[str, object]:
        """Store what a person allowed; the members of the answer (RFC 6749 §4.1.2). Raises AuthorizationError."""
