"""Client assertions: a JWT by which a client authenticates (RFC 7521 §4.2, RFC 7523 §3, OpenID Connect Core §9).

The registered metadata of the client decide which keys and algorithms are accepted, never the JWT itself (H28).
Faults in the claims are named only after the signature is verified. Decisions: docs/decisions/client_assertions.md.
"""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from attrs import field, frozen
from joserfc import jws

from iam.clients import fapi, key_sets
from iam.clients.signatures import HMAC, SKEW, Claims, ClientSignatures, claims_of, moments_of, names_keys
from iam.clock import Clock
from iam.oauth.errors import InvalidClientError
from iam.oauth.reasons import Reason, carrying
from iam.outbound.destinations import FetchError
from iam.records.client import PRIVATE_KEY_JWT, SECRET_JWT, Client
from iam.secrets.signing_keys import header_of
from iam.service import service
from iam.store.replays import Replays

TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
JWT_TYPES: Final = (None, "jwt", "client-authentication+jwt")  # a JWT of another type has another purpose

# By authentication method, so that a public key is never used as the secret of an HMAC.
ALGORITHMS: Final[Mapping[str, tuple[str, ...]]] = {
    PRIVATE_KEY_JWT: key_sets.ALGORITHMS,
    SECRET_JWT: HMAC,
}
EVERY_ALGORITHM: Final = tuple(alg for algs in ALGORITHMS.values() for alg in algs)

LIFETIME: Final = 300  # seconds within which an assertion must be used (H28)
LONGEST: Final = 3600  # seconds that its exp may be ahead: the default of libraries is an hour
UNREADABLE: Final = "The client assertion is not a signed JWT of at most 8192 characters."
UNPROVEN: Final = "Client authentication failed."
UNREACHABLE: Final = "The client's keys cannot be fetched from its jwks_uri now."
USED: Final = "The client assertion was used before: sign a new one, with another jti."


@frozen
class Assertion:
    """A client assertion that is parsed but not verified; `subject` is the client id that it claims."""

    text: str = field(repr=False)
    header: Mapping[str, Any]
    subject: str


def read(text: str) -> Assertion:
    """Parses a client assertion without verifying it.

    Raises InvalidClientError for what no client of this server can have signed as an assertion.
    """
    header = header_of(text)
    if header is None:
        raise InvalidClientError(UNREADABLE)
    if names_keys(header):
        raise InvalidClientError("The client assertion's header must not name keys or extensions of its own.")
    typ = header.get("typ")
    if header.get("alg") not in EVERY_ALGORITHM or (typ.lower() if isinstance(typ, str) else typ) not in JWT_TYPES:
        raise InvalidClientError("The client assertion's alg or typ is not accepted here.")
    claims = claims_of(jws.extract_compact(text.encode()).payload)
    subject = claims.get("sub") if claims else None
    if not isinstance(subject, str) or not subject or not (subject.isascii() and subject.isprintable()):
        raise InvalidClientError("The client assertion must name the client in iss and sub.")
    return Assertion(text, header, subject)


@service
class ClientAssertions:
    """Verifies client assertions; `audiences` are the values of `aud` that mean this server."""

    replays: Replays
    signatures: ClientSignatures
    clock: Clock
    audiences: tuple[str, ...]

    async def prove(self, client: Client, assertion: Assertion) -> None:
        """Accepts the assertion as the client's proof and marks it as used.

        Raises InvalidClientError if it is not valid, was used before, or the client's keys cannot be fetched.
        """
        alg, algs = assertion.header["alg"], allowed(client)
        if alg not in algs:
            expected = ", ".join(algs) or f"none: the application uses {client.auth_method}"
            raise refused(UNPROVEN, f"signed with {alg}, and not with what is expected: {expected}", client.id)
        try:
            claims = await self.signatures.claims(client, assertion.text, assertion.header)
        except FetchError as error:
            reason = Reason("client assertion", "keys at the application's jwks_uri", str(error), client_id=client.id)
            raise carrying(InvalidClientError(UNREACHABLE), reason) from None
        if claims is None:
            raise refused(UNPROVEN, "signed by none of the application's keys or secrets", client.id)
        complaint = self._complaint(client, claims)
        if complaint:
            raise refused(complaint, complaint, client.id)
        last_day = datetime.fromtimestamp(claims["exp"], UTC).date()
        if not await self.replays.claim(use_of(client, claims["jti"]), last_day):
            raise refused(USED, USED, client.id)

    def _complaint(self, client: Client, claims: Claims) -> str | None:
        """Returns what is wrong with claims whose signature is verified, or None (RFC 7523 §3)."""
        if not claims.get("iss") == claims.get("sub") == client.id:
            return "The client assertion must name the client in iss and sub."
        if not self._meant(client, claims.get("aud")):
            return f"The client assertion's aud must be one value, {self.audiences[0]}."
        return time_complaint(claims, self.clock.seconds()) or jti_complaint(claims.get("jti"))

    def _meant(self, client: Client, audience: object) -> bool:
        """Whether the audience means this server; under FAPI 2.0 only the issuer does, as a text (§5.3.2.1 no. 8)."""
        if client.fapi_profile is not None:
            return audience == self.audiences[0]
        return sole(audience) in self.audiences


def refused(sentence: str, reason: str, client_id: str) -> InvalidClientError:
    """Returns the error that says `sentence`, with the reason that only those who answer for the client can read."""
    return carrying(InvalidClientError(sentence), refusal(reason, client_id))


def refusal(reason: str, client_id: str) -> Reason:
    """Returns the reason why an assertion does not authenticate the client."""
    return Reason(
        "client assertion", "a JWT that the application has signed for this server", reason, client_id=client_id
    )


def allowed(client: Client) -> tuple[str, ...]:
    """Returns the algorithms that the client may sign assertions with; none if it authenticates in another way."""
    algs = fapi.fitting(client, ALGORITHMS.get(client.auth_method, ()))
    alg = client.token_endpoint_auth_signing_alg
    return algs if alg is None else tuple(each for each in algs if each == alg)


def sole(audience: object) -> object:
    """Returns the only value of `aud`, or None if there is none or several.

    With two audiences, each could use the assertion at the other.
    """
    if isinstance(audience, list):
        return audience[0] if len(audience) == 1 and isinstance(audience[0], str) else None
    return audience if isinstance(audience, str) else None


def time_complaint(claims: Claims, now: float) -> str | None:
    """Returns what is wrong with exp, nbf and iat at the time `now` (seconds), or None."""
    moments = moments_of(claims)
    if moments is None:
        return "The client assertion's exp, nbf and iat must be numbers of seconds."
    if "exp" not in moments:
        return "The client assertion must have an exp."
    if not moments["exp"] > now:
        return "The client assertion has expired."
    if not brief(moments, now):
        return (
            f"The client assertion's exp must be at most {LIFETIME} seconds ahead, "
            f"or its iat at most {LIFETIME} seconds ago."
        )
    if not all(moment <= now + SKEW for name, moment in moments.items() if name != "exp"):
        return "The client assertion is not valid yet: its nbf or iat lies ahead."
    return None


def brief(moments: Mapping[str, float], now: float) -> bool:
    """Checks that the assertion is valid for no longer than necessary; times are in seconds.

    Its exp is at most 300 ahead, or at most 3600 if its iat is at most 300 ago; clocks may differ by 10.
    """
    if moments["exp"] <= now + LIFETIME + SKEW:
        return True
    return moments["exp"] <= now + LONGEST + SKEW and moments.get("iat", 0) >= now - LIFETIME - SKEW


def jti_complaint(jti: object) -> str | None:
    """Returns what is wrong with the jti, which makes the assertion unique, or None."""
    return None if isinstance(jti, str) and jti else "The client assertion must have a jti that is a text."


def use_of(client: Client, jti: str) -> bytes:
    """Returns the SHA-256 digest (32 bytes) that records the use of an assertion.

    The parts are separated by NUL, which no client id contains.
    """
    return hashlib.sha256(f"client_assertion\0{client.id}\0{jti}".encode(errors="surrogatepass")).digest()
