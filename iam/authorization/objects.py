"""Request objects: an authorization request in a JWT that the client has signed (RFC 9101, OpenID Connect Core §6).

What is wrong with one is told to the client, at its redirect URI, once that is known to be its own. Decisions:
docs/decisions/request_objects.md.
"""

import hashlib
import json
from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime
from typing import Final

from attrs import frozen

from iam.clients import signatures
from iam.clients.directory import Directory
from iam.clients.key_sets import ALGORITHMS as ASYMMETRIC
from iam.clients.signatures import HMAC, SKEW, Claims, ClientSignatures
from iam.clock import Clock
from iam.oauth.parameters import Parameters
from iam.oauth.reasons import Reason
from iam.outbound.destinations import FetchError
from iam.outbound.fetching import Fetcher
from iam.records.client import SECRET_JWT, Client
from iam.secrets import jwe
from iam.secrets.signing_keys import LONGEST, Keys, header_of
from iam.store.replays import Replays

PARAMETER: Final = "request"
REFERENCE: Final = "request_uri"
FORBIDDEN: Final = (PARAMETER, REFERENCE)  # in a request object (RFC 9101 §4)
ALGORITHMS: Final = (*ASYMMETRIC, *HMAC)
MEDIA_TYPES: Final = (
    b"application/oauth-authz-req+jwt, application/jwt"  # RFC 9101 §10.3; what comes is verified anyway
)
JWT_TYPES: Final = (None, "jwt", "oauth-authz-req+jwt")  # RFC 9101 §10.8: a JWT of another type is for something else

AHEAD: Final = 3600  # seconds that one may claim to be good for
UNHURRIED: Final = 600  # seconds, about, that a person may take over one that has expired since it came
LONGEST_VALUE: Final = 8192  # characters

LONGEST_FETCHED: Final = 8000  # characters: it goes on by value, in an address

INVALID: Final = "invalid_request_object"
INVALID_URI: Final = "invalid_request_uri"


class RequestObjectError(Exception):
    """What is wrong with a request object: the error of RFC 9101 §7, in a sentence, and why."""

    def __init__(self, sentence: str, *, error: str = INVALID, reason: str | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.error = error
        self.reason = reason or sentence

    @property
    def refusal(self) -> Reason:
        """Why, for those who answer for the client."""
        return Reason("request object", "a JWT that the application has signed for this server", self.reason)


class ObjectParameters:
    """The parameters in a request object, as a query would have them: text, or the text of JSON."""

    def __init__(self, claims: Claims) -> None:
        self._values = {name: value for name, value in claims.items() if value not in (None, "", [])}

    def get(self, name: str, /) -> str | None:
        """The value of a parameter."""
        return write_value(self._values[name]) if name in self._values else None

    def all(self, name: str) -> list[str]:
        """Every value of a parameter that may be repeated, which is a list then."""
        value = self._values.get(name, [])
        return [write_value(each) for each in value] if isinstance(value, list) else [write_value(value)]

    def __contains__(self, name: object, /) -> bool:
        return name in self._values


@frozen
class UnpackedRequest:
    """What an authorization request asks for; and what is wrong with its request object, if it has one and something is.

    Then `parameters` only say where that may be told. `fetched` is a request object that came by reference.
    """

    parameters: Parameters
    signed: bool = False
    error: RequestObjectError | None = None
    fetched: str | None = None


@frozen
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
        """The parameters that count: those in the request object where there is one, and only those (RFC 9101 §6.3)."""
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
            await self._check_times(claims, text)
        except RequestObjectError as error:
            return UnpackedRequest(inside if "redirect_uri" in inside else outside, error=error)
        return UnpackedRequest(inside, signed=True, fetched=text if uri else None)

    async def _fetch(self, client: Client, uri: str) -> str:
        """The request object at an address that the client has registered, as it is now (Core §6.2)."""
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
        """The claims that the client has signed; raises RequestObjectError."""
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
        """The signed JWT: the text itself, or what is encrypted to us in it (RFC 9101 §6.1)."""
        if len(text) > LONGEST:
            raise RequestObjectError(f"A request object has at most {LONGEST} characters.")
        if text.count(".") != jwe.PARTS - 1:
            return text
        opened = await self.keys.decrypted(text)
        if opened is None:
            raise RequestObjectError("The request object is not encrypted to one of the keys in our key set.")
        return opened

    async def _check_times(self, claims: Claims, text: str) -> None:
        """Raise RequestObjectError for a request that is not good now (RFC 7519 §4.1.4 to §4.1.6).

        A person may still be busy with one that was good when it came.
        """
        now = self.clock.seconds()
        moments = signatures.moments_of(claims)
        if moments is None:
            raise RequestObjectError("The request object's exp, nbf and iat must be numbers of seconds.")
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
    """Raise RequestObjectError where there is another request besides (RFC 9101 §5)."""
    if PARAMETER in outside and REFERENCE in outside:
        raise RequestObjectError("Send a request or a request_uri, not both.", error="invalid_request")


def registered(uri: str, request_uris: Collection[str]) -> bool:
    """Is this address registered? A fragment stands for a state of what is there, and need not be (Core §6.2)."""
    return uri in request_uris or uri.partition("#")[0] in request_uris


def check_header(client: Client, header: Mapping[str, object]) -> None:
    """Raise RequestObjectError for a JWT of another kind, or signed by another algorithm than the client's."""
    alg, typ = header.get("alg"), header.get("typ")
    if alg == "none":
        raise RequestObjectError("Request objects must be signed.", error="request_not_supported")
    if signatures.names_keys(header):
        raise RequestObjectError("The request object's header must not name keys or extensions of its own.")
    if (typ.lower() if isinstance(typ, str) else typ) not in JWT_TYPES:
        raise RequestObjectError("The request object's typ must be oauth-authz-req+jwt, or JWT.")
    algs = list_algorithms(client)
    if alg not in algs:
        raise RequestObjectError(f"The request object must be signed with {', '.join(algs)}.")


def list_algorithms(client: Client) -> tuple[str, ...]:
    """The algorithms that this client may sign with: the one that it has registered, or any that it has a key for."""
    registered = client.request_object_signing_alg
    algs = ALGORITHMS if client.auth_method == SECRET_JWT else ASYMMETRIC
    return algs if registered is None else tuple(alg for alg in algs if alg == registered)


def check(client: Client, claims: Claims, inside: ObjectParameters, outside: Parameters, issuer: str) -> None:
    """Raise RequestObjectError for a request that is not from this client for this server (RFC 9101 §4, §5, §10.8)."""
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
    """Raise RequestObjectError for text that a query could not have."""
    parameters = ObjectParameters(claims)
    if any(not clean(value) for name in claims for value in parameters.all(name)):
        raise RequestObjectError("A parameter in the request object is too long, or holds what is no text.")


def audiences(audience: object) -> list[object]:
    """The audiences that a JWT names (RFC 7519 §4.1.3): none if they are no texts."""
    named = audience if isinstance(audience, list) else [audience]
    return named if all(isinstance(each, str) for each in named) else []


def write_value(value: object) -> str:
    """A parameter's value as a query would have it (RFC 9101 §4): what is not text, as JSON."""
    return value if isinstance(value, str) else json.dumps(value)


def clean(value: str) -> bool:
    """Would a query's value be taken like this?"""
    return len(value) <= LONGEST_VALUE and "\0" not in value and not any("\ud800" <= each <= "\udfff" for each in value)


def arrival(text: str, now: float) -> tuple[bytes, date]:
    """What stands for the arrival of this request object in these ten minutes, and the day until which it is known."""
    interval = int(now // UNHURRIED)
    until = datetime.fromtimestamp((interval + 2) * UNHURRIED, UTC)
    return hashlib.sha256(f"request_object\0{interval}\0{text}".encode()).digest(), until.date()
