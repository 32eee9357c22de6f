"""Passkeys: the public keys by which people prove who they are (WebAuthn Level 3)."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from attrs import field, frozen


@frozen
class NewPasskey:
    """What a browser told of a new passkey, after it was verified (WebAuthn Level 3 §7.1).

    `discoverable` is None if the browser did not say whether the passkey can be used without a username.
    """

    credential_id: bytes
    public_key: bytes = field(repr=False)
    sign_count: int
    transports: Sequence[str]
    aaguid: UUID
    discoverable: bool | None
    backup_eligible: bool
    backed_up: bool


@frozen
class Passkey:
    """A passkey as its owner sees it, and as browsers are told of it.

    One that is a `second_factor` is asked for after the password. One that was made after a login by password, without a
    question, is none until its owner says so; it logs in alone. One that is not `discoverable` cannot.
    """

    id: UUID
    credential_id: bytes
    transports: Sequence[str]
    name: str
    discoverable: bool | None
    backed_up: bool
    created_at: datetime
    last_used_at: datetime | None
    doubted_at: datetime | None
    second_factor: bool
    user_handle: bytes = field(repr=False)


@frozen
class KnownPasskey:
    """What an assertion is verified against: whose passkey it is, whether they are disabled, and its public key."""

    user_id: UUID
    user_handle: bytes = field(repr=False)
    credential_id: bytes
    public_key: bytes = field(repr=False)
    backup_eligible: bool
    disabled: bool
