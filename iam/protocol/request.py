"""What oauthlib's grants read of a request and write to it, made of parameters that were parsed strictly before.

It stays in this package. What a request comes to is a record (`token_request`).
"""

from collections.abc import Iterable, Mapping, Sequence

from attrs import define, field

from iam.authorization.objects import RequestObjectError
from iam.authorization.openid_parameters import PLAIN, AuthenticationRequest
from iam.clients.authentication import Claimed
from iam.clients.scopes import Granted
from iam.oauth.parameters import Parameters
from iam.oauth.reasons import Reason
from iam.oauth.scopes import distinct
from iam.records.client import Client
from iam.records.resource import Resource

# What oauthlib may read of an authorization request (RFC 6749 §4.1.1, RFC 7636 §4.3); of a token request, what its grant
# names. No other name becomes an attribute that oauthlib or a hook could take for its own: `user`, `client`, `scopes`,
# `claims`, `extra_credentials` ... (G2, G3, G23), and a `grant_type` in the address does not pass for a token request, which
# needs no challenge.
AUTHORIZATION = (
    "client_id",
    "code_challenge",
    "code_challenge_method",
    "redirect_uri",
    "response_mode",
    "response_type",
    "scope",
    "state",
)
TOKEN = ("client_id", "grant_type")


@define(eq=False, repr=False)
class OAuthlibRequest:
    """A request on its way through oauthlib, which has no other attributes than these: a misspelt one is an error.

    What has no default is there once the hook that finds it has been asked.
    """

    parameters: Parameters

    client_id: str | None = None
    code: str | None = None
    code_challenge: str | None = None
    code_challenge_method: str | None = None
    code_verifier: str | None = None
    grant_type: str | None = None
    redirect_uri: str | None = None
    refresh_token: str | None = None
    response_mode: str | None = None
    response_type: str | None = None
    scope: str | None = None
    state: str | None = None

    # what oauthlib, or a hook for it, finds
    client: Client = field(init=False)
    scopes: list[str] | None = field(init=False, default=None)
    using_default_redirect_uri: bool = field(init=False, default=False)

    # what hooks find
    audience: tuple[str, ...] = field(init=False)
    targets: tuple[Resource, ...] | None = field(init=False, default=None)
    granted: Granted | None = field(init=False, default=None)
    claim: Claimed = field(init=False)  # who it says it is from
    address: str | None = field(init=False, default=None)  # from where it comes

    # of authorization requests
    signed: bool = field(init=False, default=False)  # is it out of a request object?
    granting: str = field(init=False, default="authorization_code")  # the grant type that a person is asked for
    fetched: str | None = field(init=False, default=None)  # its request object, if that came by reference
    object_error: RequestObjectError | None = field(init=False, default=None)
    authentication: AuthenticationRequest = field(init=False, default=PLAIN)
    claims: dict[str, dict[str, None]] | None = field(init=False, default=None)  # asked for by place and name
    consented: list[str] = field(init=False, factory=list)  # what the person is asked for, by name or by claims
    allowed: Mapping[str, Sequence[str]] = field(init=False, factory=dict)  # for each resource; NOWHERE the others

    def __attrs_post_init__(self) -> None:
        """Scopes in a list without doubles (G48), resources without doubles."""
        self.audience = tuple(dict.fromkeys(self.parameters.all("resource")))
        if self.scope is not None:
            self.scopes = distinct(self.scope.split(" "))
            self.scope = " ".join(self.scopes) or None

    @property
    def left_out(self) -> Reason | None:
        """Which scopes were asked for and are not granted, and why."""
        return self.granted.reason(self.client, self.grant_type) if self.granted else None

    @property
    def duplicate_params(self) -> tuple[str, ...]:
        """None: a duplicate was refused before (H7)."""
        return ()


def make_request(parameters: Parameters, known: Iterable[str]) -> OAuthlibRequest:
    """What oauthlib may know of a request with these parameters."""
    return OAuthlibRequest(parameters, **{name: parameters.get(name) for name in known})
