"""What is stored about a login for the ID tokens of a grant (OpenID Connect Core §2)."""

from collections.abc import Mapping
from typing import Final

from iam.records.session import Session

# Authentication context class references: "1" means one factor; a second factor will be "2".
ONE_FACTOR: Final = "1"
ACR_VALUES: Final = (ONE_FACTOR,)


def acr(session: Session) -> str:
    """Returns the authentication context class of the login that began the session."""
    return ONE_FACTOR


def tell(session: Session, nonce: str | None, claims: Mapping[str, object]) -> dict[str, object]:
    """Returns the facts about the login in this session, for ID tokens.

    They include the nonce of the authorization request and its claims parameter (Core §5.5), if it has them.
    """
    document: dict[str, object] = {
        "auth_time": int(session.auth_time.timestamp()),
        "acr": acr(session),
        "amr": list(session.amr),
    }
    if nonce is not None:
        document["nonce"] = nonce
    if claims:
        document["claims"] = claims
    return document
