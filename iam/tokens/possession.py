"""Whether who presents an access token may use it: a bound one takes a proof of its key (RFC 9449 §7)."""

from typing import Final

from iam.clients.dpop import ABSENT, DPoPProofs, invalid
from iam.oauth import bearer
from iam.oauth.bearer import Challenge, Presented
from iam.oauth.dpop import SentProof
from iam.oauth.errors import InvalidProofError, NonceNeededError
from iam.oauth.reasons import Reason, of
from iam.service import service

SCHEME: Final = "scheme of the access token"
BOUND: Final = Reason(SCHEME, "DPoP with a proof, for one that is bound to a key", "Bearer")
UNBOUND: Final = Reason(SCHEME, "Bearer, for one that is bound to no key", "DPoP")
OTHER_KEY: Final = Reason("DPoP proof", "one of the key that the access token is bound to", "one of another key")


@service
class Possession:
    """Asks for the proofs of bound access tokens at our own resources."""

    proofs: DPoPProofs

    async def prove(self, presented: Presented, confirmation: str | None, sent: SentProof | None) -> None:
        """Returns if the token came as it may. Raises Challenge.

        A bound token is worth nothing without a proof of its key, and one that is bound to none nothing with the scheme DPoP.
        """
        if not presented.by_dpop:
            if confirmation is not None:
                raise bearer.invalid_token(BOUND)
            return
        try:
            await self._prove(presented, confirmation, sent)
        except (InvalidProofError, NonceNeededError) as error:
            raise challenging(error) from None

    async def _prove(self, presented: Presented, confirmation: str | None, sent: SentProof | None) -> None:
        if sent is None:
            raise invalid(ABSENT)
        proof = self.proofs.read(sent, presented.token)
        if proof.confirmation != confirmation:
            raise bearer.invalid_token(UNBOUND if confirmation is None else OTHER_KEY)
        await self.proofs.use(proof)


def challenging(error: InvalidProofError | NonceNeededError) -> Challenge:
    """Returns the error as a challenge (RFC 9449 §7.1, §9)."""
    told = {"error": error.error, "error_description": error.description}
    return Challenge(401, told, of(error), error.nonce if isinstance(error, NonceNeededError) else None)
