"""oauthlib's grants by grant type and by response type, so that an unknown type finds none (G26, G27)."""

from collections.abc import Iterable

from iam.oauth.grant_types import CODE
from iam.protocol.grant import Checks, Flow, Grant, TokenGrant
from iam.protocol.request import OAuthlibRequest
from iam.protocol.validator import Validator


class Endpoints:
    """Validates requests with oauthlib's grants. Its methods wait, so they are called through the bridge."""

    def __init__(self, grants: Iterable[Grant], validator: Validator) -> None:
        checks = {grant.name: (grant, grant.checks(validator)) for grant in grants}
        self.grant_types: dict[str, Checks] = {
            name: each for name, (grant, each) in checks.items() if isinstance(grant, TokenGrant)
        }
        self.response_types: dict[str, Checks] = {
            response_type: each
            for grant, each in checks.values()
            if isinstance(grant, Flow)
            for response_type in grant.response_types
        }
        self.default_response_type_handler = self.response_types[CODE]

    def validate(self, request: OAuthlibRequest) -> None:
        """Validates an authorization request (RFC 6749 §4.1.1). Raises OAuth2Error."""
        self.handler(request).validate_authorization_request(request)

    def handler(self, request: OAuthlibRequest) -> Checks:
        """Returns the grant for the response_type, whose words may come in any order (G13, G14).

        An unknown response_type gets the authorization code grant, which refuses it.
        """
        words = " ".join(sorted((request.response_type or "").split(" ")))
        handler = self.response_types.get(words)
        if handler is None:
            return self.default_response_type_handler
        request.response_type = words
        return handler

    def token(self, request: OAuthlibRequest) -> None:
        """Validates a token request, as far as possible before storing tokens (RFC 6749 §3.2). Raises OAuth2Error."""
        self.grant_types[request.grant_type or ""].validate_token_request(request)
