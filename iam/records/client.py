"""A client as it is registered (RFC 7591 §2)."""

from datetime import datetime
from typing import Final
from uuid import UUID

from attrs import field, frozen

from iam.records.client_metadata import NATIVE, Metadata

# RFC 7591 §2, OpenID Connect Core §9
PUBLIC: Final = "none"

BY_SECRET: Final = ("client_secret_basic", "client_secret_post")  # the same secret, sent in two ways

SECRET_JWT: Final = "client_secret_jwt"

PRIVATE_KEY_JWT: Final = "private_key_jwt"

CONFIDENTIAL_METHODS: Final = (*BY_SECRET, SECRET_JWT, PRIVATE_KEY_JWT)
AUTH_METHODS: Final = (*CONFIDENTIAL_METHODS, PUBLIC)


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


@frozen(kw_only=True)
class Client(Metadata):
    """A registered client (RFC 6749 §2); `secrets` are those that were good when it was read, oldest first."""

    id: str
    owner_id: UUID | None
    owner: str | None
    grant_id: UUID
    created_at: datetime
    updated_at: datetime
    disabled_at: datetime | None
    registration_digest: bytes | None = field(default=None, repr=False)  # of its registration access token (RFC 7592)
    registration_token_id: UUID | None = None  # the initial access token that it has registered itself with
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
        return self.application_type == NATIVE

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


def keeps_secret(auth_method: str) -> bool:
    """Do clients of this method have a secret?"""
    return auth_method in BY_SECRET or auth_method == SECRET_JWT
