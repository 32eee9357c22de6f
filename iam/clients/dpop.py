"""DPoP proofs: JWTs by which a client shows that it holds a private key, one for each request (RFC 9449 §4).

What is wrong is said only of a proof that came; who has a token learns nothing from it. Decisions: docs/decisions/dpop.md.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, Final

from attrs import field, frozen
from joserfc.errors import JoseError
from joserfc.util import urlsafe_b64decode

from iam.clients import dpop_headers, fapi
from iam.clients.dpop_headers import ProofError, ProofHeader
from iam.clients.dpop_nonces import PURPOSE, Nonces
from iam.clients.signatures import REGISTRY, SKEW
from iam.clock import Clock
from iam.equivalence import normal
from iam.oauth.confirmations import JKT, of_key
from iam.oauth.dpop import SentProof
from iam.oauth.errors import InvalidProofError, NonceNeededError
from iam.oauth.reasons import Reason, carrying
from iam.records.client import Client
from iam.secrets.master_key import ServerKey
from iam.secrets.minted import base64url
from iam.service import service
from iam.settings import Settings
from iam.store.replays import Replays

COMPACT: Final = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+", re.ASCII)
LONGEST: Final = 4096  # characters of a proof
LONGEST_JTI: Final = 256  # characters
WINDOW: Final = 60  # seconds since its iat in which a proof without a nonce may be used

ABSENT: Final = "This request needs a DPoP proof, in one header field DPoP."
USED: Final = "The DPoP proof was used before: make a new one, with another jti, for each request."

Claims = Mapping[str, Any]


@frozen
class Proof:
    """A valid proof: the key that it shows and how it is signed, and the digest and last day of its only use."""

    confirmation: str
    alg: str
    digest: bytes = field(repr=False)
    last_day: date

    @property
    def thumbprint(self) -> str:
        """The thumbprint of the key (RFC 7638)."""
        return self.confirmation.removeprefix(f"{JKT}:")


@service
class DPoPProofs:
    """Verifies DPoP proofs for addresses at `origins`, the issuer's and that for mutual TLS; nonces may be `demanded`."""

    replays: Replays
    nonces: Nonces
    clock: Clock
    origins: Sequence[str]
    demanded: bool

    def read(self, sent: SentProof, token: str | None = None) -> Proof:
        """Returns the valid proof for this request; with an access token it must name that (RFC 9449 §4.3).

        Raises InvalidProofError, and NonceNeededError for one that lacks a nonce and is valid otherwise.
        """
        try:
            header, claims = verified(sent)
            self._check_purpose(sent, claims, token)
            end = self._end_of(claims)
        except ProofError as error:
            raise invalid(str(error)) from None
        last_day = datetime.fromtimestamp(end, UTC).date()
        return Proof(of_key(header.thumbprint), header.alg, use_of(header.thumbprint, claims["jti"]), last_day)

    async def use(self, proof: Proof) -> None:
        """Marks a proof as used, on all servers. Raises InvalidProofError if it was used before (RFC 9449 §11.1)."""
        if not await self.replays.claim(proof.digest, proof.last_day):
            raise invalid(USED)

    def _check_purpose(self, sent: SentProof, claims: Claims, token: str | None) -> None:
        """Raises ProofError unless the claims are about this request, and tell it from all others."""
        if claims.get("htm") != sent.method:
            raise ProofError(f"The htm of the DPoP proof must be {sent.method}.")
        if not any(same_target(claims.get("htu"), origin + sent.path) for origin in self.origins):
            raise ProofError("The htu of the DPoP proof is not the address of this request.")
        check_jti(claims.get("jti"))
        check_token(claims, token)

    def _end_of(self, claims: Claims) -> float:
        """Returns until when the proof may be used, in seconds since 1970.

        A good nonce dates it, whatever the client's clock says (RFC 9449 §4.3, §11.1); without one its `iat` does.
        Raises ProofError for one that is not of now, and NonceNeededError for one of which that cannot be known.
        """
        end = self.nonces.end_of(claims.get("nonce"))
        if end is None and (self.demanded or "nonce" in claims):
            raise NonceNeededError(self.nonces.current())
        made = time_of(claims.get("iat"))
        return end or end_by_time(made, self.clock.seconds())


def check_strength(proof: Proof, client: Client) -> None:
    """Raises InvalidProofError for an algorithm that is too weak for the client's profile (FAPI 2.0 §5.4.1)."""
    strong = fapi.fitting(client, dpop_headers.ALGORITHMS)
    if proof.alg not in strong:
        raise invalid(f"A DPoP proof of this client is signed with one of {', '.join(strong)}.")


def verified(sent: SentProof) -> tuple[ProofHeader, Claims]:
    """Returns the header and the claims of the proof, whose signature is verified. Raises ProofError."""
    if len(sent.lines) != 1:
        raise ProofError(ABSENT)
    text = sent.lines[0].strip(" \t")
    if len(text) > LONGEST or not COMPACT.fullmatch(text):
        raise ProofError(f"A DPoP proof is a signed JWT of at most {LONGEST} characters.")
    signed, _, signature = text.rpartition(".")
    header_segment, _, payload = signed.partition(".")
    header = dpop_headers.read(header_segment)
    if not signature_fits(header, signed.encode(), signature):
        raise ProofError("The DPoP proof is not signed with the key in its jwk.")
    return header, dpop_headers.document(payload)


def signature_fits(header: ProofHeader, signed: bytes, signature: str) -> bool:
    """Checks the signature with the key of the header."""
    try:
        algorithm = REGISTRY.get_alg(header.alg)
        return bool(algorithm.verify(signed, urlsafe_b64decode(signature.encode()), header.key))
    except (JoseError, ValueError):
        return False


def same_target(htu: object, target: str) -> bool:
    """Checks that `htu` is the target, apart from query and fragment (RFC 9449 §4.3, RFC 3986 §6.2.2, §6.2.3)."""
    if htu == target:
        return True
    return isinstance(htu, str) and normal(re.split(r"[?#]", htu)[0]) == normal(target)


def time_of(iat: object) -> float:
    """Returns the `iat`. Raises ProofError unless it is a number."""
    if isinstance(iat, bool) or not isinstance(iat, int | float):
        raise ProofError("The DPoP proof must have an iat, a number of seconds.")
    return iat


def end_by_time(made: float, now: float) -> float:
    """Returns when a proof that was `made` then ends. Raises ProofError unless that is about now."""
    if not now - WINDOW <= made <= now + SKEW:
        raise ProofError("The iat of the DPoP proof is too long ago, or ahead: make a new one for each request.")
    return made + WINDOW


def check_jti(jti: object) -> None:
    """Raises ProofError unless there is a `jti` of a fair length."""
    if not isinstance(jti, str) or not 0 < len(jti) <= LONGEST_JTI:
        raise ProofError(f"The DPoP proof must have a jti, a text of at most {LONGEST_JTI} characters.")


def check_token(claims: Claims, token: str | None) -> None:
    """Raises ProofError unless the claims name the access token, if there is one (RFC 9449 §4.2, `ath`)."""
    if token is not None and claims.get("ath") != base64url(hashlib.sha256(token.encode()).digest()):
        raise ProofError("The ath of the DPoP proof is not the digest of the access token.")


def use_of(thumbprint: str, jti: str) -> bytes:
    """Returns the SHA-256 digest (32 bytes) that records the use of a proof of this key."""
    return hashlib.sha256(f"dpop\0{thumbprint}\0{jti}".encode(errors="surrogatepass")).digest()


def proofs_of(settings: Settings, replays: Replays, key: ServerKey, clock: Clock) -> DPoPProofs:
    """Returns the verifier of proofs for a server with these settings."""
    nonces, demanded = Nonces(key.derive(PURPOSE), clock), settings.dpop_nonces == "required"
    origins = [origin_of(settings.issuer), *([settings.mtls_url] if settings.mtls_url else [])]
    return DPoPProofs(replays, nonces, clock, origins, demanded)


def origin_of(issuer: str) -> str:
    """Returns the scheme and authority of the issuer, which begin the addresses of all requests (H8)."""
    scheme, _, rest = issuer.partition("://")
    return f"{scheme}://{rest.partition('/')[0]}"


def invalid(sentence: str) -> InvalidProofError:
    """Returns the error for a proof that is missing or not valid (RFC 9449 §5)."""
    return carrying(InvalidProofError(sentence), Reason("DPoP proof", "a valid one, made for this request", sentence))
