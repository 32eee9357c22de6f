"""The writers of the errors that endpoints raise; `server/routes.py` says which endpoint has which."""

from typing import ClassVar, Final, get_args

from attrs import evolve, frozen

from iam.clients import metadata
from iam.clients.dynamic_registration import PATH, ClosedError, FullError, QuotaError
from iam.clients.metadata import MetadataError
from iam.clients.refusals import Explanations
from iam.endpoints import challenges
from iam.endpoints.dpop import nonce_header
from iam.endpoints.registration import BudgetError
from iam.http.answers import Answer, Headers, json_answer, retry_after
from iam.http.dispatch import Caught
from iam.http.parameters import ParameterError
from iam.http.request import Request
from iam.oauth.bearer import Challenge
from iam.oauth.errors import EXPECTED, NonceNeededError, OAuth2Error

MALFORMED: Final = 400  # a body of another type too (RFC 6749 §5.2)
UNAUTHORIZED: Final = 401
TOO_MANY: Final = 429
UNAVAILABLE: Final = 503
SOON: Final = 1  # seconds
INVALID_REQUEST: Final = "invalid_request"
LATER: Final = "temporarily_unavailable"
BASIC: Final[Headers] = ((b"WWW-Authenticate", b'Basic realm="iam", charset="UTF-8"'),)
CLOSED: Final = "Clients are not registered here by themselves."
TOO_MUCH: Final = {
    QuotaError: "This network has tried to register enough clients for today; an initial access token still works.",
    FullError: (
        "There are as many clients here that nobody answers for as there may be; an initial access token still works."
    ),
}

RegistrationError = Challenge | ClosedError | QuotaError | FullError | BudgetError | MetadataError | ParameterError


@frozen
class OAuthErrors:
    """Writes the errors of an endpoint at which clients authenticate (RFC 6749 §5.2).

    The reasons of refusals are kept under the name `endpoint`.
    """

    caught: ClassVar[Caught] = (OAuth2Error, ParameterError)
    endpoint: str
    refusals: Explanations

    def write(self, request: Request, error: OAuth2Error | ParameterError) -> Answer:
        """Returns the error as JSON; a client that failed to authenticate is challenged for Basic (G30)."""
        request.expected = isinstance(error, OAuth2Error) and error.error in EXPECTED
        if isinstance(error, NonceNeededError):
            return json_answer(MALFORMED, dict(error.twotuples), nonce_header(error.nonce))
        if isinstance(error, OAuth2Error) and request.expected:
            return json_answer(error.status_code, dict(error.twotuples))
        error_uri = self.refusals.kept(self.endpoint, error, request.client_address)
        if isinstance(error, ParameterError):
            return json_answer(MALFORMED, {**described(INVALID_REQUEST, str(error)), "error_uri": error_uri})
        advice = {UNAUTHORIZED: BASIC, UNAVAILABLE: retry_after(SOON)}.get(error.status_code, ())
        return json_answer(error.status_code, {**dict(error.twotuples), "error_uri": error_uri}, advice)


@frozen
class BearerErrors:
    """Writes the errors of an endpoint that takes access tokens (RFC 6750 §3).

    `metadata` is the URL of its metadata, and `scope` what a token must have, both for the challenge (RFC 9728 §5.1).
    """

    caught: ClassVar[Caught] = (Challenge, OAuth2Error)
    endpoint: str
    refusals: Explanations
    metadata: str | None = None
    scope: str | None = None

    def write(self, request: Request, error: Challenge | OAuth2Error) -> Answer:
        """Returns the challenge as an answer, and an error that is no challenge as OAuthErrors does."""
        if not isinstance(error, Challenge):
            return OAuthErrors(self.endpoint, self.refusals).write(request, error)
        request.expected = error.parameters.get("error") in EXPECTED
        told = self.refusals.challenging(self.endpoint, error, request.client_address)
        if self.metadata is not None:
            told = evolve(
                told, parameters={**self._advice(told), **told.parameters, "resource_metadata": self.metadata}
            )
        return challenged(told, challenges.headers(request, told))

    def _advice(self, told: Challenge) -> dict[str, str]:
        """Returns the scope to ask for, for who comes without a good token."""
        return {"scope": self.scope} if self.scope is not None and told.status == UNAUTHORIZED else {}


@frozen
class RegistrationErrors:
    """Writes the errors of client registration (RFC 7591 §3.2.2, RFC 7592 §2)."""

    caught: ClassVar[Caught] = get_args(RegistrationError)
    refusals: Explanations

    def write(self, request: Request, error: RegistrationError) -> Answer:
        """Returns the challenge, or the error as JSON.

        That a budget is spent is not kept as a refusal, because that would write to the database too.
        """
        match error:
            case Challenge():
                return challenged(self.refusals.challenging(PATH, error, request.client_address))
            case BudgetError():
                return json_answer(TOO_MANY, described(LATER, error.sentence), retry_after(error.wait))
            case ClosedError():
                return self._kept(request, error, 403, "access_denied", CLOSED)
            case QuotaError() | FullError():
                return self._kept(request, error, TOO_MANY, LATER, TOO_MUCH[type(error)], retry_after(error.wait))
            case MetadataError():
                return self._kept(request, error, MALFORMED, error.error, error.description)
            case ParameterError():
                return self._kept(request, error, error.status, INVALID_REQUEST, str(error))

    def _kept(
        self, request: Request, error: Exception, status: int, code: str, sentence: str, headers: Headers = ()
    ) -> Answer:
        error_uri = self.refusals.kept(PATH, error, request.client_address, code)
        return json_answer(status, {**described(code, sentence), "error_uri": error_uri}, headers)


def described(code: str, sentence: str) -> dict[str, str]:
    """Returns the members of an error, with the characters in the sentence that RFC 6749 §5.2 allows."""
    return {"error": code, "error_description": metadata.printable(sentence)}


def challenged(challenge: Challenge, headers: Headers = ()) -> Answer:
    """Returns a challenge as an answer, with its error in the body too; `headers` are those of the challenge."""
    body = {name: text for name, text in challenge.parameters.items() if name.startswith("error")}
    told = headers or ((b"WWW-Authenticate", challenge.header.encode()),)
    return json_answer(challenge.status, body or {"error": "unauthorized"}, told)
