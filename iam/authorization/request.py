"""The validated authorization request, its refusal and its permission.

RFC 6749 §4.1.1 and OpenID Connect Core §3.1.2.1 define it.
"""

from collections.abc import Mapping, Sequence

from attrs import frozen

from iam.authorization.errors import AuthorizationError
from iam.authorization.openid_parameters import AuthenticationRequest
from iam.oauth.reasons import Reason
from iam.records.client import Client
from iam.records.session import Session


@frozen
class AuthorizationRequest:
    """A valid request, which a person may allow.

    `scopes` are granted if they do; `consented` are these and the scopes behind claims requested by name. `allowed`
    holds the consented scopes by resource, and under NOWHERE those of no resource. `claims` are the requested ones, by
    place and name. `fetched` is the request object, if it came by reference, `handle` the digest of the handle of a request
    that was pushed; `left_out` says which scopes are not granted, and why, and `declined` which ones the person
    deselected. `confirmation` is the key to which the code is bound.
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
    handle: bytes | None = None
    left_out: Reason | None = None
    declined: Sequence[str] = ()
    confirmation: str | None = None


@frozen
class InvalidAuthorizationRequest(Exception):
    """A refused request, which the client is told about since the redirect URI is valid; `silent` forbids any page."""

    client: Client
    redirect_uri: str
    mode: str | None
    state: str | None
    silent: bool
    error: AuthorizationError


Answerable = AuthorizationRequest | InvalidAuthorizationRequest


@frozen
class Permission:
    """A request that a person allows in their session; if they were not `asked` just now, they allowed it before.

    Of a client that is `trusted` with all of it nobody need have asked them.
    """

    request: AuthorizationRequest
    session: Session
    address: str | None = None
    asked: bool = True
    trusted: bool = False
