"""What is stored about a login for the ID tokens of a grant (OpenID Connect Core §2)."""

from collections.abc import Collection, Mapping
from typing import Final

from iam.records import acr
from iam.records.session import Session

ACR_VALUES: Final = acr.LEVELS  # the authentication context classes that logins here reach


def tell(
    session: Session, nonce: str | None, claims: Mapping[str, object], classes: Collection[object] = ()
) -> dict[str, object]:
    """Returns the facts about the login in this session, for ID tokens.

    They include the nonce of the authorization request and its claims parameter (Core §5.5), if it has them. `classes`
    are the values of acr that the client asked for: of those that the login reaches, the highest is told.
    """
    document: dict[str, object] = {
        "auth_time": int(session.auth_time.timestamp()),
        "acr": acr.told(acr.of(session.amr), classes),
        "amr": list(session.amr),
    }
    if nonce is not None:
        document["nonce"] = nonce
    if claims:
        document["claims"] = claims
    return document
