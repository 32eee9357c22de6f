"""A client as it is registered (RFC 7591 §2)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from attrs import field, frozen

from iam.records.openid_metadata import DEFAULTS, NATIVE, OpenIDMetadata

# RFC 7591 §2, OpenID Connect Core §9
PUBLIC: Final = "none"

BY_SECRET: Final = ("client_secret_basic", "client_secret_post")  # the same secret, sent in two ways

SECRET_JWT: Final = "client_secret_jwt"

PRIVATE_KEY_JWT: Final = "private_key_jwt"


@frozen
class Secret:
    """A client's secret: its SHA-256 digest (H25); and encrypted, where the client signs with it."""

    id: UUID
    digest: bytes = field(repr=False)
    sealed: bytes | None = field(default=None, repr=False)
    expires_at: datetime | None = None

    def good(self, now: datetime) -> bool:
        """Has it not run out?"""
        return self.expires_at is None or self.expires_at > now


@frozen
class Client:
    """A registered client (RFC 6749 §2); `secrets` are those that were good when it was read, oldest first."""

    id: str
    name: str
    owner_id: UUID | None
    owner: str | None
    grant_id: UUID
    auth_method: str
    grant_types: tuple[str, ...]
    redirect_uris: tuple[str, ...]
    post_logout_redirect_uris: tuple[str, ...]
    scopes: tuple[str, ...]
    require_pkce: bool
    introspect_any: bool
    allow_http_redirects: bool
    created_at: datetime
    updated_at: datetime
    disabled_at: datetime | None
    auth_signing_alg: str | None = None
    jwks: Mapping[str, Any] | None = None
    jwks_uri: str | None = None
    registration_digest: bytes | None = field(default=None, repr=False)  # of its registration access token (RFC 7592)
    registration_token_id: UUID | None = None  # the initial access token that it has registered itself with
    left_out: Mapping[str, str] = field(factory=dict)  # what it asked for and did not get, by member
    openid: OpenIDMetadata = DEFAULTS
    secrets: tuple[Secret, ...] = ()

    @property
    def client_id(self) -> str:
        """The name that oauthlib and the RFCs use."""
        return self.id

    @property
    def confidential(self) -> bool:
        """RFC 6749 §2.1: can it keep a secret?"""
        return self.auth_method != PUBLIC

    @property
    def native(self) -> bool:
        """Does it run on people's own devices (OpenID Connect Registration §2)?"""
        return self.openid.application_type == NATIVE

    @property
    def has_secret(self) -> bool:
        """Does it prove itself by a secret, sent or signed with?"""
        return keeps_secret(self.auth_method)

    @property
    def signs(self) -> bool:
        """Does it prove itself by a JWT that it signs?"""
        return self.auth_method in (SECRET_JWT, PRIVATE_KEY_JWT)

    @property
    def registered_itself(self) -> bool:
        """Did it come by dynamic registration (RFC 7591)?"""
        return self.registration_digest is not None

    @property
    def answered_for(self) -> bool:
        """Does somebody here answer for it: its owner, an administrator, or who made the initial access token it came with?"""
        return not self.registered_itself or self.registration_token_id is not None

    @property
    def enabled(self) -> bool:
        """May it take part at all?"""
        return self.disabled_at is None


@frozen
class Metadata:
    """What may be set on a client, by its owner or at registration (RFC 7591 §2)."""

    name: str
    auth_method: str
    grant_types: tuple[str, ...]
    redirect_uris: tuple[str, ...]
    scopes: tuple[str, ...]
    post_logout_redirect_uris: tuple[str, ...] = ()
    require_pkce: bool = False
    introspect_any: bool = False
    allow_http_redirects: bool = False
    auth_signing_alg: str | None = None
    jwks: Mapping[str, Any] | None = None
    jwks_uri: str | None = None
    openid: OpenIDMetadata = DEFAULTS
    left_out: Mapping[str, str] = field(factory=dict)


def keeps_secret(auth_method: str) -> bool:
    """Do clients of this method have a secret?"""
    return auth_method in BY_SECRET or auth_method == SECRET_JWT
