"""The request object of oauthlib's grants, built from strictly parsed parameters.

It is used in this package only. A validated request becomes a record (`authorization_request`, `token_request`).
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

# The parameters of an authorization request that oauthlib may read (RFC 6749 §4.1.1, RFC 7636 §4.3). Of a token
# request it may read TOKEN and what the grant names. No other parameter becomes an attribute, since oauthlib or a hook
# could take it for its own: `user`, `client`, `scopes`, `claims`, `extra_credentials` ... (G2, G3, G23). A
# `grant_type` in an authorization request must not make it look like a token request, which needs no challenge.
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
    """A request on its way through oauthlib. It has a fixed set of attributes: a misspelt one is an error.

    An attribute without a default exists once the hook that sets it has run.
    """

    parameters: Parameters

    client_id: str | None = None
    code: str | None = None
    code_challenge: str | None = None
    code_challenge_method: str | None = None
    code_verifier: str | None = None
    device_code: str | None = None
    grant_type: str | None = None
    redirect_uri: str | None = None
    refresh_token: str | None = None
    response_mode: str | None = None
    response_type: str | None = None
    scope: str | None = None
    state: str | None = None

    # set by oauthlib, or by a hook that it requires
    client: Client = field(init=False)
    scopes: list[str] | None = field(init=False, default=None)
    using_default_redirect_uri: bool = field(init=False, default=False)

    # set by our hooks
    audience: tuple[str, ...] = field(init=False)
    targets: tuple[Resource, ...] | None = field(init=False)  # None until they are looked up
    granted: Granted | None = field(init=False, default=None)
    claim: Claimed = field(init=False)  # the client that the request claims to be from
    address: str | None = field(init=False, default=None)  # the IP address of the sender

    # of authorization requests
    confirmation: str | None = field(init=False, default=None)  # the key to which the code is bound
    pushed_key: str | None = field(init=False, default=None)  # the same, as it was pushed beside a request object
    signed: bool = field(init=False, default=False)  # whether the parameters are those of a request object
    granting: str = field(init=False, default="authorization_code")  # the grant type that a person is asked for
    fetched: str | None = field(init=False, default=None)  # the request object, if it came by reference
    handle: bytes | None = field(init=False, default=None)  # the digest of its handle, if it was pushed
    object_error: RequestObjectError | None = field(init=False, default=None)
    authentication: AuthenticationRequest = field(init=False, default=PLAIN)
    claims: dict[str, dict[str, None]] | None = field(init=False, default=None)  # requested claims, by place and name
    consented: list[str] = field(init=False, factory=list)  # the scopes to consent to, requested by name or by claims
    allowed: Mapping[str, Sequence[str]] = field(init=False, factory=dict)  # scopes by resource, or NOWHERE

    def __attrs_post_init__(self) -> None:
        """Splits the scope into a list without duplicates (G48), and removes duplicate resources."""
        self.audience = tuple(dict.fromkeys(self.parameters.all("resource")))
        self.targets = None if self.audience else ()
        if self.scope is not None:
            self.scopes = distinct(self.scope.split(" "))
            self.scope = " ".join(self.scopes) or None

    @property
    def left_out(self) -> Reason | None:
        """Why some requested scopes are not granted; None if all are."""
        return self.granted.reason(self.client, self.grant_type) if self.granted else None

    @property
    def duplicate_params(self) -> tuple[str, ...]:
        """Always empty: a duplicate parameter was refused before (H7)."""
        return ()


def make_request(parameters: Parameters, known: Iterable[str]) -> OAuthlibRequest:
    """Returns the request with those parameters as attributes that are `known`, the names that oauthlib may see."""
    return OAuthlibRequest(parameters, **{name: parameters.get(name) for name in known})
