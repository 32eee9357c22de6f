"""oauthlib's request, made from parameters that were parsed strictly before."""

from collections.abc import Iterable
from typing import Any

from oauthlib import common

from iam.oauth.parameters import Parameters
from iam.oauth.reasons import Reason

# What oauthlib may read of a request, for each endpoint: RFC 6749 §4.1.1, RFC 7636 §4.3 and OpenID Connect Core §3.1.2.1;
# RFC 6749 §4.1.3 to §6 and RFC 7636 §4.5. Any other name would become an attribute that oauthlib or a hook takes for its
# own: `user`, `client`, `scopes`, `claims`, `extra_credentials` ... (G2, G3, G23), and a `grant_type` in the address
# would pass for a token request, which needs no challenge.
AUTHORIZATION = (
    "acr_values",
    "claims_locales",
    "client_id",
    "code_challenge",
    "code_challenge_method",
    "display",
    "id_token_hint",
    "login_hint",
    "max_age",
    "nonce",
    "prompt",
    "redirect_uri",
    "response_mode",
    "response_type",
    "scope",
    "state",
    "ui_locales",
)
TOKEN = (
    "client_id",
    "client_secret",
    "code",
    "code_verifier",
    "grant_type",
    "redirect_uri",
    "refresh_token",
    "scope",
)

OWN = (
    "access_token",
    "claims",
    "client",
    "display",
    "extra_credentials",
    "prompt",
    "resource",
    "scopes",
    "user",
)

ABSENT: dict[str, object] = dict.fromkeys(AUTHORIZATION + TOKEN + OWN)


class OAuthlibRequest(common.Request):  # type: ignore[misc]
    """What oauthlib's grants read and what our hooks leave for each other; it never touches the query or the body."""

    def __init__(
        self,
        parameters: Parameters,
        known: Iterable[str],
        authorization: str | None = None,
    ) -> None:
        self.uri = ""
        self.http_method = ""
        self.headers: dict[str, str] = {}
        self.authorization = authorization
        self.body = None
        self.decoded_body: list[tuple[str, str]] = []
        self.oauth_params: list[tuple[str, str]] = []
        self.validator_log: dict[str, Any] = {}
        self.audience = tuple(dict.fromkeys(parameters.all("resource")))
        self.parameters = parameters
        self.targets: Any = None
        self.address: str | None = None  # from where it comes
        self.claimed: Any = None  # who it says it is from
        self.refusal: Reason | None = None  # why a hook says no
        self.signed = False  # is it out of a request object?
        self.granting = "authorization_code"  # the grant type of what a person is asked to allow
        self.fetched: str | None = None  # its request object, if that came by reference
        self.object_error: Any = None  # what is wrong with its request object
        self.authentication: Any = None  # how the person is to be authenticated, an AuthenticationRequest
        self.consented: list[str] = []  # the scopes that the person is asked for, those of single claims too
        self.allowed: Any = {}  # for each resource, the scopes that mean something there, and NOWHERE the others
        self.left_out: Reason | None = None  # which scopes were asked for and are not granted, and why
        self.received: Any = None  # when a token request came; what is late is judged by that
        self._params = {**ABSENT, **{name: parameters.get(name) for name in known}}

    @property
    def uri_query(self) -> str:
        """Nothing: the query was parsed already."""
        return ""

    @property
    def uri_query_params(self) -> list[tuple[str, str]]:
        """Nothing: the query was parsed already."""
        return []

    @property
    def duplicate_params(self) -> list[str]:
        """None: a duplicate was refused before (H7)."""
        return []
