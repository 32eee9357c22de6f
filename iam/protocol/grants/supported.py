"""The grants that this server supports."""

from typing import Final

from iam.clients import fapi
from iam.oauth import grant_types
from iam.protocol.grant import Grant, Issuance
from iam.protocol.grants.authorization_code import AuthorizationCode
from iam.protocol.grants.client_credentials import ClientCredentials
from iam.protocol.grants.device_code import DeviceCode
from iam.protocol.grants.implicit import Implicit
from iam.protocol.grants.refresh_token import RefreshToken

GRANTS: Final[tuple[type[Grant], ...]] = (AuthorizationCode, RefreshToken, ClientCredentials, DeviceCode, Implicit)


def build_grants(issuance: Issuance) -> list[Grant]:
    """Returns an instance of each grant that the settings offer."""
    settings = issuance.settings
    names = {each.name for each in grant_types.offered(implicit=settings.implicit)}
    if settings.profile is not None:
        names &= fapi.GRANT_TYPES
    return [grant(issuance) for grant in GRANTS if grant.name in names]
