"""Whether who presents an access token may use it.

A bound one takes a proof of its key (RFC 9449 §7), or the connection on which its certificate was shown (RFC 8705 §3).
"""

from typing import Final

from iam.clients import fapi
from iam.clients.directory import Directory
from iam.clients.dpop import ABSENT, DPoPProofs, Proof, check_strength, invalid
from iam.oauth import bearer, confirmations
from iam.oauth.bearer import Challenge, Presented
from iam.oauth.dpop import SentProof
from iam.oauth.errors import InvalidProofError, NonceNeededError
from iam.oauth.reasons import Reason, of
from iam.records.certificate import Certificate
from iam.records.token import LiveToken
from iam.records.user import UserInfo
from iam.service import service

SCHEME: Final = "scheme of the access token"
BOUND: Final = Reason(SCHEME, "DPoP with a proof, for one that is bound to a key", "Bearer")
UNBOUND: Final = Reason(SCHEME, "Bearer, for one that is bound to no key", "DPoP")
CERTIFICATE: Final = "certificate of the connection"
BOUND_THERE: Final = "that to which the access token is bound"
UNSHOWN: Final = Reason(CERTIFICATE, BOUND_THERE, "none")
OTHER: Final = Reason(CERTIFICATE, BOUND_THERE, "another one")
OTHER_KEY: Final = Reason("DPoP proof", "one of the key that the access token is bound to", "one of another key")


@service
class Possession:
    """Asks for the proofs and certificates of bound access tokens at our own resources."""

    proofs: DPoPProofs
    directory: Directory

    async def prove(
        self,
        presented: Presented,
        found: LiveToken | UserInfo,
        sent: SentProof | None,
        certificate: Certificate | None = None,
    ) -> None:
        """Returns if the token came as it may. Raises Challenge.

        A bound token is worth nothing without a proof of its key, or its certificate; and one that is bound to no key is worth
        nothing with the scheme DPoP.
        """
        if not presented.by_dpop:
            if found.confirmation is not None:
                check_certificate(found.confirmation, certificate)
            return
        try:
            await self._prove(presented, found, sent)
        except (InvalidProofError, NonceNeededError) as error:
            raise challenging(error) from None

    async def _prove(self, presented: Presented, found: LiveToken | UserInfo, sent: SentProof | None) -> None:
        if sent is None:
            raise invalid(ABSENT)
        proof = self.proofs.read(sent, presented.token)
        if proof.confirmation != found.confirmation:
            raise bearer.invalid_token(UNBOUND if found.confirmation is None else OTHER_KEY)
        await self._check_strength(proof, found.client_id)
        await self.proofs.use(proof)

    async def _check_strength(self, proof: Proof, client_id: str | None) -> None:
        """Raises InvalidProofError for an algorithm that is too weak for the client's profile, which only few are for any."""
        if proof.alg in fapi.ALGORITHMS or client_id is None:
            return
        client = await self.directory.find(client_id)
        if client is not None:
            check_strength(proof, client)


def check_certificate(confirmation: str, certificate: Certificate | None) -> None:
    """Raises Challenge unless the token is bound to this certificate (RFC 8705 §3)."""
    if confirmations.token_type(confirmation) == confirmations.TOKEN_TYPE:
        raise bearer.invalid_token(BOUND)
    if certificate is None:
        raise bearer.invalid_token(UNSHOWN)
    if confirmations.of_certificate(certificate.digest) != confirmation:
        raise bearer.invalid_token(OTHER)


def challenging(error: InvalidProofError | NonceNeededError) -> Challenge:
    """Returns the error as a challenge (RFC 9449 §7.1, §9)."""
    told = {"error": error.error, "error_description": error.description}
    return Challenge(401, told, of(error), error.nonce if isinstance(error, NonceNeededError) else None)
