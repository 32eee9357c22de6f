"""The errors of the API, as problem details (RFC 9457) and challenges (RFC 6750)."""

from typing import ClassVar, Final

from attrs import evolve, frozen

from iam.administration.actions.action import Forbidden, LoginNeeded, Unscoped
from iam.administration.replacing import Busy
from iam.clients.refusals import Explanations
from iam.endpoints import challenges
from iam.endpoints.api import inputs
from iam.endpoints.api.refused import Refused
from iam.http.answers import Answer
from iam.http.dispatch import Caught
from iam.http.parameters import ParameterError
from iam.http.problems import problem
from iam.http.request import Request
from iam.oauth import bearer
from iam.oauth.bearer import Challenge
from iam.oauth.reasons import Reason
from iam.records.invalid import Invalid, Missing
from iam.records.session import RECENT
from iam.store.administrators import LastAdministrator

NO_TOKEN: Final = "Send an access token in the Authorization header."
TOLD: Final = ("error", "error_uri", "scope", "max_age", "acr_values")  # of the challenge
FORBIDDEN: Final = 403
NOT_FOUND: Final = 404
CONFLICT: Final = 409
UNPROCESSABLE: Final = 422


@frozen
class Problems:
    """Writes the errors; `metadata` is the URL of the API's metadata (RFC 9728 §5.1)."""

    caught: ClassVar[Caught] = (Challenge, Forbidden, Invalid, ParameterError, Refused)
    endpoint: str
    refusals: Explanations
    metadata: str

    def write(self, request: Request, error: Exception) -> Answer:
        """Returns the error as an answer."""
        match error:
            case Challenge():
                return self._challenge(request, error)
            case Unscoped() | LoginNeeded():
                return self._challenge(request, wanted(error))
            case Forbidden():
                return problem(FORBIDDEN, str(error))
            case ParameterError():
                return problem(error.status, str(error))
            case Refused():
                members = {"errors": list(error.errors)} if error.errors else {}
                return problem(error.status, error.sentence, error.headers, **members)
        return complained(error, in_query=request.method.decode() in inputs.IN_THE_QUERY)

    def _challenge(self, request: Request, challenge: Challenge) -> Answer:
        """Returns a challenge, whose error is in the problem too; the reason is kept."""
        told = self.refusals.challenging(self.endpoint, challenge, request.client_address)
        told = evolve(told, parameters={**told.parameters, "resource_metadata": self.metadata})
        members = {name: text for name, text in told.parameters.items() if name in TOLD}
        sentence = told.parameters.get("error_description", NO_TOKEN)
        return problem(told.status, sentence, challenges.headers(request, told), **members)


def wanted(error: Unscoped | LoginNeeded) -> Challenge:
    """Returns the challenge that says what the token must have besides."""
    if isinstance(error, Unscoped):
        return bearer.insufficient_scope(error.scope, Reason("scope of the access token", error.scope))
    reason = Reason("login", "one of the last ten minutes", "an older one, or one without a second factor")
    return bearer.insufficient_authentication(str(error), RECENT, error.acr, reason)


def complained(error: Exception, *, in_query: bool) -> Answer:
    """Returns what is wrong with an input, with the member of each sentence."""
    complaints = error.complaints if isinstance(error, Invalid) else {}
    errors = [inputs.located([name], sentence, in_query=in_query) for name, sentence in complaints.items()]
    if isinstance(error, Missing):
        return problem(NOT_FOUND, str(error))
    if isinstance(error, LastAdministrator | Busy):
        return problem(CONFLICT, str(error))
    return problem(UNPROCESSABLE, str(error), errors=errors)
