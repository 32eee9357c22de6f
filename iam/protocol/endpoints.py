"""oauthlib's grants by the names of grant types and response types: found by those or not at all (G26, G27)."""

from collections.abc import Iterable

from iam.oauth.grant_types import CODE
from iam.protocol.grant import Checks, Flow, Grant, TokenGrant
from iam.protocol.request import OAuthlibRequest
from iam.protocol.validator import Validator


class Endpoints:
    """What oauthlib says of requests. It waits: to be called by the bridge."""

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
        """RFC 6749 §4.1.1: raise what is wrong with an authorization request."""
        self.handler(request).validate_authorization_request(request)

    def handler(self, request: OAuthlibRequest) -> Checks:
        """The grant for a response_type, whose words may come in any order; that of codes says no to all others (G13, G14)."""
        words = " ".join(sorted((request.response_type or "").split(" ")))
        handler = self.response_types.get(words)
        if handler is None:
            return self.default_response_type_handler
        request.response_type = words
        return handler

    def token(self, request: OAuthlibRequest) -> None:
        """RFC 6749 §3.2: raise what is wrong with a token request, as far as that is known before its tokens are stored."""
        self.grant_types[request.grant_type or ""].validate_token_request(request)
