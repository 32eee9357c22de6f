"""Why a person is led to add a factor: what a request requires of their login is beyond what they have."""

from typing import Final

from iam.authorization.decision import Enrol
from iam.authorization.openid_parameters import UNMET
from iam.authorization.request import AuthorizationRequest
from iam.oauth.reasons import Reason

ERROR: Final = UNMET  # which the client is not told: it gets its answer when the factor is there
CHECK: Final = "second factor"
BY_CLIENT: Final = "the application"
OTHERWISE: Final = "a scope or the request"


def reason(request: AuthorizationRequest, step: Enrol) -> Reason:
    """Returns the reason, which says who requires the class (acr) of the login."""
    requiring = BY_CLIENT if request.client.acr == step.level else OTHERWISE
    expected = f"{requiring}: a login of the class {step.level}"
    return Reason(CHECK, expected, f"at most the class {step.person.reachable}", client_id=request.client.id)
