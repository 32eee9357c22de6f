"""What OpenID Connect adds to a client's metadata, by the names of its specifications."""

from collections.abc import Mapping
from typing import Any, Final

import attrs
from attrs import frozen

PUBLIC_SUBJECT: Final = "public"
PAIRWISE: Final = "pairwise"

# Where the claims are said that scopes stand for: at UserInfo alone (OpenID Connect Core §5.4), or in the ID token too.
AT_USERINFO: Final = "userinfo"
BY_SCOPES: Final = "scopes"
WEB: Final = "web"
NATIVE: Final = "native"


@frozen
class OpenIDMetadata:
    """OpenID Connect Registration §2, Back-Channel Logout §2.2, Front-Channel Logout §2, RFC 9101 §10.5; None: not said.

    `sector` is the host under which pairwise subjects are made (Core §8.1), as it was found at the registration;
    `id_token_claims` is ours, and said by who administers.
    """

    application_type: str = WEB
    contacts: tuple[str, ...] = ()
    client_uri: str | None = None
    logo_uri: str | None = None
    policy_uri: str | None = None
    tos_uri: str | None = None
    software_id: str | None = None
    software_version: str | None = None
    subject_type: str = PUBLIC_SUBJECT
    sector_identifier_uri: str | None = None
    sector: str | None = None
    id_token_signed_response_alg: str = "RS256"
    id_token_encrypted_response_alg: str | None = None
    id_token_encrypted_response_enc: str | None = None
    userinfo_signed_response_alg: str | None = None
    userinfo_encrypted_response_alg: str | None = None
    userinfo_encrypted_response_enc: str | None = None
    request_object_signing_alg: str | None = None
    request_object_encryption_alg: str | None = None
    request_object_encryption_enc: str | None = None
    require_signed_request_object: bool = False
    request_uris: tuple[str, ...] = ()
    default_max_age: int | None = None  # seconds
    require_auth_time: bool = False
    default_acr_values: tuple[str, ...] = ()
    initiate_login_uri: str | None = None
    backchannel_logout_uri: str | None = None
    backchannel_logout_session_required: bool = False
    frontchannel_logout_uri: str | None = None
    frontchannel_logout_session_required: bool = False
    id_token_claims: str = AT_USERINFO

    @property
    def pairwise(self) -> bool:
        """Does the client get another `sub` of each person than clients of other sectors?"""
        return self.subject_type == PAIRWISE


DEFAULTS: Final = OpenIDMetadata()
NAMES: Final = tuple(each.name for each in attrs.fields(OpenIDMetadata))


def told(metadata: OpenIDMetadata) -> dict[str, Any]:
    """What differs from the defaults, as JSON has it."""
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name in NAMES
        if (value := getattr(metadata, name)) != getattr(DEFAULTS, name)
    }


def read(document: Mapping[str, Any]) -> OpenIDMetadata:
    """The metadata that `told` wrote; members that this version does not know are left out."""
    known: dict[str, Any] = {name: document[name] for name in NAMES if name in document}
    given: Any = {name: tuple(value) if isinstance(value, list) else value for name, value in known.items()}
    return OpenIDMetadata(**given)
