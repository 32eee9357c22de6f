"""Builds records of authorization requests from oauthlib's request object."""

from oauthlib.oauth2.rfc6749.errors import OAuth2Error

from iam.authorization.errors import AuthorizationError
from iam.authorization.openid_parameters import NONE
from iam.authorization.request import AuthorizationRequest, InvalidAuthorizationRequest
from iam.oauth.errors import SENTENCES
from iam.oauth.reasons import carrying, of
from iam.oauth.scopes import distinct
from iam.protocol.request import OAuthlibRequest


def build(request: OAuthlibRequest) -> AuthorizationRequest:
    """Returns the record of a request that oauthlib has validated."""
    return AuthorizationRequest(
        client=request.client,
        redirect_uri=request.redirect_uri or "",
        redirect_uri_sent=not request.using_default_redirect_uri,
        response_type=request.response_type or "",
        mode=request.response_mode,
        state=request.state,
        grant_type=request.granting,
        scopes=tuple(distinct(request.scopes)),
        consented=tuple(request.consented),
        allowed=request.allowed,
        audience=request.audience,
        code_challenge=request.code_challenge,
        authentication=request.authentication,
        claims=request.claims or {},
        fetched=request.fetched,
        handle=request.handle,
        left_out=request.left_out,
        confirmation=request.confirmation,
    )


def build_invalid(request: OAuthlibRequest, error: OAuth2Error) -> InvalidAuthorizationRequest:
    """Returns the record of a request that oauthlib or a hook has refused with `error`."""
    return InvalidAuthorizationRequest(
        client=request.client,
        redirect_uri=request.redirect_uri or "",
        mode=request.response_mode,
        state=request.state,
        silent=NONE in (request.parameters.get("prompt") or "").split(" "),
        error=translate(carrying(error, client_id=request.client_id)),
    )


def translate(error: OAuth2Error) -> AuthorizationError:
    """Returns oauthlib's error as an AuthorizationError with the same code, description and reason."""
    return AuthorizationError(error.error, error.description or SENTENCES.get(error.error, ""), of(error))
