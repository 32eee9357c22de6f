"""What is said of a client, by the names of RFC 7591 §2, OpenID Connect Registration §2 and the logout specifications."""

from collections.abc import Mapping
from typing import Any, Final

import attrs
from attrs import field, frozen

PUBLIC_SUBJECT: Final = "public"
PAIRWISE: Final = "pairwise"

# Where the claims are said that scopes stand for: at UserInfo alone (OpenID Connect Core §5.4), or in the ID token too.
AT_USERINFO: Final = "userinfo"
BY_SCOPES: Final = "scopes"
WEB: Final = "web"
NATIVE: Final = "native"


@frozen
class Metadata:
    """What may be set on a client, by its owner or at registration; None: not said.

    `sector` is the host under which pairwise subjects are made (Core §8.1), as it was found at the registration;
    `id_token_claims` is ours, and said by who administers.
    """

    name: str
    auth_method: str
    grant_types: tuple[str, ...]
    redirect_uris: tuple[str, ...]
    scopes: tuple[str, ...]
    post_logout_redirect_uris: tuple[str, ...] = ()
    require_pkce: bool = False
    introspect_any: bool = False
    allow_http_redirects: bool = False
    token_endpoint_auth_signing_alg: str | None = None
    jwks: Mapping[str, Any] | None = None
    jwks_uri: str | None = None
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
    left_out: Mapping[str, str] = field(factory=dict)  # what it asked for and did not get, by member

    @property
    def pairwise(self) -> bool:
        """Does the client get another `sub` of each person than clients of other sectors?"""
        return self.subject_type == PAIRWISE


# Columns of their own: statements ask for these.
COLUMNS: Final = ("name", "auth_method", "grant_types", "redirect_uris", "scopes")
DEFAULTS: Final[Mapping[str, Any]] = {
    each.name: each.default for each in attrs.fields(Metadata) if each.name not in (*COLUMNS, "left_out")
}


def document(metadata: Metadata) -> dict[str, Any]:
    """What differs from the defaults, as JSON has it, but for what has a column of its own."""
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, default in DEFAULTS.items()
        if (value := getattr(metadata, name)) != default
    }


def members(document: Mapping[str, Any]) -> dict[str, Any]:
    """The members in a document; those that this version does not know are left out."""
    known = {name: document[name] for name in DEFAULTS if name in document}
    return {name: tuple(value) if isinstance(value, list) else value for name, value in known.items()}
