"""A registered client and its secrets (RFC 7591 §2)."""

from datetime import datetime
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from attrs import field, frozen

from iam.records.client_metadata import Metadata

# RFC 7591 §2, OpenID Connect Core §9
PUBLIC: Final = "none"

BY_SECRET: Final = ("client_secret_basic", "client_secret_post")  # the same secret, sent in two ways

SECRET_JWT: Final = "client_secret_jwt"

PRIVATE_KEY_JWT: Final = "private_key_jwt"

TLS: Final = "tls_client_auth"  # RFC 8705 §2.1: a certificate of an authority
SELF_SIGNED: Final = "self_signed_tls_client_auth"  # RFC 8705 §2.2: one of the client's own
BY_CERTIFICATE: Final = (TLS, SELF_SIGNED)

# The members of which a client with tls_client_auth has exactly one (RFC 8705 §2.1.2).
SUBJECTS: Final = (
    "tls_client_auth_subject_dn",
    *(f"tls_client_auth_san_{kind}" for kind in ("dns", "uri", "ip", "email")),
)

DOCUMENT: Final = "https://"  # how the id of a client begins that is a document; no other does

CONFIDENTIAL_METHODS: Final = (*BY_SECRET, SECRET_JWT, PRIVATE_KEY_JWT, *BY_CERTIFICATE)
AUTH_METHODS: Final = (*CONFIDENTIAL_METHODS, PUBLIC)


@frozen
class Secret:
    """A client's secret: its digest, and, if the client signs with it, the secret itself, encrypted.

    The digest (32 bytes) is SHA-256 of a generated secret (H25), and HMAC-SHA-256 under the server key of a chosen one.
    """

    id: UUID
    digest: bytes = field(repr=False)
    sealed: bytes | None = field(default=None, repr=False)
    expires_at: datetime | None = None

    def good(self, now: datetime) -> bool:
        """Whether the secret has not expired."""
        return self.expires_at is None or self.expires_at > now


@frozen(kw_only=True)
class Client(Metadata):
    """A registered client (RFC 6749 §2); `secrets` are those that had not expired when it was read, oldest first."""

    id: str
    owner_id: UUID | None
    owner: str | None
    grant_id: UUID
    created_at: datetime
    updated_at: datetime
    disabled_at: datetime | None
    registration_digest: bytes | None = field(
        default=None, repr=False
    )  # the digest of its registration access token (RFC 7592)
    registration_token_id: UUID | None = None  # the initial access token that it registered itself with
    members_only: bool = False  # it is for the members of some groups alone
    secrets: tuple[Secret, ...] = ()

    @property
    def client_id(self) -> str:
        """The id, under the name that oauthlib and the RFCs use."""
        return self.id

    @property
    def confidential(self) -> bool:
        """Whether the client can keep a secret (RFC 6749 §2.1)."""
        return self.auth_method != PUBLIC

    @property
    def has_secret(self) -> bool:
        """Whether the client authenticates with a secret, which it sends or signs with."""
        return keeps_secret(self.auth_method)

    @property
    def signs(self) -> bool:
        """Whether the client authenticates with a JWT that it signs (RFC 7523)."""
        return self.auth_method in (SECRET_JWT, PRIVATE_KEY_JWT)

    @property
    def registered_itself(self) -> bool:
        """Whether the client came by dynamic registration (RFC 7591)."""
        return self.registration_digest is not None

    @property
    def document(self) -> bool:
        """Whether the client is a document at the URL that is its id (draft-ietf-oauth-client-id-metadata-document-02)."""
        return self.id.startswith(DOCUMENT)

    @property
    def publisher(self) -> str | None:
        """The host of the document, which its certificate proves; None if the client is no document."""
        return publisher(self.id)

    @property
    def answered_for(self) -> bool:
        """Whether somebody here answers for the client: an owner, an administrator, or whoever made its initial access token."""
        return not self.registered_itself or self.registration_token_id is not None

    @property
    def enabled(self) -> bool:
        """Whether the client has not been disabled."""
        return self.disabled_at is None


def offered_methods(*, certificates: bool, authorities: bool) -> tuple[str, ...]:
    """Returns the methods of a server that sees clients' certificates, and has `authorities` to judge them, or not."""
    missing = {*(() if certificates else BY_CERTIFICATE), *(() if authorities else (TLS,))}
    return tuple(each for each in AUTH_METHODS if each not in missing)


def keeps_secret(auth_method: str) -> bool:
    """Whether clients of this authentication method have a secret."""
    return auth_method in BY_SECRET or auth_method == SECRET_JWT


def publisher(client_id: str) -> str | None:
    """Returns the host, with its port, of the document that is this client; None if it is no document."""
    return urlsplit(client_id).netloc if client_id.startswith(DOCUMENT) else None
