"""The authorization request (RFC 6749 §4.1.1, OpenID Connect Core §3.1.2.1) once it is validated, and what becomes of it."""

from collections.abc import Mapping, Sequence

from attrs import frozen

from iam.authorization.errors import AuthorizationError
from iam.authorization.openid_parameters import AuthenticationRequest
from iam.oauth.reasons import Reason
from iam.records.client import Client
from iam.records.session import Session


@frozen
class AuthorizationRequest:
    """A request that a person may allow.

    `scopes` are those that are granted if they do, `consented` these and the scopes behind claims requested by name;
    `allowed` has the latter by resource, and under NOWHERE those that are about none. `claims` are requested by place and name.
    `fetched` is the request object, if it came by reference; `left_out` says which scopes are not granted, and why.
    """

    client: Client
    redirect_uri: str
    redirect_uri_sent: bool
    response_type: str
    mode: str | None
    state: str | None
    grant_type: str
    scopes: Sequence[str]
    consented: Sequence[str]
    allowed: Mapping[str, Sequence[str]]
    audience: Sequence[str]
    code_challenge: str | None
    authentication: AuthenticationRequest
    claims: Mapping[str, Mapping[str, None]]
    fetched: str | None = None
    left_out: Reason | None = None


@frozen
class InvalidAuthorizationRequest(Exception):
    """A request that is refused, and whose client is told so, as its redirect URI is good; `silent` ones allow no page."""

    client: Client
    redirect_uri: str
    mode: str | None
    state: str | None
    silent: bool
    error: AuthorizationError


Answerable = AuthorizationRequest | InvalidAuthorizationRequest


@frozen
class Permission:
    """A request that a person allows in their session; `asked`: just now, or else before."""

    request: AuthorizationRequest
    session: Session
    address: str | None = None
    asked: bool = True
