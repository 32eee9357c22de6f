"""Request objects: an authorization request in a JWT that the client has signed (RFC 9101, OpenID Connect Core §6).

Errors are told to the client at its redirect URI, once that is known to be its own. Decisions:
docs/decisions/request_objects.md.
"""

import hashlib
import json
from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime
from typing import Final

from attrs import frozen

from iam.clients import fapi, signatures
from iam.clients.directory import Directory
from iam.clients.key_sets import ALGORITHMS as ASYMMETRIC
from iam.clients.signatures import HMAC, SKEW, Claims, ClientSignatures
from iam.clock import Clock
from iam.oauth.errors import FatalClientError
from iam.oauth.parameters import Parameters
from iam.oauth.reasons import Reason
from iam.outbound.destinations import FetchError
from iam.outbound.fetching import Fetcher
from iam.records.client import SECRET_JWT, Client
from iam.secrets import jwe
from iam.secrets.signing_keys import LONGEST, Keys, header_of
from iam.service import service
from iam.store.replays import Replays

PARAMETER: Final = "request"
REFERENCE: Final = "request_uri"
FORBIDDEN: Final = (PARAMETER, REFERENCE)  # in a request object (RFC 9101 §4)
ALGORITHMS: Final = (*ASYMMETRIC, *HMAC)
MEDIA_TYPES: Final = (
    b"application/oauth-authz-req+jwt, application/jwt"  # RFC 9101 §10.3; the answer is verified whatever its type
)
JWT_TYPES: Final = (None, "jwt", "oauth-authz-req+jwt")  # RFC 9101 §10.8: a JWT of another type is for something else

AHEAD: Final = 3600  # seconds from now that `exp` may be at most

# A request object that was valid when it came is accepted for this many seconds after that, at most for twice as many.
UNHURRIED: Final = 600
LONGEST_VALUE: Final = 8192  # characters

LONGEST_FETCHED: Final = 8000  # characters: it is passed on by value, in a URL

INVALID: Final = "invalid_request_object"
INVALID_URI: Final = "invalid_request_uri"


class RequestObjectError(Exception):
    """A request object is invalid: an error code of RFC 9101 §7, a sentence for the client, and the reason."""

    def __init__(self, sentence: str, *, error: str = INVALID, reason: str | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.error = error
        self.reason = reason or sentence

    @property
    def refusal(self) -> Reason:
        """The reason, for those who are responsible for the client."""
        return Reason("request object", "a JWT that the application has signed for this server", self.reason)


class UnreadRequestError(FatalClientError):  # type: ignore[misc]
    """A request whose request object is invalid, and that says nowhere else where to tell that (RFC 9101 §6.2, §7)."""

    def __init__(self, wrong: RequestObjectError) -> None:
        self.error = wrong.error
        super().__init__(wrong.sentence)


class ObjectParameters:
    """The parameters in a request object as a query would have them: strings as they are, other values as JSON."""

    def __init__(self, claims: Claims) -> None:
        self._values = {name: value for name, value in claims.items() if value not in (None, "", [])}

    def get(self, name: str, /) -> str | None:
        """Returns the value of a parameter, or None."""
        return write_value(self._values[name]) if name in self._values else None

    def all(self, name: str) -> list[str]:
        """Returns every value of a parameter that may be repeated, which is an array then."""
        value = self._values.get(name, [])
        return [write_value(each) for each in value] if isinstance(value, list) else [write_value(value)]

    def __contains__(self, name: object, /) -> bool:
        return name in self._values


@frozen
class UnpackedRequest:
    """The parameters of an authorization request, and the error of its request object, if any.

    With an error, `parameters` only say where to tell it. `fetched` is a request object that came by reference.
    """

    parameters: Parameters
    signed: bool = False
    error: RequestObjectError | None = None
    fetched: str | None = None


@service
class RequestObjects:
    """Reads request objects; `issuer` is the name by which they address this server."""

    directory: Directory
    signatures: ClientSignatures
    keys: Keys
    replays: Replays
    fetcher: Fetcher
    clock: Clock
    issuer: str

    async def read(self, outside: Parameters) -> UnpackedRequest:
        """Returns the parameters that count: if there is a request object, only those in it (RFC 9101 §6.3).

        What is wrong with it is returned too, not raised. The request objects of unknown and disabled clients are not
        read.
        """
        text, uri = outside.get(PARAMETER), outside.get(REFERENCE)
        client = await self.directory.find(outside.get("client_id") or "") if text or uri else None
        if client is None or not client.enabled:
            return UnpackedRequest(outside)
        try:
            check_alone(outside)
            text = text or await self._fetch(client, uri or "")
            claims = await self._verify(client, text)
            check_values(claims)
        except RequestObjectError as error:
            return UnpackedRequest(outside, error=error)
        inside = ObjectParameters({**claims, "client_id": client.id})
        try:
            check(client, claims, inside, outside, self.issuer)
            await self._check_times(client, claims, text)
        except RequestObjectError as error:
            return UnpackedRequest(inside if "redirect_uri" in inside else outside, error=error)
        return UnpackedRequest(inside, signed=True, fetched=text if uri else None)

    async def _fetch(self, client: Client, uri: str) -> str:
        """Fetches the request object from a registered request_uri, without a cache (Core §6.2).

        Raises RequestObjectError.
        """
        if not registered(uri, client.request_uris):
            sentence = "The request_uri must be one that the client has registered in its request_uris."
            raise RequestObjectError(sentence, error=INVALID_URI)
        try:
            fetcher = self.fetcher if client.answered_for else self.fetcher.strangers
            text = await fetcher.text(uri.partition("#")[0], REFERENCE, MEDIA_TYPES, asker=client.id)
        except FetchError as error:
            sentence = "The request object cannot be fetched from the request_uri now."
            raise RequestObjectError(sentence, error=INVALID_URI, reason=f"{sentence} {error}") from None
        if len(text) > LONGEST_FETCHED:
            raise RequestObjectError(f"A request object at a request_uri has at most {LONGEST_FETCHED} characters.")
        return text

    async def _verify(self, client: Client, text: str) -> Claims:
        """Returns the claims that the client has signed. Raises RequestObjectError."""
        text = await self._decrypt(text)
        header = header_of(text)
        if header is None:
            raise RequestObjectError("The request object is not a signed JWT.")
        check_header(client, header)
        try:
            claims = await self.signatures.claims(client, text, header)
        except FetchError as error:
            sentence = "The client's keys cannot be fetched from its jwks_uri now."
            raise RequestObjectError(sentence, reason=f"{sentence} {error}") from None
        if claims is None:
            raise RequestObjectError("The request object is signed by none of the client's keys.")
        return claims

    async def _decrypt(self, text: str) -> str:
        """Returns the signed JWT, decrypted if it is encrypted to us (RFC 9101 §6.1). Raises RequestObjectError."""
        if len(text) > LONGEST:
            raise RequestObjectError(f"A request object has at most {LONGEST} characters.")
        if text.count(".") != jwe.PARTS - 1:
            return text
        opened = await self.keys.decrypted(text)
        if opened is None:
            raise RequestObjectError("The request object is not encrypted to one of the keys in our key set.")
        return opened

    async def _check_times(self, client: Client, claims: Claims, text: str) -> None:
        """Checks exp, nbf and iat (RFC 7519 §4.1.4 to §4.1.6). Raises RequestObjectError.

        A request object that was valid when it came is accepted a while longer: a person may still be busy with it.
        """
        now = self.clock.seconds()
        moments = signatures.moments_of(claims)
        if moments is None:
            raise RequestObjectError("The request object's exp, nbf and iat must be numbers of seconds.")
        if fapi.signs_requests(client) and (sentence := fapi.object_complaint(moments)):
            raise RequestObjectError(sentence)
        expires_at = moments.pop("exp", None)
        if any(moment > now + SKEW for moment in moments.values()):
            raise RequestObjectError("The request object is not valid yet: its nbf or iat lies ahead.")
        if expires_at is None:
            return
        if expires_at > now + AHEAD + SKEW:
            raise RequestObjectError(f"The request object's exp must be at most {AHEAD} seconds ahead.")
        if expires_at > now:
            await self.replays.claim(*arrival(text, now))
        elif not (await self._came(text, now) or await self._came(text, now - UNHURRIED)):
            raise RequestObjectError("The request object has expired.")

    async def _came(self, text: str, now: float) -> bool:
        return await self.replays.claimed(*arrival(text, now))


def check_alone(outside: Parameters) -> None:
    """Checks that the request does not have both request and request_uri (RFC 9101 §5). Raises RequestObjectError."""
    if PARAMETER in outside and REFERENCE in outside:
        raise RequestObjectError("Send a request or a request_uri, not both.", error="invalid_request")


def registered(uri: str, request_uris: Collection[str]) -> bool:
    """Checks that a request_uri is registered; its fragment identifies a version and need not be (Core §6.2)."""
    return uri in request_uris or uri.partition("#")[0] in request_uris


def check_header(client: Client, header: Mapping[str, object]) -> None:
    """Checks type and algorithm of a JWT, and that it names no keys of its own. Raises RequestObjectError."""
    alg, typ = header.get("alg"), header.get("typ")
    if alg == "none":
        raise RequestObjectError("Request objects must be signed.")
    if signatures.names_keys(header):
        raise RequestObjectError("The request object's header must not name keys or extensions of its own.")
    if (typ.lower() if isinstance(typ, str) else typ) not in JWT_TYPES:
        raise RequestObjectError("The request object's typ must be oauth-authz-req+jwt, or JWT.")
    algs = list_algorithms(client)
    if alg not in algs:
        raise RequestObjectError(f"The request object must be signed with {', '.join(algs)}.")


def list_algorithms(client: Client) -> tuple[str, ...]:
    """Returns the algorithms that the client may sign with: the registered one, or all for its kind of keys.

    HMAC is only for clients that authenticate by client_secret_jwt.
    """
    registered = client.request_object_signing_alg
    algs = fapi.fitting(client, ALGORITHMS if client.auth_method == SECRET_JWT else ASYMMETRIC)
    return algs if registered is None else tuple(alg for alg in algs if alg == registered)


def check(client: Client, claims: Claims, inside: ObjectParameters, outside: Parameters, issuer: str) -> None:
    """Checks that the request is from this client and for this server (RFC 9101 §4, §5, §10.8).

    Raises RequestObjectError.
    """
    if claims.get("iss") != client.id:
        raise RequestObjectError("The request object's iss must be the client_id.")
    if issuer not in audiences(claims.get("aud")):
        raise RequestObjectError(f"The request object's aud must be {issuer}.")
    if claims.get("sub") == client.id:
        raise RequestObjectError(
            "The request object must not have the client_id in sub: it could pass for an assertion."
        )
    if any(name in claims for name in FORBIDDEN):
        raise RequestObjectError("The request object must not have a request or request_uri in it.")
    if claims.get("client_id", client.id) != client.id:
        raise RequestObjectError("The client_id in the request object must be the same as outside.")
    if "response_type" in outside and outside.get("response_type") != inside.get("response_type"):
        raise RequestObjectError("The response_type in the request object must be the same as outside.")


def check_values(claims: Claims) -> None:
    """Checks that a query could carry each parameter. Raises RequestObjectError."""
    parameters = ObjectParameters(claims)
    if any(not clean(value) for name in claims for value in parameters.all(name)):
        raise RequestObjectError("A parameter in the request object is too long, or holds what is no text.")


def audiences(audience: object) -> list[object]:
    """Returns the audiences that a JWT names (RFC 7519 §4.1.3); none if any of them is not a string."""
    named = audience if isinstance(audience, list) else [audience]
    return named if all(isinstance(each, str) for each in named) else []


def write_value(value: object) -> str:
    """Returns a parameter's value as a query would carry it: a string as it is, anything else as JSON (RFC 9101 §4)."""
    return value if isinstance(value, str) else json.dumps(value)


def clean(value: str) -> bool:
    """Checks that a query could carry this value: not too long, without NUL and without surrogates."""
    return len(value) <= LONGEST_VALUE and "\0" not in value and not any("\ud800" <= each <= "\udfff" for each in value)


def arrival(text: str, now: float) -> tuple[bytes, date]:
    """Returns the digest that records the arrival of a request object, and the last day on which the record is needed.

    The digest is the same for all arrivals of the request object within UNHURRIED seconds, counted from the epoch.
    """
    interval = int(now // UNHURRIED)
    until = datetime.fromtimestamp((interval + 2) * UNHURRIED, UTC)
    return hashlib.sha256(f"request_object\0{interval}\0{text}".encode()).digest(), until.date()
