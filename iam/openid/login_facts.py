"""What is kept of a login for the ID tokens of a grant (OpenID Connect Core §2)."""

from collections.abc import Mapping
from typing import Final

from iam.records.session import Session

# Authentication context class references: how sure we are who it was. One factor; a second one will be "2".
ONE_FACTOR: Final = "1"
ACR_VALUES: Final = (ONE_FACTOR,)


def acr(session: Session) -> str:
    """The class of the login that began the session."""
    return ONE_FACTOR


def tell(session: Session, nonce: str | None, claims: Mapping[str, object]) -> dict[str, object]:
    """The login in this session, and what the authorization request wants said: its nonce, and claims by name (Core §5.5)."""
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
