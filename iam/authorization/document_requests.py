"""Whether an authorization request is worth reading the document of its client."""

from iam.authorization import pkce
from iam.authorization.objects import PARAMETER, REFERENCE
from iam.clients import redirect_uris
from iam.oauth.grant_types import CODE, NONE
from iam.oauth.parameters import Parameters


def well_formed(asked: Parameters) -> bool:
    """Checks what can be checked without knowing the client: whoever sends anything must not have us read documents."""
    if PARAMETER in asked or REFERENCE in asked:
        return True  # what the client has signed is checked by its keys
    redirect_uri, response_type = asked.get("redirect_uri"), asked.get("response_type")
    return (
        redirect_uri is not None
        and redirect_uris.danger(redirect_uri) is None
        and (response_type == NONE or (response_type == CODE and protected(asked)))
    )


def protected(asked: Parameters) -> bool:
    """Checks that the code of this request would be protected by S256 (RFC 7636)."""
    challenge = asked.get("code_challenge")
    return challenge is not None and pkce.well_formed(challenge) and asked.get("code_challenge_method") in pkce.METHODS
